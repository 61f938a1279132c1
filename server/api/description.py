"""What the REST API is, for programs that want to know: its OpenAPI document. It holds nobody's data."""

from __future__ import annotations

from flask import Flask, Response

from server import description, identity
from server.api import wire

api = wire.blueprint("description")


def register(app: Flask) -> None:
    """Attach the route."""
    app.register_blueprint(api, url_prefix="/v1")


@api.get("/openapi.json")
@identity.open_to_all
def document() -> Response:
    """This document."""
    return wire.document(description.text(), "application/json; charset=utf-8")
