"""Functions on several nodes or several values."""

from __future__ import annotations

import math
from typing import Any

from forms.logic.functions.registry import ANY, ORDER, function
from forms.logic.nodes import Item, Node
from forms.logic.run import Here
from forms.logic.values import NAN, Plain, Undecidable, Value, to_index, to_number, to_truth

_SMALLEST = 5e-324  # where JavaRosa's max() starts: the largest of negative numbers is this


def _nodes(value: Value) -> list[Any]:
    if not isinstance(value, list):
        raise Undecidable("the expression expects nodes")
    return value


def _several(here: Here, values: tuple[Value, ...]) -> list[Plain]:
    if len(values) == 1 and isinstance(values[0], list):
        return here.plains(values[0])
    return [here.plain(value) for value in values]


@function("count", nodes=True)
def count(_here: Here, nodes: Value) -> float:
    return float(len(_nodes(nodes)))


@function("count-non-empty", nodes=True)
def count_non_empty(here: Here, nodes: Value) -> float:
    """Nodes with an answer or with something inside. Irrelevant ones are not among the nodes at all."""
    return float(sum(1 for node in _nodes(nodes) if _holds(here, node)))


def _holds(_here: Here, node: Any) -> bool:
    if isinstance(node, Node):
        return bool(node.children) or bool(node.text)
    return isinstance(node, Item) or bool(node.text)


@function("sum", nodes=True)
def total(here: Here, nodes: Value) -> float:
    numbers = [to_number(value) for value in here.plains(_nodes(nodes))]
    if here.run.world.standard and (not numbers or any(map(math.isnan, numbers))):
        return NAN
    result = 0.0
    for number in numbers:
        result += 0.0 if math.isnan(number) else number
    return result


@function("max", 0, ANY, nodes=True)
def largest(here: Here, *values: Value) -> float:
    numbers = _counted(here, values)
    return max(_SMALLEST, *numbers) if numbers else NAN


@function("min", 0, ANY, nodes=True)
def smallest(here: Here, *values: Value) -> float:
    numbers = _counted(here, values)
    return min(numbers) if numbers else NAN


def _counted(here: Here, values: tuple[Value, ...]) -> list[float]:
    """Those that are numbers; by the standard one that is none spoils all."""
    given = [to_number(value) for value in _several(here, values)]
    numbers = [number for number in given if not math.isnan(number)]
    return [] if here.run.world.standard and len(numbers) < len(given) else numbers


@function("randomize", 1, 2, nodes=True, needs=ORDER)
def randomize(_here: Here, nodes: Value, _seed: Value = "") -> Value:
    return _nodes(nodes)


@function("checklist", 2, ANY, nodes=True)
def checklist(here: Here, least: Value, most: Value, *factors: Value) -> bool:
    low, high = to_index(here.plain(least)), to_index(here.plain(most))
    true = sum(1 for factor in _several(here, factors) if to_truth(factor))
    return (low < 0 or true >= low) and (high < 0 or true <= high)


@function("weighted-checklist", 2, ANY, nodes=True)
def weighted_checklist(here: Here, least: Value, most: Value, *pairs: Value) -> bool:
    """Factors and weights by turns, or as two lists of nodes."""
    if len(pairs) % 2:
        raise Undecidable("a factor has no weight")
    if len(pairs) == 2 and isinstance(pairs[0], list) and isinstance(pairs[1], list):
        factors, weights = here.plains(pairs[0]), here.plains(pairs[1])
        if len(factors) != len(weights):
            raise Undecidable("a factor has no weight")
    else:
        plain = [here.plain(value) for value in pairs]
        factors, weights = plain[::2], plain[1::2]
    total = 0.0
    for factor, weight in zip(factors, weights, strict=True):
        total += to_number(weight) if to_truth(factor) else 0.0
    return to_number(here.plain(least)) <= total <= to_number(here.plain(most))


@function("depend", 1, ANY)
def depend(_here: Here, value: Plain, *_others: Plain) -> Plain:
    return value


@function("version", 0)
def version(here: Here) -> str:
    return here.run.world.version
