"""What of a form is checked when a submission arrives, and what not and why: of the form, its draft, a version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request

from schemas.forms import LogicShape
from server.actions import logic
from server.api import wire
from server.api.forms import ADDRESSES, Found
from server.i18n import LANGUAGES, gettext, use

api = wire.blueprint("logic")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _resource(base: str, find: Callable[..., Found], name: str) -> None:
    def report(**place: Any) -> Response:
        told = logic.report(find(**place)[1])
        use(request.accept_languages.best_match(LANGUAGES, "en") or "en")
        unchecked = [
            {"path": each.path, "kind": each.kind, "expression": each.text}
            | {"reason": gettext(each.because, **each.named)}
            for each in told
            if each.because
        ]
        checked = len(told) - len(unchecked)
        return wire.reply(LogicShape, {"expressions": len(told), "checked": checked, "not_checked": unchecked})

    api.add_url_rule(f"{base}/logic", name, report)


for _address in ADDRESSES:
    _resource(*_address)
