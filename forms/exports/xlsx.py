"""XLSX: a sheet for the submissions, one for each repeat, and one that says what the columns and codes mean.

Written as a stream of our own: libraries hold all of it, or cost ten times as much for each cell. A text is a text,
whatever it begins with; days and moments are such; a sheet that is full goes on in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from forms import tree
from forms.exports import sheets
from forms.exports.archive import Archive, Kept
from forms.exports.columns import Cells
from forms.exports.job import Batches, Job
from forms.exports.tabled import Tables
from schemas.fields import Field

CODE_BOOK = "Codebook"
_ROOM = sheets.MOST_ROWS - 1


def _tables(job: Job) -> Tables:
    def dress(source: Field) -> Cells | None:
        if source.type == "date":
            return lambda value: [sheets.day(value)]
        if source.type == "dateTime":
            return lambda value: [sheets.moment(value, job.zone)]
        return None

    return Tables(job, dress, lambda value: sheets.moment(value, job.zone))


class _Beside:
    """The sheets of a repeat, which grow beside that of the submissions."""

    def __init__(self, job: Job, header: Sequence[str]) -> None:
        self._job, self._header = job, header
        self.kept: list[Kept] = []
        self._left = 0

    def add(self, rows: list[list[Any]]) -> None:
        """More rows; in another sheet where one is full."""
        while rows or not self.kept:
            if not self._left:
                self._begin()
            now, rows = rows[: self._left], rows[self._left :]
            self.kept[-1].add(sheets.rows(now).encode())
            self._left -= len(now)

    def _begin(self) -> None:
        if self.kept:
            self.kept[-1].add(sheets.SHEET_END.encode())
        self.kept.append(Kept(self._job.spool()))
        self.kept[-1].add(sheets.sheet_begin(self._header).encode())
        self._left = _ROOM

    def end(self) -> list[Kept]:
        """All of them, done."""
        self.kept[-1].add(sheets.SHEET_END.encode())
        return self.kept


class _Submissions:
    """The sheets of the submissions: as many as it takes."""

    def __init__(self, book: Tables, batches: Batches, beside: Sequence[_Beside]) -> None:
        self._book, self._beside = book, beside
        self._batches = iter(batches)
        self._waiting: list[list[Any]] = []
        self.done = False

    def sheet(self) -> Iterator[bytes]:
        """The next one."""
        left = _ROOM
        yield sheets.sheet_begin(self._book.header(self._book.root)).encode()
        while left and not self.done:
            rows = self._waiting or self._read()
            self._waiting, rows = rows[left:], rows[:left]
            left -= len(rows)
            yield sheets.rows(rows).encode()
        yield sheets.SHEET_END.encode()

    def _read(self) -> list[list[Any]]:
        batch = next(self._batches, None)
        self.done = batch is None
        rows = [self._book.root_row(record) for record in batch or ()]
        for table, beside in zip(self._book.repeats, self._beside, strict=True):
            beside.add(self._book.rows[table])
            self._book.rows[table] = []
        return rows


def write(job: Job, batches: Batches) -> Iterator[bytes]:
    """The workbook."""
    book, archive, called = _tables(job), Archive(), sheets.Names()
    beside = [_Beside(job, book.header(table)) for table in book.repeats]
    names: list[str] = []

    def path(wanted: str) -> str:
        names.append(called.new(wanted))
        return f"xl/worksheets/sheet{len(names)}.xml"

    submissions = _Submissions(book, batches, beside)
    while not submissions.done:
        yield from archive.stream(path(job.form_id), submissions.sheet())
    for table, sheet in zip(book.repeats, beside, strict=True):
        for kept in sheet.end():
            yield from archive.keep(path(table.source.name if table.source else ""), kept)
    yield from archive.stream(path(CODE_BOOK), _code_book(book))
    for name, content in sheets.workbook(names).items():
        yield from archive.stream(name, [content.encode()])
    yield archive.end()


def _code_book(book: Tables) -> Iterator[bytes]:
    """A row for each question, then one for each of its choices, in all languages of the form."""
    fields = [field for field in book.job.fields if not field.is_container]
    languages = list(dict.fromkeys(name for field in fields for name in _languages(field)))
    questions = [f"Question ({language})" if language else "Question" for language in languages]
    choices = [f"Choice ({language})" if language else "Choice" for language in languages]
    yield sheets.sheet_begin(["Path", "Column", "Type", *questions, "Code", *choices]).encode()
    for table in book.root.all():
        seen: set[str] = set()
        for column in table.columns:
            if column.source.path in seen:
                continue
            seen.add(column.source.path)
            name = column.name.removesuffix(f"-{column.detail}") if column.kind == "part" else column.name
            yield sheets.rows(_explained(column.source, name, languages)).encode()
    yield sheets.SHEET_END.encode()


def _languages(field: Field) -> Iterator[str]:
    yield from field.labels
    for choice in field.options[:1]:
        yield from choice.labels


def _explained(field: Field, name: str, languages: Sequence[str]) -> list[list[Any]]:
    asked = [field.labels.get(language) for language in languages]
    kind = field.control if field.control in ("select", "select1", "rank") else field.type
    first = [tree.within_root(field.path), name, kind]
    chosen = [
        [*first, *([None] * len(languages)), choice.name, *(choice.labels.get(language) for language in languages)]
        for choice in field.options
    ]
    return [[*first, *asked, None, *([None] * len(languages))], *chosen]
