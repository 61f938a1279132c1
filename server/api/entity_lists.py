"""The entity lists of a project, and what a form has to do with them: how publishing would change them, and files that
are such lists."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from schemas.forms import FormFileChanges
from schemas.projects import DatasetShape, ListedDatasetShape
from server import identity
from server.actions import entity_lists, forms
from server.api import wire
from server.api.forms import FORM, file_dict

api = wire.blueprint("entity_lists")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.get("/projects/<int:project_id>/datasets")
def list_all(project_id: int) -> Response:
    """The entity lists that published forms of a project save to; `deleted`: those that were deleted."""
    found = entity_lists.list_all(identity.actor(), project_id, deleted=wire.flag("deleted"))
    return wire.reply(ListedDatasetShape if wire.extended() else DatasetShape, found)


@api.get(f"{FORM}/dataset-diff")
def changed(project_id: int, xml_form_id: str) -> Response:
    """The entity lists of the published version."""
    form = forms.get(identity.actor(), project_id, xml_form_id)
    return jsonify(entity_lists.changes(identity.actor(), form, draft=False))


@api.get(f"{FORM}/draft/dataset-diff")
def changed_by_draft(project_id: int, xml_form_id: str) -> Response:
    """The entity lists of the draft, and what of them is new."""
    form = forms.get(identity.actor(), project_id, xml_form_id, "form.update")
    return jsonify(entity_lists.changes(identity.actor(), form, draft=True))


@api.patch(f"{FORM}/draft/attachments/<name>")
def link_file(project_id: int, xml_form_id: str, name: str) -> Response:
    """Make a file of the draft the entity list with its name, or no longer."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    linked = bool(wire.body(FormFileChanges)["dataset"])
    return jsonify(file_dict(*entity_lists.link(actor, form, name, linked=linked)))
