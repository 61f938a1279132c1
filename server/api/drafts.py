"""Forms as they are changed: created, drafted, given their files, published."""

from __future__ import annotations

from urllib.parse import unquote

from flask import Flask, Response, jsonify, request

from schemas import problems
from server import identity, uploads
from server.actions import definitions, drafts, files, forms, projects
from server.actions.definitions import Definition
from server.api import wire
from server.api.forms import FORM, FORMS, WORKBOOKS, file_dict, reply_one
from server.models import Form
from sync.parts import whole

api = wire.blueprint("drafts")
ENDINGS = (".xls", ".xlsx", ".xml")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _definition(previous: Form | None = None, project_id: int | None = None) -> Definition | None:
    """The body as a definition: a workbook or an XForm by its content type. None when there is no body.

    `project_id`: where it will be a new form.
    """
    kind = request.mimetype
    data = whole(uploads.body(request))
    if not data:
        return None
    ending = next((name for name, known in WORKBOOKS.items() if known.partition(";")[0] == kind), None)
    if ending is None:
        made = definitions.from_xform(data, previous)
    else:
        fallback = unquote(request.headers.get("X-XlsForm-FormId-Fallback", "")) or None
        made = definitions.from_workbook(data, f"{fallback or 'form'}.{ending}", fallback, previous)
    if not wire.flag("ignoreWarnings"):
        made.refuse_warnings(*(drafts.warnings_of_new(project_id, made) if project_id is not None else ()))
    return made


@api.post(FORMS)
def create(project_id: int) -> Response:
    """A new form from a workbook or an XForm; with `publish` at once."""
    actor = identity.actor()
    projects.get(actor, project_id, "form.create")
    made = _definition(project_id=project_id)
    if made is None:
        raise problems.MISSING_PARAMETER(field="formId")
    form = drafts.create(actor, project_id, made, publish=wire.flag("publish"))
    return reply_one(form, forms.shown_version(form))


@api.post(f"{FORM}/draft")
def replace(project_id: int, xml_form_id: str) -> Response:
    """A new draft: of the body, else a copy of the published version."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    drafts.replace(actor, form, _definition(form))
    return jsonify(wire.SUCCESS)


@api.delete(f"{FORM}/draft")
def delete(project_id: int, xml_form_id: str) -> Response:
    """Throw the draft away."""
    drafts.delete(identity.actor(), project_id, xml_form_id)
    return jsonify(wire.SUCCESS)


@api.post(f"{FORM}/draft/publish")
def publish(project_id: int, xml_form_id: str) -> Response:
    """Publish the draft, with another version string if one is given."""
    notes = wire.fields().get("publishNotes") if request.is_json else None
    drafts.publish(identity.actor(), project_id, xml_form_id, request.args.get("version"), notes)
    return jsonify(wire.SUCCESS)


@api.post(f"{FORM}/draft/attachments/<name>")
def put_file(project_id: int, xml_form_id: str, name: str) -> Response:
    """Upload a file that the draft expects."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    draft = forms.draft_of(form)
    files.one_of_version(draft.id, name)
    stored = files.put_form_file(actor, form, draft, name, uploads.body(request, name))
    return jsonify(file_dict(*stored))


@api.delete(f"{FORM}/draft/attachments/<name>")
def clear_file(project_id: int, xml_form_id: str, name: str) -> Response:
    """Take an uploaded file of the draft away."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    files.clear_form_file(actor, form, forms.draft_of(form), name)
    return jsonify(wire.SUCCESS)
