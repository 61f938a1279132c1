"""The files and versions of a submission by REST. Its files are those of its current version."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Flask, Response, jsonify, request

from schemas.submissions import SubmissionFileShape, VersionShape
from server import identity, uploads
from server.actions import chains, edits, forms, free_text, rows, submission_files
from server.actions.submission_files import Place
from server.api import wire
from server.api.forms import FORM
from server.api.submissions import current_row, find_form, find_row, is_draft, send_on, version_dict, xml_of
from server.models import SubmissionVersion

api = wire.blueprint("versions")
VERBS_TO_ATTACH = ("submission.update", "submission.create")
VERBS_TO_CLEAR = ("submission.update",)


def register(app: Flask) -> None:
    """Attach the routes, and again for the test submissions of drafts."""
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/submissions")
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/draft/submissions", name="draft_versions")


@api.get("/<instance_id>/attachments")
def list_files(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The files it names or came with, and whether they have arrived."""
    return _files(current_row(project_id, xml_form_id, instance_id, "/attachments", whole=True)[1])


@api.get("/<instance_id>/attachments/<name>")
def get_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """One file."""
    send_on(project_id, xml_form_id, instance_id, f"/attachments/{quote(name, safe='')}")
    return _file(project_id, xml_form_id, instance_id, None, name)


@api.post("/<instance_id>/attachments/<name>")
def put_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """Upload a file the submission names. A data collector may fill what is missing of her own."""
    actor = identity.actor()
    form = find_form(project_id, xml_form_id, *VERBS_TO_ATTACH)
    place = Place(rows.Place(form.project_id, form.id), instance_id, name, is_draft())
    submission_files.to_fill(actor, place)  # before the body is read
    submission_files.attach(actor, place, uploads.body(request, name))
    return jsonify(wire.SUCCESS)


@api.delete("/<instance_id>/attachments/<name>")
def clear_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """Take a file of the current version away."""
    return _clear(project_id, xml_form_id, instance_id, None, name)


@api.delete("/<instance_id>/versions/<version_id>/attachments/<name>")
def clear_version_file(project_id: int, xml_form_id: str, instance_id: str, version_id: str, name: str) -> Response:
    """Take a file of one version away."""
    return _clear(project_id, xml_form_id, instance_id, version_id, name)


def _clear(project_id: int, xml_form_id: str, instance_id: str, version_id: str | None, name: str) -> Response:
    actor = identity.actor()
    form = find_form(project_id, xml_form_id, *VERBS_TO_CLEAR)
    place = rows.Place(form.project_id, form.id)
    submission_files.clear(actor, Place(place, instance_id, name, is_draft(), version_id))
    return jsonify(wire.SUCCESS)


@api.get("/<instance_id>/versions")
def list_versions(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """All versions, newest first."""
    submission, _ = find_row(project_id, xml_form_id, instance_id)
    named = free_text.sees(identity.actor(), submission)
    return wire.reply(VersionShape, [_versioned(version, named) for version in rows.versions(submission)])


def _versioned(version: SubmissionVersion, named: bool) -> dict[str, Any]:
    shown = version_dict(version, named)
    return shown | ({"form_version": forms.version_by_id(version.form_version_id).version} if wire.extended() else {})


@api.get("/<instance_id>/diffs")
def diffs(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """What each version changed of the one before, by its instance ID."""
    submission, _ = find_row(project_id, xml_form_id, instance_id, whole=True)
    return jsonify(edits.changes(find_form(project_id, xml_form_id), submission))


@api.get("/<instance_id>/versions/<version_id>")
def get_version(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """One version."""
    submission, version = find_row(project_id, xml_form_id, instance_id, version_id)
    return wire.reply(VersionShape, _versioned(version, free_text.sees(identity.actor(), submission)))


@api.get("/<instance_id>/versions/<version_id>.xml")
def get_version_xml(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The XML of one version, as it was received."""
    return xml_of(find_row(project_id, xml_form_id, instance_id, version_id, whole=True)[1])


@api.get("/<instance_id>/versions/<version_id>/attachments")
def list_version_files(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The files of one version."""
    return _files(find_row(project_id, xml_form_id, instance_id, version_id, whole=True)[1])


@api.get("/<instance_id>/versions/<version_id>/attachments/<name>")
def get_version_file(project_id: int, xml_form_id: str, instance_id: str, version_id: str, name: str) -> Response:
    """One file of one version."""
    return _file(project_id, xml_form_id, instance_id, version_id, name)


def _files(version: SubmissionVersion) -> Response:
    found = sorted(chains.of_version(version.id), key=lambda file: file.name)
    return wire.reply(SubmissionFileShape, [{"name": f.name, "exists": f.blob_sha256 is not None} for f in found])


def _file(project_id: int, xml_form_id: str, instance_id: str, version_id: str | None, name: str) -> Response:
    actor = identity.actor()
    form = find_form(project_id, xml_form_id)
    file, blob = rows.read_file(actor, form, instance_id, name, draft=is_draft(), version_id=version_id)
    return wire.download(blob.sha256, blob.size, file.name, file.content_type, md5=blob.md5, inline=True)
