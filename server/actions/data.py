"""The answers of submissions as data: page after page, for tables. Scoped as all rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select, true
from sqlalchemy.orm import aliased

from schemas import problems
from server import json_values
from server.actions import audits, filters, free_text, rows
from server.actions.filters import Chosen, Cursor
from server.db import db, fetch
from server.models import Actor as ActorRow
from server.models import Form, FormVersion, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class DataRow:
    """A submission with its typed answers, and how many of its files are expected and there.

    `form_version`: that of its first version. `sealed_present`: of what came encrypted, the file with the answers is.
    `orphan`: an edit of one that has not arrived, which it will be a version of.
    """

    number: int
    instance_id: str
    unit_id: int | None
    created_at: datetime
    updated_at: datetime | None
    deleted_at: datetime | None
    submitter_id: int | None
    review_state: str | None
    device_id: str | None
    encrypted: bool
    answers: dict[str, Any]
    orphan: bool
    submitter: str | None = None
    form_version: str = ""
    edits: int = 0
    files_expected: int = 0
    files_present: int = 0
    sealed_present: bool = False


_OTHER = aliased(SubmissionVersion)
_FIRST, _FIRST_FORM = aliased(SubmissionVersion), aliased(FormVersion)
_EDITS = select(func.count() - 1).where(_OTHER.submission_id == Submission.id).scalar_subquery()
_EXPECTED = (SubmissionFile.version_id == SubmissionVersion.id) & SubmissionFile.expected.is_(True)
# The form's version that was answered first. Most submissions are never edited.
_ORIGINAL = (
    select(_FIRST_FORM.version)
    .join(_FIRST, _FIRST.form_version_id == _FIRST_FORM.id)
    .where(
        _FIRST.form_id == Submission.form_id,
        _FIRST.draft == Submission.draft,
        _FIRST.instance_id == Submission.instance_id,
    )
    .scalar_subquery()
)
_UNEDITED = SubmissionVersion.instance_id == Submission.instance_id
# Of what came encrypted, the answers are the last of the files that are expected.
_SEALED = select(SubmissionFile.blob_sha256).where(_EXPECTED).order_by(SubmissionFile.position.desc()).limit(1)
_OWN = (
    (Submission.id, Submission.instance_id, Submission.unit_id, Submission.created_at, Submission.updated_at)
    + (Submission.deleted_at, Submission.submitter_id, Submission.review_state, Submission.device_id)
    + (SubmissionVersion.encrypted, SubmissionVersion.answers)
    + (and_(SubmissionVersion.deprecated_id.is_not(None), _UNEDITED),)
)
_COLUMNS = (
    _OWN
    + (ActorRow.display_name, case((_UNEDITED, FormVersion.version), else_=_ORIGINAL), _EDITS)
    + (select(func.count()).where(_EXPECTED).scalar_subquery(),)
    + (select(func.count(SubmissionFile.blob_sha256)).where(_EXPECTED).scalar_subquery(),)
    + (case((SubmissionVersion.encrypted.is_(True), _SEALED.scalar_subquery().is_not(None)), else_=False),)
)


def _beside(query: Select[Any]) -> Select[Any]:
    query = query.join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    return query.outerjoin(ActorRow, ActorRow.id == Submission.submitter_id)


_VERSION = (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.current.is_(True)
_PAGE = _beside(select(*_COLUMNS).join(SubmissionVersion, _VERSION)).order_by(Submission.id.desc())
_BRIEF = select(*_OWN).join(SubmissionVersion, _VERSION).order_by(Submission.id.desc())


def read(
    actor: Actor,
    form: rows.Place,
    *,
    draft: bool = False,
    limit: int | None = None,
    after_id: int | None = None,
    instance_id: str | None = None,
    chosen: Chosen = filters.ALL,
    cursor: Cursor | None = None,
    brief: bool = False,
) -> list[DataRow]:
    """Submissions with answers: one, or (without counting through) the newest `limit`, all or older than `after_id`.

    `chosen`: of those alone that `filters.read` chooses; where it has an order, the page goes on after `cursor`.
    `brief`: without what other tables say of them; rows of repeats have nothing of it.
    """
    if limit is None:
        query = rows.scoped(actor, form, draft=draft, verbs=rows.READ).with_only_columns(*_COLUMNS)
        query = _beside(query).where(Submission.instance_id == instance_id)
    else:
        wanted: dict[str, Any] = {"limit": limit, "after_id": after_id, "chosen": chosen, "cursor": cursor}
        query = (_BRIEF if brief else _PAGE).where(rows.newest(actor, form, draft=draft, verbs=rows.READ, **wanted))
        if chosen.order:
            query = query.order_by(None).order_by(*chosen.ordering())
    return _readable(actor, form, [DataRow(*row) for row in fetch(query)])


def _readable(actor: Actor, form: rows.Place, found: list[DataRow]) -> list[DataRow]:
    """Without the free text that she is not shown."""
    numbers = [row.number for row in found]
    allowed = free_text.readable(actor, form.project_id, form.id, numbers)
    if allowed is numbers:
        return found
    rule = free_text.rule_of(form.project_id, form.id)
    return [row if row.number in allowed else replace(row, answers=rule.left(row.answers or {})) for row in found]


def count(actor: Actor, form: Form | rows.Place, *, draft: bool = False, chosen: Chosen = filters.ALL) -> int:
    """How many submissions `read` would go through."""
    query = rows.scoped(actor, form, draft=draft, verbs=rows.READ, counting=True, chosen=chosen)
    return db.session.scalar(query.with_only_columns(func.count(Submission.id))) or 0


def count_instances(
    actor: Actor,
    form: Form | rows.Place,
    repeats: Sequence[Sequence[str]],
    *,
    draft: bool = False,
    chosen: Chosen = filters.ALL,
) -> int:
    """How many rows the table of a repeat has. `repeats`: the names from one repeat to the next. No answer is read."""
    counted: Any = json_values.Instances(SubmissionVersion.answers, *json_values.ways(repeats))
    if chosen.instances is not None:
        counted, chosen = chosen.instances.many, replace(chosen, condition=true())
    query = rows.scoped(actor, form, draft=draft, verbs=rows.READ, counting=True, chosen=chosen)
    return int(db.session.scalar(query.with_only_columns(func.sum(counted))) or 0)


def instances(chosen: Chosen, numbers: Sequence[int]) -> dict[int, set[tuple[int, ...]]] | None:
    """Which instances of its repeat `chosen` wants of these submissions, by where they stand; None: all of them."""
    if chosen.instances is None:
        return None
    query = select(filters.CURRENT.submission_id, *chosen.instances.places).where(filters.CURRENT.current.is_(True))
    query = chosen.instances.joined(query.join(Submission, Submission.id == filters.CURRENT.submission_id))
    found: dict[int, set[tuple[int, ...]]] = {}
    for number, *places in fetch(query.where(Submission.id.in_(numbers))):
        found.setdefault(number, set()).add(tuple(places))
    return found


def position(actor: Actor, form: Form | rows.Place, instance_id: str, *, draft: bool = False) -> int:
    """The number by which `read` goes on after this submission, though it was taken away. Raises SKIPTOKEN_INVALID.

    It may have joined another meanwhile, of which it is a version.
    """
    scoped = rows.scoped(actor, form, draft=draft, verbs=rows.READ, chosen=filters.WITH_DELETED)
    numbers = scoped.with_only_columns(Submission.id)
    found = db.session.scalar(numbers.where(Submission.instance_id == instance_id))
    if found is None:
        versions = select(_OTHER.submission_id).where(
            _OTHER.form_id == form.id, _OTHER.draft.is_(draft), _OTHER.instance_id == instance_id
        )
        found = db.session.scalar(numbers.where(Submission.id.in_(versions)))
    if found is None:
        raise problems.SKIPTOKEN_INVALID()
    return found


def looked(actor: Actor, form: rows.Place, shown: DataRow) -> None:
    """Somebody was shown this one by itself: kept, when the answer is made. Not of a test submission."""
    place = {"project_id": form.project_id, "form_id": form.id, "submission_id": shown.number}
    audits.note(actor, "submission.data.read", **place, unit_id=shown.unit_id, count=1, instanceId=shown.instance_id)
