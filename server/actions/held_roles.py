"""Which roles people hold, and where: everywhere, on projects, forms and units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased, selectinload

from schemas import problems, roles
from schemas.roles import UNIT_ROLES, Role
from server import permissions
from server.actions import access, projects, unit_roles
from server.db import db
from server.models import Assignment, Form, Project, Unit
from server.permissions import Actor

# What pages offer: on one project, and everywhere.
ON_PROJECT = ("manager", "viewer", "formfill")
EVERYWHERE = ("admin", *(role.system for role in UNIT_ROLES.values() if role.whole))


@dataclass(frozen=True, slots=True)
class Held:
    """A role with the place where it is held: everywhere when there is none. With a form, `project` is the form's."""

    id: int
    role: Role
    project: Project | None = None
    form: Form | None = None
    unit: Unit | None = None


def of(actor: Actor, actor_ids: Iterable[int]) -> dict[int, list[Held]]:
    """The roles of each of these users, in the order they were given. Raises INSUFFICIENT_RIGHTS."""
    permissions.require(actor, "user.read")
    ours = aliased(Project)
    query = select(Assignment, Project, Form, Unit, ours).where(Assignment.actor_id.in_(list(actor_ids)))
    query = query.outerjoin(Project, Project.id == Assignment.project_id).outerjoin(Unit, Unit.id == Assignment.unit_id)
    query = query.outerjoin(Form, Form.id == Assignment.form_id).outerjoin(ours, ours.id == Form.project_id)
    found: dict[int, list[Held]] = {}
    for assignment, project, form, unit, of_form in db.session.execute(
        query.options(selectinload(Form.current)).order_by(Assignment.id)
    ):
        role, place = roles.find(assignment.role), project or of_form
        gone = (place is not None and place.deleted_at) or (form is not None and form.deleted_at)
        if role is not None and not gone:
            found.setdefault(assignment.actor_id, []).append(Held(assignment.id, role, place, form, unit))
    return found


def offered(actor: Actor, project_id: int | None = None) -> list[Role]:
    """The roles that the actor may give on a project, or everywhere: never more than she holds herself."""
    held = actor.verbs_on(project_id)
    if "assignment.create" not in held:
        return []
    known = (roles.find(name) for name in (EVERYWHERE if project_id is None else ON_PROJECT))
    return [role for role in known if role is not None and roles.covers(held, role)]


def give(actor: Actor, actor_id: int, role_name: str, project_id: int | None = None) -> None:
    """Give a role on a project or everywhere. Raises NOT_FOUND, INSUFFICIENT_RIGHTS, UNIQUENESS for a repeat."""
    if role_name not in (EVERYWHERE if project_id is None else ON_PROJECT):
        raise problems.NOT_FOUND()
    if project_id is not None:
        projects.find(project_id)
    if role_name in UNIT_ROLES:
        unit_roles.grant(actor, role_name, actor_id, None)
    else:
        access.grant(actor, actor_id, role_name, project_id=project_id)


def take(actor: Actor, actor_id: int, number: int) -> None:
    """Take away the role with this number. Nobody stops being an administrator by her own hand."""
    held = next((one for one in of(actor, [actor_id]).get(actor_id, []) if one.id == number), None)
    if held is None:
        raise problems.NOT_FOUND()
    if held.role.system == "admin" and actor_id == actor.id:
        raise problems.INSUFFICIENT_RIGHTS()
    project_id = held.project.id if held.project is not None else None
    if held.role.system in UNIT_ROLES:
        unit_id = held.unit.id if held.unit is not None else None
        unit_roles.revoke(actor, held.role.system, actor_id, unit_id, project_id=project_id)
    else:
        form_id = held.form.id if held.form is not None else None
        access.revoke(actor, actor_id, held.role.system, project_id=project_id, form_id=form_id)
