"""Findings that a supervisor dismissed do not count, and what is found again stays dismissed. Called within a write
transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import func, select

from server.db import db
from server.models import FindingRow, SubmissionVersion

# By these a finding is the same one again: its code, path and value.
Key = tuple[str, str, str | None]
Columns = dict[str, Any]
NAMES = ("dismissed_at", "dismissed_by_id", "dismissal")
# What is said of one edit says nothing of the next.
OF_ONE_EDIT = ("origin.stale", "origin.orphan")


class _Keyed(Protocol):
    @property
    def code(self) -> str:
        """As `schemas.findings.Finding`."""

    @property
    def path(self) -> str:
        """The same."""

    @property
    def value(self) -> str | None:
        """The same."""


def key(finding: _Keyed) -> Key:
    """By which it is known again."""
    return finding.code, finding.path, finding.value


def count(submission_id: int) -> int:
    """How many findings of the current version nobody dismissed: what `Submission.findings` says."""
    query = (
        select(func.count(FindingRow.id))
        .join(SubmissionVersion, SubmissionVersion.id == FindingRow.version_id)
        .where(SubmissionVersion.submission_id == submission_id, SubmissionVersion.current.is_(True))
        .where(FindingRow.dismissed_at.is_(None))
    )
    return db.session.scalar(query) or 0


def of_current(submission_id: int) -> dict[Key, Columns]:
    """The columns of what was dismissed of the current version, for those that find the same again."""
    query = (
        select(FindingRow)
        .join(SubmissionVersion, SubmissionVersion.id == FindingRow.version_id)
        .where(SubmissionVersion.submission_id == submission_id, SubmissionVersion.current.is_(True))
        .where(FindingRow.dismissed_at.is_not(None))
    )
    return columns(db.session.scalars(query))


def columns(rows: Iterable[FindingRow]) -> dict[Key, Columns]:
    """The columns of those of the rows that were dismissed, by what each is known again by."""
    dismissed = [row for row in rows if row.dismissed_at is not None and row.code not in OF_ONE_EDIT]
    return {key(row): {name: getattr(row, name) for name in NAMES} for row in dismissed}


def carry(there: dict[Key, Columns], version_id: int) -> None:
    """Dismiss of another version what was dismissed before, unless somebody did already."""
    if not there:
        return
    query = select(FindingRow).where(FindingRow.version_id == version_id, FindingRow.dismissed_at.is_(None))
    for row in db.session.scalars(query):
        for name, value in there.get(key(row), {}).items():
            setattr(row, name, value)
    db.session.flush()
