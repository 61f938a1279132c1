"""What people read in their language: questions instead of names, choices instead of codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forms.exports.columns import Cells, Column
from schemas.fields import Field

BETWEEN = "; "


def of(labels: Any, language: str) -> str:
    """The text in a language, else in any there is; on one line."""
    return " ".join((labels.get(language) or next(iter(labels.values()), "")).split())


class Labels:
    """Those in one language; where there is none in it, in any."""

    def __init__(self, language: str) -> None:
        self._language = language

    def headers(self, columns: Sequence[Column]) -> list[str]:
        """What columns are called: their questions, and their names where that would not tell them apart."""
        found = [self._header(column) for column in columns]
        return [
            label if label and found.count(label) == 1 else f"{label} ({column.name})" if label else column.name
            for label, column in zip(found, columns, strict=True)
        ]

    def _header(self, column: Column) -> str:
        label = of(column.source.labels, self._language)
        if column.kind == "choice" and label:
            return f"{label}: {self.choices(column.source).get(column.detail, column.detail)}"
        return f"{label}: {column.detail}" if column.kind == "part" and label else label

    def choices(self, source: Field) -> dict[str, str]:
        """The labels of the choices of a question, by code."""
        return {choice.name: of(choice.labels, self._language) or choice.name for choice in source.options}

    def cells(self, source: Field) -> Cells | None:
        """What writes the labels of what was chosen; None where nothing is chosen from choices of the form."""
        known = self.choices(source)
        if not known or source.control not in ("select", "select1", "rank"):
            return None
        if source.control == "select1":
            return lambda value: [known.get(str(value), value) if value is not None else None]

        def several(value: Any) -> list[Any]:
            if not isinstance(value, str):
                return [value]
            return [BETWEEN.join(known.get(each, each) for each in value.split())]

        return several
