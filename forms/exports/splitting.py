"""Which choices get a column of their own: what was picked; of what no version of the form knows, not without end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from forms import tree
from forms.exports import columns
from schemas.fields import Field

# Columns of choices that are in a list beside the form, that depend on other answers, or that nobody knows, as anything
# may be sent: of all questions together.
MOST_UNKNOWN = 1000


class Splits:
    """What was picked, of the questions of `fields` that take several choices. `versions`: the fields of each."""

    def __init__(self, fields: Sequence[Field], versions: Iterable[Sequence[Field]]) -> None:
        self._ways = {f"/{'/'.join(way)}": way for way in columns.select_multiples(fields)}
        self._found: dict[str, set[str]] = {path: set() for path in self._ways}
        self._known = _known(versions) if self._ways else {}
        self._room = MOST_UNKNOWN

    def __bool__(self) -> bool:
        """Whether there is any such question."""
        return bool(self._ways)

    def add(self, answers: Mapping[str, Any]) -> None:
        """One more submission."""
        for path, way in self._ways.items():
            found, known = self._found[path], self._known.get(path)
            for choice in columns.picked(answers, way):
                if choice in found:
                    continue
                if known is None or choice not in known:
                    if not self._room:
                        continue
                    self._room -= 1
                found.add(choice)

    def columns(self) -> dict[str, list[str]]:
        """By path, the choices in their order."""
        return {path: sorted(values) for path, values in self._found.items() if values}


def _known(versions: Iterable[Sequence[Field]]) -> dict[str, set[str] | None]:
    """By path, all choices that a version offers; None where one of them leaves open which there are."""
    made: dict[str, set[str] | None] = {}
    for fields in versions:
        for field in fields:
            if field.control != "select" or field.is_container:
                continue
            path = tree.within_root(field.path)
            before = made.get(path, set())
            own = {choice.name for choice in field.choices or ()}
            made[path] = before | own if before is not None and own else None
    return made
