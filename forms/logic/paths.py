"""Paths → closures that find nodes, as JavaRosa's `TreeReference.contextualize` and `expandReference` do.

What a path names need not be there: then nothing is found. An absolute path inside a repeat stays in the repeat's own
instance as far as both have the same names. Nodes that are not relevant are not found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from forms.logic.brackets import conditions, keyed, split
from forms.logic.functions.registry import PHONE
from forms.logic.run import Evaluate, Here
from forms.logic.syntax import Call, Expression, Path, Step, Text, Unsupported
from forms.logic.values import to_index
from forms.logic.walks import Names, Walk, all_at, by_names, by_world, climb, filtered, outside, step_by, trail, worth

_LAST_SAVED = "__last-saved"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands in the form: the names from the root down to its node, None inside a list.

    `origin` is the same for the whole expression (`current()`).
    """

    place: Names | None
    origin: Names


@dataclass(slots=True)
class PathCompiler(ABC):
    """Compiles paths. `known` are the paths of the form's nodes; `needs` and `lists` gather what a rule depends on."""

    known: frozenset[str]
    needs: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)

    @abstractmethod
    def plain(self, tree: Expression, scope: Scope) -> Evaluate:
        """A closure for any expression whose value is never a list of nodes."""

    def nodes(self, path: Path, scope: Scope) -> Evaluate:
        """A closure that gives the relevant nodes at a path."""
        if isinstance(path.start, Call) and path.start.name == "instance":
            return self._in_list(path.start, path.steps, scope)
        if path.start == "root" and _shares(path.steps, scope.place):
            return by_world(self._nodes(path, scope), self._nodes(path, replace(scope, place=None)))
        return self._nodes(path, scope)

    def _nodes(self, path: Path, scope: Scope) -> Evaluate:
        begin, steps, place = self._start(path, scope)
        if not any(step.predicates or step.axis != "child" or step.name == "*" for step in steps):
            self._walks(steps, scope, place)
            return by_names(begin, tuple(step.name for step in steps))
        walks = self._walks(steps, scope, place)

        def evaluate(here: Here) -> list[Any]:
            found = [begin(here)]
            for walk in walks:
                found = here.run.spent(walk(here, found))
            return [node for node in found if here.run.found(node)]

        return evaluate

    def single(self, path: Path, scope: Scope) -> Evaluate:
        """A closure that gives the worth of the one node at a path, '' where there is none."""
        nodes = self.nodes(path, scope)
        if isinstance(path.start, Call) and path.start.name == "instance":
            return lambda here: here.plain(nodes(here))
        begin, steps, _ = self._start(path, scope)
        if any(step.predicates or step.axis != "child" or step.name == "*" for step in steps):
            return lambda here: here.plain(nodes(here))
        return worth(begin, tuple(step.name for step in steps), nodes)

    def _start(self, path: Path, scope: Scope) -> tuple[Callable[[Here], Any], tuple[Step, ...], Names | None]:
        """Where to begin, the steps that are left, and the place where they begin."""
        if path.start == "root":
            return self._from_root(path.steps, scope.place)
        if isinstance(path.start, Call) and path.start.name != "current":
            raise Unsupported("a path from %(function)s() is not supported", function=path.start.name)
        origin = path.start != "here"
        place = scope.origin if origin else scope.place
        ups, used = 0, 0
        for step in path.steps:
            if step.axis not in ("parent", "self") or step.predicates:
                break
            ups, used = ups + (step.axis == "parent"), used + 1
        if place is not None:
            if ups >= len(place):
                raise Unsupported("the path leads out of the form")
            place = place[: len(place) - ups]
        return climb(ups, origin=origin), path.steps[used:], place

    def _from_root(
        self, steps: tuple[Step, ...], place: Names | None
    ) -> tuple[Callable[[Here], Any], tuple[Step, ...], Names]:
        shared = 0
        for step, name in zip(steps, place or (), strict=False):
            if step.axis != "child" or step.predicates or step.name != name:
                break
            shared += 1
        if place is not None and shared:
            return climb(len(place) - shared), steps[shared:], place[:shared]
        if steps[0].axis != "child" or steps[0].predicates or f"/{steps[0].name}" not in self.known:
            raise Unsupported("a path that begins with something else than the form's root is not supported")
        return (lambda here: here.run.root), steps[1:], (steps[0].name,)

    def _walks(self, steps: tuple[Step, ...], scope: Scope, place: Names | None) -> list[Walk]:
        walks: list[Walk] = []
        for step in steps:
            if step.axis == "child" and place is not None:
                place = (*place, step.name)
            elif step.axis == "parent" and place is not None:
                place = place[:-1]
                if not place:
                    raise Unsupported("the path leads out of the form")
            inner = replace(scope, place=place)
            walks.append(step_by(step, [self.plain(predicate, inner) for predicate in step.predicates]))
        return walks

    def _in_list(self, start: Call, steps: tuple[Step, ...], scope: Scope) -> Evaluate:
        """`instance('id')/root/item[…]/name`: JavaRosa does not look at the name of the root."""
        source = start.arguments[0] if len(start.arguments) == 1 else None
        if not isinstance(source, Text) or not steps or steps[0].predicates:
            raise Unsupported("instance() is only supported with one name and a path")
        name = source.value
        if name == _LAST_SAVED:
            self.needs.add(PHONE)
        self.lists.add(name)
        before, first, after = split(steps[1:])
        inner = replace(scope, place=None)
        find = all_at(name, before) if first is None else self._having(name, before, first, inner)
        walks = self._walks(after, scope, None)

        def evaluate(here: Here) -> list[Any]:
            found: list[Any] = find(here)
            for walk in walks:
                found = walk(here, found)
            return found

        return evaluate

    def _having(self, source: str, before: Names, step: Step, scope: Scope) -> Evaluate:
        """Items with conditions: by an index where one says that a cell equals something known beforehand."""
        names = (*before, step.name)
        walk = filtered([self.plain(predicate, scope) for predicate in step.predicates])
        indexed = keyed(step.predicates[0])
        every = all_at(source, names)
        if indexed is None:
            return lambda here: walk(here, every(here))
        cell, key = indexed
        key_of = self.plain(key, scope)
        alone = len(step.predicates) == 1 and conditions(step.predicates[0]) == [step.predicates[0]]

        def evaluate(here: Here) -> list[Any]:
            wanted = key_of(Here(here.run, None, here.origin))
            if not isinstance(wanted, str | float) or isinstance(wanted, bool):
                return walk(here, every(here))
            found = here.run.spent(outside(here, source).having(names, cell, wanted))
            return list(found) if alone and isinstance(wanted, str) else walk(here, found)

        return evaluate

    def indexed_repeat(self, call: Call, scope: Scope) -> Evaluate:
        """`indexed-repeat(node, repeat, number, …)`: the node in the repeat's instance with that number, at least 1."""
        arguments = call.arguments
        if len(arguments) not in (3, 5, 7, 9, 11) or not all(isinstance(each, Path) for each in arguments[::2][:1]):
            raise Unsupported("indexed-repeat() has the wrong arguments")
        target = self._absolute(arguments[0], scope)
        numbers: dict[int, Evaluate] = {}
        for repeat, number in zip(arguments[1::2], arguments[2::2], strict=True):
            names = self._absolute(repeat, scope)
            if target[: len(names)] != names:
                raise Unsupported("indexed-repeat() expects a repeat around its node")
            numbers[len(names)] = self.plain(number, scope)

        def evaluate(here: Here) -> list[Any]:
            found, shared = [here.run.root], trail(here.node, target)
            for depth in range(2, len(target) + 1):
                kids = [kid for node in found for kid in node.kids(target[depth - 1])]
                if depth in numbers:
                    place = to_index(numbers[depth](here))
                    if place < 1 and not here.run.world.standard:
                        place = 1
                    kids = kids[place - 1 : place] if place > 0 else []
                    shared = []
                elif depth <= len(shared):
                    kids = [kid for kid in kids if kid is shared[depth - 1]]
                found = here.run.spent(kids)
            return [node for node in found if here.run.found(node)]

        return evaluate

    def _absolute(self, path: Expression, scope: Scope) -> Names:
        if not isinstance(path, Path) or any(step.predicates for step in path.steps):
            raise Unsupported("indexed-repeat() expects plain paths")
        _, steps, place = self._start(path, scope)
        if place is None or any(step.axis != "child" for step in steps):
            raise Unsupported("indexed-repeat() expects plain paths")
        names = (*place, *(step.name for step in steps))
        if "/" + "/".join(names) not in self.known:
            raise Unsupported("%(path)s is not in the form", path="/" + "/".join(names))
        return names


def _shares(steps: tuple[Step, ...], place: Names | None) -> bool:
    """Whether an absolute path and the place where it stands have more in common than the root."""
    return place is not None and len(steps) > 1 and len(place) > 1 and steps[1].name == place[1]
