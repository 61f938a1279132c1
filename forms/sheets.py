"""Tables that people fill: CSV, or the first sheet of an XLSX workbook, as rows of text under the names of the columns.

Knows nothing of what the columns mean.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO

from openpyxl import Workbook, load_workbook

from forms import workbooks
from schemas import problems
from schemas.problems import Problem

MOST_ROWS = 20_000
MOST_COLUMNS = 60
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that has something in it. `number` is what a spreadsheet shows beside it; `cells` has every column."""

    number: int
    cells: Mapping[str, str]


def plain(text: str) -> str:
    """A heading as it is compared: without accents, case, and what stands between words."""
    bare = unicodedata.normalize("NFD", text.strip().casefold().replace("đ", "d"))
    return "".join(sign if sign.isalnum() else "_" for sign in bare if not unicodedata.combining(sign)).strip("_")


def read(
    data: bytes, columns: Mapping[str, Iterable[str]], required: Iterable[str] = (), *, most: int = MOST_ROWS
) -> list[SheetRow]:
    """The rows under a line of headings. `columns`: what each is called here, and its other names. `most`: rows.

    Columns of other names are left alone. Raises TABLE_UNREADABLE, TABLE_TOO_LONG, COLUMN_MISSING.
    """
    lines = _lines(data, most)
    headings = next(lines, (0, []))[1]
    names = {plain(other): name for name, others in columns.items() for other in (name, *others)}
    places = {names[plain(each)]: at for at, each in reversed(list(enumerate(headings))) if plain(each) in names}
    for name in required:
        if name not in places:
            raise problems.COLUMN_MISSING(column=name)
    found = []
    for number, cells in lines:
        row = {name: _cell(cells, places.get(name)) for name in columns}
        if any(row.values()):
            found.append(SheetRow(number, row))
        if len(found) > most:
            raise problems.TABLE_TOO_LONG(limit=most)
    return found


def headings(data: bytes, columns: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """What the table itself calls the columns. Empty for what is no table."""
    try:
        first = next(_lines(data, 1), (0, []))[1]
    except Problem:
        return {}
    names = {plain(other): name for name, others in columns.items() for other in (name, *others)}
    return {names[plain(each)]: each.strip() for each in reversed(first) if plain(each) in names}


def workbook(rows: Iterable[Iterable[str]]) -> bytes:
    """An XLSX file with these rows."""
    book, file = Workbook(), BytesIO()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(file)
    return file.getvalue()


def _cell(cells: list[str], place: int | None) -> str:
    text = cells[place] if place is not None and place < len(cells) else ""
    return unicodedata.normalize("NFC", text).strip()


def _lines(data: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines, from 1."""
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return _of_workbook(data, most)
    return _of_text(data)


def _of_workbook(data: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    try:
        kind, data = workbooks.sniff(data)
    except Problem as problem:
        raise problems.TABLE_UNREADABLE() from problem
    if kind != ".xlsx":
        raise problems.TABLE_UNREADABLE()
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=most + 2, max_col=MOST_COLUMNS, values_only=True)
        return enumerate([[_text(value) for value in row] for row in rows], 1)
    except Exception as error:  # whatever a damaged workbook makes the library stumble over
        raise problems.TABLE_UNREADABLE() from error


def _text(value: object) -> str:
    """A cell as somebody would type it: numbers without .0, dates as 2025-07-01."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _of_text(data: bytes) -> Iterator[tuple[int, list[str]]]:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise problems.TABLE_UNREADABLE() from error
    if "\0" in text or not text.strip():
        raise problems.TABLE_UNREADABLE()
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    return _numbered(csv.reader(StringIO(text, newline=""), delimiter=delimiter))


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise problems.TABLE_UNREADABLE() from error
        number += 1
        yield number, row
