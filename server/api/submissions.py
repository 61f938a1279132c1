"""Submissions by REST: created, listed, read, edited, reviewed. Drafts' test submissions below `/draft`."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

from schemas import problems
from schemas.accounts import ActorShape
from schemas.findings import Finding
from schemas.submissions import (
    AuditShape,
    CommentShape,
    FindingShape,
    NewComment,
    ReviewChange,
    SubmissionFileShape,
    SubmissionShape,
    VersionShape,
)
from server import identity, uploads
from server.actions import access, audits, chains, forms, reviews, rows, submissions
from server.actions.submissions import Sender
from server.api import wire
from server.api.forms import FORM
from server.findings import sentence
from server.i18n import LANGUAGES, use
from server.models import Form, SubmissionVersion
from sync.parts import Upload, whole

api = wire.blueprint("submissions")
SHOWN = (
    "instance_id",
    "submitter_id",
    "device_id",
    "user_agent",
    "review_state",
    "created_at",
    "updated_at",
    "deleted_at",
)
VERBS_TO_ATTACH = ("submission.update", "submission.create")


def register(app: Flask) -> None:
    """Attach the routes, and again for the test submissions of drafts."""
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/submissions")
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/draft/submissions", name="draft_submissions")


def _draft() -> bool:
    return request.blueprint == "draft_submissions"


def sender() -> Sender:
    """What the request tells of the client."""
    return Sender(request.args.get("deviceID"), request.headers.get("User-Agent"))


def version_dict(version: SubmissionVersion) -> dict[str, Any]:
    """A version of a submission."""
    names = ("instance_id", "instance_name", "submitter_id", "device_id", "user_agent", "created_at", "current")
    shown = {name: getattr(version, name) for name in names}
    return shown | ({"submitter": version.submitter} if wire.extended() else {})


def submission_dict(row: rows.Row) -> dict[str, Any]:
    """A submission with its current version."""
    submission, version = row
    shown = {name: getattr(submission, name) for name in SHOWN} | {"current_version": version_dict(version)}
    if wire.extended():
        made_with = forms.version_by_id(version.form_version_id).version
        shown |= {"submitter": submission.submitter, "form_version": made_with}
    return shown


def _form(project_id: int, xml_form_id: str, *verbs: str) -> Form:
    return forms.get(identity.actor(), project_id, xml_form_id, *(verbs or rows.READ))


def _row(project_id: int, xml_form_id: str, instance_id: str) -> rows.Row:
    form = _form(project_id, xml_form_id)
    return rows.get(identity.actor(), form, instance_id, draft=_draft())


@api.get("")
def list_all(project_id: int, xml_form_id: str) -> Response:
    """Submissions, newest first."""
    form = _form(project_id, xml_form_id, *rows.LIST)
    found, _ = rows.submissions(
        identity.actor(), form, draft=_draft(), limit=wire.number("limit"), offset=wire.number("offset") or 0
    )
    return wire.reply(SubmissionShape, [submission_dict(row) for row in found])


@api.post("")
def create(project_id: int, xml_form_id: str) -> Response:
    """A new submission from its XML alone; files follow one by one."""
    return _receive(project_id, xml_form_id, None)


@api.put("/<instance_id>")
def edit(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """A further version; its XML must name the current one as deprecatedID."""
    return _receive(project_id, xml_form_id, instance_id)


def _receive(project_id: int, xml_form_id: str, instance_id: str | None) -> Response:
    actor = identity.actor()
    # By this door a collector does not replace what others sent.
    verb = "submission.create" if instance_id is None else "submission.update"
    form = forms.get(actor, project_id, xml_form_id, verb)
    current = None
    if instance_id is not None:
        current = rows.get(actor, form, instance_id, draft=_draft(), verbs=(verb,))[1].instance_id
    xml = whole(uploads.body(request))
    submission_id = submissions.receive(
        actor,
        project_id,
        Upload(xml),
        sender(),
        xml_form_id=xml_form_id,
        draft=_draft(),
        replaces=current,
        fresh=True,
    )
    assert submission_id is not None
    return wire.reply(SubmissionShape, submission_dict(rows.by_number(submission_id)))


@api.get("/submitters")
def submitters(project_id: int, xml_form_id: str) -> Response:
    """Who has sent something."""
    return wire.reply(ActorShape, rows.submitters(identity.actor(), _form(project_id, xml_form_id)))


@api.get("/keys")
def keys(project_id: int, xml_form_id: str) -> Response:
    """Keys that would decrypt what was sent: none are managed yet."""
    _form(project_id, xml_form_id)
    return jsonify([])


@api.get("/<instance_id>")
def get(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """One submission."""
    return wire.reply(SubmissionShape, submission_dict(_row(project_id, xml_form_id, instance_id)))


@api.get("/<instance_id>.xml")
def get_xml(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The XML of the current version, as it was received."""
    _, version = _row(project_id, xml_form_id, instance_id)
    return _xml(version)


@api.patch("/<instance_id>")
def review(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Set the review state."""
    state = wire.body(ReviewChange)["review_state"]
    form = _form(project_id, xml_form_id, "submission.update")
    return wire.reply(SubmissionShape, submission_dict(reviews.review(identity.actor(), form, instance_id, state)))


@api.delete("/<instance_id>")
def delete(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Take a submission away."""
    reviews.delete(identity.actor(), _form(project_id, xml_form_id, "submission.delete"), instance_id)
    return jsonify(wire.SUCCESS)


@api.get("/<instance_id>/findings")
def findings(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """What the server found wrong with the current version. `Accept-Language: vi` gives Vietnamese sentences."""
    _, version = _row(project_id, xml_form_id, instance_id)
    use(request.accept_languages.best_match(LANGUAGES, "en") or "en")
    shown = []
    for row in rows.findings(version.id):
        finding = Finding(row.code, row.path, row.label, row.value, row.args)
        names = ("code", "kind", "path", "label", "value")
        shown.append({name: getattr(finding, name) for name in names} | {"message": sentence(finding)})
    return wire.reply(FindingShape, shown)


@api.get("/<instance_id>/comments")
def comments(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Comments, newest first."""
    submission, _ = _row(project_id, xml_form_id, instance_id)
    return wire.reply(CommentShape, [_comment_dict(comment) for comment in reviews.comments(submission)])


@api.post("/<instance_id>/comments")
def add_comment(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """A new comment."""
    given = wire.body(NewComment)["body"]
    form = _form(project_id, xml_form_id, "submission.update")
    return wire.reply(CommentShape, _comment_dict(reviews.add_comment(identity.actor(), form, instance_id, given)))


def _comment_dict(comment: Any) -> dict[str, Any]:
    shown = {"body": comment.body, "actor_id": comment.actor_id, "created_at": comment.created_at}
    return shown | ({"actor": access.actor_row(comment.actor_id)} if wire.extended() else {})


@api.get("/<instance_id>/audits")
def history(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """What happened to it, newest first."""
    submission, _ = _row(project_id, xml_form_id, instance_id)
    names = ("action", "actor_id", "logged_at", "details")
    shown = []
    for entry in audits.of_submission(submission.id):
        extra = {"actor": access.actor_row(entry.actor_id)} if wire.extended() else {}
        shown.append({name: getattr(entry, name) for name in names} | extra)
    return wire.reply(AuditShape, shown)


# Files and versions. The files of a submission are those of its current version.


@api.get("/<instance_id>/attachments")
def list_files(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The files it names or came with, and whether they have arrived."""
    return _files(_row(project_id, xml_form_id, instance_id)[1])


@api.get("/<instance_id>/attachments/<name>")
def get_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """One file."""
    return _file(_row(project_id, xml_form_id, instance_id)[1], name)


@api.post("/<instance_id>/attachments/<name>")
def put_file(project_id: int, xml_form_id: str, instance_id: str, name: str) -> Response:
    """Upload a file the submission names. A data collector may fill what is missing of her own."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, *VERBS_TO_ATTACH)
    submission, version = rows.get(actor, form, instance_id, draft=_draft(), verbs=VERBS_TO_ATTACH)
    file, _ = rows.file(version.id, name)
    own = submission.submitter_id == actor.id and file.blob_sha256 is None and version.instance_id == instance_id
    if "submission.update" not in actor.verbs_on(project_id, form.id) and not own:
        raise problems.INSUFFICIENT_RIGHTS()
    submissions.attach(actor, version, file, uploads.body(request, name))
    return jsonify(wire.SUCCESS)


@api.get("/<instance_id>/versions")
def list_versions(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """All versions, newest first."""
    submission, _ = _row(project_id, xml_form_id, instance_id)
    return wire.reply(VersionShape, [_versioned(version) for version in rows.versions(submission)])


def _versioned(version: SubmissionVersion) -> dict[str, Any]:
    return version_dict(version) | {"form_version": forms.version_by_id(version.form_version_id).version}


def _version(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> SubmissionVersion:
    return rows.version(_row(project_id, xml_form_id, instance_id)[0], version_id)


@api.get("/<instance_id>/versions/<version_id>")
def get_version(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """One version."""
    return wire.reply(VersionShape, _versioned(_version(project_id, xml_form_id, instance_id, version_id)))


@api.get("/<instance_id>/versions/<version_id>.xml")
def get_version_xml(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The XML of one version, as it was received."""
    return _xml(_version(project_id, xml_form_id, instance_id, version_id))


def _xml(version: SubmissionVersion) -> Response:
    return wire.document(version.xml, "application/xml; charset=utf-8", save_as=f"{version.instance_id}.xml")


@api.get("/<instance_id>/versions/<version_id>/attachments")
def list_version_files(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The files of one version."""
    return _files(_version(project_id, xml_form_id, instance_id, version_id))


@api.get("/<instance_id>/versions/<version_id>/attachments/<name>")
def get_version_file(project_id: int, xml_form_id: str, instance_id: str, version_id: str, name: str) -> Response:
    """One file of one version."""
    return _file(_version(project_id, xml_form_id, instance_id, version_id), name)


def _files(version: SubmissionVersion) -> Response:
    found = chains.of_version(version.id)
    return wire.reply(SubmissionFileShape, [{"name": f.name, "exists": f.blob_sha256 is not None} for f in found])


def _file(version: SubmissionVersion, name: str) -> Response:
    file, blob = rows.file(version.id, name)
    if blob is None:
        raise problems.NOT_FOUND()
    return wire.download(blob.sha256, blob.size, file.name, file.content_type)
