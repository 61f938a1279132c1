"""One page of an OData table: which rows are on it, and where the next one begins. Read by key, in short reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from forms.odata.rows import Rows
from forms.tables import MAIN
from schemas import problems
from server import identity
from server.actions import audits, data, filters, findings, rows
from server.actions.data import DataRow
from server.actions.filters import Chosen, Cursor
from server.api import odata_system as system
from server.api.skiptokens import Token
from server.db import end_read

PAGE = 250
# At least so many submissions are read for rows of a repeat.
FEWEST = 10
# Among the first so many submissions a row of a repeat is found again by its key alone, which says nothing of where.
NEAR = 50
# And among so many it is looked for: that it is further down means that as many came since the page before.
NEWEST = 2500
# Its submission, its own key, the row itself.
Entry = tuple[DataRow, str, dict[str, Any]]
BOTH = "using $orderby and $skiptoken together"


@dataclass(slots=True)
class Page:
    """What was asked for, and how far the answer has come.

    `passed`: how many submissions stand before those that are read, None where that is not known.
    """

    form: rows.Place
    draft: bool
    table: Rows
    name: str
    top: int | None
    skip: int
    token: Token | None = None
    chosen: Chosen = filters.ALL
    findings: bool = False
    last: Token | None = None
    seen: audits.Seen = field(default_factory=audits.Seen)
    more: bool = False
    passed: int | None = 0

    @property
    def of_repeat(self) -> bool:
        """Whether the rows are those of a repeat, several for one submission."""
        return self.name != MAIN


@dataclass(frozen=True, slots=True)
class Start:
    """What the first read goes on after: a number or, in an order of the client's, a place in it."""

    after_id: int | None = None
    cursor: Cursor | None = None


def count(page: Page) -> int:
    """How many rows the table has."""
    asked: dict[str, Any] = {"draft": page.draft, "chosen": page.chosen}
    if page.of_repeat:
        return data.count_instances(identity.actor(), page.form, page.table.repeats, **asked)
    return data.count(identity.actor(), page.form, **asked)


def start(page: Page) -> Start:
    """Where the page before ended. Raises SKIPTOKEN_INVALID, REPEAT_ROW_NOT_FOUND, NOT_IMPLEMENTED."""
    token = page.token
    if token is None:
        return Start()
    if page.of_repeat and token.repeat_id is None:
        raise problems.REPEAT_ROW_NOT_FOUND()
    if token.cursor is not None:
        page.passed = None
        place = page.chosen.heard(token.cursor, inclusive=page.of_repeat)
        number = place.values[-1] + (1 if page.of_repeat else 0)
        return Start(cursor=place) if page.chosen.order else Start(number)
    if page.of_repeat and (token.instance_id is None or page.chosen.order):
        return _found_again(page, token)
    if page.chosen.order:
        raise problems.NOT_IMPLEMENTED(feature=BOTH)
    if token.instance_id is None:
        raise problems.SKIPTOKEN_INVALID()
    page.passed = None
    number = data.position(identity.actor(), page.form, token.instance_id, draft=page.draft)
    return Start(number + 1 if page.of_repeat else number)


def _found_again(page: Page, token: Token) -> Start:
    """Before the submission that has this row of a repeat, though it was taken away meanwhile; among the newest."""
    page.passed = 0
    before = Start()
    for each in islice(_read(page, Start(), page.chosen.with_deleted()), NEWEST):
        if any(key == token.repeat_id for key, _ in page.table.keyed(each.instance_id, _answers(each), {})):
            page.token = Token(each.instance_id, token.repeat_id)
            return before
        page.passed += 1
        before = _after(page, each)
    raise problems.REPEAT_ROW_NOT_FOUND()


def _after(page: Page, each: DataRow) -> Start:
    return Start(cursor=page.chosen.cursor(each)) if page.chosen.order else Start(each.number)


def window(page: Page, begin: Start) -> Iterator[dict[str, Any]]:
    """The rows of the page itself; notes whether there are more behind it."""
    skip = 0 if page.token else page.skip
    for each, key, entry in _after_token(page, begin):
        if skip:
            skip -= 1
        elif page.top is not None and page.seen.count >= page.top:
            page.more = True
            return
        else:
            page.seen.add(each.instance_id, each.unit_id)
            page.last = _token(page, each, key)
            yield entry


def _token(page: Page, each: DataRow, key: str) -> Token:
    """Says no more than ODK Central's, where the row is found again by that."""
    if page.of_repeat:
        near = page.passed is not None and page.passed < NEAR
    else:
        near = not page.chosen.order and not each.orphan
    cursor = None if near or page.top is None else page.chosen.told(each)
    if not page.of_repeat:
        return Token(each.instance_id, None, cursor)
    return Token(None, key) if near else Token(each.instance_id, key, cursor)


def _after_token(page: Page, begin: Start) -> Iterator[Entry]:
    """Leaves out the rows of a repeat up to the one where the page before ended."""
    token = page.token if page.of_repeat else None
    waiting = token.repeat_id if token is not None else None
    for each, key, entry in _entries(page, begin):
        if waiting is not None and token is not None and token.instance_id in (None, each.instance_id):
            waiting = None if key == waiting else waiting
            continue
        waiting = None
        yield each, key, entry


def _entries(page: Page, begin: Start) -> Iterator[Entry]:
    """Every row from there on."""
    beside = _Beside()
    for each in _read(page, begin, page.chosen, beside):
        told = beside.codes.get(each.number, {}) if page.findings else None
        of_it = {} if page.of_repeat else system.of(each, told)
        only = None if beside.only is None else beside.only.get(each.number, ())
        for key, entry in page.table.keyed(each.instance_id, _answers(each), of_it, only=only):
            yield each, key, entry
        if page.passed is not None:
            page.passed += 1


@dataclass(slots=True)
class _Beside:
    """What is asked of those that one read found: their findings, and which rows of a repeat are wanted (None: all)."""

    codes: dict[int, dict[str, int]] = field(default_factory=dict)
    only: dict[int, set[tuple[int, ...]]] | None = None

    def ask(self, page: Page, numbers: list[int]) -> None:
        """Ask it of these submissions."""
        self.codes = findings.codes(numbers) if page.findings else {}
        self.only = data.instances(page.chosen, numbers)


def _read(page: Page, begin: Start, chosen: Chosen, beside: _Beside | None = None) -> Iterator[DataRow]:
    """Submissions from there on, in short reads."""
    limit, done = _first(page), 0
    asked: dict[str, Any] = {"draft": page.draft, "chosen": chosen, "brief": page.of_repeat}
    while True:
        place: dict[str, Any] = {"after_id": begin.after_id, "cursor": begin.cursor}
        found = data.read(identity.actor(), page.form, limit=limit, **place, **asked)
        if beside is not None and found:
            beside.ask(page, [each.number for each in found])
        yield from found
        if len(found) < limit:
            return
        done += len(found)
        begin, limit = _after(page, found[-1]), _next(page, done)
        end_read()  # a reader that takes its time holds neither a snapshot nor a lock between two pages


def _first(page: Page) -> int:
    """How many submissions to read at first: no more than are asked for, and one to see whether there are more."""
    if page.top is None:
        return PAGE
    wanted = page.top + (0 if page.token else page.skip) + 1
    return min(wanted if not page.of_repeat else max(wanted // 2, FEWEST), PAGE + 1)


def _next(page: Page, done: int) -> int:
    """How many next: of a repeat as many as seem to be needed, by what those before had."""
    if not page.of_repeat or page.top is None or not page.seen.count:
        return PAGE
    wanted = (page.top - page.seen.count + 1) * done // page.seen.count
    return max(FEWEST, min(wanted + wanted // 8, PAGE))


def _answers(each: DataRow) -> dict[str, Any] | None:
    return None if each.encrypted else each.answers


def one(page: Page, instance_id: str, within: str = "") -> tuple[DataRow, list[tuple[str, dict[str, Any]]]]:
    """A single submission, and its rows with their keys; of a repeat those within one row. Raises NOT_FOUND."""
    found = data.read(identity.actor(), page.form, draft=page.draft, instance_id=instance_id)
    if not found:
        raise problems.NOT_FOUND()
    codes = findings.codes([found[0].number]) if page.findings else {}
    told = system.of(found[0], codes.get(found[0].number, {}) if page.findings else None)
    return found[0], page.table.keyed(instance_id, _answers(found[0]), told, within)
