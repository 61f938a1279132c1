"""Choosing submissions: lists, single ones, versions, findings. All of it scoped; who is shown one is written down."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, literal_column, select

from schemas import problems
from server import permissions
from server.actions import audits, filters, free_text
from server.actions.filters import Chosen, Cursor
from server.actions.narrowing import Filters, narrow
from server.db import OneOf, db
from server.models import Actor as ActorRow
from server.models import Blob, Form, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor

READ = ("submission.read",)
LIST = ("submission.list", "submission.read")
Row = tuple[Submission, SubmissionVersion]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form is: what is needed of it to read its data, also when the session that found it has ended."""

    project_id: int
    id: int


def scoped(
    actor: Actor,
    form: Form | Place,
    *,
    draft: bool,
    verbs: tuple[str, ...],
    counting: bool = False,
    deleted: bool = False,
    chosen: Chosen = filters.ALL,
) -> Select[tuple[Submission, SubmissionVersion]]:
    """Submissions of a form with their current versions, on which the actor has one of the verbs.

    Raises INSUFFICIENT_RIGHTS if she has none of them on the form.
    """
    permissions.require(actor, *verbs, project_id=form.project_id, form_id=form.id)
    query = _all(form, draft=draft, deleted=None if chosen.deleted else deleted)
    query = permissions.visible(actor, query, *verbs, counting=counting, project_id=form.project_id)
    return chosen.narrow(query)


def _all(
    form: Form | Place, *, draft: bool, deleted: bool | None = False
) -> Select[tuple[Submission, SubmissionVersion]]:
    """`deleted`: None for those that were taken away as well."""
    query = (
        select(Submission, SubmissionVersion)
        .join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
        .where(Submission.form_id == form.id, Submission.draft.is_(draft), SubmissionVersion.current.is_(True))
    )
    if deleted is None:
        return query
    return query.where(Submission.deleted_at.is_not(None) if deleted else Submission.deleted_at.is_(None))


def newest(
    actor: Actor,
    form: Form | Place,
    *,
    draft: bool,
    verbs: tuple[str, ...],
    limit: int,
    after_id: int | None = None,
    chosen: Chosen = filters.ALL,
    cursor: Cursor | None = None,
) -> OneOf:
    """That a submission is on a page of what `scoped` chooses: the newest, or those before `after_id`.

    The page is found before all else, in indexes alone. Where `chosen` has an order of its own it is that one, and goes
    on after `cursor`.
    """
    by_unit = permissions.by_unit(actor, form.project_id, *verbs)
    query = _numbers(actor, form, draft, verbs, counting=by_unit, deleted=chosen.deleted)
    query = chosen.narrow(query if after_id is None else query.where(Submission.id < after_id))
    if chosen.order:
        query = query.where(chosen.after(cursor)) if cursor is not None else query
        query = query.order_by(*chosen.ordering())
    else:
        # A plain order would be a reason to go through the form; of a limit not told a planner expects too little.
        query = query.order_by((Submission.id + 0 if by_unit else Submission.id).desc())
    query = query.limit(literal_column(str(limit)))
    return OneOf(Submission.id, query.scalar_subquery(), Submission.id.in_(query))


def _numbers(
    actor: Actor,
    form: Form | Place,
    draft: bool,
    verbs: tuple[str, ...],
    *,
    counting: bool = False,
    deleted: bool = False,
) -> Select[tuple[int]]:
    permissions.require(actor, *verbs, project_id=form.project_id, form_id=form.id)
    query = select(Submission.id).where(Submission.form_id == form.id, Submission.draft.is_(draft))
    query = query if deleted else query.where(Submission.deleted_at.is_(None))
    return permissions.visible(actor, query, *verbs, counting=counting, project_id=form.project_id)


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
    of_all = scoped(actor, form, draft=draft, verbs=LIST, counting=True, deleted=deleted)
    counted = narrow(actor, form, of_all, chosen, time_zone)
    total = db.session.scalar(counted.with_only_columns(func.count(Submission.id))) or 0
    query = scoped(actor, form, draft=draft, verbs=LIST, deleted=deleted)
    query = narrow(actor, form, query, chosen, time_zone)
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


def find(
    actor: Actor, form: Form | Place, instance_id: str, verb: str, *, draft: bool = False, own: bool = False
) -> Row | None:
    """A submission on which the actor has the verb, by the instance ID of its first version, or of any of its versions.

    `own`: only one that she sent herself. None where there is none, or none for her: which of both, nobody is told.
    """
    query = permissions.visible(actor, _all(form, draft=draft), verb)
    if own:
        query = permissions.own(actor, query)
    row = db.session.execute(query.where(Submission.instance_id == instance_id)).first()
    if row is None:
        holder = select(SubmissionVersion.submission_id).where(
            SubmissionVersion.form_id == form.id,
            SubmissionVersion.draft.is_(draft),
            SubmissionVersion.instance_id == instance_id,
        )
        row = db.session.execute(query.where(Submission.id.in_(holder))).first()
    return (row[0], row[1]) if row is not None else None


def root(actor: Actor, form: Form, instance_id: str, *, draft: bool) -> str | None:
    """The instance ID of the submission, if the actor is shown it, that a version belongs to."""
    query = select(Submission.instance_id).join(SubmissionVersion, SubmissionVersion.submission_id == Submission.id)
    query = query.where(
        SubmissionVersion.form_id == form.id,
        SubmissionVersion.draft.is_(draft),
        SubmissionVersion.instance_id == instance_id,
        Submission.deleted_at.is_(None),
    )
    return db.session.scalar(permissions.visible(actor, query, *READ))


def get(actor: Actor, form: Form | Place, instance_id: str, verb: str, *, draft: bool = False) -> Row:
    """A submission to do the verb to, as `find`. Who is to be shown one calls `read`. Raises NOT_FOUND."""
    permissions.require(actor, verb, project_id=form.project_id, form_id=form.id)
    row = find(actor, form, instance_id, verb, draft=draft)
    if row is None:
        raise problems.NOT_FOUND()
    return row


def read(
    actor: Actor,
    form: Form,
    instance_id: str,
    *,
    draft: bool = False,
    version_id: str | None = None,
    whole: bool = False,
) -> Row:
    """A submission for somebody who is shown it or anything of it, with its current version or the one named.

    It is written down before it is handed out, here and in `read_file`: there is no other way to one. Raises NOT_FOUND.
    `whole`: as it came, which is not for who is not shown free text (INSUFFICIENT_RIGHTS).
    """
    submission, shown = _shown(actor, form, instance_id, draft, version_id)
    if whole:
        free_text.require(actor, submission)
    audits.looked(actor, submission, instance_id=shown.instance_id)
    return submission, shown


def read_file(
    actor: Actor, form: Form, instance_id: str, name: str, *, draft: bool = False, version_id: str | None = None
) -> tuple[SubmissionFile, Blob]:
    """As `read` the `whole`, of one file, which has arrived. Raises NOT_FOUND, INSUFFICIENT_RIGHTS."""
    submission, shown = _shown(actor, form, instance_id, draft, version_id)
    free_text.require(actor, submission)
    found, blob = file(shown.id, name)
    if blob is None:
        raise problems.NOT_FOUND()
    told = {"instance_id": shown.instance_id, "name": name}
    audits.looked(actor, submission, action="submission.attachment.read", **told)
    return found, blob


def _shown(actor: Actor, form: Form, instance_id: str, draft: bool, version_id: str | None) -> Row:
    submission, current = get(actor, form, instance_id, *READ, draft=draft)
    return submission, current if version_id is None else version(submission, version_id)


def may(actor: Actor, submission: Submission, verb: str) -> bool:
    """Whether the actor may do the verb to this very submission."""
    if not permissions.can(actor, verb, project_id=submission.project_id, form_id=submission.form_id):
        return False
    query = select(Submission.id).where(Submission.id == submission.id)
    return db.session.scalar(permissions.visible(actor, query, verb)) is not None


def get_deleted(actor: Actor, form: Form, instance_id: str, verb: str) -> Submission:
    """A submission that was taken away, by its instance ID. Raises NOT_FOUND."""
    query = scoped(actor, form, draft=False, verbs=(verb,), deleted=True)
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


def file(version_id: int, name: str) -> tuple[SubmissionFile, Blob | None]:
    """One file of a version, with its blob if it has arrived. Raises NOT_FOUND."""
    query = select(SubmissionFile, Blob).outerjoin(Blob, Blob.sha256 == SubmissionFile.blob_sha256)
    row = db.session.execute(
        query.where(SubmissionFile.version_id == version_id, SubmissionFile.name == name)
    ).one_or_none()
    if row is None:
        raise problems.NOT_FOUND()
    return row[0], row[1]


def submitters(actor: Actor, form: Form, *, draft: bool = False) -> list[ActorRow]:
    """Who has sent something for this form that the actor may see, by name."""
    ids = (
        scoped(actor, form, draft=draft, verbs=LIST, counting=True)
        .with_only_columns(Submission.submitter_id)
        .distinct()
    )
    query = select(ActorRow).where(ActorRow.id.in_(ids)).order_by(ActorRow.display_name, ActorRow.id)
    return list(db.session.scalars(query))


def by_number(submission_id: int) -> Row:
    """A submission that was just stored, with its current version."""
    of_it = SubmissionVersion.submission_id == Submission.id
    query = select(Submission, SubmissionVersion).join(SubmissionVersion, of_it)
    row = db.session.execute(query.where(Submission.id == submission_id, SubmissionVersion.current.is_(True))).one()
    return row[0], row[1]
