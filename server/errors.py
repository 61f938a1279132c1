"""Everything that goes wrong becomes an answer: JSON, OpenRosa XML or a page. The only place that decides its form."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from schemas import problems
from schemas.problems import Problem
from server import i18n, uploads
from server.i18n import gettext
from sync import openrosa

log = logging.getLogger("donghanh.errors")

_FROM_STATUS = {404: problems.NOT_FOUND, 405: problems.NOT_FOUND, 406: problems.NOT_FOUND}
# Digest is not offered: a server that could answer it would have to keep passwords readable.
CHALLENGE = 'Basic realm="Dong Hanh", charset="UTF-8"'


def register(app: Flask) -> None:
    """Attach the handlers."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(ValidationError, lambda error: answer(from_validation(error)))
    app.register_error_handler(IntegrityError, lambda error: answer(_from_integrity(error)))
    app.register_error_handler(OperationalError, _busy)
    # What a read from a phone that fell silent ends with.
    app.register_error_handler(BlockingIOError, _silent)
    app.register_error_handler(TimeoutError, _silent)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _unknown)
    app.after_request(_hear_out)


def sentence(problem: Problem) -> str:
    """What a person is told, in the language of the request."""
    return gettext(problem.kind.message).format(**problem.details)


def answer(problem: Problem) -> Response:
    """The Problem in the form that this door speaks."""
    g.problem = problem.kind.code
    door = g.get("door", "page")
    if door == "openrosa":
        response = Response(openrosa.message(sentence(problem), "error"), problem.status)
        response.headers["Content-Type"] = openrosa.CONTENT_TYPE
        response.headers[openrosa.VERSION_HEADER] = openrosa.VERSION
    elif door == "page":
        if "language" not in g:  # an address that leads nowhere
            i18n.use(i18n.choose(request))
        if request.headers.get("HX-Request"):
            body = render_template("parts/problem.html", message=sentence(problem), problem=problem)
        else:
            body = render_template("problem.html", message=sentence(problem), problem=problem)
        response = Response(body, problem.status, mimetype="text/html")
    else:
        details = {key: value for key, value in problem.details.items() if value is not None}
        response = jsonify(message=problem.message, code=problem.kind.code, details=details)
        response.status_code = problem.status
    if problem.status == 401 and door != "page":
        response.headers["WWW-Authenticate"] = CHALLENGE
    if problem.status == 503:
        response.headers["Retry-After"] = "60"
    return response


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


def _busy(error: OperationalError) -> Response:
    log.error("database not available", exc_info=error.orig)
    return answer(problems.BUSY())


def _silent(_error: Exception) -> Response:
    response = answer(problems.TIMED_OUT())
    response.headers["Connection"] = "close"
    return response


def _hear_out(response: Response) -> Response:
    if response.status_code >= 400 and response.status_code != problems.TIMED_OUT().status:
        uploads.drain(request)
    return response


def _from_http(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    if isinstance(error, ClientDisconnected):
        return _silent(error)  # werkzeug's word for a read that failed
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
