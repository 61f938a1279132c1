"""What expressions walk over: nodes of a submission, and items of secondary instances. Both have the same few verbs.

`kids(name)` are the children of that name ('*' for all) in document order, `attribute(name)` that attribute as nodes,
`parent` what it lies in, `index` its place among its namesakes from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.logic.values import Undecidable

NONE: dict[str, Any] = {}


class Node:
    """A node of a submission, or an attribute of one, whose name begins with `@`.

    `part` is its place in the form's plan, `text` what was sent, '' for nothing.
    """

    __slots__ = ("children", "index", "name", "parent", "part", "text")

    def __init__(self, name: str, part: Any, parent: Node | None, text: str = "", index: int = 0) -> None:
        self.name = name
        self.part = part
        self.parent = parent
        self.text = text
        self.index = index
        self.children: dict[str, list[Node]] = NONE

    def add(self, name: str, part: Any, text: str = "") -> Node:
        """A new child at the end."""
        if self.children is NONE:
            self.children = {}
        kids = self.children.setdefault(name, [])
        child = Node(name, part, self, text, len(kids))
        kids.append(child)
        return child

    def put(self, child: Node) -> Node:
        """A child made elsewhere, the only one of its name."""
        self.children = {child.name: [child]}
        return child

    def forget(self) -> None:
        """Let go of what is below. Parents and children hold each other, and would wait for the garbage collector."""
        for kids in self.children.values():
            for kid in kids:
                if kid.children:
                    kid.forget()
        self.children = NONE

    def kids(self, name: str) -> list[Node]:
        if name == "*":
            return [kid for name, kids in self.children.items() if name[0] != "@" for kid in kids]
        return self.children.get(name, [])

    def attribute(self, name: str) -> list[Node]:
        found = self.children.get(f"@{name}", [])
        if not found and (name == "*" or f"@{name}" in (self.part.attributes or ())):
            raise Undecidable("the attribute was not sent")
        return found


class Unsent(Node):
    """A node around the part of a form that is sent: what else is in it only the phone knows."""

    __slots__ = ()

    def attribute(self, name: str) -> list[Node]:
        raise Undecidable("only a part of the form was sent")

    def kids(self, name: str) -> list[Node]:
        if name not in self.children:
            raise Undecidable("only a part of the form was sent")
        return self.children[name]


class Item:
    """An element with children in a secondary instance. `cells`: name → text of a leaf, or several elements.

    Attributes are cells whose name begins with `@`.
    """

    __slots__ = ("cells", "index", "name", "parent")
    text = ""

    def __init__(self, name: str, parent: Item | None, index: int = 0) -> None:
        self.name = name
        self.parent = parent
        self.index = index
        self.cells: dict[str, str | list[Item | Cell]] = {}

    def kids(self, name: str) -> list[Item | Cell]:
        if name == "*":
            return [kid for each in self.cells if each[0] != "@" for kid in self.kids(each)]
        return self.found(name)

    def attribute(self, name: str) -> list[Item | Cell]:
        return self.found(f"@{name}")

    def found(self, name: str) -> list[Item | Cell]:
        cell = self.cells.get(name)
        if cell is None:
            return []
        return [Cell(name, self, cell)] if isinstance(cell, str) else cell


class Cell:
    """A leaf of a secondary instance, or an attribute."""

    __slots__ = ("index", "name", "parent", "text")

    def __init__(self, name: str, parent: Any, text: str, index: int = 0) -> None:
        self.name = name
        self.parent = parent
        self.text = text
        self.index = index

    def kids(self, name: str) -> list[Item | Cell]:
        return []

    def attribute(self, name: str) -> list[Item | Cell]:
        return []


def row(parent: Item, name: str, cells: Mapping[str, str]) -> Item:
    """A new item with text cells at the end of its parent's."""
    siblings = parent.cells.setdefault(name, [])
    if isinstance(siblings, str):
        siblings = parent.cells[name] = [Cell(name, parent, siblings)]
    item = Item(name, parent, len(siblings))
    item.cells.update(cells)
    siblings.append(item)
    return item
