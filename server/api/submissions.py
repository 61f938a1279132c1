"""Submissions by REST: created, listed, read, edited, reviewed. Drafts' test submissions below `/draft`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from flask import Flask, Response, abort, redirect, request

from schemas import problems
from schemas.access import ActorShape
from schemas.problems import Problem
from schemas.projects import KeyShape
from schemas.submissions import (
    SubmissionShape,
)
from server import identity, permissions, uploads
from server.actions import audits, forms, free_text, rows, submissions
from server.actions import keys as known_keys
from server.actions.submissions import Sender
from server.api import audits as history_of
from server.api import wire
from server.api.forms import FORM
from server.models import Form, SubmissionVersion
from sync.intake import Decision
from sync.parts import Upload, whole

api = wire.blueprint("submissions")
# Of what a client says of itself, in characters.
LONGEST = 255
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
    """What the request tells of the client. A page that sends for somebody names itself before the browser."""
    agent = " ".join(filter(None, (request.headers.get("ODK-Client"), request.headers.get("User-Agent"))))
    return Sender(request.args.get("deviceID", "")[:LONGEST] or None, agent[:LONGEST] or None)


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
    return shown | ({"submitter": submission.submitter} if wire.extended() else {})


def find_form(project_id: int, xml_form_id: str, *verbs: str) -> Form:
    """The form on which the asker has one of the verbs; below `/draft` it has a draft. Raises what `forms.get` does."""
    form = forms.get(identity.actor(), project_id, xml_form_id, *(verbs or rows.READ))
    if is_draft():
        forms.draft_of(form)
    return form


def find_row(
    project_id: int, xml_form_id: str, instance_id: str, version_id: str | None = None, *, whole: bool = False
) -> rows.Row:
    """A submission that is shown to the asker, with its current version or the one named. `whole`: as `rows.read`."""
    form = find_form(project_id, xml_form_id)
    return rows.read(identity.actor(), form, instance_id, draft=is_draft(), version_id=version_id, whole=whole)


def current_row(
    project_id: int, xml_form_id: str, instance_id: str, tail: str = "", *, whole: bool = False
) -> rows.Row:
    """As `find_row`. Who asks for an edit as if it were a submission is sent on to that version of it.

    `tail`: what follows in the address.
    """
    send_on(project_id, xml_form_id, instance_id, tail)
    return find_row(project_id, xml_form_id, instance_id, whole=whole)


def send_on(project_id: int, xml_form_id: str, instance_id: str, tail: str = "") -> None:
    """Send who asks for an edit as if it were a submission to that version of it; with the rest of the address."""
    form = find_form(project_id, xml_form_id)
    root = rows.root(identity.actor(), form, instance_id, draft=is_draft())
    if root in (None, instance_id):
        return
    above = f"/v1/projects/{project_id}/forms/{quote(xml_form_id, safe='')}{'/draft' if is_draft() else ''}/submissions"
    to = f"{above}/{quote(root, safe='')}/versions/{_as_written(instance_id)}{tail}"
    query = f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""
    abort(redirect(to + query, 301))


def _as_written(instance_id: str) -> str:
    """An ID as the client wrote it into the address; else as we would."""
    path = str(request.environ.get("RAW_URI", "")).partition("?")[0]
    step = path.partition("/submissions/")[2].partition("/")[0]
    written = (name for name in (step, step.removesuffix(".xml")) if name.isascii() and unquote(name) == instance_id)
    return next(written, quote(instance_id, safe=":"))


@api.get("")
def list_all(project_id: int, xml_form_id: str) -> Response:
    """Submissions, newest first; with `deleted` those that were taken away."""
    form = find_form(project_id, xml_form_id, *rows.LIST)
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
    accepted = frozenset(Decision) if instance_id is None else frozenset((Decision.EDIT,))
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
        accepted=accepted,
    )
    assert submission_id is not None
    return wire.reply(SubmissionShape, submission_dict(rows.by_number(submission_id)))


@api.get("/submitters")
def submitters(project_id: int, xml_form_id: str) -> Response:
    """Who has sent something."""
    form = find_form(project_id, xml_form_id)
    return wire.reply(ActorShape, rows.submitters(identity.actor(), form, draft=is_draft()))


@api.get("/keys")
def keys(project_id: int, xml_form_id: str) -> Response:
    """Keys that would decrypt what was sent."""
    form = find_form(project_id, xml_form_id)
    return wire.reply(KeyShape, known_keys.in_use(identity.actor(), form, draft=is_draft()))


@api.get("/<instance_id>")
def get(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """One submission."""
    return wire.reply(SubmissionShape, submission_dict(current_row(project_id, xml_form_id, instance_id)))


@api.get("/<instance_id>.xml")
def get_xml(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The XML of the current version, as it was received. Of an ID that itself ends so, the submission."""
    try:
        return xml_of(current_row(project_id, xml_form_id, instance_id, ".xml", whole=True)[1])
    except Problem as problem:
        if problem.kind is not problems.NOT_FOUND:
            raise
        return get(project_id, xml_form_id, f"{instance_id}.xml")


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
