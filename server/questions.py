"""Questions to the database that are asked with nearly every request, straight to its driver.

Each is made once. What the library does anew for every statement — to look up how it was compiled, to set up a
transaction and a result — takes longer than the answer of either database.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Select
from sqlalchemy.sql.compiler import SQLCompiler

from server import batches


@dataclass(slots=True)
class Question:
    """A statement of plain columns with values for it. `rows`: the answer, with the names of the columns."""

    statement: Select[Any]
    values: dict[str, Any]
    rows: Sequence[Any] | None = field(default=None)


class _Form:
    """What of a statement is the same each time: its text, the order of its values, how columns are read."""

    def __init__(self, statement: Select[Any], engine: Engine) -> None:
        compiled: SQLCompiler = statement.compile(dialect=engine.dialect)
        columns = statement.selected_columns
        self.text = str(compiled)
        self.always = dict(compiled.params)
        self.order = compiled.positiontup
        # Lists of values make another text each time.
        self.simple = not compiled.post_compile_params and not compiled.literal_execute_params
        self._row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
        readers = [column.type.dialect_impl(engine.dialect) for column in columns]
        self._readers = [
            (place, reader)
            for place, reader in enumerate(kind.result_processor(engine.dialect, None) for kind in readers)
            if reader is not None
        ]

    def values(self, given: dict[str, Any]) -> Any:
        """As the driver takes them."""
        named = self.always | given
        return named if self.order is None else [named[name] for name in self.order]

    def rows(self, found: list[tuple[Any, ...]]) -> list[Any]:
        """With names, and the types of the columns."""
        if self._readers:
            return [self._row(*self._read(list(row))) for row in found]
        return [self._row(*row) for row in found]

    def _read(self, row: list[Any]) -> list[Any]:
        for place, reader in self._readers:
            row[place] = reader(row[place])
        return row


@functools.lru_cache(maxsize=256)
def _form(statement: Select[Any], engine: Engine) -> _Form:
    return _Form(statement, engine)


def ask(connection: Connection, questions: list[Question]) -> bool:
    """Fill in the answers, in one round trip. False if they have to be asked the library's way.

    Also false when something goes wrong: asked once more, the library finds a connection that works, or says in its
    own words what is wrong.
    """
    engine = connection.engine
    forms = [_form(question.statement, engine) for question in questions]
    if not all(form.simple for form in forms) or any(map(_is_odd, questions)):
        return False
    try:
        answers = batches.answers(
            connection.connection.driver_connection,
            [(form.text, form.values(question.values)) for form, question in zip(forms, questions, strict=True)],
        )
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()
        return False
    for form, question, found in zip(forms, questions, answers, strict=True):
        question.rows = form.rows(found)
    return True


def _is_odd(question: Question) -> bool:
    """Whether a value may not be one that each database can hold."""
    return any(isinstance(value, str) and "\0" in value for value in question.values.values())
