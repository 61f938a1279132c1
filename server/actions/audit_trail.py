"""The audit for people who read it: narrowed by kind, person and time, with the rows that entries name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from schemas.audits import CATEGORIES
from server import permissions
from server.actions import audits
from server.db import db, writes
from server.models import Actor as ActorRow
from server.models import Audit, Form, Project, Submission, Unit, User
from server.permissions import Actor

BATCH = 500


def _with(kind: str, *verbs: str) -> frozenset[str]:
    """What the dialect's word stands for, and what it does not know."""
    return CATEGORIES.get(kind, frozenset()) | {f"{kind}.{verb}" for verb in verbs}


# What people choose from. The look is first: it is what the audit is read for.
KINDS: dict[str, frozenset[str]] = {
    "look": CATEGORIES["look"],
    "submission": _with("submission", "comment.create") | {"finding.dismiss", "finding.restore", "submission.recheck"},
    "user": _with(
        "user", "session.failure", "session.unlock", "session.end", "password.link", "second_factor.create",
        "second_factor.delete", "second_factor.recover", "app_password.create", "app_password.delete",
    ),
    "field_key": _with("field_key", "lost", "replace"),
    "public_link": _with("public_link"),
    "project": _with("project"),
    "form": _with("form", "submission.decrypt.failure"),
    "unit": _with(
        "unit", "create", "update", "merge", "split", "import", "assignment.create", "assignment.delete",
        "level.create", "level.update", "level.delete", "level.choose",
    ),
    "server": CATEGORIES["config"] | CATEGORIES["upgrade"] | {"backup.run", "backup", "audit.export"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the audit is narrowed by. `kind`: of KINDS; `actor_id`: who did it; from `start` until before `end`."""

    kind: str = ""
    actor_id: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Things:
    """The rows that entries name, by number, deleted ones too; of submissions those that the reader may open."""

    actors: dict[int, ActorRow]
    projects: dict[int, Project]
    forms: dict[int, Form]
    units: dict[int, Unit]
    submissions: dict[int, Submission]


def _query(wanted: Wanted) -> Select[tuple[Audit]]:
    query = select(Audit).order_by(Audit.id.desc())
    if wanted.kind in KINDS:
        query = query.where(Audit.action.in_(KINDS[wanted.kind]))
    if wanted.actor_id is not None:
        query = query.where(Audit.actor_id == wanted.actor_id)
    if wanted.start is not None:
        query = query.where(Audit.logged_at >= wanted.start)
    return query if wanted.end is None else query.where(Audit.logged_at < wanted.end)


def page(actor: Actor, wanted: Wanted, *, limit: int, offset: int = 0) -> list[Audit]:
    """Entries, newest first. Raises INSUFFICIENT_RIGHTS."""
    permissions.require(actor, "audit.read")
    return list(db.session.scalars(_query(wanted).limit(limit).offset(offset)))


def batches(actor: Actor, wanted: Wanted) -> Iterator[list[Audit]]:
    """All of them, newest first, so many at a time. Raises INSUFFICIENT_RIGHTS with the first."""
    permissions.require(actor, "audit.read")
    query = _query(wanted).limit(BATCH)
    found = list(db.session.scalars(query))
    while found:
        last = found[-1].id
        yield found
        db.session.expunge_all()
        found = list(db.session.scalars(query.where(Audit.id < last)))


@writes
def taken(actor: Actor) -> None:
    """Somebody takes the audit along, as a file. Raises INSUFFICIENT_RIGHTS."""
    permissions.require(actor, "audit.read")
    audits.log(actor, "audit.export")


def things(actor: Actor, entries: list[Audit]) -> Things:
    """What the entries name."""
    living = select(Submission).where(Submission.deleted_at.is_(None), Submission.draft.is_(False))
    opened = permissions.visible(actor, living, "submission.read")
    forms = select(Form).options(selectinload(Form.current), selectinload(Form.draft))
    return Things(
        _rows(select(ActorRow), ActorRow, [number for one in entries for number in (one.actor_id, one.subject_id)]),
        _rows(select(Project), Project, [one.project_id for one in entries]),
        _rows(forms, Form, [one.form_id for one in entries]),
        _rows(select(Unit), Unit, [one.unit_id for one in entries]),
        _rows(opened, Submission, [one.submission_id for one in entries]),
    )


def _rows(query: Select[Any], model: Any, numbers: list[int | None]) -> dict[int, Any]:
    wanted = {number for number in numbers if number is not None}
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(query.where(model.id.in_(wanted)))}


def people(actor: Actor) -> list[ActorRow]:
    """Who can have done something: all users by name, also those whose account was deleted."""
    permissions.require(actor, "audit.read")
    query = select(ActorRow).join(User, User.actor_id == ActorRow.id)
    return sorted(db.session.scalars(query), key=lambda one: (one.display_name.casefold(), one.id))


def person(actor: Actor, actor_id: int) -> ActorRow | None:
    """One of whoever can have done something, a phone too."""
    permissions.require(actor, "audit.read")
    return db.session.get(ActorRow, actor_id)
