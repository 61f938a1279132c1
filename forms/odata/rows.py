"""Stored answers → the JSON rows of an OData table.

A `Rows` is made once for a question (a table and its options) and then asked for each submission.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from forms import tables
from forms.odata import selection
from forms.odata.names import identifier, parent_key
from forms.odata.selection import SYSTEM, Selection
from forms.tables import MAIN, Node, Place
from forms.values import GEO_TYPES, wkt
from schemas import problems
from schemas.fields import GROUP, REPEAT, Field

Json = dict[str, Any]

_NESTED: frozenset[type] = frozenset((dict, list))
_UNRESERVED = "!*'()"  # what encodeURIComponent leaves as it is, beside letters, digits and -_.~


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A group, a repeat or a place. `repeats`: there is a repeat below, so that the place below is asked for."""

    property: str
    type: str
    columns: _Columns
    repeats: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The columns of a group or a table: name, property, and the column itself where it is no plain answer.

    Most answers are plain, most groups hold nothing else, and rows are many.
    """

    all: tuple[tuple[str, str, _Column | None], ...]
    plain: bool


class Rows:
    """One table of a form: `Submissions`, or `Submissions.visits` for a repeat.

    `select` is the text of `$select`, '' or `*` for everything; `expand` puts the rows of repeats inside their parents;
    `as_wkt` writes places as well-known text instead of GeoJSON; with `findings` their columns may be selected, too.
    An unknown table is NOT_FOUND.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        table: str = MAIN,
        *,
        select: str = "",
        expand: bool = False,
        as_wkt: bool = False,
        findings: bool = False,
    ) -> None:
        root = tables.nodes(fields)
        self._way = way(root, table)
        self.parent_key = parent_key(self._way) if self._way else ""
        node = self._way[-1] if self._way else root
        self._selection: Selection | None = None
        if select.strip() not in ("", "*"):
            if expand:
                raise problems.SELECT_WITH_EXPAND()
            self._selection = selection.read(select, node, self.parent_key, findings=findings)
        self._columns = self._read_columns(node)
        self._expand = expand
        self._as_wkt = as_wkt

    def of(self, instance_id: str, answers: Mapping[str, Any] | None, system: Mapping[str, Any]) -> list[Json]:
        """The rows of one submission: one in `Submissions`, any number in a repeat's table.

        `system` goes under `__system`. `answers` is None where they cannot be seen (encrypted).
        """
        return [row for _, row in self.keyed(instance_id, answers, system)]

    def keyed(
        self,
        instance_id: str,
        answers: Mapping[str, Any] | None,
        system: Mapping[str, Any],
        within: str = "",
        only: Container[tuple[int, ...]] | None = None,
    ) -> list[tuple[str, Json]]:
        """As `of`, each with its key, whether that is selected or not.

        `within`: of a repeat, only what lies within the row that has this key, or that row itself. `only`: of a repeat
        the rows at these places, as `tables.Row.at` has them.
        """
        place = Place.of(instance_id)
        if not self._way:
            own = self._own({"__id": instance_id}) | self._system(system)
            return [(instance_id, own if answers is None else own | self._row(self._columns, answers, place))]
        return [
            (
                row.place.row_id,
                self._own({"__id": row.place.row_id, self.parent_key: row.parent_id})
                | self._row(self._columns, row.answers, row.place),
            )
            for row in tables.rows_at(self._way, answers or {}, place)
            if (not within or any(row_id == within for _, row_id in row.place.way)) and (only is None or row.at in only)
        ]

    @property
    def repeats(self) -> list[list[str]]:
        """The names on the way to the table's repeat, from one repeat to the next."""
        return tables.repeats(self._way)

    def _read_columns(self, node: Node) -> _Columns:
        found = tuple(
            (child.name, identifier(child.name), self._read_column(child))
            for child in node.children
            if self._selection is None or child in self._selection.nodes
        )
        return _Columns(found, all(column is None for _, _, column in found))

    def _read_column(self, node: Node) -> _Column | None:
        if node.type not in (GROUP, REPEAT, *GEO_TYPES):
            return None
        below = self._read_columns(node)
        inner = [column for _, _, column in below.all if column is not None]
        repeats = any(column.repeats or column.type == REPEAT for column in inner)
        return _Column(identifier(node.name), node.type, below, repeats)

    def _own(self, values: Json) -> Json:
        if self._selection is None:
            return values
        return {name: value for name, value in values.items() if name in self._selection.own}

    def _system(self, system: Mapping[str, Any]) -> Json:
        if self._selection is None or SYSTEM in self._selection.own:
            return {SYSTEM: dict(system)}
        chosen = {name: value for name, value in system.items() if f"{SYSTEM}/{name}" in self._selection.own}
        return {SYSTEM: chosen} if chosen else {}

    def _row(self, columns: _Columns, answers: Mapping[str, Any], place: Place) -> Json:
        get = answers.get
        row: Json = {}
        if columns.plain:
            row = {property_: get(name) for name, property_, _ in columns.all}
            if _NESTED.isdisjoint(map(type, row.values())):
                return row
        for name, property_, column in columns.all:
            if column is None:
                value = get(name)
                row[property_] = None if value.__class__ in _NESTED else value
            elif column.type == GROUP:
                below = place.group(name) if column.repeats else place
                row[property_] = self._row(column.columns, tables.group(answers, name), below)
            elif column.type == REPEAT:
                self._add_repeat(row, column, tables.repeat(answers, name), place, name)
            else:
                row[property_] = self._place(answers.get(name))
        return row

    def _add_repeat(
        self, row: Json, column: _Column, instances: Sequence[Mapping[str, Any]], place: Place, name: str
    ) -> None:
        if not instances:
            return
        row[f"{column.property}@odata.navigationLink"] = f"{link(place)}/{column.property}"
        if self._expand:
            inner = [place.repeat(name, index) for index in range(len(instances))]
            row[column.property] = [
                {"__id": at.row_id} | self._row(column.columns, instance, at)
                for at, instance in zip(inner, instances, strict=True)
            ]

    def _place(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return None if isinstance(value, list) else value
        if "coordinates" not in value:
            return None  # the version that was answered had a group here
        return wkt(value) if self._as_wkt else value


def way(root: Node, table: str) -> list[Node]:
    """The nodes on the way to a table's repeat, none for `Submissions`. An unknown table is NOT_FOUND."""
    main, *names = table.split(".")
    node = root
    found: list[Node] = []
    for name in names:
        inner = next((child for child in node.children if identifier(child.name) == name), None)
        if inner is None:
            raise problems.NOT_FOUND()
        found.append(inner)
        node = inner
    if main != MAIN or (found and found[-1].type != REPEAT):
        raise problems.NOT_FOUND()
    return found


def link(place: Place) -> str:
    """Where a place is under the service: `Submissions('uuid%3A…')/g/visits('…')`."""
    steps = ((identifier(name), quote(row_id, safe=_UNRESERVED)) for name, row_id in place.way)
    return "/".join(f"{name}('{row_id}')" if row_id else name for name, row_id in steps)
