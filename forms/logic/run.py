"""One evaluation of a form's logic over one submission: what each node is worth, and whether it is relevant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from forms.logic import moments, standard
from forms.logic.lists import ItemList
from forms.logic.nodes import Cell, Item, Node
from forms.logic.values import EPOCH, LARGEST, Plain, Undecidable, Value, to_number

TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_BUSY = object()
# A calculated text that may be a number, a truth or a moment, and would then count otherwise.
_AMBIGUOUS = re.compile(r"-?[0.]+(?:E-?\d+)?|true|false|\d{1,2}:\d\d.*|\d+-\d+-\d+.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class World:
    """What expressions depend on beside the answers.

    `now` is the phone's local time, `zone` its offset (None where not known), `language` that in which it shows the
    form. `lists` gives a secondary instance by its id, or a form file by `file:<name>`; what it cannot give is
    Undecidable. `label` gives the label of a choice: (path of the select, value, language); `text` a translation:
    (id, language). `standard` is the world of ODK Web Forms, which keeps to XPath where JavaRosa is lenient.
    """

    now: datetime | None = None
    zone: tzinfo | None = None
    language: str = ""
    version: str = ""
    lists: Callable[[str], ItemList] | None = None
    label: Callable[[str, str, str], str] | None = None
    text: Callable[[str, str], str] | None = None
    standard: bool = False


@dataclass(slots=True)
class Effort:
    """How much may still be done for one submission, roughly in nodes that are looked at."""

    left: int = 2_000_000


class Run:
    """The submission seen in one world. Everything is worked out when first asked for, and kept.

    What takes more than the `effort` is Undecidable. `trim`: texts have lost the blanks around them, as those have that
    a phone read again from its disk.
    """

    __slots__ = ("_computed", "_relevant", "_values", "effort", "root", "trim", "world")

    def __init__(self, root: Node, world: World, trim: bool = False, effort: Effort | None = None) -> None:
        self.root = root
        self.world = world
        self.trim = trim
        self.effort = effort or Effort()
        self._relevant: dict[Node, Any] = {}
        self._values: dict[Node, Any] = {}
        self._computed: dict[Node, Any] = {}

    def spend(self, effort: int) -> None:
        """Take from what may be done for this submission."""
        self.effort.left -= effort
        if self.effort.left < 0:
            raise Undecidable("it takes too long to work out")

    def spent(self, nodes: list[Any]) -> list[Any]:
        """The nodes, paid for."""
        self.spend(len(nodes))
        return nodes

    def found(self, node: Node | Item | Cell) -> bool:
        """Whether a path finds a node: in the standard world also what is not relevant, as an empty text."""
        return self.world.standard or self.relevant(node)

    def relevant(self, node: Node | Item | Cell) -> bool:
        """Whether a node counts: its own condition and those of all it lies in hold. May be Undecidable."""
        above: Any = node
        while True:  # what has no condition of its own counts with what it lies in
            if not isinstance(above, Node) or not above.part.conditional:
                return True
            logic = above.part.logic
            if logic is not None and (logic.relevant is not None or logic.uncertain):
                break
            above = above.parent
        node = above
        known = self._relevant.get(node)
        if known is True or known is False:
            return known
        if known is None:
            self._relevant[node] = _BUSY
            known = self._relevant[node] = _kept(lambda: self._is_relevant(node))
        if known is _BUSY:  # a condition that asks for itself: phones see it as it was before
            raise Undecidable("a condition depends on itself")
        if isinstance(known, Undecidable):
            raise known.again()
        return bool(known)

    def _is_relevant(self, node: Node) -> bool:
        if node.parent is not None and not self.relevant(node.parent):
            return False
        logic = node.part.logic
        if logic.uncertain:
            raise Undecidable("a condition is not understood")
        return bool(logic.relevant.truth(self, node))

    def value(self, node: Node | Item | Cell) -> Plain:
        """What a node is worth in an expression, by the type of its bind (`XPathPathExpr.unpackValue`)."""
        text = node.text
        if self.world.standard:
            return standard.text(text if self.relevant(node) else "", self.world.zone)
        if not text or not isinstance(node, Node) or (node.part.plain and not self.trim):
            return text
        known = self._values.get(node)
        if known is None:
            known = self._values[node] = _kept(lambda: self._typed(node, text))
        if type(known) is Undecidable:
            raise known.again()
        return known  # type: ignore[no-any-return]

    def _typed(self, node: Node, text: str) -> Plain:
        kind = node.part.kind
        if kind in ("text", "place"):
            return self._like_computed(node, text)
        if kind == "boolean":
            truth = TRUTHS.get(text.strip().lower())
            if truth is None:
                raise Undecidable("the answer does not fit its type")
            return truth
        return typed(text.strip(), kind, self.world)

    def _like_computed(self, node: Node, text: str) -> Plain:
        """Phones keep what a calculation gave with its kind, though the bind says text; only the text is sent."""
        if node.part.logic is None or node.part.logic.calculate is None:
            return text.strip() if self.trim else text
        if self._computed.get(node) is _BUSY:
            raise Undecidable("a calculation depends on itself")
        try:
            computed = self.computed(node)
            sure = not node.part.logic.calculate.keeps
        except Undecidable:
            computed, sure = text, False
        if not sure and _AMBIGUOUS.fullmatch(text.strip()):
            raise Undecidable("it is not known of which kind the calculated value was")
        if isinstance(computed, bool):
            return TRUTHS.get(text.strip().lower(), text)
        if isinstance(computed, str):
            return text
        try:
            return typed(text.strip(), "number" if isinstance(computed, float) else "dateTime", self.world)
        except Undecidable:
            return text

    def computed(self, node: Node) -> Plain:
        """What the node's calculation gives now. May be Undecidable."""
        known = self._computed.get(node)
        if known is None:
            self._computed[node] = _BUSY
            known = self._computed[node] = _kept(lambda: node.part.logic.calculate.plain(self, node))
        if known is _BUSY:
            raise Undecidable("a calculation depends on itself")
        if isinstance(known, Undecidable):
            raise known.again()
        return known  # type: ignore[no-any-return]


def typed(text: str, kind: str, world: World) -> Plain:
    """A number or a moment from text; what is none is Undecidable: on the phone it cannot have been."""
    found: Plain | None = None
    try:
        if kind in ("number", "whole"):
            found = float(text)
        elif kind == "date":
            found = moments.read(text[:10], world.zone)
        elif kind == "time":
            found = moments.read_time(text.partition("T")[2] or text, world.zone, world.now or EPOCH)
        else:
            found = moments.read(text, world.zone)
    except ValueError:
        found = None
    if found is None or (kind == "whole" and abs(to_number(found)) >= LARGEST):
        raise Undecidable("the answer does not fit its type")
    return found


def _kept(work: Callable[[], Any]) -> Any:
    """The outcome of some work; that it cannot be decided is an outcome too."""
    try:
        return work()
    except Undecidable as reason:
        return reason.again()  # without the frames it came through, which would keep everything alive
    except RecursionError:
        return Undecidable("too much depends on each other")


class Here:
    """Where an expression stands: its node, the node of the whole expression (`current()`), and the place within a
    condition in brackets (from 1, 0 outside)."""

    __slots__ = ("node", "origin", "position", "run")

    def __init__(self, run: Run, node: Any, origin: Any, position: int = 0) -> None:
        self.run = run
        self.node = node
        self.origin = origin
        self.position = position

    def plain(self, value: Value) -> Plain:
        """A value that is no list of nodes: of one node its worth, of none an empty text, of several Undecidable, or
        by the standard the first."""
        if type(value) is not list:
            return value  # type: ignore[no-any-return]
        if not value:
            return ""
        if len(value) > 1 and not self.run.world.standard:
            raise Undecidable("there are several answers where the expression expects one")
        return self.run.value(value[0])

    def plains(self, nodes: list[Any]) -> list[Plain]:
        """The worth of every node of a list."""
        value = self.run.value
        return [value(node) for node in self.run.spent(nodes)]


Evaluate = Callable[[Here], Value]
