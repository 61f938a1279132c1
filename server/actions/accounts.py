"""Users: found, listed, created, changed and deleted; and whether a password is theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from schemas import problems, roles
from server import permissions
from server.actions import access, attempts, audits, credentials, mail
from server.actions.credentials import by_email, email_key
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import AppPassword, Assignment, Form, RecoveryCode, User
from server.parts import vault
from server.permissions import Actor
from server.secrets import one_time_password

MAX_EMAIL = 320
# One address: nothing that makes two of it, or something else, in the head of a mail.
MAILBOX = re.compile(r"[^\s\x00-\x1f\x7f@,;:<>()\[\]\\\"]+@[^\s\x00-\x1f\x7f@,;:<>()\[\]\\\"]+")
MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed of a user; None is left alone."""

    email: str | None = None
    display_name: str | None = None


def find_user(actor_id: int) -> User:
    """A living user by number. Raises NOT_FOUND."""
    user = db.session.get(User, actor_id)
    if user is None or user.actor.deleted_at is not None:
        raise problems.NOT_FOUND()
    return user


def find_by_email(email: str) -> User:
    """A living user by address. Raises NOT_FOUND."""
    user = by_email(email)
    if user is None:
        raise problems.NOT_FOUND()
    return user


def oneself(actor: Actor) -> User:
    """The user who asks. Raises AUTHENTICATION_FAILED for nobody, NOT_FOUND for who is no user."""
    if actor.id is None:
        raise problems.AUTHENTICATION_FAILED()
    return find_user(actor.id)


def person(actor: Actor) -> User:
    """As `oneself`, where something of the account is changed: not by a program that has an app password."""
    permissions.require_person(actor)
    return oneself(actor)


def find_for(actor: Actor, actor_id: int, verb: str) -> User:
    """A user by number who is the actor, or on whom the actor may do the verb. Whether there is one is told first."""
    user = find_user(actor_id)
    if verb != "user.read":
        permissions.require_person(actor)
    if actor.id != actor_id:
        permissions.require(actor, verb)
        if verb != "user.read":
            _require_no_less(actor, actor_id)
    return user


def _require_no_less(actor: Actor, actor_id: int) -> None:
    """Who changes an account may take it over: it must not hold a role where the actor could not hand it on."""
    project = func.coalesce(Form.project_id, Assignment.project_id)
    query = select(Assignment.role, project, Assignment.form_id, Assignment.unit_id).outerjoin(
        Form, Form.id == Assignment.form_id
    )
    for name, project_id, form_id, unit_id in db.session.execute(query.where(Assignment.actor_id == actor_id)):
        role = roles.find(name)
        if role is not None and not access.may_hand_on(actor, role, project_id, form_id, unit_id):
            raise problems.INSUFFICIENT_RIGHTS()


def get_user(actor: Actor, actor_id: int) -> User:
    """A user by number: oneself, or anyone for who may read users. Raises NOT_FOUND."""
    return find_for(actor, actor_id, "user.read")


def _address(email: str) -> str:
    email = email.strip()
    if not email:
        raise problems.MISSING_PARAMETER(field="email")
    if len(email) > MAX_EMAIL:
        raise problems.VALUE_TOO_LONG(maxLength=str(MAX_EMAIL))
    if not MAILBOX.fullmatch(email):
        raise problems.UNEXPECTED_VALUE(field="email", value=email, reason="an e-mail address was expected")
    return email


def _free_address(email: str, owner: int | None = None) -> str:
    email, other = _address(email), by_email(email)
    if other is not None and other.actor_id != owner:
        raise problems.UNIQUENESS(fields=["email", "deleted"], values=[email, "false"], table="users")
    return email


def _name(text: str, otherwise: str) -> str:
    if len(text) > MAX_NAME:
        raise problems.VALUE_TOO_LONG(maxLength=str(MAX_NAME))
    return text.strip() or otherwise[:MAX_NAME]


def _add(actor: Actor, email: str, display_name: str) -> User:
    permissions.require(actor, "user.create")
    if not email.strip() and not display_name:  # the name would be the address, and is what Central misses first
        raise problems.MISSING_PARAMETER(field="displayName")
    email = _free_address(email)
    row = ActorRow(type="user", display_name=_name(display_name, email), created_at=now())
    db.session.add(row)
    db.session.flush()
    user = User(actor_id=row.id, email=email, email_key=email_key(email))
    user.actor = row
    db.session.add(user)
    data = {"actorId": row.id, "email": email, "password": None, "lastLoginAt": None}
    audits.log(actor, "user.create", subject_id=row.id, data=data)
    return user


@writes
def create_user(
    actor: Actor, email: str, password: str | None = None, display_name: str = "", *, must_change: bool = False
) -> tuple[User, str]:
    """A new user and the password: the one given, else a one-time one that must be changed at first sign-in."""
    user = _add(actor, email, display_name)
    secret = one_time_password() if password is None else credentials.check_password(password, email)
    credentials.keep_password(user, secret, must_change=must_change or password is None)
    db.session.flush()
    return user, secret


def invite(actor: Actor, email: str, password: Any = None, display_name: str = "") -> User:
    """A new user, who is told by mail: with a password that was agreed on, or else with the way to choose one."""
    user, token = _invite(actor, email, None if password == "" else password, display_name)
    if token is None:
        mail.post(user.email, user.actor.language, "invited_with_password")
    else:
        mail.post(user.email, user.actor.language, "invited", link=mail.reset_url(token))
    return user


@writes
def _invite(actor: Actor, email: str, password: Any, display_name: str) -> tuple[User, str | None]:
    user = _add(actor, email, display_name)
    if password is not None:
        credentials.keep_password(user, credentials.check_password(password, email))
        audits.log(actor, "user.update", subject_id=user.actor_id, data={"password": True})
    db.session.flush()
    return user, None if password is not None else credentials.new_reset(user)


def update_user(actor: Actor, actor_id: int, changes: Changes, *, proved: bool = False) -> User:
    """Change address or name, one's own or as an administrator. The old address is told that it is no more.

    Whoever has the address gets the account: with a second factor, one's own is changed by who `proved` to be oneself.
    Raises SECOND_FACTOR_NEEDED.
    """
    if actor.id == actor_id and changes.email is not None and not proved:
        user = find_user(actor_id)
        if user.totp_since is not None and changes.email.strip() != user.email:
            raise problems.SECOND_FACTOR_NEEDED()
    user, old = _update(actor, actor_id, changes)
    if old != user.email:
        mail.post(old, user.actor.language, "email_changed", old=old, new=user.email)
    return user


@writes
def _update(actor: Actor, actor_id: int, changes: Changes) -> tuple[User, str]:
    user = find_for(actor, actor_id, "user.update")
    old, data = user.email, {}
    if changes.email is not None:
        user.email = data["email"] = _free_address(changes.email, actor_id)
        user.email_key = email_key(user.email)
        credentials.drop_resets(actor_id)
    if changes.display_name is not None:
        user.actor.display_name = data["displayName"] = _name(changes.display_name, user.email)
    user.actor.updated_at = now()
    audits.log(actor, "user.update", subject_id=actor_id, data=data)
    db.session.flush()
    return user, old


@writes
def set_profile(actor: Actor, display_name: str, language: str | None) -> None:
    """How oneself is called, and spoken to (`vi`, `en`, or None for as the browser asks)."""
    user = person(actor)
    name = _name(display_name, user.email)
    if (name, language) == (user.actor.display_name, user.actor.language):
        return
    user.actor.display_name, user.actor.language, user.actor.updated_at = name, language, now()
    audits.log(actor, "user.update", subject_id=user.actor_id, data={"displayName": name})


@writes
def set_language(actor: Actor, language: str) -> None:
    """Remember the language a user chose for the pages."""
    db.session.execute(update(ActorRow).where(ActorRow.id == actor.id).values(language=language))


@writes
def delete_user(actor: Actor, actor_id: int) -> None:
    """End the account: sessions, roles and passwords go, the name stays beside what was done, the address is free."""
    user = find_user(actor_id)
    permissions.require(actor, "user.delete")
    attempts.forget(user.email)
    user.actor.deleted_at = now()
    user.email_key = f"deleted {actor_id} {user.email_key}"
    user.password_hash = user.totp_cipher = user.totp_since = user.totp_step = None
    credentials.end_sessions(actor_id)
    for held in (Assignment, AppPassword, RecoveryCode):
        db.session.execute(delete(held).where(held.actor_id == actor_id))
    audits.log(actor, "user.delete", subject_id=actor_id)


def deleted_with(email: str) -> User | None:
    """The user who had this address last, if there was one who was deleted."""
    query = select(User).where(User.email_key.startswith("deleted "))
    query = query.where(User.email_key.endswith(f" {email_key(email)}", autoescape=True))
    return db.session.scalar(query.order_by(User.actor_id.desc()).limit(1))


@writes
def promote(actor: Actor, email: str) -> User:
    """Make a user an administrator."""
    permissions.require(actor, "user.update")
    user = find_by_email(email)
    try:
        access.grant(actor, user.actor_id, "admin")
    except problems.Problem as problem:
        if problem.kind is not problems.UNIQUENESS:  # an administrator already: as wished
            raise
    return user


@writes
def unlock(actor: Actor, actor_id: int) -> None:
    """Let a user who was locked out sign in again at once. Raises NOT_FOUND."""
    permissions.require(actor, "user.update")
    attempts.forget(find_user(actor_id).email)
    audits.log(actor, "user.session.unlock", subject_id=actor_id)


def verify_password(email: str, password: str, *, remember: bool = False, source: str | None = None) -> User:
    """The user whose password this is. Raises AUTHENTICATION_FAILED, or LOCKED_OUT after many failures.

    `remember` is for who sends it with each request, and cannot send a code: with a second factor that is refused
    (SECOND_FACTOR_NEEDED), and app passwords are there instead.
    """
    worth_noting = attempts.check(email, source)
    user = by_email(email)
    known = user.password_hash if user is not None else None
    right = (vault().verify_often if remember else _verify_once)(email, password, known)
    if user is None or not right:
        attempts.failed(email, source)
        raise problems.AUTHENTICATION_FAILED()
    if remember and user.totp_since is not None:
        raise problems.SECOND_FACTOR_NEEDED()
    if remember and worth_noting:
        attempts.succeeded(email, source)
    return user


def _verify_once(_email: str, password: str, password_hash: str | None) -> bool:
    return vault().verify(password_hash, password)


def prove(user: User, password: str, source: str | None) -> None:
    """Whoever is signed in says the account's password again. Raises as `verify_password` does; wrong ones count."""
    attempts.check(user.email, source)
    if not vault().verify(user.password_hash, password):
        attempts.failed(user.email, source)
        raise problems.AUTHENTICATION_FAILED()
