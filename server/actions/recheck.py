"""Findings made anew: what is stored of a form is checked again, when rules have become better since it arrived.

Phones are not held up: a page is read and checked without a lock, and a short write follows only where something
differs. Answers, XML and review states stay; so do findings of the class `origin`, which tell how something arrived,
and what was dismissed of those that are found again. It can be stopped, and run again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, func, select

from forms import checks, xform
from forms import instance as instances
from forms.logic.circumstances import Circumstances
from schemas.findings import Finding
from schemas.problems import Problem
from server import permissions
from server.actions import audits, chains, dismissals, forms, logic
from server.db import db, end_read, insert_all, writing
from server.models import FindingRow, FormVersion, Submission, SubmissionVersion
from server.permissions import Actor

AT_ONCE = 200  # submissions
STAYS = "origin"


@dataclass(frozen=True, slots=True)
class Place:
    """A form, and the time zone of its project."""

    project_id: int
    id: int
    xml_form_id: str
    time_zone: str


@dataclass(slots=True)
class Told:
    """What was looked at, in versions of submissions. `left_out`: encrypted, erased, or not to be read.

    `before` and `after` count findings by their code, without those that stay.
    """

    looked: int = 0
    changed: int = 0
    left_out: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)


def count(place: Place) -> int:
    """How many submissions the form has, those in the trash too; without those that tried a draft."""
    return db.session.scalar(_of(place, select(func.count(Submission.id)))) or 0


def recheck(actor: Actor, place: Place, told: Told, done: Callable[[int], None], *, all_versions: bool = False) -> None:
    """Check the current versions again, or all. `done` is told how many submissions each page had.

    What was done is kept when it is stopped, and the audit has an entry either way.
    """
    permissions.require(actor, "form.update", project_id=place.project_id, form_id=place.id)
    definitions = _Definitions(place)
    before = told.looked, told.changed
    try:
        for page in _pages(place):
            _page(definitions, page, told, all_versions)
            done(len(page))
    finally:
        looked, changed = told.looked - before[0], told.changed - before[1]
        if looked:
            where = {"project_id": place.project_id, "form_id": place.id}
            with writing():
                audits.log(actor, "submission.recheck", **where, looked=looked, changed=changed)


def _of(place: Place, query: Select[Any]) -> Select[Any]:
    return query.where(Submission.form_id == place.id, Submission.draft.is_(False))


def _pages(place: Place) -> Iterator[Sequence[int]]:
    after = 0
    query = _of(place, select(Submission.id)).order_by(Submission.id).limit(AT_ONCE)
    while page := db.session.scalars(query.where(Submission.id > after)).all():
        yield page
        after = page[-1]


class _Definitions:
    """The form's versions as they were compiled, with the circumstances in which submissions for them came."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._known: dict[int, tuple[xform.Form, Circumstances]] = {}

    @property
    def place(self) -> Place:
        """The form."""
        return self._place

    def get(self, version_id: int) -> tuple[xform.Form, Circumstances]:
        """One of them."""
        if version_id not in self._known:
            form = forms.compiled(db.session.get_one(FormVersion, version_id))
            self._known[version_id] = form, logic.circumstances(version_id, self._place.time_zone)
        return self._known[version_id]


def _page(definitions: _Definitions, page: Sequence[int], told: Told, all_versions: bool) -> None:
    query = select(
        SubmissionVersion.id, SubmissionVersion.form_version_id, SubmissionVersion.created_at,
        SubmissionVersion.encrypted, SubmissionVersion.xml,
    ).where(SubmissionVersion.submission_id.in_(page)).order_by(SubmissionVersion.id)  # fmt: skip
    rows = db.session.execute(query if all_versions else query.where(SubmissionVersion.current.is_(True))).all()
    there = _stored([row.id for row in rows])
    end_read()
    differ: dict[int, list[Finding]] = {}
    for row in rows:
        found = _find(definitions, row)
        if found is None:
            told.left_out += 1
            continue
        told.looked += 1
        told.before.update(each.code for each in there[row.id])
        told.after.update(each.code for each in found)
        if _signs(found) != _signs(there[row.id]):
            differ[row.id] = found
    end_read()
    if differ:
        told.changed += _write(definitions.place, differ)


def _stored(version_ids: list[int]) -> dict[int, list[Any]]:
    """The findings of versions as they are stored, without those that stay."""
    there: dict[int, list[Any]] = {version_id: [] for version_id in version_ids}
    names = ("version_id", "code", "path", "label", "value", "args")
    query = select(*(getattr(FindingRow, name) for name in names)).where(FindingRow.version_id.in_(version_ids))
    for row in db.session.execute(query):
        if not row.code.startswith(f"{STAYS}."):
            there[row.version_id].append(row)
    return there


def _find(definitions: _Definitions, row: Any) -> list[Finding] | None:
    """What is found in a version now, but for what stays; None where nothing can be seen."""
    if row.encrypted or not row.xml:
        return None
    try:
        instance = instances.read(row.xml)
    except Problem:
        return None
    form, circumstances = definitions.get(row.form_version_id)
    checked = checks.find(form, instance, replace(circumstances, arrived=row.created_at))
    return [each for each in checked.findings if each.kind != STAYS]


def _signs(findings: Iterable[Any]) -> Counter[tuple[Any, ...]]:
    """What findings say, whatever their order."""
    return Counter((*dismissals.key(each), each.label, _text(each)) for each in findings)


def _text(finding: Any) -> str:
    return json.dumps(dict(finding.args), sort_keys=True)


def _write(place: Place, differ: dict[int, list[Finding]]) -> int:
    """Make the findings of these versions what they are now. How many versions are still there."""
    with writing():
        # No further version comes meanwhile, nor does anybody judge: both count findings.
        chains.take_turns(place.id, "", edits=True)
        query = select(SubmissionVersion.id, SubmissionVersion.submission_id).with_for_update()
        query = query.where(SubmissionVersion.id.in_(differ), SubmissionVersion.xml.is_not(None))
        found = db.session.execute(query).all()
        for row in found:
            _replace(place, row.id, differ[row.id])
        db.session.flush()
        for submission_id in {row.submission_id for row in found}:
            db.session.get_one(Submission, submission_id).findings = dismissals.count(submission_id)
    return len(found)


def _replace(place: Place, version_id: int, found: list[Finding]) -> None:
    """A row that says the same stays, with its number and whether it was dismissed."""
    rows = db.session.scalars(select(FindingRow).where(FindingRow.version_id == version_id).order_by(FindingRow.id))
    old: dict[dismissals.Key, list[FindingRow]] = {}
    for row in rows:
        if not row.code.startswith(f"{STAYS}."):
            old.setdefault(dismissals.key(row), []).append(row)
    new = []
    for each in found:
        same = old.get(dismissals.key(each))
        if same:
            row = same.pop(0)
            row.label, row.args = each.label, dict(each.args)
        else:
            told = {"code": each.code, "path": each.path, "label": each.label, "value": each.value}
            new.append({"project_id": place.project_id, "version_id": version_id, **told, "args": dict(each.args)})
    for row in (row for rows_left in old.values() for row in rows_left):
        db.session.delete(row)
    insert_all(FindingRow, new)
