"""The instances of a repeat as parts of a question to the database: which of them a `$filter` on answers wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, TableValuedAlias, func, literal, select, true

from server import json_values


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """Those that a condition leaves. `steps`: instances from the outermost repeat to the one that is meant.

    `around`: what the condition speaks of besides, which the question around this one has.
    """

    steps: tuple[TableValuedAlias, ...]
    condition: ColumnElement[bool]
    around: tuple[Any, ...]

    @property
    def some(self) -> ColumnElement[bool]:
        """That a submission has one."""
        return self._inside(literal(1)).exists()

    @property
    def many(self) -> ColumnElement[int]:
        """How many a submission has."""
        return self._inside(func.count()).scalar_subquery()

    @property
    def places(self) -> tuple[ColumnElement[int], ...]:
        """Where one stands: its place in its repeat, from 0 on, after those of the repeats around it."""
        return tuple(step.c.key for step in self.steps)

    def joined(self, query: Select[Any]) -> Select[Any]:
        """The query, which has a row for each submission, with one for each of these."""
        for step in self.steps:
            query = query.join(step, true())
        return query.where(self.condition)

    def _inside(self, column: ColumnElement[Any]) -> Select[Any]:
        found: FromClause = self.steps[0]
        for step in self.steps[1:]:
            found = found.join(step, true())
        return select(column).select_from(found).where(self.condition).correlate(*self.around)


def steps(answers: Any, repeats: Sequence[Sequence[str]]) -> tuple[TableValuedAlias, ...]:
    """The instances of a repeat in answers, with their own as `value`. `repeats`: names from one to the next."""
    found: list[TableValuedAlias] = []
    for names in repeats:
        each = json_values.Each(answers, *json_values.ways([names])).table_valued("key", "value")
        answers = each.c.value
        found.append(each)
    return tuple(found)
