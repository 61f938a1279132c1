"""Roles follow their units: who worked for a unit that went into another one works for that one from then on."""

from __future__ import annotations

from sqlalchemy import select

from schemas.unit_tree import Tree
from server.actions import audits, unit_rows
from server.db import db, now, writes
from server.models import Assignment, Unit
from server.permissions import Actor


@writes
def follow(actor: Actor) -> int:
    """Move the roles on units that have ended to what they went into, as it is today. How many were moved.

    A unit that was split has several: its roles stay until somebody says who works where. So do those on a unit that
    ends later; upkeep asks again each day.
    """
    today = now().date()
    ended = select(Assignment, Unit).join(Unit, Unit.id == Assignment.unit_id).where(Unit.valid_to < today)
    held = [(row[0], row[1]) for row in db.session.execute(ended.order_by(Assignment.id))]
    if not held:
        return 0
    placed = {each.unit.key: each for each in unit_rows.everything()}
    tree = Tree([each.unit for each in placed.values()])
    moved = 0
    for assignment, row in held:
        unit = placed[row.code, row.valid_from].unit
        while not unit.on(today) and len(unit.successor_codes) == 1 and tree.successors(unit):
            (unit,) = tree.successors(unit)
        if unit.on(today):
            _move(actor, assignment, placed[unit.key].id)
            moved += 1
    return moved


def _move(actor: Actor, held: Assignment, unit_id: int) -> None:
    place = {"project_id": held.project_id, "subject_id": held.actor_id}
    audits.log(actor, "unit.assignment.delete", **place, unit_id=held.unit_id, role=held.role, movedTo=unit_id)
    there = select(Assignment.id).where(
        Assignment.actor_id == held.actor_id,
        Assignment.role == held.role,
        Assignment.unit_id == unit_id,
        Assignment.project_id.is_not_distinct_from(held.project_id),
    )
    if db.session.scalar(there) is not None:
        db.session.delete(held)
    else:
        audits.log(actor, "unit.assignment.create", **place, unit_id=unit_id, role=held.role, movedFrom=held.unit_id)
        held.unit_id = unit_id
    db.session.flush()
