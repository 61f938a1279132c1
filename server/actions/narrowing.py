"""What a supervisor narrows a list of submissions by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, exists, select

from schemas.findings import KINDS
from server.actions import free_text
from server.models import FindingRow, Form, Submission, SubmissionVersion, UnitReach
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class Filters:
    """What a supervisor narrows a list by. Dates are inclusive.

    `state`: a review state, `received` for none, or `waiting` for none or edited. `findings`: yes, no, or one of KINDS;
    those that were dismissed do not count. `unit_id`: with all below it.
    """

    state: str = ""
    findings: str = ""
    since: date | None = None
    until: date | None = None
    submitter_id: int | None = None
    search: str = ""
    unit_id: int | None = None


def narrow(actor: Actor, form: Form, query: Select[Any], filters: Filters, time_zone: str) -> Select[Any]:
    """The query of submissions with their current versions, narrowed."""
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
    if filters.findings in KINDS:
        query = query.where(Submission.findings > 0, _found(filters.findings))
    if filters.since:
        query = query.where(Submission.created_at >= datetime.combine(filters.since, time.min, zone))
    if filters.until:
        query = query.where(Submission.created_at <= datetime.combine(filters.until, time.max, zone))
    if filters.unit_id:
        within = select(UnitReach.within_id).where(UnitReach.unit_id == filters.unit_id)
        query = query.where(Submission.unit_id.in_(within))
    if filters.submitter_id:
        query = query.where(Submission.submitter_id == filters.submitter_id)
    if filters.search:
        pattern = "%" + filters.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        named = SubmissionVersion.instance_name.ilike(pattern, escape="\\")
        found = free_text.findable(actor, form.project_id, form.id, named)
        query = query.where(found | (Submission.instance_id == filters.search))
    return query


def _found(kind: str) -> ColumnElement[bool]:
    """That something of the kind is wrong with the current version."""
    of_it = (FindingRow.version_id == SubmissionVersion.id, FindingRow.dismissed_at.is_(None))
    return exists().where(*of_it, FindingRow.code.startswith(f"{kind}.", autoescape=True)).correlate(SubmissionVersion)
