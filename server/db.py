"""The database: one session per request, writes that begin as writes, one commit.

Reads open a transaction by themselves and are ended with the request. A verb that changes something is decorated
with `writes`: the outermost one begins, commits or rolls back, those it calls join in.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from flask import Flask, g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    Insert,
    MetaData,
    PoolProxiedConnection,
    Row,
    Select,
    Table,
    TypeDecorator,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from server import batches, dialect, prepared
from server.batches import Pending
from server.here import this_g
from server.prepared import Question

P = ParamSpec("P")
R = TypeVar("R")
# The number of a row, or what stands for it.
Number: TypeAlias = int | Pending

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """A moment in UTC, to the millisecond, as the wire has it. Naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(microsecond=value.microsecond // 1000 * 1000)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """What all tables share: names of constraints, and the types of columns."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={
            int: dialect.WHOLE_TYPE,
            str: dialect.TEXT_TYPE,
            datetime: Utc,
            dict[str, Any]: dialect.JSON_TYPE,
            list[Any]: dialect.JSON_TYPE,
        },
    )


class OneOf(FunctionElement[Any]):
    """`OneOf(column, query.scalar_subquery(), otherwise)`: whether the value is among the few of the query.

    The planner of PostgreSQL takes an average number for the rows of a table of pairs, and reads everything for the
    sake of a few; of an array it expects little. `otherwise` says the same to other databases. It has no type, as a
    truth would be compared with 1, past all indexes.
    """

    inherit_cache = True


@compiles(OneOf)
def _one_of(element: OneOf, compiler: SQLCompiler, **options: Any) -> str:
    _column, _query, otherwise = element.clauses
    return compiler.process(otherwise, **options)


@compiles(OneOf, "postgresql")
def _one_of_array(element: OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, query, _otherwise = element.clauses
    return f"{compiler.process(column, **options)} = ANY (ARRAY{compiler.process(query, **options)})"


# So many statements stay compiled, and half as many again until the oldest go: each takes 70 KB, in each process.
STATEMENTS = 200


class OurSession(Session):
    """Within a write transaction it joins in."""

    def get_bind(self, *args: Any, **options: Any) -> Engine | Connection:
        """The connection that writes, else one of the pool."""
        writer: Connection | None = g.get("writer")
        return super().get_bind(*args, **options) if writer is None else writer


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"class_": OurSession, "expire_on_commit": False, "join_transaction_mode": "control_fully"},
)


def init_app(app: Flask, database_url: str, *, threads: int = 16) -> None:
    """Bind the database to the app."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    kept = {"query_cache_size": STATEMENTS}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = dialect.pool(database_url, threads) | kept
    db.init_app(app)
    app.teardown_appcontext(lambda _error: _close_reader())
    with app.app_context():
        dialect.prepare(db.engine)


@contextmanager
def writing() -> Iterator[None]:
    """One write transaction. Nested use joins the outer one, which alone commits."""
    if "writer" in g:
        yield
        return
    # Ends the read that came before, so that the write sees what is true now and, on SQLite, begins as a write.
    end_read()
    g.pop("soon", None)
    with _engine(db.engine, writing=True, **batches.BATCHED).connect() as writer, writer.begin():
        g.writer = writer
        try:
            yield
            # Where there is a session it commits, with what is pending in it. What phones do needs none.
            if db.session.registry.has():
                db.session.commit()
        except BaseException:
            if db.session.registry.has():
                db.session.rollback()
            raise
        finally:
            g.pop("writer", None)


def writes(verb: Callable[P, R]) -> Callable[P, R]:
    """Run the verb in a write transaction; its result is returned after the commit."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with writing():
            return verb(*args, **kwargs)

    return run


def end_read() -> None:
    """Give the connection back before slow work that needs no database."""
    _close_reader()
    if db.session.registry.has() and "writer" not in g:
        db.session.rollback()


def _reader() -> PoolProxiedConnection:
    """A connection of the driver, which is had and given back faster than the library's."""
    here = this_g()
    if "reader" not in here:
        here.reader = db.engine.raw_connection()
    reader: PoolProxiedConnection = here.reader
    return reader


@functools.lru_cache(maxsize=8)
def _engine(engine: Engine, **options: bool) -> Engine:
    """The engine, for connections that only read, or that write."""
    return engine.execution_options(**options)


def _close_reader() -> None:
    reader = g.pop("reader", None)
    if reader is not None:
        reader.close()


def fetch(statement: Select[Any], **values: Any) -> Sequence[Row[Any]]:
    """Rows of plain columns, without the bookkeeping of the session. Nothing pending in it is flushed before."""
    if "writer" in g or db.session.registry.has():
        connection = g.get("writer") or db.session.connection()
        return connection.execute(statement, values).all()
    _close_reader()
    with _engine(db.engine, reading=True).connect() as connection:
        return connection.execute(statement, values).all()


def ask(statement: Select[Any], **values: Any) -> Sequence[Any]:
    """As `fetch`, for statements that are made once for all requests: faster, as they are prepared."""
    here = this_g()
    if "writer" in here or db.session.registry.has():
        found = prepared.ask_within(here.writer, statement, values) if "writer" in here else None
        return fetch(statement, **values) if found is None else found
    waiting: list[Question] = here.get("soon", [])
    question = next((each for each in waiting if each.statement is statement and each.values == values), None)
    known = question.fresh() if question is not None else None
    if known is not None:
        return known
    question = question or Question(statement, values)
    others = [each for each in waiting if each.rows is None and each is not question]
    if prepared.ask(db.engine, _reader, [question, *others]):
        return question.rows or []
    return fetch(statement, **values)


def soon(statement: Select[Any], **values: Any) -> None:
    """Say what `ask` will be asked soon: a database elsewhere then answers two questions in one round trip."""
    if dialect.is_elsewhere(db.engine):
        g.setdefault("soon", []).append(Question(statement, values))


def insert(model: type[Base], **values: Any) -> Number:
    """One row straight into its table, within the running write transaction.

    Its number, or what stands for it in rows that are inserted next: a database elsewhere need not be awaited for it.
    """
    writer = _writer()
    pending = dialect.pending(writer, cast(Table, model.__table__))
    cursor = _insert(writer, model, [values])
    return pending or int(cursor.lastrowid)


def insert_all(model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Rows straight into their table, within the running write transaction. All have the same columns."""
    if rows:
        _insert(_writer(), model, rows)


def lock(*names: str, shared: str = "") -> None:
    """As `dialect.lock`, within the running write transaction."""
    dialect.lock(_writer(), *names, shared=shared)


def insert_missing(model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows, leaving those alone whose primary key is there already, within the running write transaction."""
    if rows:
        writer = _writer()
        prepared.insert(writer, dialect.inserting_missing(writer.engine, model), dialect.in_key_order(model, rows))


def _writer() -> Connection:
    writer: Connection = g.writer
    return writer


def known_number(number: Number) -> int:
    """What `insert` gave, as a number. Asked before another row goes into the same table."""
    if isinstance(number, int):
        return number
    return int(_writer().scalar(select(number.expression())) or 0)


def _insert(writer: Connection, model: type[Base], rows: list[dict[str, Any]]) -> Any:
    """The cursor. What stands for a number is a part of the statement."""
    pending = tuple([(name, value) for name, value in rows[0].items() if type(value) is Pending])
    if pending:
        rows = [{name: value for name, value in row.items() if type(value) is not Pending} for row in rows]
    return prepared.insert(writer, _inserting(cast(Table, model.__table__), pending), rows)


@functools.cache
def _inserting(table: Table, pending: tuple[tuple[str, Pending], ...]) -> Insert:
    statement = table.insert().inline()
    return statement.values({name: value.expression() for name, value in pending}) if pending else statement


def now() -> datetime:
    """The time of what is happening, to the millisecond, as it is stored and shown."""
    value = datetime.now(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)
