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
from sqlalchemy import Connection, DateTime, Engine, Insert, MetaData, Row, Select, Table, TypeDecorator, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from server import batches, dialect, prepared
from server.batches import Pending
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


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})


def init_app(app: Flask, database_url: str, *, threads: int = 16) -> None:
    """Bind the database to the app."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = dialect.pool(database_url, threads)
    db.init_app(app)
    app.teardown_appcontext(lambda _error: _close_reader())
    with app.app_context():
        dialect.prepare(db.engine)


@contextmanager
def writing() -> Iterator[None]:
    """One write transaction. Nested use joins the outer one, which alone commits."""
    session = db.session()
    if session.info.get("writing"):
        yield
        return
    _close_reader()
    # Ends the read that came before, so that the write sees what is true now and, on SQLite, begins as a write.
    session.rollback()
    session.info["writing"] = session.connection(execution_options={"writing": True, **batches.BATCHED})
    g.pop("soon", None)
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("writing", None)


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
    if db.session.registry.has():
        session = db.session()
        if not session.info.get("writing"):
            session.rollback()


def _reader() -> Connection:
    """A plain connection, which is made and given back faster than that of a session."""
    if "reader" not in g:
        g.reader = _readers(db.engine).connect()
    reader: Connection = g.reader
    return reader


@functools.lru_cache(maxsize=4)
def _readers(engine: Engine) -> Engine:
    """The engine, for connections that only read."""
    return engine.execution_options(reading=True)


def _close_reader() -> None:
    reader = g.pop("reader", None)
    if reader is not None:
        reader.close()


def fetch(statement: Select[Any], **values: Any) -> Sequence[Row[Any]]:
    """Rows of plain columns, without the bookkeeping of the session. Nothing pending in it is flushed before."""
    connection = db.session.connection() if db.session.registry.has() else _reader()
    return connection.execute(statement, values).all()


def ask(statement: Select[Any], **values: Any) -> Sequence[Any]:
    """As `fetch`, for statements that are made once for all requests: faster, as they are prepared."""
    if db.session.registry.has():
        writer = db.session().info.get("writing")
        found = prepared.ask_within(writer, statement, values) if writer is not None else None
        return fetch(statement, **values) if found is None else found
    waiting: list[Question] = g.get("soon", [])
    question = next((each for each in waiting if each.statement is statement and each.values == values), None)
    if question is not None and question.rows is not None:
        return question.rows
    question = question or Question(statement, values)
    others = [each for each in waiting if each.rows is None and each is not question]
    if prepared.ask(_reader(), [question, *others]):
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


def _writer() -> Connection:
    writer: Connection = db.session().info["writing"]
    return writer


def known_number(number: Number) -> int:
    """What `insert` gave, as a number. Asked before another row goes into the same table."""
    if isinstance(number, int):
        return number
    return int(_writer().scalar(select(number.expression())) or 0)


def _insert(writer: Connection, model: type[Base], rows: list[dict[str, Any]]) -> Any:
    """The cursor. What stands for a number is a part of the statement."""
    pending = tuple((name, value) for name, value in rows[0].items() if isinstance(value, Pending))
    if pending:
        rows = [{name: value for name, value in row.items() if not isinstance(value, Pending)} for row in rows]
    return prepared.insert(writer, _inserting(cast(Table, model.__table__), pending), rows)


@functools.cache
def _inserting(table: Table, pending: tuple[tuple[str, Pending], ...]) -> Insert:
    statement = table.insert().inline()
    return statement.values({name: value.expression() for name, value in pending}) if pending else statement


def now() -> datetime:
    """The time of what is happening, to the millisecond, as it is stored and shown."""
    value = datetime.now(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)
