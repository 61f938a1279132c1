"""The few places where SQLite and PostgreSQL differ. Nobody else asks which one it is.

Of a PostgreSQL nothing is asked but what each transaction can hold by itself, so that a pooler may stand in between.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import select as sockets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Engine, Index, Integer, String, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.schema import Table
from sqlalchemy.sql.dml import Insert

from server import batches
from server.batches import Pending

JSON_TYPE = JSON().with_variant(JSONB(), "postgresql")
# Whole numbers have 64 bits on both. SQLite numbers rows by itself only where the type is called INTEGER.
WHOLE_TYPE = BigInteger().with_variant(Integer(), "sqlite")
# Text is compared byte by byte on both, whatever the locale of the server.
TEXT_TYPE = String().with_variant(String(collation="C"), "postgresql")
LOCK_WAIT = 20  # seconds
# A database that cannot be reached is told within seconds, whether it refuses or is silent.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "donghanh",
}
# The one character that text on PostgreSQL cannot have: SQLite does not take it either.
NO_NUL = "text with the character NUL"
_JSON_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Only what begins as a write can write.
SESSION = {
    "timezone": "UTC",
    "lock_timeout": f"{LOCK_WAIT}s",
    "idle_in_transaction_session_timeout": "5min",
    "default_transaction_read_only": "on",
}


def pool(database_url: str, threads: int) -> dict[str, Any]:
    """How connections are kept: one for each thread, the warm one first."""
    options: dict[str, Any] = {"pool_size": threads, "max_overflow": threads, "pool_use_lifo": True}
    options["hide_parameters"] = True  # what people wrote stays out of messages, and so out of logs
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        options["json_serializer"] = _to_json
    else:
        # A read sees what is committed at each question, in a transaction or not: without, two round trips are saved.
        options["isolation_level"] = "AUTOCOMMIT"
        options["connect_args"] = {name: value for name, value in PATIENCE.items() if name not in url.query}
    return options


def _to_json(value: Any) -> str:
    made = json.dumps(value, ensure_ascii=False)
    if _JSON_NUL.search(made):
        raise sqlite3.DataError(NO_NUL)
    return made


def prepare(engine: Engine) -> None:
    """Set what each connection needs (design 5.8): durable commits, foreign keys, writes that begin as writes."""
    if engine.dialect.name == "sqlite":
        _prepare_file(engine)
    else:
        _prepare_server(engine)


def _prepare_file(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN would make every write start as a read.
        connection.isolation_level = None
        try:
            wait = f"busy_timeout={LOCK_WAIT * 1000}"
            for setting in (wait, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {setting}").close()
        except sqlite3.Error as error:  # a file that is no database; as any other trouble of a database
            raise DatabaseError("PRAGMA", None, error) from error

    @event.listens_for(engine, "before_cursor_execute")
    def fit(_connection: Connection, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if is_odd(values):
            raise DataError(statement, None, sqlite3.DataError(NO_NUL))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("reading"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


def is_odd(value: Any) -> bool:
    """Whether a value, or one of several, is text that not every database can hold."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return False
    return any(map(is_odd, value))


def refuse_odd(engine: Engine, values: list[Any]) -> None:
    """Raise what the driver says of such text; a file would take it."""
    if not is_elsewhere(engine) and is_odd(values):
        raise sqlite3.DataError(NO_NUL)


def _prepare_server(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        calls = ", ".join(["set_config(%s, %s, false)"] * len(SESSION))
        before, connection.autocommit = connection.autocommit, True
        connection.execute(f"SELECT {calls}", [part for pair in SESSION.items() for part in pair])
        connection.autocommit = before

    @event.listens_for(engine, "checkout")
    def still_there(connection: Any, _record: Any, _proxy: Any) -> None:
        if not _is_open(connection):
            raise DisconnectionError("the server closed the connection")

    batches.prepare(engine)

    @event.listens_for(engine, "set_connection_execution_options")
    def begin(_connection: Connection, options: dict[str, Any]) -> None:
        if options.get("writing") and not options.get("batched"):
            options.update(isolation_level="READ COMMITTED", postgresql_readonly=False)


def _is_open(connection: Any) -> bool:
    """Whether the server has not gone away. It is seen without a round trip, so that no request fails of it."""
    try:
        poll = sockets.poll()
        poll.register(connection.fileno(), sockets.POLLIN)
        for _ in range(3):
            if not poll.poll(0):
                return True
            connection.pgconn.consume_input()  # what it said meanwhile, perhaps a good-bye
    except connection.OperationalError:
        pass
    return False


def index_where(name: str, *columns: str, condition: str, unique: bool = False) -> Index:
    """An index over the rows that meet a condition."""
    return Index(name, *columns, unique=unique, sqlite_where=text(condition), postgresql_where=text(condition))


@functools.cache
def inserting_missing(engine: Engine, model: type[DeclarativeBase]) -> Insert:
    """A statement that leaves rows alone whose primary key is there already."""
    maker = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
    return maker(cast(Table, model.__table__)).inline().on_conflict_do_nothing()


def in_key_order(model: type[DeclarativeBase], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by their primary key, so that of two who insert the same at the same moment neither waits in a circle."""
    keys = [column.name for column in inspect(model).primary_key]
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def as_sent(engine: Engine, made: Any) -> tuple[str, list[str]]:
    """A compiled statement as `batches` takes it, and the names of its values in their order."""
    return batches.numbered(str(made)) if is_elsewhere(engine) else (str(made), made.positiontup)


def is_elsewhere(engine: Engine) -> bool:
    """Whether every answer has to be waited for."""
    return engine.dialect.name != "sqlite"


def pending(connection: Connection, table: Table) -> Pending | None:
    """What stands for the number of the row that is inserted next; None where that is known without waiting for it."""
    return Pending(table.name) if is_elsewhere(connection.engine) else None


def may_try_again(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed at once: it met others, or a connection that was there no more."""
    code = getattr(error.orig, "sqlstate", None)
    # PostgreSQL's serialization_failure, deadlock_detected, admin_shutdown.
    return error.connection_invalidated or code in ("40001", "40P01", "57P01")


_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"
_LOCK_SHARED = (
    "SELECT pg_advisory_xact_lock_shared($2::bigint),"
    " (SELECT count(pg_advisory_xact_lock(key)) FROM unnest($1::bigint[]) AS key)"
)


def lock(where: Session | Connection, *names: str, shared: str = "") -> None:
    """Within a write transaction: wait until no other one holds any of the names, then hold them to its end.

    `shared` comes first, and may be held by many who all call it shared. What is asked afterwards waits for it, and
    sees what the others did. A file has one writer at a time anyway.
    """
    connection = where if isinstance(where, Connection) else where.connection()
    if not is_elsewhere(connection.engine):
        return
    if shared:
        batches.put(connection, _LOCK_SHARED, [[_keys(names), *_keys((shared,))]])
    else:
        batches.put(connection, _LOCK, [[_keys(names)]])


def _keys(names: tuple[str, ...]) -> list[int]:
    """Numbers of 64 bits for names, in an order that is everybody's, so that nobody waits in a circle."""
    digests = (hashlib.blake2b(name.encode(errors="replace"), digest_size=8).digest() for name in set(names))
    return sorted(int.from_bytes(digest, signed=True) for digest in digests)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One consistent read of the whole database, as it is now, while others write."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # the moment is that of the first read
        else:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            _be_patient(connection)
        yield connection
        connection.rollback()


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[None]:
    """One process at a time, on whatever machine: the others wait as long as it takes.

    On SQLite it holds nothing: what must be alone there begins as a write and looks again.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect() as connection:
        connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=True)
        _be_patient(connection)
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s::bigint)", (_keys((name,))[0],))
        yield
        connection.rollback()


def _be_patient(connection: Connection) -> None:
    """For a transaction that waits, or is quiet, for minutes."""
    connection.exec_driver_sql(
        "SELECT set_config('lock_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)"
    )


_SEQUENCES = """
SELECT relname, sequence, pg_sequence_last_value(sequence::regclass)
FROM (
    SELECT relname, pg_get_serial_sequence(quote_ident(relname), attname) AS sequence
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relkind = 'r' AND pg_table_is_visible(pg_class.oid) AND attname = 'id' AND NOT attisdropped
) AS numbered
WHERE sequence IS NOT NULL
"""


def last_numbers(connection: Connection) -> dict[str, int]:
    """The highest number ever given to a row, by table: also of rows that are gone. Tables without any are left out."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence WHERE seq > 0")
        return {table: int(number) for table, number in rows}
    return {table: int(number) for table, _, number in connection.exec_driver_sql(_SEQUENCES) if number}


def set_last_numbers(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Give no number again that was given where these rows come from. Never goes back."""
    known = last_numbers(connection)
    ahead = {table: number for table, number in numbers.items() if number > known.get(table, 0)}
    if connection.dialect.name == "sqlite":
        for table, number in ahead.items():
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
    else:
        sequences = {table: sequence for table, sequence, _ in connection.exec_driver_sql(_SEQUENCES)}
        for table, number in ahead.items():
            connection.exec_driver_sql("SELECT setval(%s::text::regclass, %s)", (sequences[table], number))
