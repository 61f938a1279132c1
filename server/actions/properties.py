"""Properties that the app users and public links of a project may have, as the worker's code, and their values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from schemas import problems
from schemas.access import is_property_name, read_properties
from server.actions import audits, projects
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import ActorProperty, AppUser, Form, PublicLink
from server.permissions import Actor


def _names(project_id: int) -> list[str]:
    query = select(ActorProperty.name).where(ActorProperty.project_id == project_id)
    return sorted(db.session.scalars(query))


def list_all(actor: Actor, project_id: int) -> list[str]:
    """The names of a project's properties, in order."""
    projects.get(actor, project_id, "actor_property.list")
    return _names(project_id)


def with_values(actor: Actor, project_id: int) -> dict[str, list[str]]:
    """The names with the different values in use, in order."""
    names = list_all(actor, project_id)
    phones = select(ActorRow.properties).join(AppUser, AppUser.actor_id == ActorRow.id)
    links = select(ActorRow.properties).join(PublicLink, PublicLink.actor_id == ActorRow.id)
    links = links.join(Form, Form.id == PublicLink.form_id)
    held = [*db.session.scalars(phones.where(AppUser.project_id == project_id))]
    held += db.session.scalars(links.where(Form.project_id == project_id))
    return {name: sorted({str(each[name]) for each in held if name in each}) for name in names}


@writes
def create(actor: Actor, project_id: int, name: Any) -> None:
    """Register a property. Raises UNEXPECTED_VALUE for a bad name, UNIQUENESS for one that is there."""
    projects.get(actor, project_id, "actor_property.update")
    if not is_property_name(name):
        raise problems.UNEXPECTED_VALUE(field="name", value=name, reason="a property cannot be called so")
    if name in _names(project_id):
        values = [str(project_id), str(name)]
        raise problems.UNIQUENESS(fields=["projectId", "name"], values=values, table="actor_properties")
    db.session.add(ActorProperty(project_id=project_id, name=name, created_at=now()))
    db.session.flush()
    audits.log(actor, "actor_property.create", project_id=project_id, name=name)


@writes
def put(actor: Actor, holder: ActorRow, given: object, *, project_id: int, form_id: int | None = None) -> None:
    """Set and unset values of an app user or (with the form's number) a public link. None: nothing was sent.

    The caller has asked whether the actor may. Raises UNEXPECTED_VALUE, as `read_properties`.
    """
    if given is None:
        return
    changes = read_properties(given, set(_names(project_id)))
    merged = {**(holder.properties or {}), **changes}
    holder.properties = {name: value for name, value in merged.items() if value is not None}
    if changes:
        place = {"project_id": project_id, "form_id": form_id, "subject_id": holder.id}
        audits.log(actor, f"{holder.type}.property.set", **place, properties=changes)
