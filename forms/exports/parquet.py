"""Parquet (https://parquet.apache.org/docs/file-format/): typed columns for analysts; or a ZIP file with all tables.

The few pages of the format that flat tables need are written here: the library weighs more than the whole server.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from forms.exports import columns, thrift
from forms.exports.archive import AS_IS, Archive, Kept
from forms.exports.columns import KEYS, META, SUBMITTED, Table
from forms.exports.csvfile import names
from forms.exports.job import Batches, Job
from forms.exports.tabled import Tables
from forms.exports.thrift import Long

# So many rows are held until they are written together.
GROUP = 5_000
_MAGIC = b"PAR1"
_BOOLEAN, _INT32, _INT64, _DOUBLE, _TEXT = 0, 1, 2, 5, 6
_UTF8, _DATE, _MICROSECONDS = 0, 6, 10
_PLAIN, _RLE, _GZIP = 0, 3, 2
_OPTIONAL = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = date(1970, 1, 1).toordinal()
_MOST = 2**63
MAKER = "donghanh"


class Kind(NamedTuple):
    """A type of cells: as it is stored, what it means, how a value becomes one (None: it is none), how many are
    written."""

    type: int
    meaning: int | None
    read: Callable[[Any], Any]
    plain: Callable[[list[Any]], bytes]


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _day(value: Any) -> int | None:
    try:
        return date.fromisoformat(value).toordinal() - _FIRST
    except (TypeError, ValueError):
        return None


def _moment(value: Any) -> int | None:
    if not isinstance(value, datetime):
        return None
    passed = value - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _text(value: Any) -> bytes | None:
    if isinstance(value, bool):
        return str(value).lower().encode()
    return None if value is None else str(value).encode()


def _bits(values: Sequence[Any]) -> bytes:
    text = "".join("1" if value else "0" for value in reversed(values))
    return int(text or "0", 2).to_bytes((len(values) + 7) // 8, "little")


def _texts(values: list[Any]) -> bytes:
    return b"".join([part for value in values for part in (struct.pack("<I", len(value)), value)])


WHOLE = Kind(_INT64, None, _whole, lambda values: array("q", values).tobytes())
NUMBER = Kind(_DOUBLE, None, _number, lambda values: array("d", values).tobytes())
TRUTH = Kind(_BOOLEAN, None, _truth, _bits)
DAY = Kind(_INT32, _DATE, _day, lambda values: array("i", values).tobytes())
MOMENT = Kind(_INT64, _MICROSECONDS, _moment, lambda values: array("q", values).tobytes())
TEXT = Kind(_TEXT, _UTF8, _text, _texts)
KINDS = {
    **dict.fromkeys(("int", "integer", "long", "choice"), WHOLE),
    "decimal": NUMBER,
    "part": NUMBER,
    "boolean": TRUTH,
    "date": DAY,
}
_META = dict(zip(META, (TEXT, WHOLE, TEXT, WHOLE, WHOLE, TEXT, TEXT, TEXT, WHOLE, TEXT), strict=True))
_NUMBERS = ("Findings",)


class _File:
    """One file, written group by group."""

    def __init__(self, header: Sequence[tuple[str, Kind]]) -> None:
        self._header = _told_apart(header)
        self._rows: list[list[Any]] = []
        self._groups: list[thrift.Struct] = []
        self._at = 0
        self._count = 0

    def begin(self) -> bytes:
        """What each file begins with."""
        return self._written(_MAGIC)

    def add(self, rows: list[list[Any]]) -> bytes:
        """More rows; what there is to write by now."""
        self._rows += rows
        made = b""
        while len(self._rows) >= GROUP:
            group, self._rows = self._rows[:GROUP], self._rows[GROUP:]
            made += self._group(group)
        return made

    def end(self) -> bytes:
        """The rest, and what tells where everything is."""
        made = self._group(self._rows) if self._rows else b""
        root: thrift.Struct = {4: "schema", 5: len(self._header)}
        leaves: list[thrift.Struct] = [
            {1: kind.type, 3: _OPTIONAL, 4: name} | ({} if kind.meaning is None else {6: kind.meaning})
            for name, kind in self._header
        ]
        told: thrift.Struct = {1: 1, 2: [root, *leaves], 3: Long(self._count)}
        # A list that is empty has its kind in its only byte.
        footer = thrift.struct(told | {4: self._groups, 6: MAKER}) if self._groups else _without_rows(told)
        return made + self._written(footer + struct.pack("<I", len(footer)) + _MAGIC)

    def _written(self, data: bytes) -> bytes:
        self._at += len(data)
        return data

    def _group(self, rows: list[list[Any]]) -> bytes:
        chunks, made, start = [], [], self._at
        for (name, kind), cells in zip(self._header, zip(*rows, strict=True), strict=True):
            chunk, data = self._chunk(name, kind, [kind.read(cell) for cell in cells])
            chunks.append(chunk)
            made.append(data)
        self._groups.append({1: chunks, 2: Long(self._at - start), 3: Long(len(rows))})
        self._count += len(rows)
        return b"".join(made)

    def _chunk(self, name: str, kind: Kind, cells: list[Any]) -> tuple[thrift.Struct, bytes]:
        there = [cell for cell in cells if cell is not None]
        content = _levels(cells, len(there)) + kind.plain(there)
        packer = zlib.compressobj(4, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        packed = packer.compress(content) + packer.flush()
        page = {1: len(cells), 2: _PLAIN, 3: _RLE, 4: _RLE}
        head = thrift.struct({1: 0, 2: len(content), 3: len(packed), 5: page})
        lengths = (Long(len(head) + len(content)), Long(len(head) + len(packed)))
        start = Long(self._at)
        about = {1: kind.type, 2: [_PLAIN, _RLE], 3: [name], 4: _GZIP, 5: Long(len(cells)), 6: lengths[0]}
        return {2: start, 3: about | {7: lengths[1], 9: start}}, self._written(head + packed)


def _without_rows(told: thrift.Struct) -> bytes:
    """The footer of a file without groups of rows: field 4 is an empty list of structures."""
    return thrift.struct(told)[:-1] + b"\x19\x0c" + thrift.struct({2: MAKER})


def _levels(cells: Sequence[Any], there: int) -> bytes:
    """Which cells are not empty, as runs or as bits."""
    if there in (0, len(cells)):
        data = thrift.varint(len(cells) << 1) + (b"\x01" if there else b"\x00")
    else:
        groups = (len(cells) + 7) // 8
        data = thrift.varint(groups << 1 | 1) + _bits([cell is not None for cell in cells])
    return struct.pack("<I", len(data)) + data


def _told_apart(header: Sequence[tuple[str, Kind]]) -> list[tuple[str, Kind]]:
    """No two columns with one name: many readers take none of such."""
    made, seen = [], dict[str, int]()
    for name, kind in header:
        seen[name] = seen.get(name, 0) + 1
        made.append((name if seen[name] == 1 else f"{name}~{seen[name]}", kind))
    return made


def _tables(job: Job, *, root_only: bool = False) -> Tables:
    # A moment stays one; all else is read by its kind.
    return Tables(job, lambda source: None, lambda value: value, root_only=root_only)


def _file(made: Tables, table: Table) -> _File:
    own = list(zip(made.names(table), map(_kind, table.columns), strict=True))
    if table.source is not None:
        return _File([*own, *((key, TEXT) for key in KEYS)])
    extras = ((name, WHOLE if name in _NUMBERS else TEXT) for name in made.job.extras)
    return _File([(SUBMITTED, MOMENT), *own, *_META.items(), *extras])


def _kind(column: columns.Column) -> Kind:
    # Choices are told by their labels or codes, whatever type these have.
    chosen = bool(column.source.options) and column.kind != "choice"
    return TEXT if chosen else KINDS.get(column.kind, TEXT)


def write(job: Job, batches: Batches) -> Iterator[bytes]:
    """The submissions, without repeats."""
    made = _tables(job, root_only=True)
    yield from _root(made, batches)


def _root(made: Tables, batches: Batches) -> Iterator[bytes]:
    file = _file(made, made.root)
    yield file.begin()
    for batch in batches:
        yield file.add([made.root_row(record) for record in batch])
    yield file.end()


def write_zip(job: Job, batches: Batches) -> Iterator[bytes]:
    """All tables, each a file."""
    made, archive = _tables(job), Archive()
    beside = [(table, _file(made, table), Kept(job.spool(), AS_IS)) for table in made.repeats]
    for _, file, kept in beside:
        kept.add(file.begin())

    def root() -> Iterator[bytes]:
        for part in _root(made, batches):
            yield part
            for table, file, kept in beside:
                kept.add(file.add(made.rows[table]))
                made.rows[table] = []

    yield from archive.stream(f"{job.name}.parquet", root(), level=AS_IS)
    for name, (_, file, kept) in zip(names(job.form_id, made.repeats, "parquet"), beside, strict=True):
        kept.add(file.end())
        yield from archive.keep(name, kept)
    yield archive.end()
