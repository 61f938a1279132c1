"""Sessions: signing in, out, and ending what a token opens."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from flask import Flask, Response, jsonify, request
from werkzeug.http import http_date

from schemas import problems
from schemas.accounts import SessionShape, TermShape
from server import identity, parts
from server.actions import sessions
from server.api import wire

api = wire.blueprint("sessions")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.post("/sessions")
@identity.open_to_all
def sign_in() -> Response:
    """Sign in with e-mail and password, and the code of a second factor where there is one."""
    given = wire.fields()
    email, password, code = given.get("email"), given.get("password"), given.get("code")
    if email in (None, "") or password in (None, ""):
        got = {name: given[name] for name in ("email", "password") if name in given}
        raise problems.MISSING_PARAMETERS(expected=["email", "password"], got=got)
    if not isinstance(email, str):
        raise problems.INVALID_DATA_TYPE(field="email", expected="string")
    if not isinstance(password, str):
        raise problems.AUTHENTICATION_FAILED()
    token, session = sessions.sign_in(
        email,
        password,
        code=None if code is None else str(code),
        source=request.remote_addr,
        agent=request.headers.get("User-Agent"),
        notes=identity.notes(request),
        machine=True,
    )
    term = {"created_at": session.created_at, "expires_at": session.expires_at}
    response = wire.reply(SessionShape, {"token": token, "csrf": session.csrf, **term})
    if request.headers.get("Sec-Fetch-Site") != "cross-site":  # no page of somebody else signs a browser in
        _set_cookies(response, token, session.csrf, session.expires_at)
    return response


def _set_cookies(response: Response, token: str, csrf: str, expires: datetime, *, secure: bool = False) -> None:
    """Both, escaped and in the order that clients of ODK Central know."""
    end = "; Secure; SameSite=Strict" if secure or parts.settings().secure_cookies else "; SameSite=Strict"
    until = f"; Path=/; Expires={http_date(expires)}"
    escaped = [quote(text, safe="!*'()-._~") for text in (token, csrf)]
    response.headers.add("Set-Cookie", f"{identity.COOKIE}={escaped[0]}{until}; HttpOnly{end}")
    response.headers.add("Set-Cookie", f"{wire.CSRF}={escaped[1]}{until}{end}")


@api.get("/sessions/restore")
def restore() -> Response:
    """From when to when this session lasts."""
    return wire.reply(TermShape, sessions.term(identity.actor()))


@api.delete("/sessions/current")
@identity.before_change
def sign_out() -> Response:
    """End the session of this request."""
    sessions.sign_out(identity.actor())
    return _signed_out(jsonify(wire.SUCCESS))


@api.delete("/sessions/<token>")
def end(token: str) -> Response:
    """End what a token opens."""
    own = sessions.end(identity.actor(), token)
    response = jsonify(wire.SUCCESS)
    return _signed_out(response) if own else response


def _signed_out(response: Response) -> Response:
    _set_cookies(response, "null", "null", LONG_AGO, secure=parts.settings().strict)
    return response
