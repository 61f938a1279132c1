"""Passwords for machines: each can be revoked by itself, and a second factor is asked of none."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from schemas import problems
from server.actions import audits
from server.actions.credentials import by_email
from server.db import db, now, writes
from server.models import AppPassword, User
from server.permissions import Actor
from server.secrets import APP_PREFIX, app_password, token_hash

LIMIT = 20
MAX_NAME = 64
# When it was last used is known to the hour: it is not worth a write each time.
USED_EVERY = timedelta(hours=1)


def _own(actor: Actor) -> int:
    """Whose they are. A session is needed: what was stolen from a machine makes or revokes nothing."""
    if actor.id is None:
        raise problems.AUTHENTICATION_FAILED()
    if actor.type != "user" or actor.session_id is None:
        raise problems.INSUFFICIENT_RIGHTS()
    return actor.id


def list_all(actor: Actor) -> list[AppPassword]:
    """One's own, newest first."""
    query = select(AppPassword).where(AppPassword.actor_id == _own(actor))
    return list(db.session.scalars(query.order_by(AppPassword.id.desc())))


@writes
def create(actor: Actor, name: str) -> tuple[AppPassword, str]:
    """A new one, and the password, which is shown only now."""
    actor_id, name = _own(actor), name.strip()
    if not name:
        raise problems.MISSING_PARAMETER(field="name")
    if len(name) > MAX_NAME:
        raise problems.VALUE_TOO_LONG(maxLength=MAX_NAME)
    held = select(func.count()).select_from(AppPassword).where(AppPassword.actor_id == actor_id)
    if (db.session.scalar(held) or 0) >= LIMIT:
        raise problems.TOO_MANY_APP_PASSWORDS(limit=LIMIT)
    secret = app_password()
    made = AppPassword(actor_id=actor_id, name=name, secret_hash=token_hash(secret), created_at=now())
    db.session.add(made)
    audits.log(actor, "user.app_password.create", subject_id=actor_id)
    db.session.flush()
    return made, secret


@writes
def revoke(actor: Actor, number: int) -> None:
    """It works no more. Raises NOT_FOUND."""
    found = db.session.get(AppPassword, number)
    if found is None or found.actor_id != _own(actor):
        raise problems.NOT_FOUND()
    db.session.delete(found)
    audits.log(actor, "user.app_password.delete", subject_id=actor.id)


def user_of(email: str, secret: str) -> User | None:
    """The user with this address whose app password it is."""
    if not secret.startswith(APP_PREFIX):
        return None
    user = by_email(email)
    found = db.session.scalar(select(AppPassword).where(AppPassword.secret_hash == token_hash(secret)))
    if user is None or found is None or found.actor_id != user.actor_id:
        return None
    if found.last_used_at is None or found.last_used_at < now() - USED_EVERY:
        _note_use(found.id)
    return user


@writes
def _note_use(number: int) -> None:
    db.session.execute(update(AppPassword).where(AppPassword.id == number).values(last_used_at=now()))
