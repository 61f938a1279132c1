"""`manage move`: what is in use, copied to an empty place of either kind, and compared row by row, hash by hash."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Table
from sqlalchemy.engine import Connection

from scripts.backup import BackupError, contents
from scripts.backup.contents import CHUNK, Blobs, Summary
from scripts.backup.loader import Loader, require_empty, shape
from scripts.backup.rows import Tally, encode, read, tables, tally
from server import dialect
from server.storage import Storage


@dataclass(frozen=True, slots=True)
class Place:
    """A database and a file store."""

    engine: Engine
    storage: Storage


class _Nowhere:
    def write(self, data: bytes) -> int:
        """Only the hash of what is read matters."""
        return len(data)


def move(source: Place, target: Place, *, rehearsal: bool = False) -> Summary:
    """Copy everything as it is at one moment; the source is only read. Raises BackupError, OSError.

    The target's rows come last and at once, and are compared before they stay. Unless it is a rehearsal, they stay
    only if nothing came to the source meanwhile.
    """
    told = Summary()
    with target.engine.connect() as connection:
        require_empty(connection)
    with dialect.snapshot(source.engine) as here:
        found = tables(here)
        told.head = contents.head_of(here, found, datetime.now(UTC), with_files=True)
        _files(here, found, source.storage, target.storage, told)
        with target.engine.connect().execution_options(writing=True) as there, there.begin():
            shape(there, told.head["revision"])
            loader = Loader(there, told.head["tables"])
            _rows(here, found, loader, told)
            loader.finish(dialect.last_numbers(here))
            loader.compare(told.tables)
            if not rehearsal:
                _require_unchanged(source, told)
    return told


def _require_unchanged(source: Place, told: Summary) -> None:
    with dialect.snapshot(source.engine) as connection:
        for table in tables(connection):
            if tally(connection, table) != told.tables[table.name]:
                raise BackupError(
                    f"While it was copied, something changed in the old place (table {table.name}): stop every server,"
                    " and try again. The new database is empty as before."
                )


def _rows(here: Connection, found: list[Table], loader: Loader, told: Summary) -> None:
    for table in found:
        own = Tally()
        for row in read(here, table):
            own.add(row)
            loader.add(table.name, row, len(encode(row)))
        told.tables[table.name] = own.told()


def _files(here: Connection, found: list[Table], source: Storage, target: Storage, told: Summary) -> None:
    blobs = Blobs()
    try:
        for table in found:
            if table.name == "blobs":
                for row in read(here, table):
                    blobs.add(row["sha256"])
        for sha256 in blobs:
            size = _copy(source, target, sha256)
            if size is None:
                told.missing.append(sha256)
            else:
                told.files, told.size = told.files + 1, told.size + size
    finally:
        blobs.close()


def _copy(source: Storage, target: Storage, sha256: str) -> int | None:
    nowhere: Any = _Nowhere()
    with tempfile.SpooledTemporaryFile(max_size=CHUNK) as spool:
        size = contents.fetch(source, sha256, spool)
        if size is None:
            return None
        target.put(sha256, spool)  # type: ignore[arg-type]
    if contents.fetch(target, sha256, nowhere) != size:
        raise BackupError(f"The file {sha256} did not arrive as it was sent: is the new store sound?")
    return size
