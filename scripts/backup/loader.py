"""Puts portable rows into an empty database, in one transaction: what fails leaves it as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Table, bindparam, inspect, types, update
from sqlalchemy.engine import Connection

from scripts.backup import BackupError
from scripts.backup.rows import BACK, OF_THE_PLACE, Row, is_empty, kinds, tables, tally
from server import dialect
from server.actions import upkeep
from server.db import Base

BATCH_ROWS = 200
BATCH_BYTES = 4_000_000


def config(connection: Connection | None = None) -> Config:
    """Where the steps of this code are, and on which connection they are to be run."""
    made = Config()
    made.set_main_option("script_location", str(upkeep.FOLDER).replace("%", "%%"))
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def head() -> str:
    """The revision of the database that this code expects."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def require_known(revision: str) -> None:
    """Raise BackupError unless this code has the steps up to that revision."""
    try:
        ScriptDirectory.from_config(config()).get_revision(revision)
    except CommandError:
        raise BackupError(
            f"This was made by another, probably newer version of Đồng Hành (database revision {revision}):"
            " install that version, and try again."
        ) from None


def require_empty(connection: Connection) -> None:
    """Raise BackupError if there is any row."""
    if not is_empty(connection):
        raise BackupError(
            "The new database is not empty, and nothing is ever overwritten: name another one, or an empty DATA_DIR."
        )


def shape(connection: Connection, revision: str) -> None:
    """Give an empty database the shape of a revision, within the running transaction."""
    require_known(revision)
    require_empty(connection)
    quote = connection.dialect.identifier_preparer.quote
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    names = [table.name for table in reversed(tables(connection))]
    if not set(names) <= set(Base.metadata.tables):
        raise BackupError("In the new database there are tables of another program: name an empty one.")
    for name in [*names, *OF_THE_PLACE.intersection(inspect(connection).get_table_names())]:
        connection.exec_driver_sql(f"DROP TABLE {quote(name)}{cascade}")
    command.upgrade(config(connection), revision)


class Loader:
    """Takes rows table by table, in the order in which they were read."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Mapping[str, str]]) -> None:
        """`wanted`: what each column of each table holds. Raises BackupError where the database differs."""
        self._connection = connection
        there = {table.name: table for table in tables(connection)}
        if {name: kinds(table) for name, table in there.items()} != {name: dict(own) for name, own in wanted.items()}:
            raise BackupError("The tables are not those of the revision that they say they have.")
        self._tables: dict[str, Table] = {name: there[name] for name in wanted}
        self._kinds = wanted
        self._later = _pointing_ahead(self._tables)
        self._missing: dict[str, list[Row]] = {name: [] for name, columns in self._later.items() if columns}
        for table in there.values():
            for column in table.columns:
                if isinstance(column.type, types.JSON):
                    column.type = type(column.type)(none_as_null=True)
        self._name, self._batch, self._bytes = "", list[Row](), 0

    def add(self, name: str, row: Row, size: int = 0) -> None:
        """One more row; `size`: about so many bytes."""
        if name != self._name:
            self.flush()
            self._name = name
        holds = self._kinds[name]
        values = dict.fromkeys(holds)
        values |= {key: BACK.get(holds[key], _same)(value) for key, value in row.items()}
        ahead = {key: values[key] for key in self._later[name] if values[key] is not None}
        if ahead:
            keys = [column.name for column in self._tables[name].primary_key]
            self._missing[name].append(
                {f"key_{key}": values[key] for key in keys} | dict.fromkeys(self._later[name]) | ahead
            )
            values |= dict.fromkeys(ahead)
        self._batch.append(values)
        self._bytes += size
        if len(self._batch) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Put what was taken into its table."""
        if self._batch:
            self._connection.execute(self._tables[self._name].insert(), self._batch)
        self._batch, self._bytes = [], 0

    def finish(self, numbers: Mapping[str, int]) -> None:
        """Fill in what pointed ahead, and see that no number is given twice."""
        self.flush()
        for name, found in self._missing.items():
            table = self._tables[name]
            query = update(table).values({key: bindparam(key) for key in self._later[name]})
            query = query.where(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))
            if found:
                self._connection.execute(query, found)
        dialect.set_last_numbers(self._connection, numbers)

    def compare(self, wanted: Mapping[str, Any]) -> None:
        """Read everything back. Raises BackupError unless count and hash of every table are as they should be."""
        for name, table in self._tables.items():
            if tally(self._connection, table) != wanted[name]:
                raise BackupError(f"The table {name} did not arrive as it was sent. Nothing was changed.")


def _same(value: Any) -> Any:
    return value


def _pointing_ahead(ordered: Mapping[str, Table]) -> dict[str, list[str]]:
    """The columns of each table that point to rows which come later, or to its own."""
    there: set[str] = set()
    found = {}
    for name, table in ordered.items():
        found[name] = sorted({key.parent.name for key in table.foreign_keys if key.column.table.name not in there})
        there.add(name)
    return found
