"""The programme's roles: given to users and app users on a unit, or on the whole installation (domain 5.2).

A user's role lets her do things, on the rows of the unit and of all below it. An app user's says which unit the rows
belong to that she sends; which forms she fills is said by form, as for each app user.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select

from schemas import problems
from schemas.roles import UNIT_ROLES, UnitRole
from server import permissions
from server.actions import access, audits, projects, units
from server.db import db, writes
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment
from server.permissions import Actor

Held = tuple[Assignment, ActorRow]
HOLDERS = ("user", "field_key")


def role(name: str) -> UnitRole:
    """A role of the programme by its number or system name. Raises NOT_FOUND."""
    for known in UNIT_ROLES.values():
        if name in (known.system, str(known.id)):
            return known
    raise problems.NOT_FOUND()


def list_all(actor: Actor) -> list[UnitRole]:
    """All of them, for whoever has signed in."""
    if actor.id is None and actor.type == "anonymous":
        raise problems.INSUFFICIENT_RIGHTS()
    return list(UNIT_ROLES.values())


def _require(actor: Actor, verb: str, project_id: int | None, unit_id: int | None) -> None:
    if project_id is not None:
        projects.get(actor, project_id, verb)
    permissions.require(actor, verb, project_id=project_id)
    if unit_id is not None:
        units.get(actor, unit_id)


def _holder(actor_id: int) -> tuple[ActorRow, int | None]:
    """The user or app user, and the project of an app user: her role holds nowhere else."""
    found = db.session.get(ActorRow, actor_id)
    if found is None or found.deleted_at is not None or found.type not in HOLDERS:
        raise problems.NOT_FOUND()
    app_user = db.session.get(AppUser, actor_id) if found.type == "field_key" else None
    return found, app_user.project_id if app_user is not None else None


def _is(column: Any, value: int | None) -> ColumnElement[bool]:
    return column == value if value is not None else column.is_(None)


def _place(wanted: UnitRole, actor_id: int, unit_id: int | None, project_id: int | None) -> list[ColumnElement[bool]]:
    place = _is(Assignment.unit_id, unit_id), _is(Assignment.project_id, project_id)
    return [Assignment.role == wanted.system, Assignment.actor_id == actor_id, *place]


def _placed(wanted: UnitRole, actor_id: int, unit_id: int | None, project_id: int | None) -> int | None:
    """The project that an assignment of these is, or would be, limited to. Raises NOT_FOUND."""
    if wanted.whole != (unit_id is None):
        raise problems.NOT_FOUND()
    holder, own = _holder(actor_id)
    if holder.type == "field_key" and (wanted.whole or project_id not in (None, own)):
        raise problems.NOT_FOUND()
    return own if holder.type == "field_key" else project_id


@writes
def grant(actor: Actor, role_name: str, actor_id: int, unit_id: int | None, *, project_id: int | None = None) -> None:
    """Give a role on a unit, in one project or in all; a `whole` one without a unit. A repeat is refused."""
    _require(actor, "assignment.create", project_id, unit_id)
    wanted = role(role_name)
    limit = _placed(wanted, actor_id, unit_id, project_id)
    if not access.may_hand_on(actor, wanted, limit if project_id is not None else None, None, unit_id):
        raise problems.INSUFFICIENT_RIGHTS()
    _give(actor, wanted, actor_id, unit_id, limit)


def _give(actor: Actor, wanted: UnitRole, actor_id: int, unit_id: int | None, limit: int | None) -> None:
    held = select(Assignment.id).where(*_place(wanted, actor_id, unit_id, limit))
    if db.session.scalar(held) is not None:
        raise problems.UNIQUENESS(
            fields=["actorId", "roleId", "unitId"],
            values=[str(actor_id), str(wanted.id), str(unit_id)],
            table="assignments",
        )
    db.session.add(Assignment(actor_id=actor_id, role=wanted.system, unit_id=unit_id, project_id=limit))
    place = {"project_id": limit, "subject_id": actor_id, "unit_id": unit_id}
    audits.log(actor, "unit.assignment.create", **place, role=wanted.system)


@writes
def revoke(actor: Actor, role_name: str, actor_id: int, unit_id: int | None, *, project_id: int | None = None) -> None:
    """Take a role away. Raises NOT_FOUND when it was not held so."""
    _require(actor, "assignment.delete", project_id, unit_id)
    wanted = role(role_name)
    _take(actor, wanted, actor_id, unit_id, _placed(wanted, actor_id, unit_id, project_id))


@writes
def hand_over(actor: Actor, old: AppUser, made: AppUser) -> None:
    """The roles on units of one card become those of another. The caller has asked whether the actor may replace it."""
    query = select(Assignment.role, Assignment.unit_id).where(
        Assignment.actor_id == old.actor_id, Assignment.unit_id.is_not(None), Assignment.role.in_(UNIT_ROLES)
    )
    for name, unit_id in db.session.execute(query.order_by(Assignment.id)).all():
        _give(actor, UNIT_ROLES[name], made.actor_id, unit_id, made.project_id)
        _take(actor, UNIT_ROLES[name], old.actor_id, unit_id, old.project_id)


def _take(actor: Actor, wanted: UnitRole, actor_id: int, unit_id: int | None, limit: int | None) -> None:
    gone = db.session.execute(delete(Assignment).where(*_place(wanted, actor_id, unit_id, limit)))
    if not gone.rowcount:  # type: ignore[attr-defined]
        raise problems.NOT_FOUND()
    place = {"project_id": limit, "subject_id": actor_id, "unit_id": unit_id}
    audits.log(actor, "unit.assignment.delete", **place, role=wanted.system)


def assignments(
    actor: Actor, unit_id: int | None, *, role_name: str | None = None, project_id: int | None = None
) -> list[Held]:
    """Who holds roles on exactly this unit, or the `whole` ones; with `project_id` those of this project alone."""
    _require(actor, "assignment.list", project_id, unit_id)
    query = _held().where(_is(Assignment.unit_id, unit_id))
    query = query.where(Assignment.role.in_([role(role_name).system] if role_name is not None else UNIT_ROLES))
    if project_id is not None:
        query = query.where(Assignment.project_id == project_id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Assignment.id))]


def _held() -> Select[tuple[Assignment, ActorRow]]:
    query = select(Assignment, ActorRow).join(ActorRow, ActorRow.id == Assignment.actor_id)
    return query.where(ActorRow.deleted_at.is_(None))
