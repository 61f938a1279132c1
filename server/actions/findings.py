"""What is wrong with submissions, for people: read, dismissed with a reason, brought back; and counted by code."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from schemas import problems
from schemas.findings import QUOTING, Finding
from server import permissions
from server.actions import audits, chains, dismissals, free_text, rows
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import FindingRow, Form, Submission, SubmissionVersion
from server.permissions import Actor

DISMISS = "finding.dismiss"


@dataclass(frozen=True, slots=True)
class Found(Finding):
    """A finding as it is kept: its number; and who dismissed it, when and why, if somebody did."""

    number: int = 0
    dismissed_at: datetime | None = None
    dismissed_by: ActorRow | None = None
    dismissal: str | None = None


def of_version(actor: Actor, submission: Submission, version_id: int) -> list[Found]:
    """What is wrong with a version, in the order in which it was found, and what of it was dismissed.

    `submission` has been through `rows.read`. What was sent may be in the wrong place, and a reason may quote it, so
    that neither is shown to who is not shown free text.
    """
    query = select(FindingRow).where(FindingRow.version_id == version_id).order_by(FindingRow.id)
    quoted = free_text.sees(actor, submission)
    return [_found(row, quoted) for row in db.session.scalars(query)]


def _found(row: FindingRow, quoted: bool) -> Found:
    args = row.args if quoted else dict(row.args, **dict.fromkeys(QUOTING, "…"))
    value, reason = (row.value, row.dismissal) if quoted else (None, None)
    dismissed = (row.id, row.dismissed_at, row.dismissed_by, reason)
    return Found(row.code, row.path, row.label, value, args, *dismissed)


@writes
def dismiss(actor: Actor, form: Form, instance_id: str, number: int, reason: str, *, draft: bool = False) -> Found:
    """Say of a finding of the current version that it is none, and why; or why instead, of one that is dismissed.

    Raises NOT_FOUND, INSUFFICIENT_RIGHTS, MISSING_PARAMETER without a reason.
    """
    submission, row = _to_judge(actor, form, instance_id, number, draft)
    if not reason.strip():
        raise problems.MISSING_PARAMETER(field="reason")
    row.dismissed_at, row.dismissed_by_id, row.dismissal = now(), actor.id, reason.strip()
    audits.log(actor, "finding.dismiss", **_told(submission, row))
    return _judged(actor, submission, row)


@writes
def bring_back(actor: Actor, form: Form, instance_id: str, number: int, *, draft: bool = False) -> Found:
    """Take that back. Raises NOT_FOUND, also for one that is not dismissed, and INSUFFICIENT_RIGHTS."""
    submission, row = _to_judge(actor, form, instance_id, number, draft)
    if row.dismissed_at is None:
        raise problems.NOT_FOUND()
    row.dismissed_at, row.dismissed_by_id, row.dismissal = None, None, None
    audits.log(actor, "finding.restore", **_told(submission, row))
    return _judged(actor, submission, row)


def _to_judge(actor: Actor, form: Form, instance_id: str, number: int, draft: bool) -> tuple[Submission, FindingRow]:
    permissions.require(actor, DISMISS, project_id=form.project_id, form_id=form.id)
    # No further version comes meanwhile, nor does anybody else judge: both count findings.
    chains.take_turns(form.id, instance_id, edits=True)
    submission, version = rows.get(actor, form, instance_id, DISMISS, draft=draft)
    query = select(FindingRow).where(FindingRow.id == number, FindingRow.version_id == version.id)
    row = db.session.scalar(query)
    if row is None:
        raise problems.NOT_FOUND()
    return submission, row


def _told(submission: Submission, row: FindingRow) -> dict[str, Any]:
    """Where it was. Not why: who reads the audit need not be shown free text."""
    place = {"project_id": submission.project_id, "form_id": submission.form_id, "submission_id": submission.id}
    of_it = {"instanceId": submission.instance_id, "findingId": row.id, "code": row.code}
    return place | {"unit_id": submission.unit_id} | of_it


def _judged(actor: Actor, submission: Submission, row: FindingRow) -> Found:
    db.session.flush()
    submission.findings = dismissals.count(submission.id)
    return _found(row, free_text.sees(actor, submission))


def codes(numbers: Collection[int]) -> dict[int, dict[str, int]]:
    """Of submissions by number, which have been through `data.read`: how often each code was found, in one question.

    Of current versions, without what was dismissed. Those without findings are left out.
    """
    query = (
        select(SubmissionVersion.submission_id, FindingRow.code, func.count())
        .join(FindingRow, FindingRow.version_id == SubmissionVersion.id)
        .where(SubmissionVersion.submission_id.in_(numbers), SubmissionVersion.current.is_(True))
        .where(FindingRow.dismissed_at.is_(None))
        .group_by(SubmissionVersion.submission_id, FindingRow.code)
    )
    found: dict[int, dict[str, int]] = {}
    for submission_id, code, times in db.session.execute(query):
        found.setdefault(submission_id, {})[code] = times
    return found
