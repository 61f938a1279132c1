"""Passwords for machines: each can be revoked by itself, and a second factor is asked of none.

What comes by one is marked as a machine's: it reads and sends, and neither gives nor takes rights.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select, update

from schemas import problems
from server import permissions
from server.actions import accounts, audits
from server.actions.credentials import by_email
from server.db import db, now, writes
from server.models import AppPassword, Session
from server.permissions import Actor
from server.secrets import APP_PREFIX, app_password, token_hash

LIMIT = 20
MAX_NAME = 64
# When it was last used is known to the hour: it is not worth a write each time.
USED_EVERY = timedelta(hours=1)


def _own(actor: Actor) -> int:
    """Whose they are. A person's session is needed: what was stolen from a machine makes or revokes nothing."""
    if actor.id is None:
        raise problems.AUTHENTICATION_FAILED()
    permissions.require_person(actor)
    if actor.type != "user" or actor.session_id is None:
        raise problems.INSUFFICIENT_RIGHTS()
    return actor.id


def list_all(actor: Actor) -> list[AppPassword]:
    """One's own, newest first."""
    query = select(AppPassword).where(AppPassword.actor_id == _own(actor))
    return list(db.session.scalars(query.order_by(AppPassword.id.desc())))


def list_of(actor: Actor, actor_id: int) -> list[AppPassword]:
    """Somebody else's, for who helps when a machine is lost. Raises NOT_FOUND."""
    permissions.require(actor, "user.password.invalidate")
    query = select(AppPassword).where(AppPassword.actor_id == accounts.find_user(actor_id).actor_id)
    return list(db.session.scalars(query.order_by(AppPassword.id.desc())))


def create(actor: Actor, name: str, password: str) -> tuple[AppPassword, str]:
    """A new one, and the password, which is shown only now. The account's own password is asked for once more.

    Raises AUTHENTICATION_FAILED, or LOCKED_OUT after many failures.
    """
    actor_id, name = _own(actor), name.strip()
    if not name:
        raise problems.MISSING_PARAMETER(field="name")
    if len(name) > MAX_NAME:
        raise problems.VALUE_TOO_LONG(maxLength=MAX_NAME)
    accounts.prove(accounts.find_user(actor_id), password, actor.source)
    return _make(actor, actor_id, name)


@writes
def _make(actor: Actor, actor_id: int, name: str) -> tuple[AppPassword, str]:
    held = select(func.count()).select_from(AppPassword).where(AppPassword.actor_id == actor_id)
    if (db.session.scalar(held) or 0) >= LIMIT:
        raise problems.TOO_MANY_APP_PASSWORDS(limit=LIMIT)
    secret = app_password()
    made = AppPassword(actor_id=actor_id, name=name, secret_hash=token_hash(secret), created_at=now())
    db.session.add(made)
    audits.log(actor, "user.app_password.create", subject_id=actor_id)
    db.session.flush()
    return made, secret


def revoke(actor: Actor, number: int) -> None:
    """It works no more, and what it has opened ends. Raises NOT_FOUND."""
    _revoke(actor, _own(actor), number)


def revoke_of(actor: Actor, actor_id: int, number: int) -> None:
    """The same with somebody else's. Raises NOT_FOUND."""
    permissions.require(actor, "user.password.invalidate")
    _revoke(actor, actor_id, number)


@writes
def _revoke(actor: Actor, actor_id: int, number: int) -> None:
    found = db.session.get(AppPassword, number)
    if found is None or found.actor_id != actor_id:
        raise problems.NOT_FOUND()
    db.session.execute(delete(Session).where(Session.app_password_id == number))
    db.session.delete(found)
    audits.log(actor, "user.app_password.delete", subject_id=actor_id)


def find(email: str, secret: str) -> AppPassword | None:
    """The app password that this is, of the user with this address."""
    if not secret.startswith(APP_PREFIX):
        return None
    user = by_email(email)
    found = db.session.scalar(select(AppPassword).where(AppPassword.secret_hash == token_hash(secret)))
    if user is None or found is None or found.actor_id != user.actor_id:
        return None
    if found.last_used_at is None or found.last_used_at < now() - USED_EVERY:
        _note_use(found.id)
    return found


@writes
def _note_use(number: int) -> None:
    db.session.execute(update(AppPassword).where(AppPassword.id == number).values(last_used_at=now()))
