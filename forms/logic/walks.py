"""Closures that find nodes, for paths that were compiled (`paths`). JavaRosa finds no node that is not relevant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forms.logic.lists import ItemList
from forms.logic.nodes import Node
from forms.logic.run import Evaluate, Here
from forms.logic.syntax import Step
from forms.logic.values import Plain, Undecidable

Walk = Callable[[Here, list[Any]], list[Any]]
Names = tuple[str, ...]


def outside(here: Here, source: str) -> ItemList:
    """A list by its id. Undecidable where it is not there."""
    if here.run.world.lists is None:
        raise Undecidable("the lists are not there")
    return here.run.world.lists(source)


def trail(node: Any, target: Names) -> list[Any]:
    """The nodes from the root down to a node, as far as they are on the way to the target."""
    nodes: list[Any] = []
    while node is not None:
        nodes.append(node)
        node = node.parent
    nodes.reverse()
    same = 0
    while same < min(len(nodes), len(target)) and nodes[same].name == target[same]:
        same += 1
    return nodes[:same]


def climb(ups: int, *, origin: bool = False) -> Callable[[Here], Any]:
    """So many nodes up, from where the expression stands or from where it began (`current()`)."""

    def begin(here: Here) -> Any:
        node = here.origin if origin else here.node
        for _ in range(ups):
            node = node.parent if node is not None else None
        if node is None:
            raise Undecidable("the path leads out of the list")
        return node

    return begin


def by_names(begin: Callable[[Here], Any], names: Names) -> Evaluate:
    """The nodes down a plain path of names."""

    def evaluate(here: Here) -> list[Any]:
        found = [begin(here)]
        for name in names:
            if here.run.world.standard:
                found = [kid for node in found for kid in node.kids(name) or _unsent(node, name)]
            else:
                found = found[0].kids(name) if len(found) == 1 else [kid for node in found for kid in node.kids(name)]
        kept = here.run.found
        return [node for node in here.run.spent(found) if kept(node)]

    return evaluate


def _unsent(node: Any, name: str) -> list[Node]:
    """A node that was not sent since it is not relevant: by the standard it is found all the same."""
    member = node.part.members.get(name) if isinstance(node, Node) and node.part.kind == "branch" else None
    return [] if member is None or member.repeat else [Node(name, member, node)]


def by_world(javarosa: Evaluate, standard: Evaluate) -> Evaluate:
    """JavaRosa keeps an absolute path in the repeat's own instance; by the standard it begins at the root."""
    return lambda here: standard(here) if here.run.world.standard else javarosa(here)


def worth(begin: Callable[[Here], Any], names: Names, nodes: Evaluate) -> Evaluate:
    """As `nodes` and then the worth of the one found, without lists on the way as long as there is one of each name."""

    def evaluate(here: Here) -> Plain:
        run = here.run
        if run.world.standard:
            return here.plain(nodes(here))
        node = begin(here)
        for name in names:
            kids = node.kids(name)
            if len(kids) != 1:
                return here.plain(nodes(here)) if kids else ""
            node = kids[0]
        return run.value(node) if run.relevant(node) else ""

    return evaluate


def step_by(step: Step, predicates: list[Evaluate]) -> Walk:
    """One step of a path, with its conditions."""
    if step.axis == "self":
        return lambda here, nodes: nodes
    if step.axis == "parent":
        return lambda here, nodes: list({id(node.parent): node.parent for node in nodes if node.parent}.values())
    if step.axis == "attribute":
        return lambda here, nodes: [each for node in nodes for each in node.attribute(step.name)]
    if not predicates:
        return lambda here, nodes: [kid for node in nodes for kid in node.kids(step.name)]
    choose = filtered(predicates)
    return lambda here, nodes: [kid for node in nodes for kid in choose(here, node.kids(step.name))]


def filtered(predicates: list[Evaluate]) -> Walk:
    """Those nodes for which conditions hold, one condition after the other."""

    def choose(here: Here, nodes: list[Any]) -> list[Any]:
        for predicate in predicates:
            kept = []
            for place, node in enumerate(here.run.spent(nodes), 1):
                passed = predicate(Here(here.run, node, here.origin, place))
                if not isinstance(passed, bool):  # JavaRosa takes none, other engines count
                    raise Undecidable("a condition in brackets is neither true nor false")
                if passed:
                    kept.append(node)
            nodes = kept
        return nodes

    return choose


def all_at(source: str, names: Names) -> Evaluate:
    """All items of a list at a path."""
    return lambda here: here.run.spent(outside(here, source).at(names))
