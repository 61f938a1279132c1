"""The answers of submissions as data: page after page, for tables. Scoped as all rows are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from schemas import problems
from server.actions import audits, free_text, rows
from server.db import db, fetch
from server.models import Actor as ActorRow
from server.models import Form, FormVersion, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class DataRow:
    """A submission with its typed answers, and how many of its files are expected and there."""

    number: int
    instance_id: str
    unit_id: int | None
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None
    submitter_id: int | None
    submitter: str | None
    review_state: str | None
    device_id: str | None
    encrypted: bool
    answers: dict[str, Any]
    form_version: str
    edits: int
    files_expected: int
    files_present: int


_OTHER = aliased(SubmissionVersion)
_EDITS = select(func.count() - 1).where(_OTHER.submission_id == Submission.id).scalar_subquery()
_EXPECTED = (SubmissionFile.version_id == SubmissionVersion.id) & SubmissionFile.expected.is_(True)
_COLUMNS = (
    (Submission.id, Submission.instance_id, Submission.unit_id, Submission.created_at, Submission.updated_at)
    + (Submission.deleted_at,)
    + (Submission.submitter_id, ActorRow.display_name, Submission.review_state, Submission.device_id)
    + (SubmissionVersion.encrypted, SubmissionVersion.answers, FormVersion.version, _EDITS)
    + (select(func.count()).where(_EXPECTED).scalar_subquery(),)
    + (select(func.count(SubmissionFile.blob_sha256)).where(_EXPECTED).scalar_subquery(),)
)


def _beside(query: Select[Any]) -> Select[Any]:
    query = query.join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    return query.outerjoin(ActorRow, ActorRow.id == Submission.submitter_id)


_VERSION = (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.current.is_(True)
_PAGE = _beside(select(*_COLUMNS).join(SubmissionVersion, _VERSION)).order_by(Submission.id.desc())


def read(
    actor: Actor,
    form: rows.Place,
    *,
    draft: bool = False,
    limit: int | None = None,
    after_id: int | None = None,
    instance_id: str | None = None,
) -> list[DataRow]:
    """Submissions with answers: one, or (without counting through) the newest `limit`, all or older than `after_id`."""
    if limit is None:
        query = rows.scoped(actor, form, draft=draft, verbs=rows.READ).with_only_columns(*_COLUMNS)
        query = _beside(query).where(Submission.instance_id == instance_id)
    else:
        page = rows.newest(actor, form, draft=draft, verbs=rows.READ, limit=limit, after_id=after_id)
        query = _PAGE.where(page)
    return _readable(actor, form, [DataRow(*row) for row in fetch(query)])


def _readable(actor: Actor, form: rows.Place, found: list[DataRow]) -> list[DataRow]:
    """Without the free text that she is not shown."""
    numbers = [row.number for row in found]
    allowed = free_text.readable(actor, form.project_id, form.id, numbers)
    if allowed is numbers:
        return found
    rule = free_text.rule_of(form.project_id, form.id)
    return [row if row.number in allowed else replace(row, answers=rule.left(row.answers or {})) for row in found]


def count(actor: Actor, form: Form, *, draft: bool = False) -> int:
    """How many submissions `read` would go through."""
    query = rows.scoped(actor, form, draft=draft, verbs=rows.READ, counting=True).with_only_columns(
        func.count(Submission.id)
    )
    return db.session.scalar(query) or 0


def position(actor: Actor, form: Form, instance_id: str, *, draft: bool = False) -> int:
    """The number by which `read` goes on after this submission. Raises SKIPTOKEN_INVALID."""
    query = rows.scoped(actor, form, draft=draft, verbs=rows.READ).with_only_columns(Submission.id)
    found = db.session.scalar(query.where(Submission.instance_id == instance_id))
    if found is None:
        raise problems.SKIPTOKEN_INVALID()
    return found


def looked(actor: Actor, form: rows.Place, shown: DataRow) -> None:
    """Somebody was shown this one by itself: kept, when the answer is made. Not of a test submission."""
    place = {"project_id": form.project_id, "form_id": form.id, "submission_id": shown.number}
    audits.note(actor, "submission.data.read", **place, unit_id=shown.unit_id, count=1, instanceId=shown.instance_id)
