"""The logic of a form held against a submission → findings. Never one that is not certain: what cannot be decided, or
not in every world the phone may have been in, is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from forms.logic import circumstances as around
from forms.logic.circumstances import Circumstances
from forms.logic.compare import same
from forms.logic.mistakes import tell
from forms.logic.nodes import Node
from forms.logic.program import Program
from forms.logic.run import Effort, Run
from forms.logic.values import LARGEST, Undecidable, to_number, to_text
from forms.xform import Form
from schemas.findings import MAX_VALUE, Finding

Check = Callable[[Run, Node], bool]
Placed = tuple[int, Finding]


def find(
    form: Form,
    program: Program,
    root: Node,
    nodes: Iterable[tuple[int, Node]],
    at: Circumstances,
    *,
    blanks: bool,
    edited: bool = False,
) -> Iterator[Placed]:
    """What the logic finds, each with the place of its node in the walk, in the order of `nodes`. `program` is the
    form's; `blanks` says that a text begins or ends with some, `edited` that it was made from an earlier one."""
    if not program.nodes:
        return
    here = root
    try:
        effort = Effort()
        worlds = around.worlds(form, root, at, unsteady=program.unsteady)
        trims = (False, True) if blanks else (False,)
        judge = _Judge((Run(root, world, trim, effort) for world in worlds for trim in trims), edited=edited)
        for place, here in nodes:
            for finding in judge.of(here):
                yield place, finding
    except Undecidable:
        return
    except Exception as mistake:  # noqa: BLE001  # ours; no answer is lost for it
        tell(mistake, _path(here))


class _Judge:
    """`runs` are the same submission in each world. All but the first are only made when something seems wrong."""

    def __init__(self, runs: Iterator[Run], *, edited: bool) -> None:
        self._edited = edited
        self._first = next(runs)
        self._rest = runs
        self._others: list[Run] | None = None
        self._timeless: list[Run] = []

    def of(self, node: Node) -> Iterable[Finding]:
        """The findings at a node of the submission, and of what is missing below it."""
        part = node.part
        if part.kind == "branch":
            return chain(self._missing(node), self._counts(node))
        if part.conditional and node.text.strip() and self._holds(_irrelevant, _asked(node)):
            return (_finding("relevant.answered", node, node.text),)
        return () if part.logic is None else self._leaf(node)

    def _leaf(self, node: Node) -> list[Finding]:
        logic, found = node.part.logic, []
        answered = node.text if node.part.kind == "text" else node.text.strip()
        if not answered:
            if logic.required is not None and self._holds(_required, node):
                found.append(_finding("required.empty", node, said=node.part.source.required_message))
        else:
            if logic.constraint is not None and self._holds(_broken, node):
                found.append(_finding("constraint.broken", node, node.text, said=node.part.source.constraint_message))
            if logic.offer is not None and logic.calculate is None and self._holds(_not_offered, node):
                found.append(_finding(_why_not_offered(node), node, node.text))
        if logic.recomputed and self._holds(_differs, node):
            found.append(_finding("calculate.differs", node, node.text, computed=self._computed(node)))
        return found

    def _missing(self, branch: Node) -> Iterator[Finding]:
        """Required answers that were not sent at all, here and in groups that were not sent either."""
        for name in branch.part.insisted:
            if name in branch.children:
                continue
            member = branch.part.members[name]
            absent = Node(name, member, branch)
            if member.kind == "branch":
                yield from self._missing(absent)
            elif self._holds(_required, absent):
                yield _finding("required.missing", absent, said=absent.part.source.required_message)

    def _counts(self, branch: Node) -> Iterator[Finding]:
        for name in branch.part.counted:
            repeat = Node(name, branch.part.members[name], branch)
            if self._holds(_too_few if self._edited else _miscounted, repeat):
                sent = len(branch.kids(name))
                yield _finding("repeat.count", repeat, str(sent), expected=str(_expected(self._first, repeat)))

    def _holds(self, check: Check, node: Node) -> bool:
        """Whether a breach is certain: in all worlds."""
        try:
            if not check(self._first, node):
                return False
            if self._others is None:
                self._others = list(self._rest)
                self._timeless = _timeless([self._first, *self._others]) if self._others else []
            return self._whenever(check, node)
        except Undecidable:
            return False
        except Exception as mistake:  # noqa: BLE001  # ours; no answer is lost for it
            tell(mistake, _path(node))
            return False

    def _whenever(self, check: Check, node: Node) -> bool:
        """Whether a breach holds in all other worlds: whatever the time or, where that matters, from the first to the
        last time that the phone may have had."""
        try:
            return all(check(run, node) for run in self._timeless)
        except Undecidable:
            times = {run.world.now for run in (self._first, *(self._others or ())) if run.world.now}
            between = around.between(min(times), max(times)) if times else ()
            return all(check(run, node) for run in self._others or ()) and all(
                check(_at(self._first, time), node) for time in between
            )

    def _computed(self, node: Node) -> str:
        return to_text(self._first.computed(node))[:MAX_VALUE]


def _at(run: Run, now: datetime | None) -> Run:
    return Run(run.root, replace(run.world, now=now), run.trim, run.effort)


def _timeless(runs: list[Run]) -> list[Run]:
    """One of those that differ in the time alone, without it."""
    different = {(run.world.standard, run.world.zone, run.world.language, run.trim): run for run in runs}
    return [_at(run, None) for run in different.values()]


def _asked(node: Node) -> Node:
    """The node itself; that of an attribute, which is sent with it even where it is not relevant itself."""
    return node.parent if node.name[0] == "@" and node.parent is not None else node


def _irrelevant(run: Run, node: Node) -> bool:
    return not run.relevant(node)


def _required(run: Run, node: Node) -> bool:
    logic = node.part.logic
    if not run.relevant(node) or not logic.required.truth(run, node):
        return False
    if logic.readonly is not None and logic.readonly.truth(run, node):
        return False
    default = node.part.source.default.split() if node.part.source.itemset is not None else ()
    return not default or (logic.offer is not None and _offered(run, node).issuperset(default))


def _broken(run: Run, node: Node) -> bool:
    run.value(node)  # an answer that does not fit its type is another finding
    return run.relevant(node) and not node.part.logic.constraint.truth(run, node)


def _differs(run: Run, node: Node) -> bool:
    if not run.relevant(node):
        return False
    return not same(node.text, run.computed(node), node.part.kind, run.world.zone)


def _not_offered(run: Run, node: Node) -> bool:
    if not run.relevant(node):
        return False
    source = node.part.source
    given = [node.text.strip()] if source.control == "select1" else node.text.split()
    if node.text.strip() == source.default.strip():
        return False
    offered = _offered(run, node)
    return any(name not in offered for name in given)


def _offered(run: Run, node: Node) -> set[str]:
    offer = node.part.logic.offer
    items = offer.items.value(run, node)
    if not isinstance(items, list):
        raise Undecidable("the choices are no nodes")
    names: set[str] = set()
    for item in items:
        found = [item]
        for step in offer.value:
            found = [kid for each in found for kid in each.kids(step)]
        names.update(to_text(run.value(each)) for each in found)
    return names


def _why_not_offered(node: Node) -> str:
    known = {choice.name for choice in node.part.source.options}
    given = [node.text.strip()] if node.part.source.control == "select1" else node.text.split()
    return "choice.filtered" if not known or known.issuperset(given) else "choice.unknown"


def _miscounted(run: Run, repeat: Node) -> bool:
    kept = repeat.part.logic.kept
    return _too_few(run, repeat) or (kept is not None and _rows(run, repeat) > max(kept, _expected(run, repeat)))


def _too_few(run: Run, repeat: Node) -> bool:
    """Phones add what is missing. They take nothing away when the count gets lower, nor from what another version of
    the form made."""
    rows = _rows(run, repeat)
    return 0 <= rows < _expected(run, repeat)


def _rows(run: Run, repeat: Node) -> int:
    """How many were sent; -1 where not all of them count."""
    siblings = repeat.parent.kids(repeat.name) if repeat.parent else []
    return len(siblings) if run.relevant(repeat) and all(run.relevant(each) for each in siblings) else -1


def _expected(run: Run, repeat: Node) -> int:
    """The number of instances that `jr:count` says, as JavaRosa takes it: less than nothing is 0."""
    value = repeat.part.logic.count.plain(run, repeat)
    if value == "":  # phones leave what is there; and a hidden answer still counts there, but is not sent
        raise Undecidable("there is no number")
    number = to_number(value)
    if number != number // 1:  # NaN too: engines go different ways
        raise Undecidable("the number is not whole")
    if not abs(number) < LARGEST:
        raise Undecidable("there is no number")
    return max(0, int(number // 1))


def _finding(code: str, node: Node, value: str | None = None, **args: Any) -> Finding:
    args = {name: arg for name, arg in args.items() if arg or name != "said"}
    return Finding(code, _path(node), node.part.label, value[:MAX_VALUE] if value else value, args)


def _path(node: Node) -> str:
    """The path with positions at repeats, but for a repeat as a whole."""
    names = [node.name]
    parent = node.parent
    while parent is not None:
        names.append(f"{parent.name}[{parent.index + 1}]" if parent.part.repeat else parent.name)
        parent = parent.parent
    return "/" + "/".join(reversed(names))
