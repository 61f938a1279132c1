"""Edits that are made in the browser, where they begin, and what edits changed."""

from __future__ import annotations

from forms import diff
from forms import instance as instances
from schemas import problems
from schemas.problems import Problem
from server.actions import forms, free_text, rows, submissions
from server.actions.submissions import Sender
from server.models import Form, Submission, SubmissionVersion
from server.permissions import Actor
from sync.intake import Decision
from sync.parts import Upload

EDIT = "submission.update"
# What is sent from the page: an edit of the present version, or once more what arrived before.
ACCEPTED = frozenset((Decision.EDIT, Decision.AGAIN))


def editable(actor: Actor, form: Form, instance_id: str) -> rows.Row:
    """A submission that the actor may edit in the browser now, with its current version, which she is not shown.

    Raises EDITING_CLOSED, NOT_FOUND, EDIT_ENCRYPTED; INSUFFICIENT_RIGHTS also to whoever is not shown free text, which
    the XML is full of.
    """
    _require_open(form)
    row = rows.get(actor, form, instance_id, EDIT)
    refused = _refusal(actor, form, *row)
    if refused is not None:
        raise refused
    return row


def offered(actor: Actor, form: Form, submission: Submission, current: SubmissionVersion) -> bool:
    """Whether `editable` would let her."""
    return form.state == "open" and rows.may(actor, submission, EDIT) and not _refusal(actor, form, submission, current)


def _require_open(form: Form) -> None:
    if form.state != "open":
        raise problems.EDITING_CLOSED()


def _refusal(actor: Actor, form: Form, submission: Submission, current: SubmissionVersion) -> Problem | None:
    fills = "submission.create" in actor.filling(form.project_id, form.id, form.xml_form_id)
    if not fills or not free_text.sees(actor, submission):
        return problems.INSUFFICIENT_RIGHTS()
    return problems.EDIT_ENCRYPTED() if current.encrypted else None


def begin(actor: Actor, form: Form, instance_id: str) -> rows.Row:
    """As `editable`, for whoever is shown it to edit it; and that is written down."""
    editable(actor, form, instance_id)
    return rows.read(actor, form, instance_id, whole=True)


def store(
    actor: Actor, form: Form, instance_id: str, upload: Upload, sender: Sender, *, although_late: bool = False
) -> None:
    """Store an edit with the files that it brings; those that it names again are kept.

    Raises what `editable` does, and DEPRECATING_OLD where it is none of this submission, or another edit came before.
    `although_late`: the latter is stored nevertheless, with a finding that says so.
    """
    submission, _ = editable(actor, form, instance_id)
    edited = instances.read(upload.xml).deprecated_id
    if edited and edited not in {version.instance_id for version in rows.versions(submission)}:
        raise problems.DEPRECATING_OLD(deprecatedId=edited)
    accepted = ACCEPTED | {Decision.STALE_EDIT} if although_late else ACCEPTED
    submissions.receive(actor, form.project_id, upload, sender, xml_form_id=form.xml_form_id, accepted=accepted)


def changes(form: Form, submission: Submission) -> dict[str, list[diff.Change]]:
    """What each version changed of the one before, by its instance ID. `submission` has been through `rows.read`.

    Groups and repeats are those of the form as it is published, or of its draft.
    """
    shown = forms.draft_of(form) if submission.draft else forms.shown_version(form)
    versions = [(version.instance_id, version.xml) for version in rows.versions(submission)]
    return diff.between(forms.compiled(shown).fields, versions)
