"""Projects."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify, request

from schemas.forms import ExtendedFormShape
from schemas.projects import ExtendedProjectShape, NewKey, NewProject, ProjectChanges, ProjectShape, WholeProject
from schemas.roles import told
from server import identity, permissions
from server.actions import encryption, projects, whole_projects
from server.actions import forms as form_actions
from server.api import wire
from server.api.forms import extended_forms
from server.models import Dataset, Project

api = wire.blueprint("projects")
LIST_FORMS = {"form.list", "open_form.list"}


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _project_dict(project: Project) -> dict[str, Any]:
    names = ("id", "name", "description", "archived", "key_id", "created_at", "updated_at", "deleted_at")
    return {name: getattr(project, name) for name in names}


def _counts(found: list[Project]) -> dict[int, dict[str, Any]]:
    summaries = projects.summaries(identity.actor(), [project.id for project in found])
    return {number: asdict(summary) for number, summary in summaries.items()}


def _verbs(project: Project) -> list[str]:
    return told(identity.actor().verbs_on(project.id))


def _one(project: Project, *, extended: bool = False) -> Response:
    if not extended:
        return wire.reply(ProjectShape, _project_dict(project))
    counts = _counts([project])[project.id]
    return wire.reply(ExtendedProjectShape, _project_dict(project) | counts | {"verbs": _verbs(project)})


def _with_forms(project: Project) -> dict[str, Any]:
    """The forms of a project that the asker may see; the counts are of these."""
    actor = identity.actor()
    found = form_actions.list_all(actor, project.id) if actor.verbs_on(project.id) & LIST_FORMS else []
    listed = extended_forms([(form, form_actions.shown_version(form)) for form in found])
    latest = [entry["last_submission"] for entry in listed if entry["last_submission"] is not None]
    shown = ExtendedFormShape(many=True).dump(listed)
    return {"form_list": shown, "forms": len(listed), "last_submission": max(latest, default=None)}


def _with_datasets(found: list[tuple[Dataset, int, datetime | None, int]]) -> dict[str, Any]:
    names = ("name", "project_id", "approval_required", "owner_only", "created_at", "deleted_at")
    listed = [
        {name: getattr(dataset, name) for name in names}
        | {"entities": entities, "last_entity": latest, "conflicts": conflicts}
        for dataset, entities, latest, conflicts in found
    ]
    latest = max((entry["last_entity"] for entry in listed if entry["last_entity"] is not None), default=None)
    return {"dataset_list": listed, "datasets": len(listed), "last_entity": latest}


@api.get("/projects")
def list_all() -> Response:
    """The projects one may see; with `forms` and `datasets` also what is in them, and in the order they were made."""
    found = projects.list_all(identity.actor())
    if request.args.get("forms") or request.args.get("datasets"):
        found.sort(key=lambda project: project.id)
    shown = {project.id: _project_dict(project) | {"verbs": _verbs(project)} for project in found}
    if wire.extended():
        for number, counts in _counts(found).items():
            shown[number] |= counts
    if request.args.get("forms"):
        for project in found:
            shown[project.id] |= _with_forms(project)
    if request.args.get("datasets"):
        for number, lists in projects.datasets(identity.actor(), list(shown)).items():
            shown[number] |= _with_datasets(lists)
    return wire.reply(ExtendedProjectShape, list(shown.values()))


@api.post("/projects")
def create() -> Response:
    """A new project."""
    permissions.require(identity.actor(), "project.create")
    given = wire.body(NewProject)
    return _one(projects.create(identity.actor(), **given))


@api.get("/projects/<int:project_id>")
def get(project_id: int) -> Response:
    """One project."""
    return _one(projects.get(identity.actor(), project_id), extended=wire.extended())


@api.patch("/projects/<int:project_id>")
def update(project_id: int) -> Response:
    """Change a project."""
    projects.get(identity.actor(), project_id, "project.update")
    return _one(projects.update(identity.actor(), project_id, wire.body(ProjectChanges)))


@api.put("/projects/<int:project_id>")
def put(project_id: int) -> Response:
    """Change a project, its forms' states and who holds roles on them, at once."""
    projects.get(identity.actor(), project_id, "project.update")
    return _one(whole_projects.put(identity.actor(), project_id, wire.body(WholeProject)))


@api.post("/projects/<int:project_id>/key")
def encrypt(project_id: int) -> Response:
    """Turn managed encryption on."""
    projects.get(identity.actor(), project_id, "project.update")
    given = wire.body(NewKey)
    encryption.turn_on(identity.actor(), project_id, given["passphrase"], given["hint"])
    return jsonify(wire.SUCCESS)


@api.delete("/projects/<int:project_id>")
def delete(project_id: int) -> Response:
    """Take a project away."""
    projects.delete(identity.actor(), project_id)
    return jsonify(wire.SUCCESS)
