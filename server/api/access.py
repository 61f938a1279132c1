"""Roles, assignments and app users."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from schemas.accounts import ActorShape, AppUserShape, NewAppUser, RoleShape
from schemas.roles import ROLES, Role
from server import identity
from server.actions import access, forms, projects
from server.api import wire
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment

api = wire.blueprint("access")
PROJECT = "/projects/<int:project_id>"
FORM = f"{PROJECT}/forms/<xml_form_id>"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _role_dict(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "system": role.system,
        "verbs": sorted(role.verbs),
        "created_at": None,
        "updated_at": None,
    }


def _assigned(rows: list[tuple[Assignment, ActorRow]]) -> Response:
    shown = []
    for assignment, actor in rows:
        entry: dict[str, Any] = {"actorId": assignment.actor_id, "roleId": ROLES[assignment.role].id}
        shown.append(entry | ({"actor": ActorShape().dump(actor)} if wire.extended() else {}))
    return jsonify(shown)


def _place(project_id: int | None, xml_form_id: str | None) -> dict[str, Any]:
    if project_id is None:
        return {"project_id": None, "form_id": None}
    actor = identity.actor()
    if xml_form_id is None:
        projects.get(actor, project_id, "assignment.list")
        return {"project_id": project_id, "form_id": None}
    return {"project_id": project_id, "form_id": forms.get(actor, project_id, xml_form_id, "assignment.list").id}


@api.get("/roles")
def roles() -> Response:
    """All roles."""
    return wire.reply(RoleShape, [_role_dict(role) for role in ROLES.values()])


@api.get("/roles/<name>")
def role(name: str) -> Response:
    """One role by number or system name."""
    return wire.reply(RoleShape, _role_dict(access.role(name)))


@api.get("/assignments")
@api.get(f"{PROJECT}/assignments")
@api.get(f"{FORM}/assignments")
def assignments(project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Who holds which role there."""
    place = _place(project_id, xml_form_id)
    return _assigned(access.assignments(identity.actor(), **place))


@api.get("/assignments/<role_name>")
@api.get(f"{PROJECT}/assignments/<role_name>")
@api.get(f"{FORM}/assignments/<role_name>")
def holders(role_name: str, project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Who holds this role there."""
    place = _place(project_id, xml_form_id)
    found = access.assignments(identity.actor(), role_name=role_name, **place)
    return wire.reply(ActorShape, [actor for _, actor in found])


@api.post("/assignments/<role_name>/<int:actor_id>")
@api.post(f"{PROJECT}/assignments/<role_name>/<int:actor_id>")
@api.post(f"{FORM}/assignments/<role_name>/<int:actor_id>")
def grant(role_name: str, actor_id: int, project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Give a role."""
    access.grant(identity.actor(), actor_id, role_name, **_place(project_id, xml_form_id))
    return jsonify(wire.SUCCESS)


@api.delete("/assignments/<role_name>/<int:actor_id>")
@api.delete(f"{PROJECT}/assignments/<role_name>/<int:actor_id>")
@api.delete(f"{FORM}/assignments/<role_name>/<int:actor_id>")
def revoke(role_name: str, actor_id: int, project_id: int | None = None, xml_form_id: str | None = None) -> Response:
    """Take a role away."""
    access.revoke(identity.actor(), actor_id, role_name, **_place(project_id, xml_form_id))
    return jsonify(wire.SUCCESS)


@api.get(f"{PROJECT}/assignments/forms")
@api.get(f"{PROJECT}/assignments/forms/<role_name>")
def form_assignments(project_id: int, role_name: str | None = None) -> Response:
    """Roles held on the single forms of a project."""
    projects.get(identity.actor(), project_id, "assignment.list")
    shown = []
    for assignment, form, actor in access.form_assignments(identity.actor(), project_id, role_name):
        entry: dict[str, Any] = {
            "actorId": assignment.actor_id,
            "roleId": ROLES[assignment.role].id,
            "xmlFormId": form.xml_form_id,
        }
        shown.append(entry | ({"actor": ActorShape().dump(actor)} if wire.extended() else {}))
    return jsonify(shown)


def _app_user_dict(app_user: AppUser) -> dict[str, Any]:
    actor = app_user.actor
    return {
        "id": actor.id,
        "type": actor.type,
        "display_name": actor.display_name,
        "created_at": actor.created_at,
        "updated_at": actor.updated_at,
        "deleted_at": actor.deleted_at,
        "project_id": app_user.project_id,
        "token": access.key_of(app_user),
    }


def _app_users(found: list[AppUser]) -> list[dict[str, Any]]:
    shown = [_app_user_dict(app_user) for app_user in found]
    if wire.extended():
        used = access.last_used(identity.actor(), [app_user.actor_id for app_user in found])
        for entry, app_user in zip(shown, found, strict=True):
            entry["last_used"] = used.get(app_user.actor_id)
            entry["created_by"] = access.actor_row(app_user.created_by)
    return shown


@api.get(f"{PROJECT}/app-users")
def list_app_users(project_id: int) -> Response:
    """The app users of a project."""
    projects.get(identity.actor(), project_id, "field_key.list")
    return wire.reply(AppUserShape, _app_users(access.app_users(identity.actor(), project_id)))


@api.post(f"{PROJECT}/app-users")
def create_app_user(project_id: int) -> Response:
    """A new app user, with its key."""
    projects.get(identity.actor(), project_id, "field_key.create")
    given = wire.body(NewAppUser)
    made = access.create_app_user(identity.actor(), project_id, given["display_name"])
    return wire.reply(AppUserShape, _app_user_dict(made))


@api.get(f"{PROJECT}/app-users/<int:actor_id>")
def get_app_user(project_id: int, actor_id: int) -> Response:
    """One app user."""
    found = access.get_app_user(identity.actor(), project_id, actor_id)
    return wire.reply(AppUserShape, _app_users([found])[0])


@api.delete(f"{PROJECT}/app-users/<int:actor_id>")
def delete_app_user(project_id: int, actor_id: int) -> Response:
    """Revoke the key and take the app user off the list."""
    access.revoke_app_user(identity.actor(), project_id, actor_id, delete=True)
    return jsonify(wire.SUCCESS)
