"""What was done, by whom, to what; and who looked at a person's rows and files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload

from schemas.audits import ABOUT, CATEGORIES, LOOKS, OURS, UNTOLD, VERBOSE
from server import permissions
from server.db import Number, db, insert, insert_all, now, writes
from server.models import Actor as ActorRow
from server.models import Audit, Form, Project, Submission, SubmissionVersion
from server.permissions import Actor

# Of the units of a list, so many are told.
MOST_UNITS = 100


class Place(Protocol):
    """A form, or what stands for one."""

    @property
    def project_id(self) -> Any:
        """The number of its project."""

    @property
    def id(self) -> Any:
        """Its own."""


def log(
    actor: Actor,
    action: str,
    *,
    project_id: int | None = None,
    form_id: int | None = None,
    submission_id: Number | None = None,
    subject_id: int | None = None,
    unit_id: int | None = None,
    **details: Any,
) -> None:
    """Add an entry within the running transaction. `details` hold numbers and names of versions, never answers.

    `unit_id`: the unit that the thing belongs to. The numbers of a submission and its version are added when it is
    read: the first is in its column, the second is found by `details["instanceId"]`.
    """
    place = {"project_id": project_id, "form_id": form_id, "submission_id": submission_id}
    insert(Audit, **_by(actor, action), **place, subject_id=subject_id, unit_id=unit_id, details=details)


def log_each(actor: Actor, action: str, told: Iterable[dict[str, Any]], **place: Any) -> None:
    """As `log`, of several things in one place: an entry for the details of each. `place`: the numbers, as there."""
    made = _by(actor, action) | place
    insert_all(Audit, [made | {"details": details} for details in told])


def _by(actor: Actor, action: str) -> dict[str, Any]:
    """What an entry says of who does it, and when."""
    return {
        "logged_at": now(),
        "action": action,
        "actor_id": actor.id,
        "notes": actor.notes,
        "source": actor.source,
    }


def looked(
    actor: Actor, submission: Submission, *, action: str = "submission.read", instance_id: str = "", name: str = ""
) -> None:
    """Somebody was shown a submission, or one of its files: kept (domain P11), and not part of its history.

    In a transaction of its own, before it is handed out. Test submissions of drafts are nobody's data.
    """
    if submission.draft:
        return
    place = {"project_id": submission.project_id, "form_id": submission.form_id, "submission_id": submission.id}
    told: dict[str, Any] = {"instanceId": instance_id or submission.instance_id} | ({"name": name} if name else {})
    note(actor, action, **place, unit_id=submission.unit_id, **told)


@dataclass(slots=True)
class Seen:
    """Rows of a form that somebody is shown, as one entry tells of them: how many, the first and the last, the units.

    `count` is of what is shown: of a repeat, several for one submission. At most MOST_UNITS units are told.
    """

    count: int = 0
    first: str = ""
    last: str = ""
    units: set[int] = field(default_factory=set)
    more: bool = False

    def add(self, instance_id: str, unit_id: int | None) -> None:
        """One more row."""
        self.count += 1
        self.first, self.last = self.first or instance_id, instance_id
        if unit_id is not None and unit_id not in self.units:
            self.more = self.more or len(self.units) >= MOST_UNITS
            self.units |= set() if self.more else {unit_id}

    def details(self) -> dict[str, Any]:
        """What the entry says."""
        told: dict[str, Any] = {"count": self.count}
        if self.count:
            told |= {"firstInstanceId": self.first, "lastInstanceId": self.last}
        if self.units:
            told |= {"unitIds": sorted(self.units)} | ({"moreUnits": True} if self.more else {})
        return told


def seen(submissions: Iterable[Submission]) -> Seen:
    """These, in the order in which they are shown."""
    made = Seen()
    for submission in submissions:
        made.add(submission.instance_id, submission.unit_id)
    return made


def looked_through(actor: Actor, action: str, form: Place, shown: Seen) -> None:
    """Somebody was shown rows of a form: one entry for all of them."""
    unit_id = next(iter(shown.units)) if len(shown.units) == 1 and not shown.more else None
    note(actor, action, project_id=form.project_id, form_id=form.id, unit_id=unit_id, **shown.details())


@writes
def note(actor: Actor, action: str, **values: Any) -> None:
    """An entry by itself, as `log`. Begun when all about it is known, so that nothing is asked again within it."""
    log(actor, action, **values)


def of_submission(submission_id: int, *, files: bool = True, limit: int | None = None, offset: int = 0) -> list[Audit]:
    """The entries about a submission, newest first; without those of who looked. `files`: those of its files, too."""
    left_out = LOOKS | OURS | (set() if files else {"submission.attachment.update"})
    query = select(Audit).where(Audit.submission_id == submission_id, Audit.action.not_in(left_out))
    return list(db.session.scalars(query.order_by(Audit.id.desc()).limit(limit).offset(offset)))


def listed(
    actor: Actor,
    *,
    action: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Audit]:
    """Entries, newest first, from `start` until before `end`. `action`: one action, or a word for several.

    Looks, and failures to sign in, are shown only where they are asked for.
    """
    permissions.require(actor, "audit.read")
    query = select(Audit).where(_chosen(action))
    if start is not None:
        query = query.where(Audit.logged_at >= start)
    if end is not None:
        query = query.where(Audit.logged_at < end)
    return list(db.session.scalars(query.order_by(Audit.id.desc()).limit(limit).offset(offset)))


def _chosen(action: str | None) -> ColumnElement[bool]:
    if action is None:
        return Audit.action.not_in(UNTOLD)
    if action == "nonverbose":
        return Audit.action.not_in(VERBOSE)
    return Audit.action.in_(CATEGORIES.get(action, {action}))


def about(entry: Audit) -> tuple[str, int] | None:
    """What an entry is about: its kind and number. None where it is about nothing in particular."""
    kind = ABOUT.get(entry.action.partition(".")[0], "actor")
    numbers = {"project": entry.project_id, "form": entry.form_id}
    number = numbers.get(kind, entry.subject_id)
    return (kind, number) if number is not None else None


@dataclass(frozen=True, slots=True)
class Named:
    """The rows that some entries name, by number. `purged`: the entries about the end of forms that are gone."""

    actors: dict[int, ActorRow]
    projects: dict[int, Project]
    forms: dict[int, Form]
    purged: dict[int, Audit]


def named(entries: Iterable[Audit]) -> Named:
    """The rows that these entries name, deleted ones too."""
    entries = list(entries)
    numbers: dict[str, set[int]] = {"actor": {entry.actor_id for entry in entries if entry.actor_id is not None}}
    for found in map(about, entries):
        if found is not None:
            numbers.setdefault(found[0], set()).add(found[1])
    wanted = numbers.get("form", set())
    forms = select(Form).where(Form.id.in_(wanted)).options(selectinload(Form.current))
    rows = {form.id: form for form in db.session.scalars(forms)}
    purges = select(Audit).where(Audit.action == "form.purge", Audit.form_id.in_(wanted - set(rows)))
    return Named(
        {row.id: row for row in db.session.scalars(select(ActorRow).where(ActorRow.id.in_(numbers["actor"])))},
        {
            row.id: row
            for row in db.session.scalars(select(Project).where(Project.id.in_(numbers.get("project", set()))))
        },
        rows,
        {entry.form_id: entry for entry in db.session.scalars(purges) if entry.form_id is not None},
    )


def version_numbers(entries: Iterable[Audit]) -> dict[tuple[int, str], int]:
    """The numbers of the versions of submissions that some entries are about, by submission and instance ID."""
    numbers = {entry.submission_id for entry in entries if entry.submission_id is not None}
    columns = (SubmissionVersion.id, SubmissionVersion.submission_id, SubmissionVersion.instance_id)
    found = db.session.execute(select(*columns).where(SubmissionVersion.submission_id.in_(numbers))) if numbers else ()
    return {(row.submission_id, row.instance_id): row.id for row in found}
