"""Roles, assignments and app users."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, jsonify

from schemas.access import (
    ActorShape,
    AppUserShape,
    AssignmentShape,
    NewActorProperty,
    NewAppUser,
    PropertyChanges,
    RoleShape,
)
from schemas.roles import ROLES, Role, told
from server import identity
from server.actions import access, forms, lost_phones, projects, properties
from server.api import wire
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment, PublicLink

api = wire.blueprint("access")
PROJECT = "/projects/<int:project_id>"
FORM = f"{PROJECT}/forms/<xml_form_id>"
_NAME = re.compile("[a-z]")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _role_dict(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "system": role.system,
        "verbs": told(role.verbs),
        "created_at": None,
        "updated_at": None,
    }


def _role(name: str) -> str:
    """The number or name of a role in an address. Raises INVALID_DATA_TYPE for what can be neither."""
    return name if _NAME.search(name) else str(wire.integer(name))


def _assigned(assignment: Assignment, actor: ActorRow) -> dict[str, Any]:
    entry: dict[str, Any] = {"actor_id": assignment.actor_id, "role_id": ROLES[assignment.role].id}
    return entry | ({"actor": actor} if wire.extended() else {})


def _place(project_id: int | None, xml_form_id: str | None) -> dict[str, Any]:
    """The numbers of a place that is there, whoever asks."""
    if project_id is None:
        return {"project_id": None, "form_id": None}
    if xml_form_id is None:
        return {"project_id": projects.find(project_id).id, "form_id": None}
    return {"project_id": project_id, "form_id": forms.find(project_id, xml_form_id).id}


@api.get("/roles")
def roles() -> Response:
    """All roles."""
    return wire.reply(RoleShape, [_role_dict(role) for role in ROLES.values()])


@api.get("/roles/<name>")
def role(name: str) -> Response:
    """One role by number or system name."""
    return wire.reply(RoleShape, _role_dict(access.role(_role(name))))


@api.get("/assignments")
@api.get(f"{PROJECT}/assignments")
@api.get(f"{FORM}/assignments")
def assignments(project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Who holds which role there."""
    place = _place(project_id, xml_form_id)
    found = access.assignments(identity.actor(), **place)
    return wire.reply(AssignmentShape, [_assigned(*each) for each in found])


@api.get("/assignments/<role_name>")
@api.get(f"{PROJECT}/assignments/<role_name>")
@api.get(f"{FORM}/assignments/<role_name>")
def holders(role_name: str, project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Who holds this role there."""
    place = _place(project_id, xml_form_id)
    found = access.assignments(identity.actor(), role_name=_role(role_name), **place)
    return wire.reply(ActorShape, [actor for _, actor in found])


@api.post("/assignments/<role_name>/<int:actor_id>")
@api.post(f"{PROJECT}/assignments/<role_name>/<int:actor_id>")
@api.post(f"{FORM}/assignments/<role_name>/<int:actor_id>")
def grant(role_name: str, actor_id: int, project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Give a role."""
    access.grant(identity.actor(), actor_id, _role(role_name), **_place(project_id, xml_form_id))
    return jsonify(wire.SUCCESS)


@api.delete("/assignments/<role_name>/<int:actor_id>")
@api.delete(f"{PROJECT}/assignments/<role_name>/<int:actor_id>")
@api.delete(f"{FORM}/assignments/<role_name>/<int:actor_id>")
def revoke(role_name: str, actor_id: int, project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Take a role away."""
    access.revoke(identity.actor(), actor_id, _role(role_name), **_place(project_id, xml_form_id))
    return jsonify(wire.SUCCESS)


@api.get(f"{PROJECT}/assignments/forms")
@api.get(f"{PROJECT}/assignments/forms/<role_name>")
def form_assignments(project_id: int, role_name: str | None = None) -> Response:
    """Roles held on the single forms of a project."""
    projects.find(project_id)
    found = access.form_assignments(identity.actor(), project_id, role_name and _role(role_name))
    shown = [_assigned(assignment, actor) | {"xml_form_id": form.xml_form_id} for assignment, form, actor in found]
    return wire.reply(AssignmentShape, shown)


def actor_dict(holder: AppUser | PublicLink, *, extended: bool) -> dict[str, Any]:
    """An app user or a public link with what its actor says."""
    actor = holder.actor
    shown = {name: getattr(actor, name) for name in ActorShape().fields}
    if isinstance(holder, AppUser):
        shown["token"] = access.shown_key(identity.actor(), holder)
    else:
        shown["token"] = access.key_of(holder)
    if extended:
        shown["created_by"] = access.actor_row(holder.created_by) or _console(holder)
        shown["properties"] = actor.properties or None
    return shown


def _console(holder: AppUser | PublicLink) -> dict[str, Any]:
    """Who made what nobody made who signed in: clients of the dialect count on somebody's name."""
    nobody = dict.fromkeys(ActorShape().fields)
    return nobody | {"id": 0, "type": "system", "display_name": "manage", "created_at": holder.actor.created_at}


def _app_users(found: list[AppUser], *, extended: bool) -> list[dict[str, Any]]:
    used = access.last_used(identity.actor(), [one.actor_id for one in found]) if extended else {}
    shown = []
    for one in found:
        entry = actor_dict(one, extended=extended) | {"project_id": one.project_id}
        shown.append(entry | ({"last_used": used.get(one.actor_id)} if extended else {}))
    return shown


@api.get(f"{PROJECT}/app-users")
def list_app_users(project_id: int) -> Response:
    """The app users of a project."""
    projects.get(identity.actor(), project_id, "field_key.list")
    found = access.app_users(identity.actor(), project_id)
    return wire.reply(AppUserShape, _app_users(found, extended=wire.extended()))


@api.post(f"{PROJECT}/app-users")
def create_app_user(project_id: int) -> Response:
    """A new app user, with its key."""
    projects.get(identity.actor(), project_id, "field_key.create")
    given = wire.body(NewAppUser)
    made = access.create_app_user(
        identity.actor(), project_id, given["display_name"], properties_given=given["properties"]
    )
    return wire.reply(AppUserShape, _app_users([made], extended=False)[0])


@api.get(f"{PROJECT}/app-users/<int:actor_id>")
def get_app_user(project_id: int, actor_id: int) -> Response:
    """One app user."""
    projects.get(identity.actor(), project_id, "field_key.list")
    found = access.get_app_user(identity.actor(), project_id, actor_id)
    return wire.reply(AppUserShape, _app_users([found], extended=wire.extended())[0])


@api.patch(f"{PROJECT}/app-users/<int:actor_id>")
def update_app_user(project_id: int, actor_id: int) -> Response:
    """Set and unset properties of an app user."""
    projects.get(identity.actor(), project_id, "field_key.update")
    given = wire.body(PropertyChanges)
    changed = access.update_app_user(identity.actor(), project_id, actor_id, given["properties"])
    return wire.reply(AppUserShape, _app_users([changed], extended=True)[0])


@api.delete(f"{PROJECT}/app-users/<int:actor_id>")
def delete_app_user(project_id: int, actor_id: int) -> Response:
    """Revoke the key and take the app user off the list."""
    projects.get(identity.actor(), project_id, "field_key.delete")
    access.revoke_app_user(identity.actor(), project_id, actor_id, delete=True)
    return jsonify(wire.SUCCESS)


@api.post(f"{PROJECT}/app-users/<int:actor_id>/lost")
def report_lost(project_id: int, actor_id: int) -> Response:
    """The phone is lost: its key is worthless at once."""
    projects.get(identity.actor(), project_id, "field_key.delete")
    lost_phones.report(identity.actor(), project_id, actor_id)
    return jsonify(wire.SUCCESS)


@api.post(f"{PROJECT}/app-users/<int:actor_id>/replace")
def replace_app_user(project_id: int, actor_id: int) -> Response:
    """A new app user for the same person, with its key, instead of one that is lost. A repeat gives the same."""
    projects.get(identity.actor(), project_id, "field_key.replace")
    made = lost_phones.replace(identity.actor(), project_id, actor_id)
    return wire.reply(AppUserShape, _app_users([made], extended=False)[0])


@api.get(f"{PROJECT}/actor-properties")
def list_properties(project_id: int) -> Response:
    """The properties that app users and public links may have."""
    if wire.extended():
        found = properties.with_values(identity.actor(), project_id)
        return jsonify([{"name": name, "values": values} for name, values in found.items()])
    return jsonify([{"name": name} for name in properties.list_all(identity.actor(), project_id)])


@api.post(f"{PROJECT}/actor-properties")
def create_property(project_id: int) -> Response:
    """Register a property."""
    projects.get(identity.actor(), project_id, "actor_property.update")
    properties.create(identity.actor(), project_id, wire.body(NewActorProperty)["name"])
    return jsonify(wire.SUCCESS)
