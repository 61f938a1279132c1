"""The other places where somebody is signed in, and the end of it there."""

from __future__ import annotations

from sqlalchemy import func, select

from schemas import problems
from server import permissions
from server.actions import audits, credentials
from server.db import db, now, writes
from server.models import Session
from server.permissions import Actor


def count(actor: Actor) -> int:
    """In how many other browsers and programs the actor is signed in now."""
    mine = select(func.count()).select_from(Session).where(Session.actor_id == actor.id, Session.expires_at > now())
    return db.session.scalar(mine.where(Session.id != (actor.session_id or 0))) or 0


@writes
def sign_out(actor: Actor) -> None:
    """End all sessions of the actor but this one. App passwords go on. Raises INSUFFICIENT_RIGHTS without a session."""
    permissions.require_person(actor)
    if actor.id is None or actor.session_id is None:
        raise problems.INSUFFICIENT_RIGHTS()
    credentials.end_sessions(actor.id, keep=actor.session_id)
    audits.log(actor, "user.session.end", subject_id=actor.id)
