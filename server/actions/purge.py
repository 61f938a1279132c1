"""What was deleted goes for good, thirty days later; what was said of it in the audit loses its notes.

Each task says how many it removed, and can be repeated.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from schemas.base import timestamp
from server.actions import audits
from server.db import db, now, writes
from server.models import (
    Assignment,
    Audit,
    Comment,
    EntityHold,
    EntityVersion,
    Form,
    FormFile,
    FormVersion,
    PublicLink,
    Submission,
    SubmissionVersion,
    VisitSlot,
)
from server.permissions import CONSOLE

KEPT = timedelta(days=30)


def _due(deleted_at: InstrumentedAttribute[object], force: bool) -> ColumnElement[bool]:
    return deleted_at.is_not(None) if force else deleted_at < now() - KEPT


@writes
def submissions(force: bool = False) -> int:
    """Deleted submissions, with their versions, comments and places for files. `force`: also those deleted today."""
    count = _remove_submissions(select(Submission.id).where(_due(Submission.deleted_at, force)))
    if count:
        audits.log(CONSOLE, "submission.purge", submissions_deleted=count)
    return count


@writes
def forms(force: bool = False) -> int:
    """Deleted forms, with their versions and all that was sent for them. `force`: also those deleted today."""
    query = select(Form.id, Form.project_id, Form.xml_form_id, Form.deleted_at, FormVersion.title, FormVersion.version)
    shown = func.coalesce(Form.current_version_id, Form.draft_version_id)
    query = query.outerjoin(FormVersion, FormVersion.id == shown).where(_due(Form.deleted_at, force))
    found = db.session.execute(query.order_by(Form.id)).all()
    for form in found:
        db.session.execute(update(Audit).where(Audit.form_id == form.id).values(notes=""))
        kept = {"xmlFormId": form.xml_form_id, "name": form.title or form.xml_form_id, "version": form.version}
        place = {"project_id": form.project_id, "form_id": form.id}
        audits.log(CONSOLE, "form.purge", **place, **kept, deletedAt=timestamp(form.deleted_at))
    numbers = [form.id for form in found]
    _remove_submissions(select(Submission.id).where(Submission.form_id.in_(numbers)))
    _remove_forms(numbers)
    db.session.expire_all()
    return len(numbers)


def _remove_forms(numbers: list[int]) -> None:
    versions = select(FormVersion.id).where(FormVersion.form_id.in_(numbers))
    places = {"current_version_id": None, "draft_version_id": None}
    db.session.execute(update(Form).where(Form.id.in_(numbers)).values(places))
    db.session.execute(delete(FormFile).where(FormFile.version_id.in_(versions)))
    for column in (FormVersion.form_id, Assignment.form_id, PublicLink.form_id, Form.id):
        db.session.execute(delete(column.class_).where(column.in_(numbers)))


def _remove_submissions(numbers: Select[tuple[int]]) -> int:
    """How many. What came of them stays, and forgets where it came from."""
    versions = select(SubmissionVersion.id).where(SubmissionVersion.submission_id.in_(numbers))
    db.session.execute(update(Audit).where(Audit.submission_id.in_(numbers)).values(notes=""))
    for source in (EntityVersion.source_version_id, VisitSlot.submission_id):
        held = versions if source.class_ is EntityVersion else numbers
        db.session.execute(update(source.class_).where(source.in_(held)).values({source.key: None}))
    db.session.execute(delete(EntityHold).where(EntityHold.submission_version_id.in_(versions)))
    for column in (Comment.submission_id, SubmissionVersion.submission_id):
        db.session.execute(delete(column.class_).where(column.in_(numbers)))
    # The rows themselves go last: `numbers` finds them.
    return int(db.session.execute(delete(Submission).where(Submission.id.in_(numbers))).rowcount)  # type: ignore[attr-defined]
