"""Submissions by REST: created, listed, read, edited, reviewed. Drafts' test submissions below `/draft`."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

from schemas.access import ActorShape
from schemas.projects import KeyShape
from schemas.submissions import (
    CommentShape,
    NewComment,
    ReviewChange,
    SubmissionShape,
)
from server import identity, permissions, uploads
from server.actions import access, audits, forms, free_text, reviews, rows, submissions, trash
from server.actions import keys as known_keys
from server.actions.submissions import Sender
from server.api import audits as history_of
from server.api import wire
from server.api.forms import FORM
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


def register(app: Flask) -> None:
    """Attach the routes, and again for the test submissions of drafts."""
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/submissions")
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/draft/submissions", name="draft_submissions")


def is_draft() -> bool:
    """Whether test submissions of a draft are meant."""
    return (request.blueprint or "").startswith("draft_")


def sender() -> Sender:
    """What the request tells of the client."""
    return Sender(request.args.get("deviceID"), request.headers.get("User-Agent"))


def version_dict(version: SubmissionVersion, named: bool) -> dict[str, Any]:
    """A version of a submission. `named`: with the name that the form makes of its answers."""
    names = ("instance_id", "submitter_id", "device_id", "user_agent", "created_at", "current")
    shown = {name: getattr(version, name) for name in names}
    shown["instance_name"] = version.instance_name if named else None
    return shown | ({"submitter": version.submitter} if wire.extended() else {})


def submission_dict(row: rows.Row, named: bool | None = None) -> dict[str, Any]:
    """A submission with its current version. `named`: as there, where it is known."""
    submission, version = row
    if named is None:
        named = free_text.sees(identity.actor(), submission)
    shown = {name: getattr(submission, name) for name in SHOWN} | {"current_version": version_dict(version, named)}
    if wire.extended():
        made_with = forms.version_by_id(version.form_version_id).version
        shown |= {"submitter": submission.submitter, "form_version": made_with}
    return shown


def _form(project_id: int, xml_form_id: str, *verbs: str) -> Form:
    return forms.get(identity.actor(), project_id, xml_form_id, *(verbs or rows.READ))


def find_row(
    project_id: int, xml_form_id: str, instance_id: str, version_id: str | None = None, *, whole: bool = False
) -> rows.Row:
    """A submission that is shown to the asker, with its current version or the one named. `whole`: as `rows.read`."""
    form = _form(project_id, xml_form_id)
    return rows.read(identity.actor(), form, instance_id, draft=is_draft(), version_id=version_id, whole=whole)


@api.get("")
def list_all(project_id: int, xml_form_id: str) -> Response:
    """Submissions, newest first; with `deleted` those that were taken away."""
    form = _form(project_id, xml_form_id, *rows.LIST)
    found, _ = rows.submissions(
        identity.actor(),
        form,
        draft=is_draft(),
        deleted=wire.flag("deleted"),
        limit=wire.number("limit"),
        offset=wire.number("offset") or 0,
    )
    numbers = [submission.id for submission, _ in found]
    named = free_text.readable(identity.actor(), form.project_id, form.id, numbers)
    all_named = named is numbers
    shown_rows = [submission_dict(row, all_named or row[0].id in named) for row in found]
    response = wire.reply(SubmissionShape, shown_rows)
    if not is_draft():
        shown = audits.seen(submission for submission, _ in found)
        audits.looked_through(identity.actor(), "submission.list.read", form, shown)
    return response


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
        current = rows.get(actor, form, instance_id, verb, draft=is_draft())[1].instance_id
    xml = whole(uploads.body(request))
    submission_id = submissions.receive(
        actor,
        project_id,
        Upload(xml),
        sender(),
        xml_form_id=xml_form_id,
        draft=is_draft(),
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
    """Keys that would decrypt what was sent."""
    form = _form(project_id, xml_form_id)
    return wire.reply(KeyShape, known_keys.in_use(identity.actor(), form, draft=is_draft()))


@api.get("/<instance_id>")
def get(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """One submission."""
    return wire.reply(SubmissionShape, submission_dict(find_row(project_id, xml_form_id, instance_id)))


@api.get("/<instance_id>.xml")
def get_xml(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The XML of the current version, as it was received."""
    return xml_of(find_row(project_id, xml_form_id, instance_id, whole=True)[1])


@api.patch("/<instance_id>")
def review(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Set the review state, if one is given."""
    form = _form(project_id, xml_form_id, "submission.update")
    changes = wire.body(ReviewChange)
    if "review_state" in changes:
        row = reviews.review(identity.actor(), form, instance_id, changes["review_state"])
    else:
        row = reviews.touch(identity.actor(), form, instance_id)
    return wire.reply(SubmissionShape, submission_dict(row))


@api.delete("/<instance_id>")
def delete(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Take a submission away."""
    reviews.delete(identity.actor(), _form(project_id, xml_form_id, "submission.delete"), instance_id)
    return jsonify(wire.SUCCESS)


@api.post("/<instance_id>/restore")
def restore(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Bring back what was taken away."""
    trash.restore_submission(identity.actor(), _form(project_id, xml_form_id, "submission.restore"), instance_id)
    return jsonify(wire.SUCCESS)


@api.get("/<instance_id>/comments")
def comments(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Comments, newest first."""
    submission, _ = find_row(project_id, xml_form_id, instance_id)
    shown = [_comment_dict(comment) for comment in reviews.comments(identity.actor(), submission)]
    return wire.reply(CommentShape, shown)


@api.post("/<instance_id>/comments")
def add_comment(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """A new comment."""
    form = _form(project_id, xml_form_id, "submission.update")
    given = wire.body(NewComment)["body"]
    return wire.reply(CommentShape, _comment_dict(reviews.add_comment(identity.actor(), form, instance_id, given)))


def _comment_dict(comment: Any) -> dict[str, Any]:
    shown = {"body": comment.body, "actor_id": comment.actor_id, "created_at": comment.created_at}
    return shown | ({"actor": access.actor_row(comment.actor_id)} if wire.extended() else {})


@api.get("/<instance_id>/audits")
def history(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """What happened to it, newest first."""
    submission, _ = find_row(project_id, xml_form_id, instance_id)
    limit, offset = wire.number("limit"), wire.number("offset") or 0
    found = audits.of_submission(submission.id, files=False, limit=limit, offset=offset)
    # Whoever sees some rows would learn from their numbers how many others there are.
    whole = permissions.whole(identity.actor(), "submission.read", submission.project_id, submission.form_id)
    noted = free_text.sees(identity.actor(), submission)
    return history_of.of_submission(found, numbers=whole, notes=noted)


def xml_of(version: SubmissionVersion) -> Response:
    """The XML of a version, as it was received."""
    return wire.document(version.xml, "application/xml; charset=utf-8", save_as=f"{version.instance_id}.xml")
