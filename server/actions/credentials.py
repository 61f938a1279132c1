"""What a user signs in with: which address is whose, what a password must be, and what ends with the old one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from schemas import problems
from schemas.passwords import is_weak
from server.actions import breached
from server.db import db, now
from server.models import AppPassword, PasswordReset, Session, User
from server.parts import settings, vault
from server.secrets import new_token, token_hash

MIN_PASSWORD = 10
MAX_PASSWORD = 72
RESET_HOURS = 24
# So many ways to a new password are sent to one address within an hour, asked for from one place, and from all.
MAX_RESETS, MAX_RESETS_OF_ALL = 5, 20


def email_key(email: str) -> str:
    """How addresses are compared: without case and surrounding space."""
    return email.strip().casefold()


def by_email(email: str) -> User | None:
    """The living user with this address."""
    user = db.session.scalar(select(User).where(User.email_key == email_key(email)))
    return user if user is not None and user.actor.deleted_at is None else None


def check_password(password: Any, email: str = "") -> str:
    """The password, if it may be a new one. Raises the Problem that tells what is wrong with it."""
    if not isinstance(password, str):
        raise problems.INVALID_DATA_TYPE(value=password, expected="string")
    if len(password) < MIN_PASSWORD:
        raise problems.PASSWORD_TOO_SHORT(length=MIN_PASSWORD)
    if len(password.encode()) > MAX_PASSWORD:
        raise problems.PASSWORD_TOO_LONG(length=MAX_PASSWORD)
    file = settings().breached_passwords
    weak = is_weak(password) or email_key(password) == email_key(email)
    if weak or (file is not None and breached.contains(file, password)):
        raise problems.PASSWORD_TOO_WEAK(warning="", suggestions=[])
    return password


def keep_password(user: User, password: str, *, must_change: bool = False) -> None:
    """From now on this is the user's password. What was sent to choose one counts no more."""
    user.password_hash = vault().hash_password(password)
    user.must_change_password = must_change
    drop_resets(user.actor_id)


def drop_resets(actor_id: int) -> None:
    """Nothing that was sent to choose a password counts any more."""
    unused = update(PasswordReset).where(PasswordReset.actor_id == actor_id, PasswordReset.used_at.is_(None))
    db.session.execute(unused.values(used_at=now()))


def end_sessions(actor_id: int, *, keep: int | None = None) -> None:
    """End all sessions of an actor, but the one to keep."""
    gone = delete(Session).where(Session.actor_id == actor_id)
    db.session.execute(gone if keep is None else gone.where(Session.id != keep))


def drop_app_passwords(actor_id: int) -> int:
    """No program gets in any more with what it was given; how many there were."""
    db.session.execute(delete(Session).where(Session.actor_id == actor_id, Session.app_password_id.is_not(None)))
    gone = db.session.execute(delete(AppPassword).where(AppPassword.actor_id == actor_id))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def new_reset(user: User, place: str | None = None) -> str:
    """A token that lets its bearer choose the user's password, once and within a day. `place`: who asked for it."""
    token, moment = new_token(), now()
    expires = moment + timedelta(hours=RESET_HOURS)
    old = (PasswordReset.actor_id == user.actor_id, PasswordReset.created_at < moment - timedelta(days=7))
    db.session.execute(delete(PasswordReset).where(*old))
    term = {"created_at": moment, "expires_at": expires}
    db.session.add(PasswordReset(actor_id=user.actor_id, token_hash=token_hash(token), source=place, **term))
    return token


def many_resets(user: User, place: str) -> bool:
    """Whether the user was sent enough for now of those asked for from this place, or from all."""
    lately = (PasswordReset.created_at > now() - timedelta(hours=1), PasswordReset.source.is_not(None))
    query = select(PasswordReset.source).where(PasswordReset.actor_id == user.actor_id, *lately)
    places = list(db.session.scalars(query))
    return places.count(place) >= MAX_RESETS or len(places) >= MAX_RESETS_OF_ALL
