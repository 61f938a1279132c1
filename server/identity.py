"""Who is asking: a request's credentials become an `Actor`. Never whether they may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Request, g, request
from sqlalchemy import Select, select
from werkzeug.datastructures import Authorization

from schemas import problems
from server import permissions, secrets
from server.actions import accounts
from server.db import db, now
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment, Form, Session, User
from server.permissions import ANONYMOUS, Actor, Grant

COOKIE = "session"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def actor() -> Actor:
    """Who sends this request, looked up once. Raises AUTHENTICATION_FAILED for wrong credentials."""
    if "actor" not in g:
        g.actor = _find(request)
    return g.actor


def _find(incoming: Request) -> Actor:
    key = g.get("path_key")
    if key is not None:
        return _by_key(key)
    sent = incoming.authorization
    if sent is not None and sent.type == "bearer":
        return _by_session(sent.token or "", "bearer")
    if sent is not None and sent.type == "basic":
        return _by_basic(sent)
    cookie = incoming.cookies.get(COOKIE)
    if cookie is not None:
        return _by_cookie(cookie)
    return ANONYMOUS


def _by_key(key: str) -> Actor:
    query = select(AppUser).where(AppUser.key_hash == secrets.token_hash(key))
    row = db.session.scalars(query).one_or_none()
    if row is None or row.actor.deleted_at is not None:
        # 403 and not 401: Collect would ask the volunteer for a password she does not have.
        raise problems.INSUFFICIENT_RIGHTS()
    return _actor(row.actor, "key")


def _by_session(token: str, via: str) -> Actor:
    query = select(Session, ActorRow).join(ActorRow, ActorRow.id == Session.actor_id)
    found = db.session.execute(query.where(Session.token_hash == secrets.token_hash(token))).one_or_none()
    if found is None or _expired(found[0].expires_at) or found[1].deleted_at is not None:
        raise problems.AUTHENTICATION_FAILED()
    return _actor(found[1], via, session=found[0])


def _by_cookie(token: str) -> Actor:
    """A cookie that is stale is no error: the person is shown the way to sign in."""
    try:
        return _by_session(token, "cookie")
    except problems.Problem:
        return ANONYMOUS


def _by_basic(sent: Authorization) -> Actor:
    if not basic_allowed():
        raise problems.HTTPS_ONLY()
    user = accounts.verify_password(sent.username or "", sent.password or "", remember=True)
    return _actor(user.actor, "basic")


def basic_allowed() -> bool:
    """Whether a password may come with each request: over https, or from this machine itself."""
    return request.is_secure or request.remote_addr in ("127.0.0.1", "::1")


def _expired(moment: datetime) -> bool:
    return moment <= now()


def _grants(actor_id: int) -> Select[Any]:
    return (
        select(Assignment.role, Assignment.project_id, Assignment.form_id, Form.project_id)
        .outerjoin(Form, Form.id == Assignment.form_id)
        .where(Assignment.actor_id == actor_id, Assignment.unit_id.is_(None))
    )


def _actor(row: ActorRow, via: str, session: Session | None = None) -> Actor:
    grants = tuple(
        Grant(role, form_project if form is not None else project, form)
        for role, project, form, form_project in db.session.execute(_grants(row.id))
        if role in permissions.ROLES
    )
    forced = row.type == "user" and bool(
        db.session.scalar(select(User.must_change_password).where(User.actor_id == row.id))
    )
    return Actor(
        id=row.id,
        type=row.type,
        display_name=row.display_name,
        grants=grants,
        via=via,
        language=row.language,
        session_id=session.id if session else None,
        csrf=session.csrf if session else "",
        must_change_password=forced,
    )
