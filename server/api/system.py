"""Health, and what is not there."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from io import BytesIO
from urllib.parse import unquote_to_bytes

from flask import Flask, Request, Response, current_app, g, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from schemas import problems
from schemas.problems import Problem
from server import identity
from server.actions import upkeep
from server.api import wire
from server.db import db
from server.errors import answer
from server.here import this_g, this_request
from server.parts import storage
from server.probes import Probe
from server.space import space

PROBES = "health"
# Which version of the API an address asks for.
_VERSION = re.compile(r"/v([0-9]{1,9})/", re.ASCII)
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
BODIES = ("POST", "PUT", "PATCH")
# What is answered whatever the database looks like: the page that says so is made of files too.
ALWAYS = ("health", "assets.file", "assets.favicon")


def register(app: Flask) -> None:
    """Attach the routes."""

    @app.get("/health")
    def health() -> Response:
        """200 when database and file store answer, there is room and the database is up to date; else 503 naming it."""
        g.door = "rest"
        found = {
            "database": _remembered("database", lambda: _works(lambda: db.session.execute(text("SELECT 1")))),
            "files": _remembered("files", lambda: _works(_probe)),
            "disk": _works(space().check),
        }
        found["migrated"] = found["database"] and upkeep.is_open()
        response = jsonify(status="ok" if all(found.values()) else "failing", **found)
        response.status_code = 200 if all(found.values()) else 503
        return response

    @app.before_request
    def choose_door() -> None:
        """Also addresses that do not exist speak the language of their door."""
        asked, here = this_request(), this_g()
        if f"{asked.path}/".startswith("/v1/") and "door" not in here:
            last = asked.path.rpartition("/")[2]
            here.door = "openrosa" if last in ("formList", "submission", "manifest") else "rest"
        _read_first(asked)
        if asked.url_rule is None:
            _miss_version()
            _misread_number()  # the router gives up at numbers that no row can have
        _refuse_what_cannot_be_stored(asked)

    # After the door is known, in whose manner they refuse.
    app.before_request(_wait_for_the_database)

    @app.route("/v1/<path:unknown>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(unknown: str) -> Response:
        """JSON, not a page, for an address that the API does not have."""
        _misread_number()
        return answer(problems.NOT_FOUND())


def _read_first(request: Request) -> None:
    """What nobody can read is refused before anything else is asked. Raises NOT_FOUND, and what `wire.sent` does."""
    of_the_api = request.url_rule is None or request.path.startswith("/v1/")
    is_file = "/attachments/" in request.path  # which may be JSON, and is nobody's to read
    if of_the_api and not is_file and request.method in BODIES and request.mimetype == "application/json":
        g.door = "rest"
        wire.sent()
    if request.path.startswith("/v1/") and _is_garbled(str(request.environ.get("RAW_URI", "")).partition("?")[0]):
        g.door = "rest"
        raise problems.NOT_FOUND()


def _is_garbled(path: str) -> bool:
    """Whether some of the escapes in an address are none, or are no text."""
    if "%" not in path:
        return False
    try:
        return bool(_NO_ESCAPE.search(path)) or not unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return True


def _miss_version() -> None:
    """An address that is neither a page nor below /v1, asked for by a program. Raises API_VERSION_…"""
    found = _VERSION.match(request.path)
    if found is not None and int(found[1]) == 1 or "text/html" in request.headers.get("Accept", ""):
        return
    g.door = "rest"
    raise problems.API_VERSION_UNKNOWN(got=found[1]) if found is not None else problems.API_VERSION_MISSING()


def _misread_number() -> None:
    """An address below /v1 that there would be, were one step a number. Raises INVALID_DATA_TYPE, OUT_OF_RANGE."""
    if not request.path.startswith("/v1/"):
        return
    adapter = current_app.create_url_adapter(request)
    steps = request.path.split("/")
    for place, step in enumerate(steps):
        path = "/".join([*steps[:place], "1", *steps[place + 1 :]])
        try:
            rule, values = adapter.match(path, return_rule=True) if adapter is not None else (None, {})
        except HTTPException:
            continue
        if rule is not None and any(type(value) is int for value in values.values()):
            identity.known()
            wire.integer(step)


def _refuse_what_cannot_be_stored(request: Request) -> None:
    """No database takes the null character, which no client has a reason to send."""
    if "%00" in request.environ.get("QUERY_STRING", ""):
        raise problems.UNEXPECTED_VALUE(field="query", value="(given)", reason="it holds a null character")


def _wait_for_the_database() -> None:
    """Nothing is read or written while the database has another shape than this code expects, or is closed."""
    if this_request().endpoint not in ALWAYS and not upkeep.is_open():
        raise problems.UPDATING()


def _remembered(name: str, question: Callable[[], bool]) -> bool:
    """Anybody may ask after the server's health, as often as they like: it must cost next to nothing."""
    probes: dict[str, Probe] = current_app.extensions.setdefault(PROBES, {})
    return probes.setdefault(name, Probe(otherwise=False)).ask(question)


def _works(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except (SQLAlchemyError, OSError, Problem):
        return False
    return True


def _probe() -> None:
    """Store a few bytes and take them away again: a full disk shows only when something is written."""
    content = secrets.token_bytes(32)
    name = hashlib.sha256(content).hexdigest()
    storage().put(name, BytesIO(content))
    storage().delete(name)
