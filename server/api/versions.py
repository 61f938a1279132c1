"""The files and versions of a submission by REST. Its files are those of its current version."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

from schemas import problems
from schemas.submissions import SubmissionFileShape, VersionShape
from server import identity, uploads
from server.actions import audits, chains, forms, rows, submission_files
from server.api import wire
from server.api.forms import FORM
from server.api.submissions import find_row, is_draft, seen, version_dict, xml_of
from server.models import Submission, SubmissionVersion

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
    return _files(find_row(project_id, xml_form_id, instance_id)[1])


@api.get("/<instance_id>/attachments/<name>")
def get_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """One file."""
    return _file(*find_row(project_id, xml_form_id, instance_id), name)


@api.post("/<instance_id>/attachments/<name>")
def put_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """Upload a file the submission names. A data collector may fill what is missing of her own."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, *VERBS_TO_ATTACH)
    submission, version = rows.get(actor, form, instance_id, draft=is_draft(), verbs=VERBS_TO_ATTACH)
    file, _ = rows.file(version.id, name)
    own = submission.submitter_id == actor.id and file.blob_sha256 is None and version.instance_id == instance_id
    if "submission.update" not in actor.verbs_on(project_id, form.id) and not own:
        raise problems.INSUFFICIENT_RIGHTS()
    submission_files.attach(actor, version, file, uploads.body(request, name))
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
    form = forms.get(actor, project_id, xml_form_id, *VERBS_TO_CLEAR)
    submission, version = rows.get(actor, form, instance_id, draft=is_draft(), verbs=VERBS_TO_CLEAR)
    submission_files.clear(actor, version if version_id is None else rows.version(submission, version_id), name)
    return jsonify(wire.SUCCESS)


@api.get("/<instance_id>/versions")
def list_versions(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """All versions, newest first."""
    submission, _ = find_row(project_id, xml_form_id, instance_id)
    return seen(submission, wire.reply(VersionShape, [_versioned(version) for version in rows.versions(submission)]))


def _versioned(version: SubmissionVersion) -> dict[str, Any]:
    return version_dict(version) | {"form_version": forms.version_by_id(version.form_version_id).version}


def _version(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> rows.Row:
    submission, _ = find_row(project_id, xml_form_id, instance_id)
    return submission, rows.version(submission, version_id)


@api.get("/<instance_id>/versions/<version_id>")
def get_version(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """One version."""
    submission, version = _version(project_id, xml_form_id, instance_id, version_id)
    return seen(submission, wire.reply(VersionShape, _versioned(version)), version)


@api.get("/<instance_id>/versions/<version_id>.xml")
def get_version_xml(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The XML of one version, as it was received."""
    submission, version = _version(project_id, xml_form_id, instance_id, version_id)
    return seen(submission, xml_of(version), version)


@api.get("/<instance_id>/versions/<version_id>/attachments")
def list_version_files(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The files of one version."""
    return _files(_version(project_id, xml_form_id, instance_id, version_id)[1])


@api.get("/<instance_id>/versions/<version_id>/attachments/<name>")
def get_version_file(project_id: int, xml_form_id: str, instance_id: str, version_id: str, name: str) -> Response:
    """One file of one version."""
    return _file(*_version(project_id, xml_form_id, instance_id, version_id), name)


def _files(version: SubmissionVersion) -> Response:
    found = sorted(chains.of_version(version.id), key=lambda file: file.name)
    return wire.reply(SubmissionFileShape, [{"name": f.name, "exists": f.blob_sha256 is not None} for f in found])


def _file(submission: Submission, version: SubmissionVersion, name: str) -> Response:
    file, blob = rows.file(version.id, name)
    if blob is None:
        raise problems.NOT_FOUND()
    response = wire.download(blob.sha256, blob.size, file.name, file.content_type)
    told = {"instance_id": version.instance_id, "name": name}
    audits.looked(identity.actor(), submission, action="submission.attachment.read", **told)
    return response
