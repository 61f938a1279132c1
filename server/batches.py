"""Write transactions on PostgreSQL in few round trips: what nobody reads the answer of goes along with what follows.

A phone waits for the server, and the server for its database: each wait costs two processes a sleep and a wake-up,
more than most statements do. psycopg's pipeline mode (PostgreSQL 14) takes statements without waiting. `BEGIN` and
the statements marked with `LATER` wait for the next one that is asked something, or for the commit. What goes wrong
with one of them is raised there.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, event, literal_column
from sqlalchemy.exc import DBAPIError

# Options of a connection whose transactions are sent so, and of a statement whose answer nobody reads.
BATCHED = {"batched": True}
LATER = {"later": True}

_BATCH, _LEAVE, _SWOLLEN = "batch", "leave", "swollen"
# The client library keeps the buffer of the longest statement as long as the connection.
_LONG = 1_000_000


@dataclass(frozen=True, slots=True)
class Pending:
    """Stands for the number of the row that this transaction inserted last into a table, which was not awaited."""

    table: str

    def expression(self) -> ColumnElement[int]:
        """As a part of a statement in the same transaction."""
        return literal_column(f"currval('{self.table}_id_seq')")


def prepare(engine: Engine) -> None:
    """Send the write transactions of an engine on PostgreSQL so."""
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _commit)
    event.listen(engine, "rollback", _rollback)
    event.listen(engine, "do_execute", _execute)
    event.listen(engine, "do_executemany", _execute_many)
    event.listen(engine, "checkin", _renew)


def _renew(_connection: Any, record: Any) -> None:
    """A connection that has grown by a long statement is closed, and another one is made when it is needed."""
    if record.info.pop(_SWOLLEN, False):
        record.invalidate()


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("batched"):
        return
    driver = _driver(connection)
    leave = ExitStack()
    connection.info[_BATCH], connection.info[_LEAVE] = leave.enter_context(driver.pipeline()), leave
    with trouble_told(connection):
        driver.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")


def _commit(connection: Connection) -> None:
    """The commit that the library sends afterwards finds nothing to do."""
    if _BATCH in connection.info:
        with trouble_told(connection):
            _driver(connection).execute("COMMIT")
            _end(connection)


def _rollback(connection: Connection) -> None:
    if connection.closed or connection.invalidated or _BATCH not in connection.info:
        return
    dialect: Any = connection.dialect
    with suppress(dialect.dbapi.Error):  # what is rolled back has failed already, or will not be missed
        _end(connection)


def _end(connection: Connection) -> None:
    """Wait for all answers."""
    _send(connection)
    del connection.info[_BATCH]
    connection.info.pop(_LEAVE).close()


def answers(driver: Any, questions: list[tuple[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """The rows that each of some statements with its values finds, in one round trip."""
    with driver.pipeline() if len(questions) > 1 else nullcontext():
        asked = [driver.execute(*question) for question in questions]
        if len(questions) > 1:
            _flush(driver)
    return [cursor.fetchall() for cursor in asked]


def answer(connection: Connection, statement: str, values: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement finds, within a write transaction."""
    with trouble_told(connection):
        cursor = _driver(connection).execute(statement, values)
        if _BATCH in connection.info:
            _send(connection)
            connection.info[_BATCH].sync()
        return cursor.fetchall()


def put(connection: Connection, statement: str, rows: list[Any]) -> Any:
    """Run a statement with each of some values within a write transaction; nobody reads an answer. The cursor."""
    with trouble_told(connection):
        cursor = _driver(connection).cursor()
        if len(rows) > 1:
            cursor.executemany(statement, rows)
            return cursor
        if _is_long(rows[0]):
            connection.info[_SWOLLEN] = True
        cursor.execute(statement, rows[0])
        return cursor


@contextmanager
def trouble_told(connection: Connection) -> Iterator[None]:
    """Tell what goes wrong at the driver as the library does."""
    kind = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except kind as error:
        gone = connection.dialect.is_disconnect(error, _driver(connection), None)
        if gone:
            connection.invalidate(error)
        told = DBAPIError.instance(
            None, None, error, kind, hide_parameters=True, connection_invalidated=gone, dialect=connection.dialect
        )
        raise told from error


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _is_long(values: Any) -> bool:
    parts = values.values() if isinstance(values, dict) else values
    return any(isinstance(value, (bytes, str)) and len(value) > _LONG for value in parts)


def _send(connection: Connection) -> None:
    _flush(_driver(connection))


def _flush(driver: Any) -> None:
    """Hand all of it to the system. psycopg waits for the answer even while a part of a long statement, which did not
    fit into the buffer of the socket, is still with the client: both sides would wait for ever."""
    ready = select.poll()
    ready.register(driver.fileno(), select.POLLIN | select.POLLOUT)
    while driver.pgconn.flush():
        if any(what & select.POLLIN for _, what in ready.poll()):
            driver.pgconn.consume_input()


def _execute(cursor: Any, statement: str, values: Any, context: Any) -> bool:
    """Called instead of the library's own way. Whether it was done."""
    if not _is_batched(context):
        return False
    if _is_long(values or ()):
        context.root_connection.info[_SWOLLEN] = True
    cursor.execute(statement, values)
    _answer(context)
    return True


def _execute_many(cursor: Any, statement: str, values: Any, context: Any) -> bool:
    if not _is_batched(context):
        return False
    cursor.executemany(statement, values)
    _answer(context)
    return True


def _is_batched(context: Any) -> bool:
    return bool(context.execution_options.get("batched")) and _BATCH in context.root_connection.info


def _answer(context: Any) -> None:
    connection = context.root_connection
    if not context.execution_options.get("later"):
        _send(connection)
        connection.info[_BATCH].sync()
