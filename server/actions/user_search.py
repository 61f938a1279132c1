"""Users listed, and searched by name and address."""

from __future__ import annotations

from sqlalchemy import select

from server import permissions
from server.actions import likeness
from server.actions.credentials import by_email
from server.db import db
from server.models import Actor as ActorRow
from server.models import User
from server.permissions import Actor

ALIKE = 0.5


def list_users(actor: Actor, search: str = "", *, limit: int | None = None, offset: int = 0) -> list[User]:
    """All users by address, or those that a search finds, the most alike first; for who may not list, none.

    An address that is a user's is found by any user, and nothing else with it; by no phone, and by no public link.
    """
    if actor.type not in ("user", "console"):
        return []
    exact = by_email(search) if search else None
    if exact is not None:
        return [exact]
    if not permissions.can(actor, "user.list"):
        return []
    query = select(User).join(ActorRow, ActorRow.id == User.actor_id).where(ActorRow.deleted_at.is_(None))
    query = query.order_by(User.email_key)
    if not search:
        return list(db.session.scalars(query.limit(limit).offset(offset)))
    found = _most_alike(list(db.session.scalars(query)), likeness.fold(search))
    return found[offset : None if limit is None else offset + limit]


def _most_alike(users: list[User], wanted: str) -> list[User]:
    scored = []
    for user in users:
        texts = [likeness.fold(user.actor.display_name), likeness.fold(user.email)]
        score = max(likeness.score(text, wanted) for text in texts)
        if score > ALIKE or any(wanted in text for text in texts):
            scored.append((-score, user.email_key, user))
    return [user for *_, user in sorted(scored, key=lambda one: one[:2])]
