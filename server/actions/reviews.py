"""A supervisor acts: review state, comments, deletion. State, comment and audit go together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from schemas import problems
from server.actions import audits, free_text, rows
from server.db import db, now, writes
from server.models import Comment, Form, Submission
from server.permissions import Actor

STATES = ("approved", "hasIssues", "rejected", "edited")


@writes
def review(
    actor: Actor, form: Form, instance_id: str, state: str | None, comment: str = "", *, needs_comment: bool = False
) -> rows.Row:
    """Set the review state (None: received), with a comment if one is given. Findings never do this by themselves.

    `needs_comment`: returning it without a word would leave the volunteer guessing, so it is refused.
    """
    row = rows.get(actor, form, instance_id, "submission.update")
    check(state, comment, needs_comment=needs_comment)
    decide(actor, row, state, comment)
    return row


def check(state: str | None, comment: str = "", *, needs_comment: bool = False) -> None:
    """Raises UNEXPECTED_VALUE for a state that there is not, MISSING_PARAMETER for what is returned without a word."""
    if state is not None and state not in STATES:
        raise problems.UNEXPECTED_VALUE(field="state", value=state, reason=f"one of {', '.join(STATES)} was expected")
    if needs_comment and state == "hasIssues" and not comment.strip():
        raise problems.MISSING_PARAMETER(field="comment")


def decide(actor: Actor, row: rows.Row, state: str | None, comment: str) -> None:
    """Within a write transaction, of a row that she may change: what `review` does to one that is found."""
    submission, version = row
    submission.review_state = state
    _log_update(actor, submission, instanceId=version.instance_id, reviewState=state)
    if comment.strip():
        _add(actor, submission, comment, None)


@writes
def touch(actor: Actor, form: Form, instance_id: str) -> rows.Row:
    """A change that changes nothing that is known here: written down as one, as clients expect."""
    submission, version = rows.get(actor, form, instance_id, "submission.update")
    _log_update(actor, submission, instanceId=version.instance_id)
    return submission, version


def _log_update(actor: Actor, submission: Submission, **details: Any) -> None:
    submission.updated_at = now()
    _log(actor, "submission.update", submission, **details)


def _log(actor: Actor, action: str, submission: Submission, **details: Any) -> None:
    place = {"project_id": submission.project_id, "form_id": submission.form_id, "submission_id": submission.id}
    audits.log(actor, action, **place, unit_id=submission.unit_id, **details)


@writes
def add_comment(actor: Actor, form: Form, instance_id: str, body: str, path: str | None = None) -> Comment:
    """A comment on a submission, or on one question of it."""
    submission, _ = rows.get(actor, form, instance_id, "submission.update")
    if not body.strip():
        raise problems.MISSING_PARAMETER(field="body")
    return _add(actor, submission, body, path)


def _add(actor: Actor, submission: Submission, body: str, path: str | None) -> Comment:
    comment = Comment(
        project_id=submission.project_id,
        submission_id=submission.id,
        actor_id=actor.id,
        path=path,
        body=body.strip(),
        created_at=now(),
    )
    db.session.add(comment)
    db.session.flush()
    _log(actor, "submission.comment.create", submission, instanceId=submission.instance_id)
    return comment


def comments(actor: Actor, submission: Submission) -> list[Comment]:
    """The comments on a submission, newest first. `submission` has been through `rows.read`.

    They may quote the answers: who is not shown free text is shown her own comments.
    """
    query = select(Comment).where(Comment.submission_id == submission.id).order_by(Comment.id.desc())
    if not free_text.sees(actor, submission):
        query = query.where(Comment.actor_id == actor.id)
    return list(db.session.scalars(query))


@writes
def delete(actor: Actor, form: Form, instance_id: str) -> None:
    """Take a submission away; it stays in the table until it is purged, so that it cannot come back by a resend."""
    take_away(actor, rows.get(actor, form, instance_id, "submission.delete")[0])


def take_away(actor: Actor, submission: Submission) -> None:
    """Within a write transaction, of a submission that she may delete: what `delete` does."""
    submission.deleted_at = now()
    _log(actor, "submission.delete", submission, instanceId=submission.instance_id)
