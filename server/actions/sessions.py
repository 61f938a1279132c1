"""Sessions: signing in and out, and ending what a token opens, be it a user's, a phone's or a public link's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from schemas import problems
from server import permissions
from server.actions import accounts, app_passwords, attempts, audits, credentials, second_factor
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import AppUser, Form, PublicLink, Session, User
from server.parts import settings, vault
from server.permissions import Actor
from server.secrets import TICKET, new_token, token_hash

# When what has no end ends, as clients of ODK Central know it.
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
MAX_AGENT = 1000
TICKET_SECONDS = 300


def sign_in(
    email: str,
    password: str,
    *,
    code: str | None = None,
    source: str | None = None,
    agent: str | None = None,
    notes: str | None = None,
    machine: bool = False,
) -> tuple[str, Session]:
    """A new session and its token, which is shown only now. `agent`: the program, as it calls itself; `notes`: why.

    Raises AUTHENTICATION_FAILED, LOCKED_OUT, or SECOND_FACTOR_NEEDED where a `code` is missing. A `machine` may give an
    app password instead, which asks for none.
    """
    found = app_passwords.find(email, password) if machine else None
    if found is not None:
        return _open(Actor(id=found.actor_id, source=source, notes=notes, machine=True), email, agent, found.id)
    user = accounts.verify_password(email, password, source=source)
    _check_code(user, email, code, source)
    return _open(Actor(id=user.actor_id, source=source, notes=notes), email, agent)


def ticket(email: str) -> str:
    """For who gave the right password, and is asked for the code on the next page: stands for both, for minutes."""
    return vault().encrypt(f"{_mark(email)} {email}", TICKET)


def _mark(email: str) -> str:
    """Changes with the password."""
    user = credentials.by_email(email)
    return vault().fingerprint("ticket", user.password_hash or "" if user is not None else "")


def sign_in_with_code(
    given: str, code: str, *, source: str | None = None, agent: str | None = None
) -> tuple[str, Session]:
    """A new session for a ticket and the code. Raises AUTHENTICATION_FAILED, LOCKED_OUT, PAGE_EXPIRED."""
    text = vault().decrypt_fresh(given, TICKET_SECONDS) or ""
    mark, _, email = text.partition(" ")
    user = credentials.by_email(email)
    if user is None or mark != _mark(email):
        raise problems.PAGE_EXPIRED()
    attempts.check(email, source)
    _check_code(user, email, code, source)
    return _open(Actor(id=user.actor_id, source=source), email, agent)


def _check_code(user: User, email: str, code: str | None, source: str | None) -> None:
    if not second_factor.is_on(user):
        return
    if not code:
        raise problems.SECOND_FACTOR_NEEDED()
    if not second_factor.take(Actor(id=user.actor_id, source=source), user, code):
        attempts.failed(email, source)
        raise problems.AUTHENTICATION_FAILED()


@writes
def _open(actor: Actor, email: str, agent: str | None, app_password_id: int | None = None) -> tuple[str, Session]:
    token, moment = new_token(), now()
    session = Session(
        actor_id=actor.id,
        token_hash=token_hash(token),
        csrf=new_token(),
        created_at=moment,
        expires_at=moment + timedelta(hours=settings().session_hours),
        app_password_id=app_password_id,
    )
    db.session.add(session)
    db.session.execute(update(User).where(User.actor_id == actor.id).values(last_login_at=moment))
    if app_password_id is None:
        attempts.succeeded(email, actor.source)
    details: dict[str, Any] = {} if agent is None else {"userAgent": agent[:MAX_AGENT]}
    audits.log(actor, "user.session.create", subject_id=actor.id, **details)
    db.session.flush()
    return token, session


def current(actor: Actor) -> Session:
    """The session of this request. Raises NOT_FOUND for who came another way."""
    found = db.session.get(Session, actor.session_id) if actor.session_id else None
    if found is None:
        raise problems.NOT_FOUND()
    return found


def term(actor: Actor) -> dict[str, datetime]:
    """From when to when the session of this request lasts: that of a key, until it is revoked."""
    row = db.session.get(ActorRow, actor.id) if actor.via == "key" else None
    if row is not None:
        return {"created_at": row.created_at, "expires_at": FOREVER}
    found = current(actor)
    return {"created_at": found.created_at, "expires_at": found.expires_at}


@writes
def sign_out(actor: Actor) -> None:
    """End the session of this request. What a key opens is not its bearer's to end, but its manager's."""
    if actor.type in ("field_key", "public_link"):
        raise problems.INSUFFICIENT_RIGHTS()
    _end_session(actor, current(actor))


def _end_session(actor: Actor, found: Session) -> None:
    told = {"one": True} if found.actor_id == actor.id else {}
    audits.log(actor, "user.session.end", subject_id=found.actor_id, **told)
    db.session.delete(found)


@writes
def end(actor: Actor, token: str) -> bool:
    """End what a token opens, if it is the actor's own session or the actor may; whether it was this request's own.

    Who may not is not told whether there is such a token.
    """
    hashed = token_hash(token)
    found = db.session.scalar(select(Session).where(Session.token_hash == hashed, Session.expires_at > now()))
    if found is None:
        _revoke_key(actor, hashed)
        return False
    if found.actor_id != actor.id:
        permissions.require(actor, "session.end")
    elif found.id != actor.session_id:
        permissions.require_person(actor)
    _end_session(actor, found)
    return found.id == actor.session_id


def _revoke_key(actor: Actor, key_hash: str) -> None:
    """Make the key of a phone or a public link worthless. Its manager may, its bearer may not."""
    holder, project_id = _holder(key_hash)
    if holder is None or project_id is None:
        raise problems.INSUFFICIENT_RIGHTS()
    form_id = holder.form_id if isinstance(holder, PublicLink) else None
    permissions.require(actor, "session.end", project_id=project_id, form_id=form_id)
    _end_key(actor, holder, project_id)


def _end_key(actor: Actor, holder: AppUser | PublicLink, project_id: int) -> None:
    kind = "field_key" if isinstance(holder, AppUser) else "public_link"
    holder.key_hash = holder.key_cipher = None
    audits.log(actor, f"{kind}.session.end", project_id=project_id, subject_id=holder.actor_id)


def _holder(key_hash: str) -> tuple[AppUser | PublicLink | None, int | None]:
    phone = db.session.scalar(select(AppUser).where(AppUser.key_hash == key_hash))
    if phone is not None:
        return phone, phone.project_id
    found = select(PublicLink, Form.project_id).join(Form, Form.id == PublicLink.form_id)
    row = db.session.execute(found.where(PublicLink.key_hash == key_hash)).first()
    return (None, None) if row is None else (row[0], row[1])
