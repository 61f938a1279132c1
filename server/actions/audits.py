"""What was done, by whom, to what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.db import Number, db, insert, now, writes
from server.models import Audit, Submission
from server.permissions import Actor

LOOK = "submission.read"


def log(
    actor: Actor,
    action: str,
    *,
    project_id: int | None = None,
    form_id: int | None = None,
    submission_id: Number | None = None,
    subject_id: int | None = None,
    **details: Any,
) -> None:
    """Add an entry within the running transaction. `details` hold numbers and names of versions, never answers."""
    insert(
        Audit,
        logged_at=now(),
        action=action,
        actor_id=actor.id,
        project_id=project_id,
        form_id=form_id,
        submission_id=submission_id,
        subject_id=subject_id,
        details=details,
        notes=actor.notes,
        source=actor.source,
    )


@writes
def looked(actor: Actor, submission: Submission) -> None:
    """A person opened a submission: kept (domain P11) in a transaction of its own, and not part of its history."""
    place = {"project_id": submission.project_id, "form_id": submission.form_id, "submission_id": submission.id}
    log(actor, LOOK, **place)


def of_submission(submission_id: int) -> list[Audit]:
    """The entries about a submission, newest first; without those of who looked."""
    query = select(Audit).where(Audit.submission_id == submission_id, Audit.action != LOOK)
    return list(db.session.scalars(query.order_by(Audit.id.desc())))
