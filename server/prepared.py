"""Statements that are made once for all requests, straight to the driver of the database.

What the library does anew for every statement — to look up how it was compiled, to set up a transaction and a
result — takes longer than the answer of either database.
"""

from __future__ import annotations

import functools
import time
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Insert, PoolProxiedConnection, Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from server import batches, dialect

Convert = Callable[[Any], Any]
# Seconds after which an answer is asked for anew: between two questions a phone may be sending, which takes minutes.
FRESH = 1.0


@dataclass(slots=True)
class Question:
    """A statement of plain columns with values for it. `rows`: the answer, with the names of the columns."""

    statement: Select[Any]
    values: dict[str, Any]
    rows: Sequence[Any] | None = field(default=None)
    answered: float = field(default=0.0)

    def fresh(self) -> Sequence[Any] | None:
        """The answer, unless there is none or much may have happened since."""
        return self.rows if self.rows is not None and time.monotonic() - self.answered < FRESH else None


class _Prepared:
    """What of a statement is the same each time: its text, and how values are handed over.

    `simple`: it can be sent so. A list of values makes another text each time.
    """

    def __init__(self, statement: Select[Any] | Insert, engine: Engine, columns: tuple[str, ...] | None = None) -> None:
        made: Any = statement.compile(dialect=engine.dialect, column_keys=columns)
        self.simple = not made.post_compile_params and not made.literal_execute_params
        self.text, self._order = dialect.as_sent(engine, made)
        self._always = dict(made.params)
        defaults = {} if columns is None else {column.key: column.default for column in made.insert_prefetch}
        self._defaults = [(name, default.arg) for name, default in defaults.items() if default.is_callable]
        self._always.update({name: default.arg for name, default in defaults.items() if not default.is_callable})
        self._writers = _converters(engine.dialect, {name: bound.type for name, bound in made.binds.items()}, _writer)

    def values(self, given: dict[str, Any]) -> Any:
        """As the driver takes them."""
        named = self._always | given
        for name, default in self._defaults:
            named[name] = default(None)
        for name, convert in self._writers:
            named[name] = convert(named[name])
        return [named[name] for name in self._order]


class _PreparedQuestion(_Prepared):
    def __init__(self, statement: Select[Any], engine: Engine) -> None:
        super().__init__(statement, engine)
        columns = statement.selected_columns
        self._row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
        types = {place: column.type for place, column in enumerate(columns)}
        self._readers = _converters(engine.dialect, types, _reader)

    def rows(self, found: list[tuple[Any, ...]]) -> list[Any]:
        """With names, and the types of the columns."""
        if self._readers:
            return [self._row(*self._read(list(row))) for row in found]
        return [self._row(*row) for row in found]

    def _read(self, row: list[Any]) -> list[Any]:
        for place, convert in self._readers:
            row[place] = convert(row[place])
        return row


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.result_processor(dialect, None)


def _converters(
    dialect: Dialect, types: dict[Any, TypeEngine[Any]], way: Callable[[TypeEngine[Any], Dialect], Convert | None]
) -> list[tuple[Any, Convert]]:
    """Of those that have one."""
    found = [(name, way(kind.dialect_impl(dialect), dialect)) for name, kind in types.items()]
    return [(name, convert) for name, convert in found if convert is not None]


@functools.lru_cache(maxsize=256)
def _question(statement: Select[Any], engine: Engine) -> _PreparedQuestion:
    return _PreparedQuestion(statement, engine)


@functools.lru_cache(maxsize=256)
def _insertion(statement: Insert, engine: Engine, columns: tuple[str, ...]) -> _Prepared:
    return _Prepared(statement, engine, columns)


def ask(engine: Engine, connect: Callable[[], PoolProxiedConnection], questions: list[Question]) -> bool:
    """Fill in the answers, in one round trip. False if they have to be asked the library's way.

    Also false when something goes wrong: asked once more, the library finds a connection that works, or says in its
    own words what is wrong.
    """
    made = [_question(question.statement, engine) for question in questions]
    if not all(each.simple for each in made) or any(map(dialect.is_odd, (question.values for question in questions))):
        return False
    connection = None
    try:
        connection = connect()
        answers = batches.answers(
            connection,
            [(each.text, each.values(question.values)) for each, question in zip(made, questions, strict=True)],
        )
    except engine.dialect.loaded_dbapi.Error:
        if connection is not None:
            connection.invalidate()
        return False
    moment = time.monotonic()
    for each, question, found in zip(made, questions, answers, strict=True):
        question.rows, question.answered = each.rows(found), moment
    return True


def ask_within(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any] | None:
    """The answer within a running write transaction. None if it has to be asked the library's way."""
    made = _question(statement, connection.engine)
    if not made.simple or dialect.is_odd(values):
        return None
    with batches.trouble_told(connection):
        (found,) = batches.answers(connection.connection, [(made.text, made.values(values))])
    return made.rows(found)


def insert(connection: Connection, statement: Insert, rows: list[dict[str, Any]]) -> Any:
    """Rows into a table, within a running write transaction. All have the same columns.

    The cursor: a database elsewhere need not be awaited. What goes wrong there is raised by what is asked next.
    """
    made = _insertion(statement, connection.engine, tuple(rows[0]))
    with batches.trouble_told(connection):
        values = [made.values(row) for row in rows]
        dialect.refuse_odd(connection.engine, values)
        return batches.put(connection, made.text, values)
