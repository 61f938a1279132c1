"""Projects."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from schemas.projects import ExtendedProjectShape, NewProject, ProjectChanges, ProjectShape
from server import identity
from server.actions import projects
from server.api import wire
from server.models import Project

api = wire.blueprint("projects")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _project_dict(project: Project) -> dict[str, Any]:
    names = ("id", "name", "description", "archived", "key_id", "created_at", "updated_at", "deleted_at")
    return {name: getattr(project, name) for name in names}


def _reply(found: list[Project]) -> list[dict[str, Any]]:
    shown = [_project_dict(project) for project in found]
    if not wire.extended():
        return [ProjectShape().dump(entry) for entry in shown]
    summaries = projects.summaries(identity.actor(), [project.id for project in found])
    for entry in shown:
        summary, verbs = summaries[entry["id"]], identity.actor().verbs_on(entry["id"])
        entry |= {
            "forms": summary.forms,
            "app_users": summary.app_users if "field_key.list" in verbs else None,
            "last_submission": summary.last_submission if "submission.list" in verbs else None,
            "datasets": 0,
            "last_entity": None,
            "verbs": sorted(verbs),
        }
    return [ExtendedProjectShape().dump(entry) for entry in shown]


@api.get("/projects")
def list_all() -> Response:
    """The projects one may see."""
    return jsonify(_reply(projects.list_all(identity.actor())))


@api.post("/projects")
def create() -> Response:
    """A new project."""
    given = wire.body(NewProject)
    return jsonify(_reply([projects.create(identity.actor(), given["name"], given["description"])])[0])


@api.get("/projects/<int:project_id>")
def get(project_id: int) -> Response:
    """One project."""
    return jsonify(_reply([projects.get(identity.actor(), project_id)])[0])


@api.patch("/projects/<int:project_id>")
def update(project_id: int) -> Response:
    """Change a project."""
    return jsonify(_reply([projects.update(identity.actor(), project_id, wire.body(ProjectChanges))])[0])


@api.delete("/projects/<int:project_id>")
def delete(project_id: int) -> Response:
    """Take a project away."""
    projects.delete(identity.actor(), project_id)
    return jsonify(wire.SUCCESS)
