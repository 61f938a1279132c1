"""A form's answers as tables: `Submissions`, and one for each repeat, with keys that stay the same for ever.

The key of a repeat's row is Central's: a SHA-1 over the instance ID and the names and positions on the way to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forms import tree
from schemas.fields import GROUP, REPEAT, Field

MAIN = "Submissions"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A field and what is below it. `source` is None for the root."""

    source: Field | None
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the node, '' for the root."""
        return self.source.name if self.source else ""

    @property
    def type(self) -> str:
        """The field's type; the root is a structure."""
        return self.source.type if self.source else GROUP


@dataclass(frozen=True, slots=True)
class Place:
    """Where answers stand.

    `trail` is what keys are made from, `row_id` the id of the row the answers belong to, `way` how to get there from
    `Submissions`: names, each with the id of its row, '' for a group.
    """

    trail: str
    row_id: str
    way: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, instance_id: str) -> Place:
        """The place of a submission itself."""
        return cls(f"{MAIN}#{instance_id}", instance_id, ((MAIN, instance_id),))

    def group(self, name: str) -> Place:
        """Inside a group."""
        return Place(f"{self.trail}%%{name}#", self.row_id, (*self.way, (name, "")))

    def repeat(self, name: str, index: int) -> Place:
        """Inside the repeat instance with this zero-based index."""
        trail = f"{self.trail}%%{name}#{index}"
        row_id = hashlib.sha1(trail.encode(), usedforsecurity=False).hexdigest()
        return Place(trail, row_id, (*self.way, (name, row_id)))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a repeat's table. `at`: its place in its repeat, from 0 on, after those of the repeats around it."""

    place: Place
    parent_id: str
    answers: Mapping[str, Any]
    at: tuple[int, ...]


def nodes(fields: Iterable[Field]) -> Node:
    """The fields of a form, in document order, as a tree."""
    root = Node(None)
    known: dict[str, Node] = {}
    for one in fields:
        node = known[one.path] = Node(one)
        known.get(tree.parent(one.path), root).children.append(node)
    return root


def repeats(way: Iterable[Node]) -> list[list[str]]:
    """The names on the way to a repeat, from one repeat to the next."""
    found: list[list[str]] = [[]]
    for node in way:
        found[-1].append(node.name)
        if node.type == REPEAT:
            found.append([])
    return found[:-1]


def rows_at(
    way: Sequence[Node], answers: Mapping[str, Any], place: Place, around: tuple[int, ...] = ()
) -> Iterator[Row]:
    """Every row of the repeat at the end of the way."""
    node, rest = way[0], way[1:]
    if node.type != REPEAT:
        yield from rows_at(rest, group(answers, node.name), place.group(node.name), around)
        return
    for index, row in enumerate(repeat(answers, node.name)):
        inner = place.repeat(node.name, index)
        if rest:
            yield from rows_at(rest, row, inner, (*around, index))
        else:
            yield Row(inner, place.row_id, row, (*around, index))


def group(answers: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The answers of a group; none where it was not sent, or was no group in the version that was answered."""
    inner = answers.get(name)
    return inner if isinstance(inner, dict) else {}


def repeat(answers: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The instances of a repeat; what was a group in the version that was answered counts as one."""
    inner = answers.get(name)
    if isinstance(inner, dict):
        return [inner]
    return [row for row in inner if isinstance(row, dict)] if isinstance(inner, list) else []
