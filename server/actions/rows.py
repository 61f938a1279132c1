"""Choosing submissions to read: lists, single ones, versions, findings, and pages of data. All of it scoped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import aliased

from schemas import problems
from server import permissions
from server.db import db, fetch
from server.models import Actor as ActorRow
from server.models import Blob, FindingRow, Form, FormVersion, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor

READ = ("submission.read",)
LIST = ("submission.list", "submission.read")
Row = tuple[Submission, SubmissionVersion]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a supervisor narrows a list by. Dates are inclusive.

    `state`: a review state, `received` for none, or `waiting` for none or edited.
    """

    state: str = ""
    findings: str = ""
    since: date | None = None
    until: date | None = None
    submitter_id: int | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form is: what is needed of it to read its data, also when the session that found it has ended."""

    project_id: int
    id: int


def _query(
    actor: Actor,
    form: Form | Place,
    *,
    draft: bool,
    verbs: tuple[str, ...],
    counting: bool = False,
    deleted: bool = False,
) -> Select[tuple[Submission, SubmissionVersion]]:
    permissions.require(actor, *verbs, project_id=form.project_id, form_id=form.id)
    query = (
        select(Submission, SubmissionVersion)
        .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
        .where(
            Submission.form_id == form.id,
            Submission.draft.is_(draft),
            Submission.deleted_at.is_not(None) if deleted else Submission.deleted_at.is_(None),
            SubmissionVersion.current.is_(True),
        )
    )
    return permissions.visible(actor, query, *verbs, counting=counting)


def _numbers(actor: Actor, form: Form | Place, draft: bool, verbs: tuple[str, ...]) -> Select[tuple[int]]:
    permissions.require(actor, *verbs, project_id=form.project_id, form_id=form.id)
    query = select(Submission.id).where(
        Submission.form_id == form.id, Submission.draft.is_(draft), Submission.deleted_at.is_(None)
    )
    return permissions.visible(actor, query, *verbs)


def _narrow(query: Select[Any], filters: Filters, time_zone: str) -> Select[Any]:
    zone = ZoneInfo(time_zone)
    if filters.state == "waiting":
        query = query.where(Submission.review_state.is_(None) | (Submission.review_state == "edited"))
    elif filters.state:
        state = None if filters.state == "received" else filters.state
        query = query.where(Submission.review_state == state if state else Submission.review_state.is_(None))
    if filters.findings == "yes":
        query = query.where(Submission.findings > 0)
    if filters.findings == "no":
        query = query.where(Submission.findings == 0)
    if filters.since:
        query = query.where(Submission.created_at >= datetime.combine(filters.since, time.min, zone))
    if filters.until:
        query = query.where(Submission.created_at <= datetime.combine(filters.until, time.max, zone))
    if filters.submitter_id:
        query = query.where(Submission.submitter_id == filters.submitter_id)
    if filters.search:
        pattern = "%" + filters.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        named = SubmissionVersion.instance_name.ilike(pattern, escape="\\")
        query = query.where(named | (Submission.instance_id == filters.search))
    return query


def submissions(
    actor: Actor,
    form: Form,
    *,
    draft: bool = False,
    deleted: bool = False,
    filters: Filters | None = None,
    time_zone: str = "UTC",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Row], int]:
    """A page of submissions with their current versions, newest first, and how many there are in all."""
    chosen = filters or Filters()
    of_all = _query(actor, form, draft=draft, verbs=LIST, counting=True, deleted=deleted)
    counted = _narrow(of_all, chosen, time_zone)
    total = db.session.scalar(counted.with_only_columns(func.count(Submission.id))) or 0
    query = _narrow(_query(actor, form, draft=draft, verbs=LIST, deleted=deleted), chosen, time_zone)
    query = query.order_by(Submission.id.desc()).offset(offset)
    rows = db.session.execute(query.limit(limit) if limit is not None else query)
    return [(row[0], row[1]) for row in rows], total


def neighbours(actor: Actor, form: Form, submission: Submission) -> tuple[str | None, str | None]:
    """Instance IDs of the next newer and the next older submission, for paging through a review."""
    # Where few rows are seen, they are found by their unit; a planner that has an order would go through the form.
    number = Submission.id + 0 if permissions.few(actor, form.project_id, *LIST) else Submission.id
    ids = _numbers(actor, form, submission.draft, LIST).add_columns(Submission.instance_id)
    newer = db.session.execute(ids.where(number > submission.id).order_by(number).limit(1)).first()
    older = db.session.execute(ids.where(number < submission.id).order_by(number.desc()).limit(1)).first()
    return (newer.instance_id if newer else None, older.instance_id if older else None)


def get(actor: Actor, form: Form, instance_id: str, *, draft: bool = False, verbs: tuple[str, ...] = READ) -> Row:
    """A submission by the instance ID of its first version, or of any of its versions. Raises NOT_FOUND."""
    query = _query(actor, form, draft=draft, verbs=verbs)
    row = db.session.execute(query.where(Submission.instance_id == instance_id)).first()
    if row is None:
        holder = select(SubmissionVersion.submission_id).where(
            SubmissionVersion.form_id == form.id,
            SubmissionVersion.draft.is_(draft),
            SubmissionVersion.instance_id == instance_id,
        )
        row = db.session.execute(query.where(Submission.id.in_(holder))).first()
    if row is None:
        raise problems.NOT_FOUND()
    return row[0], row[1]


def get_deleted(actor: Actor, form: Form, instance_id: str, verb: str) -> Submission:
    """A submission that was taken away, by its instance ID. Raises NOT_FOUND."""
    query = _query(actor, form, draft=False, verbs=(verb,), deleted=True)
    row = db.session.execute(query.where(Submission.instance_id == instance_id)).first()
    if row is None:
        raise problems.NOT_FOUND()
    found: Submission = row[0]
    return found


def versions(submission: Submission) -> list[SubmissionVersion]:
    """All versions of a submission, the current one first, then newest first. `submission` has been through `get`."""
    query = select(SubmissionVersion).where(SubmissionVersion.submission_id == submission.id)
    # By number alone an original that came after its edit would stand before it.
    return list(db.session.scalars(query.order_by(SubmissionVersion.current.desc(), SubmissionVersion.id.desc())))


def version(submission: Submission, instance_id: str) -> SubmissionVersion:
    """One version of a submission by its own instance ID. Raises NOT_FOUND."""
    query = select(SubmissionVersion).where(
        SubmissionVersion.submission_id == submission.id, SubmissionVersion.instance_id == instance_id
    )
    found = db.session.scalar(query)
    if found is None:
        raise problems.NOT_FOUND()
    return found


def findings(version_id: int) -> list[FindingRow]:
    """What is wrong with a version, in the order in which it was found."""
    query = select(FindingRow).where(FindingRow.version_id == version_id).order_by(FindingRow.id)
    return list(db.session.scalars(query))


def file(version_id: int, name: str) -> tuple[SubmissionFile, Blob | None]:
    """One file of a version, with its blob if it has arrived. Raises NOT_FOUND."""
    query = select(SubmissionFile, Blob).outerjoin(Blob, Blob.sha256 == SubmissionFile.blob_sha256)
    row = db.session.execute(
        query.where(SubmissionFile.version_id == version_id, SubmissionFile.name == name)
    ).one_or_none()
    if row is None:
        raise problems.NOT_FOUND()
    return row[0], row[1]


def submitters(actor: Actor, form: Form) -> list[ActorRow]:
    """Who has sent something for this form that the actor may see, by name."""
    ids = (
        _query(actor, form, draft=False, verbs=LIST, counting=True)
        .with_only_columns(Submission.submitter_id)
        .distinct()
    )
    query = select(ActorRow).where(ActorRow.id.in_(ids)).order_by(ActorRow.display_name, ActorRow.id)
    return list(db.session.scalars(query))


@dataclass(frozen=True, slots=True)
class DataRow:
    """A submission with its typed answers, and how many of its files are expected and there."""

    number: int
    instance_id: str
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
    (Submission.id, Submission.instance_id, Submission.created_at, Submission.updated_at, Submission.deleted_at)
    + (Submission.submitter_id, ActorRow.display_name, Submission.review_state, Submission.device_id)
    + (SubmissionVersion.encrypted, SubmissionVersion.answers, FormVersion.version, _EDITS)
    + (select(func.count()).where(_EXPECTED).scalar_subquery(),)
    + (select(func.count(SubmissionFile.blob_sha256)).where(_EXPECTED).scalar_subquery(),)
)


def data(
    actor: Actor,
    form: Place,
    *,
    draft: bool = False,
    limit: int | None = None,
    after_id: int | None = None,
    instance_id: str | None = None,
) -> list[DataRow]:
    """Submissions with answers, newest first: all, one, or (without counting through) those older than `after_id`."""
    query = _query(actor, form, draft=draft, verbs=READ).with_only_columns(*_COLUMNS)
    query = query.join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    query = query.outerjoin(ActorRow, ActorRow.id == Submission.submitter_id).order_by(Submission.id.desc())
    if instance_id is not None:
        query = query.where(Submission.instance_id == instance_id)
    if after_id is not None:
        query = query.where(Submission.id < after_id)
    if limit is not None:  # in the text of the statement: of a number that is not told a planner expects too little
        query = query.limit(literal_column(str(limit)))
    return [DataRow(*row) for row in fetch(query)]


def count(actor: Actor, form: Form, *, draft: bool = False) -> int:
    """How many submissions `data` would go through."""
    query = _query(actor, form, draft=draft, verbs=READ, counting=True).with_only_columns(func.count(Submission.id))
    return db.session.scalar(query) or 0


def position(actor: Actor, form: Form, instance_id: str, *, draft: bool = False) -> int:
    """The number by which `data` goes on after this submission. Raises SKIPTOKEN_INVALID."""
    query = _query(actor, form, draft=draft, verbs=READ).with_only_columns(Submission.id)
    found = db.session.scalar(query.where(Submission.instance_id == instance_id))
    if found is None:
        raise problems.SKIPTOKEN_INVALID()
    return found


def by_number(submission_id: int) -> Row:
    """A submission that was just stored, with its current version."""
    query = select(Submission, SubmissionVersion).join(
        SubmissionVersion, SubmissionVersion.submission_id == Submission.id
    )
    row = db.session.execute(query.where(Submission.id == submission_id, SubmissionVersion.current.is_(True))).one()
    return row[0], row[1]
