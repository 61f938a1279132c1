"""Conditions in brackets, looked at beforehand: where a list can be asked by a key instead of item by item."""

from __future__ import annotations

from forms.logic.syntax import Binary, Call, Expression, Path, Step, parts

_WITHOUT_ITEM = ("current", "true", "false", "today", "now")
_WITH_ITEM = ("once",)


def split(steps: tuple[Step, ...]) -> tuple[tuple[str, ...], Step | None, tuple[Step, ...]]:
    """The names before the first step with a condition, that step, and those after it."""
    for place, step in enumerate(steps):
        if step.axis != "child" or step.name == "*":
            return tuple(each.name for each in steps[:place]), None, steps[place:]
        if step.predicates:
            return tuple(each.name for each in steps[:place]), step, steps[place + 1 :]
    return tuple(each.name for each in steps), None, ()


def conditions(tree: Expression) -> list[Expression]:
    if isinstance(tree, Binary) and tree.operator == "and":
        return [*conditions(tree.left), *conditions(tree.right)]
    return [tree]


def keyed(tree: Expression) -> tuple[str, Expression] | None:
    """The cell and the key of the first `cell = key` that must hold, if the key does not depend on the item."""
    for condition in conditions(tree):
        if isinstance(condition, Binary) and condition.operator == "=":
            for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if _is_cell(side) and not _asks_item(other):
                    return side.steps[0].name, other  # type: ignore[union-attr]
    return None


def _is_cell(tree: Expression) -> bool:
    if not isinstance(tree, Path) or tree.start != "here" or len(tree.steps) != 1:
        return False
    step = tree.steps[0]
    return step.axis == "child" and not step.predicates and step.name != "*"


def _asks_item(tree: Expression) -> bool:
    return any(
        part.start == "here" if isinstance(part, Path) else not part.arguments or part.name in _WITH_ITEM
        for part in parts(tree)
        if isinstance(part, Path | Call) and not (isinstance(part, Call) and part.name in _WITHOUT_ITEM)
    )
