"""Everything that goes wrong becomes an answer: JSON, OpenRosa XML or a page. The only place that decides its form."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from marshmallow import ValidationError
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    NoResultFound,
    OperationalError,
    PendingRollbackError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from schemas import problems
from schemas.problems import Problem
from server import i18n, uploads
from server.actions import upkeep
from server.i18n import gettext
from server.probes import Probe
from server.space import space, trouble
from sync import openrosa

log = logging.getLogger("donghanh.errors")

_FROM_STATUS = {404: problems.NOT_FOUND, 405: problems.NOT_FOUND, 406: problems.NOT_FOUND}
PROBE = "errors"
# Digest is not offered: a server that could answer it would have to keep passwords readable.
CHALLENGE = 'Basic realm="Dong Hanh", charset="UTF-8"'


def register(app: Flask) -> None:
    """Attach the handlers."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(ValidationError, lambda error: answer(from_validation(error)))
    app.register_error_handler(IntegrityError, lambda error: answer(_from_integrity(error)))
    for kinds, handler in _HANDLERS:
        for kind in kinds:
            app.register_error_handler(kind, handler)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _unknown)
    app.after_request(_hear_out)


def sentence(problem: Problem) -> str:
    """What a person is told, in the language of the request."""
    return gettext(problem.kind.message).format(**problem.words)


def answer(problem: Problem) -> Response:
    """The Problem in the form that this door speaks."""
    g.problem = problem.kind.code
    door = g.get("door", "page")
    if door != "rest" and "language" not in g:  # nobody knows yet who asks, or whether the address leads anywhere
        i18n.use(i18n.choose(request))
    if door == "openrosa":
        response = Response(openrosa.message(sentence(problem), "error"), problem.status)
        response.headers["Content-Type"] = openrosa.CONTENT_TYPE
        response.headers[openrosa.VERSION_HEADER] = openrosa.VERSION
    elif door == "page":
        response = _on_page(problem)
    else:
        told = problem.details if problem.kind.told else {}
        details = {key: value for key, value in told.items() if value is not None}
        # As in ODK Central, there is no word of details where there are none.
        response = jsonify(message=problem.message, code=problem.kind.code, **({"details": details} if details else {}))
        response.status_code = problem.status
    if problem.status == 401 and door != "page" and not _asks_a_script():
        response.headers["WWW-Authenticate"] = CHALLENGE
    if problem.status == 503:
        response.headers["Retry-After"] = "60"
    return response


def _on_page(problem: Problem) -> Response:
    """A page, the part of one that tells it, or what a script of a page can read."""
    if request.headers.get("Accept") == "application/json":
        response = jsonify(message=sentence(problem), code=problem.kind.code)
        response.status_code = problem.status
        return response
    part = "parts/problem.html" if request.headers.get("HX-Request") else "problem.html"
    body = render_template(part, message=sentence(problem), problem=problem)
    return Response(body, problem.status, mimetype="text/html")


def _asks_a_script() -> bool:
    """Whether a page's script asks: on a challenge the browser would stop it, and ask the person for a password."""
    script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    return script or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def from_validation(error: ValidationError) -> Problem:
    """The first thing that a request's schema found, in Central's terms."""
    messages: Any = error.messages
    field = ""
    while isinstance(messages, dict) and messages:
        name, messages = next(iter(messages.items()))
        field = f"{field}.{name}".strip(".") if name != "_schema" else field
    reason = messages[0] if isinstance(messages, list) and messages else "invalid"
    if reason == "Missing data for required field.":
        return problems.MISSING_PARAMETER(field=field)
    if reason == "Unknown field.":
        return problems.UNEXPECTED_ATTRIBUTE(field=field)
    return problems.UNEXPECTED_VALUE(field=field, value="(given)", reason=str(reason))


def _from_integrity(error: IntegrityError) -> Problem:
    log.warning("refused by the database", extra={"kind": type(error.orig).__name__})
    return problems.UNIQUENESS(fields="these", values="values")


def _unfit(_error: Exception) -> Response:
    """Text or numbers that no database can hold, or that are nested without end."""
    if "\0" in request.path:
        return answer(problems.NOT_FOUND())  # nothing is called so
    return answer(problems.UNEXPECTED_VALUE(field="text or number", value="(given)", reason="it cannot be stored"))


def _busy(error: Exception) -> Response:
    """Trouble of the database, most of which passes: a phone sends again."""
    if isinstance(error, (ProgrammingError, OperationalError)) and not _is_open():
        return answer(problems.UPDATING())  # a table or a column was missing
    if isinstance(error, ProgrammingError) and not error.connection_invalidated:
        return _unknown(error)
    log.error("database not available", exc_info=getattr(error, "orig", None) or error)
    return answer(problems.BUSY() if _room() else problems.DISK_FULL())


def _is_open() -> bool:
    """As of now. Where the database is silent, many requests fail at once, and only one of them asks it."""
    probe: Probe = current_app.extensions.setdefault(PROBE, Probe(otherwise=True, remembered=1))
    return probe.ask(lambda: upkeep.is_open(anew=True))


def _room() -> bool:
    try:
        return space().enough()
    except OSError:
        return True


def _from_store(error: OSError) -> Response:
    log.error("disk or store not available", exc_info=error)
    return answer(trouble(error))


def _silent(_error: Exception) -> Response:
    response = answer(problems.TIMED_OUT())
    response.headers["Connection"] = "close"
    return response


def _hear_out(response: Response) -> Response:
    silent = response.status_code == problems.TIMED_OUT().status
    if response.status_code >= 400 and not silent and not uploads.drain(request):
        response.headers["Connection"] = "close"
    return response


def _from_http(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    if isinstance(error, ClientDisconnected):
        return _silent(error)  # werkzeug's word for a read that failed
    if isinstance(error, RequestEntityTooLarge) and request.is_json and g.get("door") == "rest":
        return answer(problems.BODY_TOO_LARGE())
    if isinstance(error, RequestEntityTooLarge):
        return answer(problems.TOO_LARGE(limit=request.max_content_length))
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()  # type: ignore[return-value]
    if status in _FROM_STATUS:
        return answer(_FROM_STATUS[status]())
    return answer(problems.Kind(float(status) + 0.1, error.name + ".")())


def _unknown(error: Exception) -> Response:
    log.exception("unexpected", exc_info=error)
    return answer(problems.INTERNAL())


_HANDLERS: list[tuple[tuple[type[Exception], ...], Callable[[Any], Response]]] = [
    ((DataError, UnicodeError, OverflowError, RecursionError), _unfit),
    # It was there when the request began.
    ((NoResultFound, ObjectDeletedError), lambda _: answer(problems.NOT_FOUND())),
    ((DBAPIError, PoolTimeoutError, DisconnectionError, StaleDataError, PendingRollbackError, MemoryError), _busy),
    ((OSError,), _from_store),
    # What a read from a phone that fell silent, or is gone, ends with.
    ((BlockingIOError, TimeoutError, ConnectionError), _silent),
]
