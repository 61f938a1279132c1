"""Who can be given a role on a unit."""

from __future__ import annotations

from sqlalchemy import select

from schemas import collation
from server import permissions
from server.db import db
from server.models import Actor as ActorRow
from server.models import AppUser, User
from server.permissions import Actor


def for_units(actor: Actor) -> list[ActorRow]:
    """By name: users, for who may list them, and app users whose key works, where the actor may list those."""
    found: list[ActorRow] = []
    if permissions.can(actor, "user.list"):
        users = select(ActorRow).join(User, User.actor_id == ActorRow.id).where(ActorRow.deleted_at.is_(None))
        found += db.session.scalars(users)
    phones = permissions.visible(actor, select(AppUser).where(AppUser.key_hash.is_not(None)), "field_key.list")
    found += [phone.actor for phone in db.session.scalars(phones) if phone.actor.deleted_at is None]
    return sorted(found, key=lambda each: (collation.key(each.display_name), each.id))
