"""The request itself, and what is kept with it.

`flask.request` and `flask.g` look for it anew at each use, which costs more than most of what is looked up in it. What
runs in every request asks once.
"""

from __future__ import annotations

from flask import Flask, Request, current_app, g, request
from flask.ctx import _AppCtxGlobals


def this_request() -> Request:
    """The one that is being answered."""
    return request._get_current_object()  # type: ignore[attr-defined]


def this_g() -> _AppCtxGlobals:
    """What is kept while it is answered."""
    return g._get_current_object()


def this_app() -> Flask:
    """The application that is running."""
    return current_app._get_current_object()  # type: ignore[attr-defined]
