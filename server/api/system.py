"""Health, and what is not there."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from io import BytesIO

from flask import Flask, Response, g, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from schemas import problems
from server.db import db
from server.errors import answer
from server.parts import storage


def register(app: Flask) -> None:
    """Attach the routes."""

    @app.get("/health")
    def health() -> Response:
        """200 when the database and the file store answer, else 503 naming which does not."""
        g.door = "rest"
        found = {"database": _works(lambda: db.session.execute(text("SELECT 1"))), "files": _works(_probe)}
        response = jsonify(status="ok" if all(found.values()) else "failing", **found)
        response.status_code = 200 if all(found.values()) else 503
        return response

    @app.before_request
    def choose_door() -> None:
        """Also addresses that do not exist speak the language of their door."""
        if f"{request.path}/".startswith("/v1/") and "door" not in g:
            last = request.path.rpartition("/")[2]
            g.door = "openrosa" if last in ("formList", "submission", "manifest") else "rest"

    @app.get("/v1/<path:unknown>")
    def unknown(unknown: str) -> Response:
        """JSON, not a page, for an address that the API does not have."""
        return answer(problems.NOT_FOUND())


def _works(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except (SQLAlchemyError, OSError):
        return False
    return True


def _probe() -> None:
    """Store a few bytes and take them away again: a full disk shows only when something is written."""
    content = secrets.token_bytes(32)
    name = hashlib.sha256(content).hexdigest()
    storage().put(name, BytesIO(content))
    storage().delete(name)
