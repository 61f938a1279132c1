"""What changed between two versions of a submission, question by question, from their XML. Pure.

A change is an object with `old`, `new` or both, and the `path` of the node below the root: names, and for a row of a
repeat a pair of its name and its place, from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from forms import tree, xmltree
from forms.alignment import Work, hunks, matched
from schemas.fields import REPEAT, Field

Change = dict[str, Any]
Path = list[Any]
Value = "str | Node | Rows"


@dataclass(slots=True, eq=False)
class Node:
    """A group, a row of a repeat, or the root: its children by name, in their order. `mark` tells contents apart.

    `size`: how many values are in it.
    """

    children: dict[str, Any] = field(default_factory=dict)
    mark: bytes = b""
    size: int = 1


@dataclass(slots=True, eq=False)
class Rows:
    """The rows of a repeat."""

    rows: list[Node] = field(default_factory=list)

    @property
    def mark(self) -> bytes:
        """As that of a node."""
        return _mark(row.mark for row in self.rows)

    @property
    def size(self) -> int:
        """As that of a node."""
        return 1 + sum(row.size for row in self.rows)


def between(fields: Iterable[Field], versions: Sequence[tuple[str, bytes]]) -> dict[str, list[Change]]:
    """The changes that each version made to the one before it, by its instance ID. The first made none.

    `versions`: instance ID and XML, newest first. `fields`: of the form, which say what is a group or a repeat.
    """
    kinds = {tree.within_root(each.path): each.type for each in fields if each.is_container}
    read = [(name, _node(xmltree.parse(xml, limits=xmltree.SUBMISSION), "", kinds)) for name, xml in versions]
    work = Work()
    return {name: _of_nodes(old, new, [], work) for (name, new), (_, old) in zip(read, read[1:], strict=False)}


def _mark(parts: Iterable[bytes]) -> bytes:
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.digest()


def _node(element: Element, path: str, kinds: Mapping[str, str]) -> Node:
    made = Node()
    _fill(made, element, path, kinds)
    for name, value in made.children.items():
        made.mark = _mark((made.mark, name.encode(), value.encode() if isinstance(value, str) else value.mark))
        made.size += 1 if isinstance(value, str) else value.size
    return made


def _fill(made: Node, element: Element, path: str, kinds: Mapping[str, str]) -> None:
    """The children of an element into a node. What is no container to the form is none: its children stand here."""
    for child in element:
        name = xmltree.local(child.tag)
        here = f"{path}/{name}"
        kind = kinds.get(here)
        if kind == REPEAT:
            rows = made.children.setdefault(name, Rows())
            if isinstance(rows, Rows):
                rows.rows.append(_node(child, here, kinds))
        elif kind is not None:
            made.children[name] = _node(child, here, kinds)
        else:
            made.children[name] = child.text or ""
            _fill(made, child, here, kinds)


def _plain(value: Any) -> Any:
    """A value as it is told: an object for a node, a list for rows."""
    if isinstance(value, Node):
        return {name: _plain(child) for name, child in value.children.items()}
    return [_plain(row) for row in value.rows] if isinstance(value, Rows) else value


def _of_nodes(old: Node, new: Node, path: Path, work: Work) -> list[Change]:
    found: list[Change] = []
    for name in dict.fromkeys([*old.children, *new.children]):
        before, after = old.children.get(name), new.children.get(name)
        here = [*path, name]
        if before is None:
            found.append({"new": _plain(after), "path": here})
        elif after is None:
            found.append({"old": _plain(before), "path": here})
        elif isinstance(before, Node) and isinstance(after, Node):
            found += _of_nodes(before, after, here, work) if before.mark != after.mark else []
        elif isinstance(before, Rows) and isinstance(after, Rows):
            found += _of_rows(before.rows, after.rows, path, name, work)
        elif before != after:
            found.append({"old": _plain(before), "new": _plain(after), "path": here})
    return found


def _of_rows(old: list[Node], new: list[Node], path: Path, name: str, work: Work) -> list[Change]:
    """Rows that are there no more, new ones, and changes within those that are the same ones still."""

    def compare(i: int, j: int) -> list[Change]:
        return _of_nodes(old[i], new[j], [*path, [name, i]], work)

    found: list[Change] = []
    for a, b in hunks([row.mark for row in old], [row.mark for row in new], work):
        pairs = matched(a, b, lambda i, j: _weight(compare(i, j)), partial(_may_weigh, old, new, a, b, work))
        longer = b if len(b) > len(a) else a
        there = {pair[longer is b]: pair for pair in pairs}
        for place in longer:
            if place in there:
                found += compare(*there[place])
            elif longer is b:
                found.append({"new": _plain(new[place]), "path": [*path, [name, place]]})
            else:
                found.append({"old": _plain(old[place]), "path": [*path, [name, place]]})
    return found


def _may_weigh(old: list[Node], new: list[Node], a: range, b: range, work: Work) -> bool:
    """Whether there is time to hold all rows of one stretch against all of the other."""
    return work.take(len(b) * sum(old[i].size for i in a) + len(a) * sum(new[j].size for j in b))


def _weight(changes: list[Change]) -> int:
    return sum(_count(change.get("old")) + _count(change.get("new")) for change in changes)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return sum(1 + _count(child) for child in value.values())
    if isinstance(value, list):
        return sum(1 + _count(child) for child in value)
    return 0 if value is None else 1
