"""A form's fields as flat tables: one row for each submission, and a table for each repeat.

The names of columns and the keys of rows are those of ODK Central's CSV. What is in a cell is a format's business:
it gives a `Dress`, which says how the answers to a question become cells; most need nothing done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forms import tables, tree
from forms.tables import Node
from forms.values import GEO_TYPES
from schemas.fields import GROUP, REPEAT, Field

POINT = ("Latitude", "Longitude", "Altitude", "Accuracy")
KEYS = ("PARENT_KEY", "KEY")
SUBMITTED = "SubmissionDate"
META = (
    "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState",
    "DeviceID", "Edits", "FormVersion",
)  # fmt: skip
_NESTED: frozenset[type] = frozenset((dict, list))
Cells = Callable[[Any], list[Any]]
# What to make of the answers to a question; None where they are cells as they are.
Dress = Callable[[Field], Cells | None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind` is the type of its cells: that of the field, or `part` of a place, `choice` of a split."""

    name: str
    kind: str
    source: Field
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Plain:
    """Neighbours whose answers are cells as they are."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Special:
    name: str
    cells: Cells


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    name: str
    parts: tuple[_Plain | _Special | _Group, ...]


@dataclass(slots=True, eq=False)
class Table:
    """A table. `source` is its repeat, None for the submissions themselves; `way` leads there from the table around."""

    source: Field | None
    way: tuple[str, ...] = ()
    columns: list[Column] = field(default_factory=list)
    inner: list[Table] = field(default_factory=list)
    parts: tuple[Any, ...] = ()

    def row(self, answers: Mapping[str, Any]) -> list[Any]:
        """The cells of one row, without those of its keys."""
        row = _filled(self.parts, answers)
        if _NESTED.isdisjoint(map(type, row)):
            return row
        # The version that was answered had a group, or a place, where there is a question now.
        return [None if value.__class__ in _NESTED else value for value in row]

    def all(self) -> Iterator[Table]:
        """This one and those below, outer before inner."""
        yield self
        for table in self.inner:
            yield from table.all()


def _filled(parts: Sequence[Any], answers: Mapping[str, Any]) -> list[Any]:
    row: list[Any] = []
    get = answers.get
    for part in parts:
        if part.__class__ is _Plain:
            row += map(get, part.names)
        elif part.__class__ is _Group:
            row += _filled(part.parts, tables.group(answers, part.name))
        else:
            row += part.cells(get(part.name))
    return row


def rows_below(table: Table, key: str, answers: Mapping[str, Any], found: Mapping[Table, list[list[Any]]]) -> None:
    """Add the rows of the repeats in a row to the lists of their tables, its `key` being known."""
    for inner in table.inner:
        around, prefix = answers, key
        for name in inner.way[:-1]:
            around, prefix = tables.group(around, name), f"{prefix}/{name}"
        name, rows = inner.way[-1], found[inner]
        make, deep = inner.row, bool(inner.inner)
        for number, instance in enumerate(tables.repeat(around, name), 1):
            own = f"{prefix}/{name}[{number}]"
            row = make(instance)
            row += (key, own)
            rows.append(row)
            if deep:
                rows_below(inner, own, instance, found)


class Planner:
    """Lays out the tables of a form. `root_only`: without repeats."""

    def __init__(
        self,
        dress: Dress,
        *,
        group_paths: bool = True,
        splits: Mapping[str, Sequence[str]] | None = None,
        root_only: bool = False,
    ) -> None:
        self._dress, self._group_paths, self._root_only = dress, group_paths, root_only
        self._splits = splits or {}

    def tables(self, fields: Sequence[Field]) -> Table:
        """The table of submissions, with those of repeats below."""
        root = Table(None)
        root.parts = self._parts(tables.nodes(fields), root, ())
        return root

    def _parts(self, node: Node, table: Table, way: tuple[str, ...]) -> tuple[Any, ...]:
        """`way`: the groups between the table and the node."""
        parts: list[Any] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                parts.append(_Plain(tuple(plain)))
                plain.clear()

        for child in node.children:
            source = child.source
            if source is None:
                continue
            if source.type == REPEAT:
                self._add_repeat(child, source, table, (*way, source.name))
            elif source.type == GROUP:
                flush()
                parts.append(_Group(source.name, self._parts(child, table, (*way, source.name))))
            elif cells := self._column(source, table, way):
                flush()
                parts.append(_Special(source.name, cells))
            else:
                plain.append(source.name)
        flush()
        return tuple(parts)

    def _add_repeat(self, node: Node, source: Field, table: Table, way: tuple[str, ...]) -> None:
        if self._root_only:
            return
        inner = Table(source, way)
        table.inner.append(inner)
        inner.parts = self._parts(node, inner, ())

    def _column(self, source: Field, table: Table, way: tuple[str, ...]) -> Cells | None:
        """Add the columns of a question; what makes their cells, where something must."""
        name = "-".join((*way, source.name)) if self._group_paths else source.name
        if source.type == "geopoint":
            table.columns += [Column(f"{name}-{part}", "part", source, part) for part in POINT]
            return point
        table.columns.append(Column(name, source.type, source))
        choices = self._splits.get(tree.within_root(source.path)) if source.control == "select" else None
        dress = self._dress(source)
        if choices is None:
            return dress
        table.columns += [Column(f"{name}/{choice}", "choice", source, choice) for choice in choices]
        return _split(choices, dress)


def point(value: Any) -> list[Any]:
    """Latitude, longitude, altitude and accuracy of a place."""
    if not isinstance(value, dict) or value.get("type") != "Point":
        return [value if isinstance(value, str) else None, None, None, None]
    position = value["coordinates"]
    accuracy = (value.get("properties") or {}).get("accuracy")
    return [position[1], position[0], position[2] if len(position) > 2 else None, accuracy]


def _split(choices: Sequence[str], dress: Cells | None) -> Cells:
    places = {choice: number for number, choice in enumerate(choices)}

    def cells(value: Any) -> list[Any]:
        row = [0] * len(choices)
        for choice in value.split() if isinstance(value, str) else ():
            if choice in places:
                row[places[choice]] = 1
        return [*(dress(value) if dress else [value]), *row]

    return cells


def line(value: Any) -> list[Any]:
    """Places as ODK writes them: `21.0 105.8 0.0 0.0;21.1 105.9 0.0 0.0`."""
    if not isinstance(value, dict) or not isinstance(value.get("coordinates"), list):
        return [value if isinstance(value, str) else None]
    if value.get("type") == "Point":
        cells = point(value)
        return [" ".join(str(cell) for cell in cells if cell is not None)]
    rings = value["coordinates"]
    positions = rings[0] if value.get("type") == "Polygon" else rings
    accuracies = (value.get("properties") or {}).get("accuracies") or [None] * len(positions)
    return [";".join(map(_position, positions, accuracies))]


def _position(position: Sequence[float], accuracy: float | None) -> str:
    numbers = [position[1], position[0], *position[2:3], *([accuracy] if accuracy is not None else ())]
    return " ".join(map(str, numbers))


def is_place(source: Field) -> bool:
    """Whether the answers are places."""
    return source.type in GEO_TYPES


def select_multiples(fields: Sequence[Field]) -> list[tuple[str, ...]]:
    """The ways to the questions of which several choices are picked: names below the root."""
    return [_steps(source) for source in fields if source.control == "select" and not source.is_container]


def _steps(source: Field) -> tuple[str, ...]:
    return tuple(tree.within_root(source.path).strip("/").split("/"))


def picked(answers: Mapping[str, Any], way: Sequence[str]) -> Iterator[str]:
    """What was picked at the end of the way, in whatever repeats it is."""
    value = answers.get(way[0])
    if len(way) == 1:
        yield from value.split() if isinstance(value, str) else ()
    elif isinstance(value, dict):
        yield from picked(value, way[1:])
    elif isinstance(value, list):
        for row in value:
            if isinstance(row, dict):
                yield from picked(row, way[1:])
