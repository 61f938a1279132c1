"""Users and their sessions: create, sign in and out, passwords."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from schemas import problems
from server import permissions
from server.actions import access, audits
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import Session, User
from server.parts import settings, vault
from server.permissions import Actor
from server.secrets import new_token, one_time_password, token_hash

MIN_PASSWORD = 10
MAX_PASSWORD = 72
MAX_FAILURES = 10
LOCK_MINUTES = 10


def email_key(email: str) -> str:
    """How addresses are compared: without case and surrounding space."""
    return email.strip().casefold()


def check_password(password: str) -> None:
    """Raise the Problem that tells what is wrong with a new password."""
    if len(password) < MIN_PASSWORD:
        raise problems.PASSWORD_TOO_SHORT(length=MIN_PASSWORD)
    if len(password.encode()) > MAX_PASSWORD:
        raise problems.PASSWORD_TOO_LONG(length=MAX_PASSWORD)


def by_email(email: str) -> User | None:
    """The living user with this address."""
    user = db.session.scalar(select(User).where(User.email_key == email_key(email)))
    return user if user is not None and user.actor.deleted_at is None else None


def get_user(actor: Actor, actor_id: int) -> User:
    """A user by number: oneself, or anyone for who may read users. Raises NOT_FOUND."""
    if actor.id != actor_id:
        permissions.require(actor, "user.read")
    user = db.session.get(User, actor_id)
    if user is None or user.actor.deleted_at is not None:
        raise problems.NOT_FOUND()
    return user


def list_users(actor: Actor, search: str = "") -> list[User]:
    """All users for an administrator; for a manager those whose name or address is searched for exactly."""
    query = select(User).join(ActorRow, ActorRow.id == User.actor_id).where(ActorRow.deleted_at.is_(None))
    if not permissions.can(actor, "user.read"):
        if not any(grant.allows("user.list") for grant in actor.grants):
            raise problems.INSUFFICIENT_RIGHTS()
        query = query.where(User.email_key == email_key(search))
    elif search:
        address = User.email_key.contains(email_key(search), autoescape=True)
        query = query.where(address | ActorRow.display_name.icontains(search, autoescape=True))
    return list(db.session.scalars(query.order_by(User.email_key)))


@writes
def create_user(
    actor: Actor, email: str, password: str | None = None, display_name: str = "", *, must_change: bool = False
) -> tuple[User, str]:
    """A new user and the password: the one given, else a one-time one that must be changed at first sign-in."""
    permissions.require(actor, "user.create")
    if "@" not in email:
        raise problems.UNEXPECTED_VALUE(field="email", value=email, reason="an e-mail address was expected")
    if password is not None:
        check_password(password)
    if by_email(email) is not None:
        raise problems.UNIQUENESS(fields="email", values=email.strip(), table="users")
    secret = password if password is not None else one_time_password()
    row = ActorRow(type="user", display_name=display_name or email.strip(), created_at=now())
    db.session.add(row)
    db.session.flush()
    user = User(
        actor_id=row.id,
        email=email.strip(),
        email_key=email_key(email),
        password_hash=vault().hash_password(secret),
        must_change_password=must_change or password is None,
    )
    user.actor = row
    db.session.add(user)
    audits.log(actor, "user.create", subject_id=row.id)
    db.session.flush()
    return user, secret


@writes
def promote(actor: Actor, email: str) -> User:
    """Make a user an administrator."""
    permissions.require(actor, "user.update")
    user = by_email(email)
    if user is None:
        raise problems.NOT_FOUND()
    try:
        access.grant(actor, user.actor_id, "admin")
    except problems.Problem as problem:
        if problem.kind is not problems.UNIQUENESS:  # an administrator already: as wished
            raise
    return user


@writes
def reset_password(actor: Actor, email: str, password: str | None = None) -> str:
    """Set a password, or a one-time one, and end all sessions of the user."""
    permissions.require(actor, "user.password.reset")
    user = by_email(email)
    if user is None:
        raise problems.NOT_FOUND()
    if password is not None:
        check_password(password)
    secret = password if password is not None else one_time_password()
    _set_password(user, secret, must_change=password is None)
    audits.log(actor, "user.update", subject_id=user.actor_id, password=True)
    return secret


@writes
def change_password(actor: Actor, actor_id: int, old: str, new: str) -> None:
    """A user's own change. Other sessions of the user end."""
    user = get_user(actor, actor_id)
    if actor.id != actor_id:
        permissions.require(actor, "user.update")
    elif not vault().verify(user.password_hash, old):
        raise problems.AUTHENTICATION_FAILED()
    check_password(new)
    if email_key(new) == user.email_key:
        raise problems.UNEXPECTED_VALUE(field="new", value="(hidden)", reason="it must differ from the e-mail address")
    _set_password(user, new, must_change=False, keep=actor.session_id)
    audits.log(actor, "user.update", subject_id=user.actor_id, password=True)


def _set_password(user: User, secret: str, *, must_change: bool, keep: int | None = None) -> None:
    user.password_hash = vault().hash_password(secret)
    user.must_change_password = must_change
    user.failed_logins = 0
    user.locked_until = None
    others = select(Session).where(Session.actor_id == user.actor_id)
    for session in db.session.scalars(others):
        if session.id != keep:
            db.session.delete(session)


def verify_password(email: str, password: str, *, remember: bool = False) -> User:
    """The user whose password this is. Raises AUTHENTICATION_FAILED, or LOCKED_OUT after many failures."""
    user = by_email(email)
    if user is not None and user.locked_until is not None and user.locked_until > now():
        raise problems.LOCKED_OUT(minutes=LOCK_MINUTES)
    known = user.password_hash if user is not None else None
    right = (vault().verify_often if remember else _verify_once)(email, password, known)
    if user is None or not right:
        if user is not None:
            _count_failure(user.actor_id)
        raise problems.AUTHENTICATION_FAILED()
    if user.failed_logins:
        _forget_failures(user.actor_id)
    return user


def _verify_once(_email: str, password: str, password_hash: str | None) -> bool:
    return vault().verify(password_hash, password)


@writes
def _count_failure(actor_id: int) -> None:
    """In a transaction of its own, so that the refusal does not undo it."""
    user = db.session.get_one(User, actor_id)
    user.failed_logins += 1
    if user.failed_logins >= MAX_FAILURES:
        user.failed_logins = 0
        user.locked_until = now() + timedelta(minutes=LOCK_MINUTES)
        audits.log(permissions.ANONYMOUS, "user.session.lockout", subject_id=actor_id)


@writes
def _forget_failures(actor_id: int) -> None:
    """Only failures in a row count: a phone that sends a password each time would add up slips over months."""
    db.session.get_one(User, actor_id).failed_logins = 0


def sign_in(email: str, password: str) -> tuple[str, Session]:
    """A new session and its token, which is shown only now."""
    user = verify_password(email, password)
    return _open_session(user.actor_id)


@writes
def _open_session(actor_id: int) -> tuple[str, Session]:
    token, moment = new_token(), now()
    session = Session(
        actor_id=actor_id,
        token_hash=token_hash(token),
        csrf=new_token(),
        created_at=moment,
        expires_at=moment + timedelta(hours=settings().session_hours),
    )
    db.session.add(session)
    changes = {"last_login_at": moment, "failed_logins": 0, "locked_until": None}
    db.session.execute(update(User).where(User.actor_id == actor_id).values(changes))
    audits.log(Actor(id=actor_id), "user.session.create", subject_id=actor_id)
    db.session.flush()
    return token, session


@writes
def sign_out(actor: Actor, token: str | None = None) -> None:
    """End the session of this request, or the one with this token if it is the actor's or the actor may.

    A token may also be the key of an app user, which is then worthless.
    """
    if token is None:
        session = db.session.get(Session, actor.session_id) if actor.session_id else None
        if session is None:
            raise problems.NOT_FOUND()
    else:
        session = db.session.scalar(select(Session).where(Session.token_hash == token_hash(token)))
        if session is None:
            access.revoke_key(actor, token)
            return
        if session.actor_id != actor.id and not permissions.can(actor, "session.end"):
            raise problems.INSUFFICIENT_RIGHTS()
    db.session.delete(session)


@writes
def set_language(actor: Actor, language: str) -> None:
    """Remember the language a user chose for the pages."""
    db.session.execute(update(ActorRow).where(ActorRow.id == actor.id).values(language=language))
