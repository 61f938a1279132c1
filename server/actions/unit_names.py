"""Which unit rows belong to, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from server import permissions
from server.actions import units
from server.db import db
from server.models import Submission, Unit
from server.permissions import Actor


def of_submissions(actor: Actor, found: Iterable[Submission]) -> dict[int, Unit]:
    """By the number of the submission; those of no unit, and of one that the actor does not reach, are left out."""
    numbers = {one.id: one.unit_id for one in found if one.unit_id is not None}
    if not numbers:
        return {}
    query = select(Unit).where(Unit.id.in_(set(numbers.values())))
    known = {unit.id: unit for unit in db.session.scalars(permissions.visible(actor, query, *units.READ))}
    return {number: known[unit_id] for number, unit_id in numbers.items() if unit_id in known}
