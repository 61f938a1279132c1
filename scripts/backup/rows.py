"""Rows in a portable form: out of a database of either kind, and how two databases are known to hold the same.

Tables are found by looking at the database, never by the models: a backup before a migration meets an older shape.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, cast, collate, select, types
from sqlalchemy.engine import Connection

from scripts.backup import BackupError

# What belongs to the place and not to the data: which steps were run, and who does upkeep here.
OF_THE_PLACE = frozenset({"alembic_version", "leases"})
AT_ONCE = 200
Row = dict[str, Any]

# The first that fits: what a column holds, whatever the database calls its type.
KINDS: tuple[tuple[str, type[types.TypeEngine[Any]]], ...] = (
    ("json", types.JSON),
    ("flag", types.Boolean),
    ("moment", types.DateTime),
    ("date", types.Date),
    ("bytes", types.LargeBinary),
    ("whole", types.Integer),
    ("number", types.Float),
    ("text", types.String),
)


def kind(column: Column[Any]) -> str:
    """What the column holds. Raises BackupError for a type that nobody has thought of yet."""
    for name, wanted in KINDS:
        if isinstance(column.type, wanted):
            return name
    raise BackupError(f"The column {column.table.name}.{column.name} is of a kind that backups do not know.")


def kinds(table: Table) -> dict[str, str]:
    """What each column of the table holds."""
    return {column.name: kind(column) for column in table.columns}


def tables(connection: Connection) -> list[Table]:
    """The tables that hold data, those that others point to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    left = [table for name, table in sorted(metadata.tables.items()) if name not in OF_THE_PLACE]
    placed: list[Table] = []
    while left:
        there = {table.name for table in placed}
        free = [table for table in left if not _waits(table, there, must=False)]
        # Two that point at each other: first the one that may do so later.
        chosen = free or [table for table in left if not _waits(table, there, must=True)][:1]
        if not chosen:
            raise BackupError("The tables point at each other in a way that backups do not know.")
        placed += chosen
        left = [table for table in left if table not in chosen]
    return placed


def _waits(table: Table, there: set[str], *, must: bool) -> bool:
    return any(
        key.column.table.name not in there and key.column.table is not table and not (must and key.parent.nullable)
        for key in table.foreign_keys
    )


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row."""
    return all(
        connection.execute(select(1).select_from(table).limit(1)).first() is None for table in tables(connection)
    )


def _moment(value: datetime) -> str:
    aware = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.isoformat().replace("+00:00", "Z")


OUT: dict[str, Callable[[Any], Any]] = {
    "json": json.loads,
    "flag": bool,
    "moment": _moment,
    "date": date.isoformat,
    "bytes": lambda value: base64.b64encode(value).decode(),
    "whole": int,
    "number": float,
    "text": str,
}
BACK: dict[str, Callable[[Any], Any]] = {
    # A JSON null is not the same as no value.
    "json": lambda value: types.JSON.NULL if value is None else value,
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
    "bytes": base64.b64decode,
}


def read(connection: Connection, table: Table) -> Iterator[Row]:
    """All rows by their key, a few at a time. What is NULL is left out."""
    holds = kinds(table)
    # JSON as text: only so a JSON null can be told from none, and numbers come as they are.
    columns = [
        cast(column, Text).label(column.name) if holds[column.name] == "json" else column for column in table.columns
    ]
    query = select(*columns).order_by(*(_ordered(connection, column) for column in table.primary_key))
    readers = [(column.name, OUT[holds[column.name]]) for column in table.columns]
    for found in connection.execute(query.execution_options(yield_per=AT_ONCE)):
        yield {name: out(value) for (name, out), value in zip(readers, found, strict=True) if value is not None}


def _ordered(connection: Connection, column: Column[Any]) -> Any:
    """Text by its bytes, in every database."""
    if connection.dialect.name == "postgresql" and isinstance(column.type, types.String):
        return collate(column, "C")
    return column


def encode(row: Row) -> bytes:
    """A row as a line."""
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass")


def decode(line: bytes) -> Row:
    """The row of a line."""
    found: Row = json.loads(line.decode("utf-8", "surrogatepass"))
    return found


def _canonical(row: Row) -> bytes:
    return json.dumps(_plain(row), sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """Without what a database may change in JSON: the order of keys (sorted later), and 1e2 for 100."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(slots=True)
class Tally:
    """How many rows a table has, and the SHA-256 over all of them in the order of their keys."""

    rows: int = 0
    _sha256: Any = field(default_factory=hashlib.sha256)

    def add(self, row: Row) -> None:
        """One more row."""
        self.rows += 1
        self._sha256.update(_canonical(row) + b"\n")

    def told(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {"rows": self.rows, "sha256": self._sha256.hexdigest()}


def tally(connection: Connection, table: Table) -> dict[str, Any]:
    """Count and hash of a table as it is."""
    found = Tally()
    for row in read(connection, table):
        found.add(row)
    return found.told()
