"""Pages that show a form with ODK Web Forms, which needs more than other pages may: their policy and their parts."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response

from server.web import assets, pages

# ODK Web Forms puts styles into the page, calculates with WebAssembly and works in blob workers.
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; "
    "connect-src 'self' blob: data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)


def show(template: str, **context: Any) -> Response:
    """A page with a form; it says so where the parts for it are not installed."""
    ready = assets.exists("web-forms/index.js") and assets.exists("vue.js")
    nonce = secrets.token_urlsafe(16)
    response = pages.show(template, nonce=nonce, ready=ready, **context)
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return response
