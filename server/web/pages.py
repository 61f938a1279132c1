"""What all pages share: the door, the guard against forged posts, headers, notices. Knows no noun."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from cryptography.fernet import InvalidToken
from flask import Blueprint, Flask, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.routing import BaseConverter

from schemas import problems
from server import i18n, identity
from server.parts import settings, vault
from server.permissions import ANONYMOUS, Actor

VISITOR = "visitor"
NOTICE = "notice"
PRE_SESSION_SECONDS = 8 * 3600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class NameConverter(BaseConverter):
    """A form ID, instance ID or file name as one step of an address, slashes and all (escaped as in JSON pointers)."""

    def to_python(self, value: str) -> str:
        return value.replace("~1", "/").replace("~0", "~")

    def to_url(self, value: str) -> str:
        return quote(str(value).replace("~", "~0").replace("/", "~1"), safe="~:")


def register(app: Flask) -> None:
    """Headers for every page, problems included."""
    app.after_request(_headers)


def blueprint(name: str, *, public: bool = False) -> Blueprint:
    """A blueprint whose pages are for people who have signed in, unless `public`."""
    page = Blueprint(name, __name__)
    page.before_request(_enter_public if public else _enter)
    return page


def actor() -> Actor:
    """Who looks at this page: signed in with the cookie, or nobody."""
    return g.visitor


def _enter_public() -> None:
    g.door = "page"
    known = identity.actor()
    g.visitor = known if known.via == "cookie" and not known.machine else ANONYMOUS
    i18n.use(i18n.choose(request, g.visitor.language))
    if request.method not in identity.SAFE_METHODS and not _from_our_page():
        raise problems.PAGE_EXPIRED()


def _enter() -> Response | None:
    _enter_public()
    if actor().id is None:
        return to_sign_in()
    if actor().must_change_password:
        return go("login.password")
    return None


def to_sign_in() -> Response:
    """The way in, and back to this page afterwards."""
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    return go("login.sign_in", **({"next": back} if back not in ("", "/") else {}))


def _from_our_page() -> bool:
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    if actor().id is not None:
        return bool(actor().csrf) and hmac.compare_digest(sent.encode(), actor().csrf.encode())
    known = _known_visitor()
    return known is not None and hmac.compare_digest(sent.encode(), _visitor_token(*known).encode())


def _known_visitor() -> tuple[str, str] | None:
    """What the cookie of somebody who has not signed in holds, while it is fresh: a number and when it was made."""
    nonce, _, made = request.cookies.get(VISITOR, "").partition(".")
    fresh = made.isdecimal() and 0 <= time.time() - int(made) < PRE_SESSION_SECONDS
    return (nonce, made) if nonce and fresh else None


def _visitor_token(nonce: str, made: str) -> str:
    text = f"visitor {nonce}.{made}".encode()
    return hmac.new(settings().secret_key.encode(), text, hashlib.sha256).hexdigest()


def csrf() -> str:
    """The token that forms of this page carry. Before a sign-in it is tied to a short-lived cookie."""
    who = g.get("visitor", ANONYMOUS)
    if who.id is not None:
        return str(who.csrf)
    known = g.get("new_visitor") or _known_visitor()
    if known is None:
        known = g.new_visitor = (secrets.token_urlsafe(18), str(int(time.time())))
    return _visitor_token(*known)


def show(template: str, status: int = 200, **context: Any) -> Response:
    """A page."""
    return make_response(render_template(template, **context), status)


def go(endpoint: str, *, done: str = "", **values: Any) -> Response:
    """To another page, which says what was `done`."""
    response = make_response(redirect(url_for(endpoint, **values), 303))
    if done:
        set_cookie(response, NOTICE, done, max_age=60)
    return response


def naming(code: str, **named: object) -> str:
    """What was done, with what its sentence names, which the server alone can read: for `go`."""
    return f"{code}.{vault().encrypt(json.dumps(named), NOTICE)}"


def done() -> tuple[str, dict[str, Any]]:
    """What was done just before, and what its sentence names. Nothing where the cookie is not one of ours."""
    code, _, kept = request.cookies.get(NOTICE, "").partition(".")
    try:
        return code, json.loads(vault().decrypt(kept, NOTICE)) if kept else {}
    except (InvalidToken, ValueError):
        return "", {}


def uploaded(field: str, limit: int) -> bytes:
    """The bytes of a file that came with a form; b"" without one. Raises TOO_LARGE."""
    upload = request.files.get(field)
    if upload is None:
        return b""
    with upload.stream as stream:
        data: bytes = stream.read(limit + 1)
    if len(data) > limit:
        raise problems.TOO_LARGE(limit=limit)
    return data


def set_cookie(response: Response, name: str, value: str, **options: Any) -> None:
    """A cookie that no script reads."""
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=settings().secure_cookies, **options)


def local_path(text: str) -> str:
    """An address within this server to go back to; the first page if it leads anywhere else."""
    plain = unquote(text)
    inside = plain.startswith("/") and not plain.startswith("//") and not urlsplit(plain).netloc
    return text if inside and "\\" not in plain and not any(ord(sign) < 32 for sign in plain) else "/"


def _headers(response: Response) -> Response:
    if g.get("door", "page") != "page":
        return response
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings().secure_cookies:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "problem" in g and request.headers.get("HX-Request"):
        response.headers["HX-Retarget"], response.headers["HX-Reselect"] = "#notices", "#problem"
        response.headers["HX-Reswap"] = "innerHTML"
    if "new_visitor" in g:
        set_cookie(response, VISITOR, ".".join(g.new_visitor), max_age=PRE_SESSION_SECONDS)
    if "notice_shown" in g:
        response.delete_cookie(NOTICE)
    return response
