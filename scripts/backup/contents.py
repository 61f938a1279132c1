"""What is in a backup: rows as they were at one moment, then the files that they name. A tar, written as a stream.

`head.json` comes first (what a reader must know before the rows), `manifest.json` last (counts and hashes).
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from alembic.migration import MigrationContext
from sqlalchemy import Engine, Table
from sqlalchemy.engine import Connection

from scripts.backup import BackupError
from scripts.backup.rows import Row, Tally, decode, encode, kinds, read, tables
from scripts.backup.sealed import BLOCK, DAMAGED, END, header, padding
from server import dialect
from server.storage import Storage

FORMAT = 1
HEAD, SECRET, MANIFEST = "head.json", "secret.key", "manifest.json"
CHUNK = 1 << 20
# Of what is read into memory whole: a chunk of rows is one megabyte, or one row.
MOST = 1 << 30


@dataclass(slots=True)
class Summary:
    """What was found: rows of each table, files, and the files that rows name and the store does not have whole."""

    head: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: int = 0
    size: int = 0
    missing: list[str] = field(default_factory=list)
    last_numbers: dict[str, int] = field(default_factory=dict)
    secret_key: str = ""

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(int(told["rows"]) for told in self.tables.values())

    def manifest(self) -> dict[str, Any]:
        """As it is kept in the backup."""
        files = {"count": self.files, "size": self.size, "missing": self.missing}
        return {"tables": self.tables, "files": files, "last_numbers": self.last_numbers}


def head_of(connection: Connection, found: list[Table], moment: datetime, *, with_files: bool) -> dict[str, Any]:
    """What a reader must know before the rows. Raises BackupError for a database without tables."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None or not found:
        raise BackupError("There is nothing to back up yet: the database has no tables.")
    return {
        "format": FORMAT,
        "made_at": moment.isoformat(),
        "revision": revision,
        "files": with_files,
        "tables": {table.name: kinds(table) for table in found},
    }


class Blobs:
    """The hashes of the files that rows name, kept on disk: there may be millions."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `close`)

    def add(self, sha256: str) -> None:
        """One more."""
        self._file.write(bytes.fromhex(sha256))

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        while found := self._file.read(32):
            yield found.hex()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def write(
    engine: Engine, storage: Storage | None, secret_key: str, moment: datetime, told: Summary
) -> Generator[bytes, None, None]:
    """The whole backup, in pieces. Without a storage, of the database alone. `told` is filled on the way."""
    blobs, stamp = Blobs(), int(moment.timestamp())
    try:
        with dialect.snapshot(engine) as connection:
            found = tables(connection)
            told.head = head_of(connection, found, moment, with_files=storage is not None)
            yield from _entry(HEAD, json.dumps(told.head, indent=1).encode(), stamp)
            yield from _entry(SECRET, secret_key.encode(), stamp)
            yield from _rows(connection, found, blobs, told, stamp)
            told.last_numbers = dialect.last_numbers(connection)
        if storage is not None:
            yield from _files(storage, blobs, told, stamp)
        yield from _entry(MANIFEST, json.dumps(told.manifest(), indent=1).encode(), stamp)
        yield END
    finally:
        blobs.close()


def _entry(name: str, data: bytes, moment: int) -> Iterator[bytes]:
    yield header(name, len(data), moment) + data + padding(len(data))


def _rows(connection: Connection, found: list[Table], blobs: Blobs, told: Summary, moment: int) -> Iterator[bytes]:
    for table in found:
        tally, lines, size, number = Tally(), list[bytes](), 0, 0
        for row in read(connection, table):
            tally.add(row)
            lines.append(encode(row))
            size += len(lines[-1])
            if table.name == "blobs":
                blobs.add(row["sha256"])
            if size >= CHUNK:
                number += 1
                yield from _entry(f"rows/{table.name}/{number:06}.jsonl", b"".join(lines), moment)
                lines, size = [], 0
        if lines:
            yield from _entry(f"rows/{table.name}/{number + 1:06}.jsonl", b"".join(lines), moment)
        told.tables[table.name] = tally.told()


def _files(storage: Storage, blobs: Blobs, told: Summary, moment: int) -> Iterator[bytes]:
    for sha256 in blobs:
        with tempfile.SpooledTemporaryFile(max_size=CHUNK) as spool:
            size = fetch(storage, sha256, spool)
            if size is None:
                told.missing.append(sha256)
                continue
            yield header(f"files/{sha256}", size, moment)
            spool.seek(0)
            while data := spool.read(CHUNK):
                yield data
            yield padding(size)
            told.files, told.size = told.files + 1, told.size + size


def fetch(storage: Storage, sha256: str, into: Any) -> int | None:
    """Copy a stored file; its size. None for one that is not there, or not what it is called."""
    try:
        with storage.open(sha256) as stream:
            size, found = _copy(stream, into)
    except FileNotFoundError:
        return None
    return size if found == sha256 else None


def _copy(stream: BinaryIO, into: Any) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while data := stream.read(CHUNK):
        digest.update(data)
        into.write(data)
        size += len(data)
    return size, digest.hexdigest()


OnHead = Callable[[dict[str, Any]], None]
OnRow = Callable[[str, Row, int], None]
OnFile = Callable[[str, BinaryIO], None]


def through(
    stream: BinaryIO, *, on_head: OnHead | None = None, on_row: OnRow | None = None, on_file: OnFile | None = None
) -> Summary:
    """Read a backup to its end, each row and each file held against its hash. Raises BackupError for any difference.

    `on_file` gets only files that are what they are called.
    """
    found, tallies, manifest = Summary(), dict[str, Tally](), None
    for name, size in _entries(stream):
        place, _, rest = name.partition("/")
        if place == "files":
            _take_file(stream, rest, size, on_file)
            found.files, found.size = found.files + 1, found.size + size
            continue
        data = _exactly(stream, size) if size < MOST else b""
        if name == HEAD:
            found.head = _require_format(json.loads(data))
            tallies = {table: Tally() for table in found.head["tables"]}
            if on_head is not None:
                on_head(found.head)
        elif name == SECRET:
            found.secret_key = data.decode()
        elif place == "rows":
            _take_rows(data, rest.partition("/")[0], tallies, on_row)
        elif name == MANIFEST:
            manifest = json.loads(data)
        _exactly(stream, -size % BLOCK)
    found.tables = {table: tally.told() for table, tally in tallies.items()}
    return _agreeing(found, manifest)


def _require_format(head: dict[str, Any]) -> dict[str, Any]:
    if head["format"] != FORMAT:
        raise BackupError("This backup was made by a newer version of Đồng Hành: install that one, and try again.")
    return head


def _agreeing(found: Summary, manifest: dict[str, Any] | None) -> Summary:
    if manifest is None:
        raise BackupError(DAMAGED)
    files = {"count": found.files, "size": found.size, "missing": manifest["files"]["missing"]}
    named = found.tables.get("blobs", {"rows": 0})["rows"] if found.head["files"] else 0
    if manifest["tables"] != found.tables or manifest["files"] != files or found.files + len(files["missing"]) != named:
        raise BackupError("What is in the backup is not what it says of itself: use another one.")
    found.missing, found.last_numbers = manifest["files"]["missing"], manifest["last_numbers"]
    return found


def _take_rows(data: bytes, table: str, tallies: dict[str, Tally], on_row: OnRow | None) -> None:
    for line in data.splitlines(keepends=True):
        row = decode(line)
        tallies[table].add(row)
        if on_row is not None:
            on_row(table, row, len(line))


def _take_file(stream: BinaryIO, sha256: str, size: int, on_file: OnFile | None) -> None:
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(max_size=CHUNK) as spool:
        left = size
        while left:
            data = _exactly(stream, min(left, CHUNK))
            digest.update(data)
            left -= len(data)
            if on_file is not None:
                spool.write(data)
        if digest.hexdigest() != sha256:
            raise BackupError("An attachment in the backup is not what it is called: use another one.")
        if on_file is not None:
            spool.seek(0)
            on_file(sha256, spool)  # type: ignore[arg-type]
    _exactly(stream, -size % BLOCK)


def _entries(stream: BinaryIO) -> Iterator[tuple[str, int]]:
    """Name and size of each file in a tar; whoever asks for the next one has read it, and what pads it."""
    while (block := _exactly(stream, BLOCK)) != b"\0" * BLOCK:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        yield info.name, info.size
    while stream.read(CHUNK):
        pass


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size) if size else b""
    if len(data) != size:
        raise BackupError(DAMAGED)
    return data
