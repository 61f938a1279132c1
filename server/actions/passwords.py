"""New passwords: chosen by who knows the old one, by who was sent a link, or given by an administrator."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from schemas import problems
from server import permissions
from server.actions import accounts, attempts, audits, credentials, mail
from server.actions.credentials import by_email
from server.db import db, now, writes
from server.models import PasswordReset, User
from server.permissions import Actor
from server.secrets import one_time_password, token_hash


def change_password(actor: Actor, actor_id: int, old: Any, new: Any) -> None:
    """Change it for who proves the old one: the user, or an administrator. The user's other sessions end."""
    user = accounts.find_for(actor, actor_id, "user.update")
    accounts.prove(user, old if isinstance(old, str) else "", actor.source)
    _change(actor, actor_id, new)
    user = accounts.find_user(actor_id)
    mail.post(user.email, user.actor.language, "password_changed")


@writes
def _change(actor: Actor, actor_id: int, new: Any) -> None:
    user = accounts.find_user(actor_id)
    credentials.keep_password(user, credentials.check_password(new, user.email))
    credentials.end_sessions(actor_id, keep=actor.session_id)
    _log(actor, user, True)


def _log(actor: Actor, user: User, password: bool | None) -> None:
    audits.log(actor, "user.update", subject_id=user.actor_id, data={"password": password})


@writes
def reset_password(actor: Actor, email: str, password: str | None = None) -> str:
    """Set a password, or a one-time one, and end all sessions of the user."""
    permissions.require(actor, "user.password.invalidate")
    user = accounts.find_by_email(email)
    secret = one_time_password() if password is None else credentials.check_password(password, user.email)
    _set_anew(actor, user, secret, must_change=password is None)
    return secret


def _set_anew(actor: Actor, user: User, secret: str, *, must_change: bool = False) -> None:
    """Who comes back in by another way than the old password may have lost more than it: programs are shut out too."""
    credentials.keep_password(user, secret, must_change=must_change)
    _drop_app_passwords(actor, user)
    credentials.end_sessions(user.actor_id)
    attempts.forget(user.email)
    _log(actor, user, True)


def _drop_app_passwords(actor: Actor, user: User) -> None:
    number = credentials.drop_app_passwords(user.actor_id)
    if number:
        audits.log(actor, "user.app_password.delete", subject_id=user.actor_id, count=number)


@writes
def reset_link(actor: Actor, actor_id: int) -> str:
    """The address at which the user chooses a password, to be handed over where there is no mail. Works for a day."""
    permissions.require(actor, "user.password.invalidate")
    user = accounts.find_user(actor_id)
    audits.log(actor, "user.password.link", subject_id=actor_id)
    return mail.reset_url(credentials.new_reset(user))


def initiate(actor: Actor, email: str, *, invalidate: bool = False, source: str | None = None) -> None:
    """Mail the way to a new password to a user, and a word to who was one. Nobody is told whether there is a user.

    With `invalidate`, which needs the right to, the present password, all sessions and app passwords end at once.
    `source`: from where a stranger asks, who is listened to a few times only.
    """
    if invalidate:
        permissions.require(actor, "user.password.invalidate")
    gone = accounts.deleted_with(email) if by_email(email) is None else None
    if gone is not None:
        mail.post(gone.email, gone.actor.language, "reset_deleted")
        return
    made = _initiate(actor, email, invalidate, source)
    if made is not None:
        user, token = made
        mail.post(user.email, user.actor.language, "reset", link=mail.reset_url(token))


@writes
def _initiate(actor: Actor, email: str, invalidate: bool, source: str | None) -> tuple[User, str] | None:
    user = by_email(email)
    if user is None:
        return None
    if invalidate:
        user.password_hash = None
        _drop_app_passwords(actor, user)
        credentials.end_sessions(user.actor_id)
        _log(actor, user, None)
    if permissions.can(actor, "user.password.invalidate"):
        return user, credentials.new_reset(user)
    place = attempts.place_of(source)
    return None if credentials.many_resets(user, place) else (user, credentials.new_reset(user, place))


def user_of(token: str) -> User | None:
    """The user whose password the bearer of the token may choose; None where it counts no more."""
    user = _holder(token)
    return user if user is not None and user.actor.deleted_at is None else None


def is_orphaned(token: str) -> bool:
    """Whether the token would count, had its user not been deleted."""
    user = _holder(token)
    return user is not None and user.actor.deleted_at is not None


def _holder(token: str) -> User | None:
    query = select(PasswordReset).where(PasswordReset.token_hash == token_hash(token))
    found = db.session.scalar(query.where(PasswordReset.used_at.is_(None), PasswordReset.expires_at > now()))
    return db.session.get(User, found.actor_id) if found is not None else None


@writes
def choose(token: str, new: Any, source: str | None = None) -> None:
    """Choose a password with a token, which counts once. All sessions of the user end.

    Raises AUTHENTICATION_FAILED for a token that does not count, or what is wrong with the password.
    """
    user = user_of(token)
    if user is None:
        raise problems.AUTHENTICATION_FAILED()
    secret = credentials.check_password(new, user.email)
    mine = update(PasswordReset).where(PasswordReset.token_hash == token_hash(token), PasswordReset.used_at.is_(None))
    if not db.session.execute(mine.values(used_at=now())).rowcount:  # type: ignore[attr-defined]
        raise problems.AUTHENTICATION_FAILED()
    _set_anew(Actor(id=user.actor_id, type="user", source=source), user, secret)
