"""Who is asking: a request's credentials become an `Actor`. Never whether they may."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import unquote

from flask import Request, current_app, g, request
from sqlalchemy import Row, Select, bindparam, case, func, select, union_all
from werkzeug.datastructures import Authorization

from schemas import problems, roles
from server import secrets
from server.actions import accounts, app_passwords
from server.addresses import KEY
from server.db import ask, now
from server.here import this_g, this_request
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment, Form, Project, PublicLink, Session, Unit, UnitReach, User
from server.parts import settings
from server.permissions import ANONYMOUS, MANY_UNITS, Actor, Grant

COOKIE = "session"
NOTES = "x-action-notes"
MAX_NOTES = 10_000
# An escape that stands for no byte.
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Where the key of an app user or a public link may stand, beside the path of the address.
IN_QUERY = "st"
_KEY = re.compile(r"[A-Za-z0-9!$]{64}")
PAGES = ("page", "asset")
V = TypeVar("V", bound=Callable[..., Any])


_WHO = (ActorRow.id, ActorRow.type, ActorRow.display_name, ActorRow.language, ActorRow.deleted_at)
_UNITS = select(func.count()).where(UnitReach.unit_id == Assignment.unit_id).scalar_subquery()
_ALL_UNITS = select(func.count(Unit.id)).scalar_subquery()
_GRANTS = (
    Assignment.role,
    Assignment.project_id,
    Assignment.form_id,
    Assignment.unit_id,
    Form.project_id.label("form_project_id"),
    _UNITS.label("units"),
    case((_UNITS > MANY_UNITS, _ALL_UNITS - _UNITS)).label("beyond"),
)


def _with_grants(found: Select[Any]) -> Select[Any]:
    """A row for each grant, and one where there is none."""
    found = found.add_columns(User.must_change_password, *_GRANTS).outerjoin(User, User.actor_id == ActorRow.id)
    return found.outerjoin(Assignment, Assignment.actor_id == ActorRow.id).outerjoin(
        Form, Form.id == Assignment.form_id
    )


# Every request asks one of them, so they are made once.
_BY_NUMBER = _with_grants(select(*_WHO).select_from(ActorRow).where(ActorRow.id == bindparam("actor_id")))
_SPOKEN = select(Project.language).where(Project.id == bindparam("project_id"), Project.deleted_at.is_(None))
_KEYED = union_all(
    *(select(model.actor_id).where(model.key_hash == bindparam("hash")) for model in (AppUser, PublicLink))
).subquery()
_BY_KEY = _with_grants(
    select(*_WHO, _SPOKEN.scalar_subquery().label("spoken"))
    .select_from(_KEYED).join(ActorRow, ActorRow.id == _KEYED.c.actor_id)
)  # fmt: skip
_BY_SESSION = _with_grants(
    select(*_WHO, Session.id.label("session_id"), Session.csrf, Session.expires_at, Session.app_password_id)
    .select_from(Session).join(ActorRow, ActorRow.id == Session.actor_id)
    .where(Session.token_hash == bindparam("hash"))
)  # fmt: skip


def actor() -> Actor:
    """Who sends this request, looked up once. Raises AUTHENTICATION_FAILED for wrong credentials.

    Pages lead who has a one-time password to where it is changed; at the other doors PASSWORD_MUST_CHANGE is raised.
    """
    here = this_g()
    if "actor" not in here:
        asked = this_request()
        found = _find(asked)
        if found.must_change_password and not _on_a_page() and not _is("before_change", asked.endpoint):
            raise problems.PASSWORD_MUST_CHANGE()
        here.actor = replace(found, source=asked.remote_addr, notes=notes(asked)) if found.id is not None else found
    return here.actor


def known() -> Actor:
    """As `actor`, where a stranger has no business. Raises AUTHENTICATION_FAILED for one, too."""
    found = actor()
    if found is ANONYMOUS:
        raise problems.AUTHENTICATION_FAILED()
    return found


def open_to_all(view: V) -> V:
    """Decorate a view of the REST API that strangers may call; others are refused before it, whatever they send."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def before_change(view: V) -> V:
    """Decorate a view of the REST API that a one-time password opens, too, before it is changed."""
    view.before_change = True  # type: ignore[attr-defined]
    return view


def is_open(endpoint: str | None) -> bool:
    """Whether the view of this endpoint is open to all."""
    return _is("open_to_all", endpoint)


def _is(mark: str, endpoint: str | None) -> bool:
    return bool(getattr(current_app.view_functions.get(endpoint or ""), mark, False))


def key() -> str | None:
    """The key of an app user or a public link that the request was sent with, not in a header."""
    asked = this_request()
    in_path: str | None = asked.environ.get(KEY)
    if in_path is not None or _on_a_page():
        return in_path
    return asked.args.get(IN_QUERY)


def of_key(sent: str) -> Actor:
    """Who has the key of a public link that stands in the address of a page. Raises INSUFFICIENT_RIGHTS."""
    return _by_key(sent)


def notes(incoming: Request) -> str | None:
    """Why something is done, as the client says. Raises INVALID_HEADER with a change that could not be written down."""
    sent = incoming.headers.get(NOTES)
    if sent is None:
        return None
    try:
        told = unquote(sent, errors="strict")
    except UnicodeDecodeError:
        told = None
    if told is not None and not _BROKEN.search(sent):
        return told[:MAX_NOTES]
    if incoming.method not in SAFE_METHODS:
        raise problems.INVALID_HEADER(field=NOTES)
    return None


def _find(incoming: Request) -> Actor:
    """By the first of several credentials: a key, what the Authorization header says, the cookie."""
    sent_key = key()
    if sent_key is not None:
        return _by_key(sent_key)
    found = _by_header(incoming) if incoming.headers.get("Authorization") else None
    if found is not None:
        return found
    if settings().strict and "Cookie" in incoming.headers and not incoming.is_secure and not _on_a_page():
        raise problems.HTTPS_ONLY()
    cookie = incoming.cookies.get(COOKIE)
    if cookie is not None:
        return _by_cookie(unquote(cookie))
    return ANONYMOUS


def _by_header(incoming: Request) -> Actor | None:
    """None on a page whose proxy adds a header of its own kind."""
    if incoming.headers["Authorization"].lower().startswith("basic ") and not basic_allowed():
        raise problems.HTTPS_ONLY()
    try:
        sent = incoming.authorization
    except ValueError:  # what should be base64 is none
        raise problems.AUTHENTICATION_FAILED() from None
    if sent is not None and sent.type == "bearer":
        return _by_session(sent.token or "", "bearer")
    if sent is not None and sent.type == "basic":
        return _by_basic(sent)
    if not _on_a_page():
        raise problems.AUTHENTICATION_FAILED()
    return None


def _on_a_page() -> bool:
    return g.get("door", "page") in PAGES


def _by_key(sent: str) -> Actor:
    here = this_g()
    strict = here.get("door") == "rest" or (settings().strict and not _on_a_page())
    if strict and not _KEY.fullmatch(sent):
        raise problems.AUTHENTICATION_FAILED()
    rows = _rows_of_key(sent)
    if not rows or rows[0].deleted_at is not None:
        # 403 and not 401: Collect would ask the volunteer for a password she does not have.
        raise problems.INSUFFICIENT_RIGHTS()
    here.spoken = rows[0].spoken  # a phone asks for nothing else so often: its project's language comes with it
    return _actor(rows, "key")


def _rows_of_key(sent: str) -> Sequence[Row[Any]]:
    return ask(_BY_KEY, hash=secrets.token_hash(sent), project_id=(request.view_args or {}).get("project_id"))


def _by_session(token: str, via: str) -> Actor:
    rows = ask(_BY_SESSION, hash=secrets.token_hash(token))
    if not rows and via == "bearer":  # Central's keys are sessions like others, so its clients may send them here
        rows = _rows_of_key(token)
        if rows and rows[0].deleted_at is None:
            return _actor(rows, "key")
    if not rows or rows[0].expires_at <= now() or rows[0].deleted_at is not None:
        raise problems.AUTHENTICATION_FAILED()
    machine = rows[0].app_password_id is not None
    return replace(_actor(rows, via), session_id=rows[0].session_id, csrf=rows[0].csrf, machine=machine)


def _by_cookie(token: str) -> Actor:
    """A cookie that is stale is no error: the person is shown the way to sign in."""
    try:
        return _by_session(token, "cookie")
    except problems.Problem:
        return ANONYMOUS


def _by_basic(sent: Authorization) -> Actor:
    email, password = sent.username or "", sent.password or ""
    machine = app_passwords.find(email, password)  # also while the account is locked
    if machine is not None:
        return replace(_actor(ask(_BY_NUMBER, actor_id=machine.actor_id), "basic"), machine=True)
    user = accounts.verify_password(email, password, remember=True, source=request.remote_addr)
    return _actor(ask(_BY_NUMBER, actor_id=user.actor_id), "basic")


def basic_allowed() -> bool:
    """Whether a password may come with each request: over https, or from this machine itself."""
    return request.is_secure or (request.remote_addr in ("127.0.0.1", "::1") and not settings().strict)


def _actor(rows: Sequence[Row[Any]], via: str) -> Actor:
    """The actor of some rows, one for each grant."""
    first = rows[0]
    grants = tuple(
        Grant(
            row.role,
            row.project_id if row.form_id is None else row.form_project_id,
            row.form_id,
            row.unit_id,
            row.units,
            row.beyond,
        )
        for row in rows
        if row.role is not None and roles.find(row.role)
    )
    return Actor(
        id=first.id,
        type=first.type,
        display_name=first.display_name,
        grants=grants,
        via=via,
        language=first.language,
        must_change_password=bool(first.must_change_password),
    )
