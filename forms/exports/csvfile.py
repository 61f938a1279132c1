"""CSV: the submissions alone, or a ZIP file with a table for each repeat, as ODK Central writes them.

With `excel` it is made for spreadsheets: they are told that it is UTF-8, and take no text for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from forms.exports.archive import AS_IS, LEVEL, Archive, Kept
from forms.exports.columns import Cells, Table
from forms.exports.job import Batches, Job, file_name, moment
from forms.exports.tabled import Tables
from schemas.fields import Field

UTF8_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Lines:
    """Rows as lines of text."""

    def __init__(self, header: Sequence[str], *, excel: bool) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\r\n" if excel else "\n")
        self._excel = excel
        if excel:
            self._text.write(UTF8_MARK)
        self.add([list(header)])

    def add(self, rows: Sequence[list[Any]]) -> None:
        """More rows."""
        self._writer.writerows(map(_harmless, rows) if self._excel else rows)

    @property
    def waiting(self) -> int:
        """How many characters there are since the last time."""
        return self._text.tell()

    def take(self) -> bytes:
        """The lines since the last time."""
        data = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return data


def _harmless(row: list[Any]) -> list[Any]:
    """What would be a formula is a text: an apostrophe before it says so."""
    return [f"'{cell}" if cell.__class__ is str and cell.startswith(_FORMULA) else cell for cell in row]


def _dress(source: Field) -> Cells | None:
    return _truth if source.type == "boolean" else None


def _truth(value: Any) -> list[Any]:
    return [str(value).lower() if isinstance(value, bool) else value]


def write(job: Job, batches: Batches) -> Iterator[bytes]:
    """The table of submissions."""
    made = Tables(job, _dress, moment, root_only=True)
    yield from _root(made, batches)


def write_zip(job: Job, batches: Batches) -> Iterator[bytes]:
    """All tables, each a file, and then the media."""
    made = Tables(job, _dress, moment)
    beside = [(table, _lines(made, table), Kept(job.spool())) for table in made.repeats]

    def root() -> Iterator[bytes]:
        for part in _root(made, batches):
            yield part
            for table, lines, kept in beside:
                lines.add(made.rows[table])
                made.rows[table].clear()
                kept.add(lines.take())

    archive = Archive()
    yield from archive.stream(f"{job.name}.csv", root())
    for name, (_, _, kept) in zip(names(job.form_id, made.repeats, "csv"), beside, strict=True):
        yield from archive.keep(name, kept)
    yield from add_media(archive, job)
    yield archive.end()


def _lines(made: Tables, table: Table) -> Lines:
    return Lines(made.header(table), excel=made.job.options.excel)


def _root(made: Tables, batches: Batches) -> Iterator[bytes]:
    lines = _lines(made, made.root)
    yield lines.take()
    for batch in batches:
        lines.add([made.root_row(record) for record in batch])
        yield lines.take()


def names(form_id: str, repeats: Sequence[Table], ending: str) -> list[str]:
    """The files of repeats: `visit-people.csv`; where several have one name, `visit-people~1.csv`."""
    called = [table.source.name if table.source else "" for table in repeats]
    made, seen = [], dict[str, int]()
    for name in called:
        seen[name] = seen.get(name, 0) + 1
        number = f"~{seen[name]}" if called.count(name) > 1 else ""
        made.append(file_name(f"{form_id}-{name}{number}.{ending}"))
    return made


def add_media(archive: Archive, job: Job) -> Iterator[bytes]:
    """The files beside the tables."""
    for media in job.media() if job.media else ():
        yield from archive.stream(media.name, media.parts(), level=LEVEL if media.packed else AS_IS)
