"""Statements for PostgreSQL in few round trips: what nobody reads the answer of goes along with what follows.

A phone waits for the server, and the server for its database: each wait costs two processes a sleep and a wake-up,
more than most statements do. In the pipeline mode of PostgreSQL's library, statements are sent without waiting. `BEGIN`
and what is `put` wait for the next question, or for the commit, and leave together. What goes wrong with one of them
is raised there. The driver's own pipeline sends each statement by itself, and looks at it anew each time.
"""

from __future__ import annotations

import re
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Engine, PoolProxiedConnection, event, literal_column
from sqlalchemy.exc import DBAPIError

# Options of a connection whose transactions are sent so.
BATCHED = {"batched": True}

_BATCH = "batch"
# The client library keeps the buffer of the longest batch as long as the connection.
_LONG = 1_000_000
# What says that a prepared statement is not what it was: tables were changed, or somebody in between mixes connections.
_OUTDATED = ("26000", "0A000")
_NAMED = re.compile(r"%(?:\((\w+)\)s|%)")


@dataclass(frozen=True, slots=True)
class Pending:
    """Stands for the number of the row that this transaction inserted last into a table, which was not awaited."""

    table: str

    def expression(self) -> ColumnElement[int]:
        """As a part of a statement in the same transaction."""
        return literal_column(f"currval('{self.table}_id_seq')")


def numbered(statement: str) -> tuple[str, list[str]]:
    """A statement with `%(name)s` for its values as the server takes it, and which value is `$1`, `$2`, …"""
    names: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%"

    return _NAMED.sub(place, statement), list(names)


class Batch:
    """The statements that wait on one connection, and the names under which it knows them.

    Values are sent as text, and the server knows of what type: so a statement is the same whatever its values are.
    """

    def __init__(self, driver: Any, library: Any) -> None:
        self._driver, self._server, self._library = driver, driver.pgconn, library
        self._adapt = library.adapt.Transformer(driver)
        self._poll = select.poll()
        self._poll.register(self._server.socket, select.POLLIN)
        self._waiting: list[tuple[bytes, Sequence[Any], list[int]]] = []
        self._size = 0
        self._prepared: dict[bytes, bytes] = {}
        self._number = 0
        # A transaction was begun here.
        self.open = False
        # The connection is not to be used again.
        self.spent = False

    def begin(self) -> None:
        """Begin a transaction that writes, with the first statement."""
        self.open = True
        self.add("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")

    def commit(self) -> None:
        """Nothing is sent where nothing was done."""
        if not self.open:
            self._leave()
        elif len(self._waiting) == 1 and self.is_idle():
            self._forget()
        else:
            self.add("COMMIT")
            self.run()
        self.open = False

    def give_up(self) -> None:
        """Roll back. Raises nothing: where the connection is lost, so is the transaction."""
        self._forget()
        if self.open and not self.is_idle():
            self.add("ROLLBACK")
            with suppress(self._library.Error):
                self.run()
        self._leave()
        self.open = False

    def _leave(self) -> None:
        """At the end of a transaction that is not ours the driver may throw away all that is prepared, silently."""
        self.spent = self.spent or not self.is_idle()

    def is_idle(self) -> bool:
        """Whether no transaction runs."""
        return bool(self._server.transaction_status == self._library.pq.TransactionStatus.IDLE)

    def _forget(self) -> None:
        self._waiting, self._size = [], 0

    def add(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Let a statement wait for `run`. Too many that wait are sent."""
        auto = self._library.adapt.PyFormat
        text, binary = auto.TEXT, auto.BINARY
        forms = [binary if type(value) is bytes else text for value in values]
        made = self._adapt.dump_sequence(values, forms)
        self._waiting.append((statement.encode(), made, self._adapt.formats or []))
        self._size += sum(map(len, filter(None, made)))
        if self._size > _LONG:
            self.spent = True
            self.run()

    def run(self) -> list[list[tuple[Any, ...]]]:
        """Send what waits; the rows that each statement found. Raises the driver's errors, of the first that failed."""
        if not self._waiting:
            return []
        waiting = self._waiting
        self._forget()
        self._server.enter_pipeline_mode()
        try:
            new, asked = self._send(waiting)
            results = self._results()
        finally:
            with suppress(self._library.Error):  # a connection that is lost, as is raised already
                self._server.exit_pipeline_mode()
        self._raise_first(results)
        self._prepared |= new
        found = [self._rows(result) for result, is_asked in zip(results, asked, strict=True) if is_asked]
        self._adapt.set_pgresult(None)
        return found

    def _send(self, waiting: list[tuple[bytes, Sequence[Any], list[int]]]) -> tuple[dict[bytes, bytes], list[bool]]:
        """The names of what is prepared now, and of each result to come whether it is of a question."""
        new: dict[bytes, bytes] = {}
        server, asked = self._server, []
        for statement, values, forms in waiting:
            name = self._prepared.get(statement) or new.get(statement)
            if name is None:
                self._number += 1
                new[statement] = name = b"batch_%d" % self._number
                server.send_prepare(name, statement)
                asked.append(False)
            server.send_query_prepared(name, values, forms)
            asked.append(True)
        server.pipeline_sync()
        self._flush()
        return new, asked

    def _flush(self) -> None:
        """Hand all of it to the system. What is long does not fit into the buffer of the socket, and answers come while
        it goes out."""
        ready = select.poll()
        while self._server.flush():
            ready.register(self._server.socket, select.POLLIN | select.POLLOUT)
            if any(what & select.POLLIN for _, what in ready.poll()):
                self._server.consume_input()

    def _results(self) -> list[Any]:
        """All of them; fewer where the connection is lost."""
        found: list[Any] = []
        server, library = self._server, self._library.pq
        while True:
            while server.is_busy():
                self._poll.poll()
                server.consume_input()
            result = server.get_result()
            if result is not None and result.status == library.ExecStatus.PIPELINE_SYNC:
                return found
            if result is not None:
                found.append(result)
            elif server.status == library.ConnStatus.BAD:
                return found

    def _raise_first(self, results: list[Any]) -> None:
        failed = self._library.pq.ExecStatus.FATAL_ERROR
        for result in results:
            if result.status == failed:
                error = self._library.errors.error_from_result(result)
                self.spent = self.spent or error.sqlstate in _OUTDATED
                raise error
        if self._server.status == self._library.pq.ConnStatus.BAD:
            raise self._library.OperationalError("the connection is lost")

    def _rows(self, result: Any) -> list[tuple[Any, ...]]:
        if not result.nfields:
            return []
        self._adapt.set_pgresult(result)
        rows: list[tuple[Any, ...]] = self._adapt.load_rows(0, result.ntuples, tuple)
        return rows


def prepare(engine: Engine) -> None:
    """Send the write transactions of an engine on PostgreSQL so."""
    event.listen(engine, "connect", lambda driver, record: _set_up(engine, driver, record))
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _commit)
    event.listen(engine, "rollback", _rollback)
    event.listen(engine, "do_execute", _before)
    event.listen(engine, "do_executemany", _before)
    event.listen(engine, "reset", _reset)
    event.listen(engine, "checkin", _renew)


def _set_up(engine: Engine, driver: Any, record: Any) -> None:
    record.info[_BATCH] = Batch(driver, engine.dialect.loaded_dbapi)


def _of(connection: Connection) -> Batch:
    return cast(Batch, connection.info[_BATCH])


def _renew(_connection: Any, record: Any) -> None:
    """A connection that has grown by a long statement is closed, and another one is made when it is needed."""
    if _BATCH in record.info and record.info[_BATCH].spent:
        record.invalidate()


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("batched"):
        _of(connection).begin()


def _commit(connection: Connection) -> None:
    """The commit that the library sends afterwards finds nothing to do."""
    with trouble_told(connection):
        _of(connection).commit()


def _rollback(connection: Connection) -> None:
    if not connection.closed and not connection.invalidated:
        _of(connection).give_up()


def _reset(_driver: Any, record: Any, _state: Any) -> None:
    """After a commit that failed, the library only gives the connection back."""
    if _BATCH in record.info and not record.info[_BATCH].is_idle():
        record.info[_BATCH].give_up()


def _before(_cursor: Any, _statement: str, values: Any, context: Any) -> None:
    """What waits comes before what the library sends."""
    if context.execution_options.get("batched"):
        batch = _of(context.root_connection)
        batch.run()
        batch.spent = batch.spent or _is_long(values or ())


def _is_long(values: Any) -> bool:
    """Also of several rows of values."""
    parts = values.values() if isinstance(values, dict) else values
    return any(_is_long(value) if isinstance(value, dict) else len(value) > _LONG
               for value in parts if isinstance(value, (bytes, str, dict)))  # fmt: skip


def answers(connection: PoolProxiedConnection, questions: Sequence[tuple[str, Any]]) -> list[list[tuple[Any, ...]]]:
    """The rows that each of some statements with its values finds, in one round trip."""
    batch: Batch | None = connection.info.get(_BATCH)
    if batch is None:
        driver: Any = connection.driver_connection
        return [driver.execute(*question).fetchall() for question in questions]
    for question in questions:
        batch.add(*question)
    return batch.run()[-len(questions) :]


def put(connection: Connection, statement: str, rows: list[Any]) -> Any:
    """Run a statement with each of some values within a write transaction; nobody reads an answer. The cursor, where
    it is not awaited None."""
    batch: Batch | None = connection.info.get(_BATCH)
    if batch is not None:
        for row in rows:
            batch.add(statement, row)
        return None
    driver: Any = connection.connection.driver_connection
    return driver.executemany(statement, rows) if len(rows) > 1 else driver.execute(statement, rows[0])


@contextmanager
def trouble_told(connection: Connection) -> Iterator[None]:
    """Tell what goes wrong at the driver as the library does."""
    kind = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except kind as error:
        gone = connection.dialect.is_disconnect(error, connection.connection.driver_connection, None)
        if gone:
            connection.invalidate(error)
        told = DBAPIError.instance(
            None, None, error, kind, hide_parameters=True, connection_invalidated=gone, dialect=connection.dialect
        )
        raise told from error
