"""The values of form logic and how one kind becomes another, as JavaRosa does it (`XPathFuncExpr`).

A value is a text, a number (a float), a truth, a moment (the phone's local time, without offset) or a list of nodes.
"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # moments are local to the phone
NAN = math.nan
NEARLY = 1e-12
_INT = 2**31 - 1
LARGEST = 2**31  # whole numbers on phones are smaller
_NUMERIC = frozenset("-.0123456789")

Plain = str | float | bool | datetime
# Plain, or a list of nodes (`forms.logic.nodes`); not spelled out, since the nodes are above this module.
Value = Any


class Undecidable(Exception):
    """What an expression comes to cannot be said for certain: nothing may be found by it."""

    def again(self) -> Undecidable:
        """The same, to be kept or raised once more."""
        return Undecidable(*self.args)


def to_text(value: Plain) -> str:
    """As JavaRosa writes it: whole numbers without a point, moments as their day."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    return f"{value.year}-{value.month:02}-{value.day:02}"


def to_number(value: Plain) -> float:
    """NaN for what is no number, empty text included. A moment is the number of its day, counted from 1970."""
    if type(value) is float:  # the usual one first: this is asked for every comparison
        return value
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float):
        return value
    known: float | None = getattr(value, "number", None)  # of the standard world
    if known is not None:
        return known
    if isinstance(value, datetime):
        return float((value - EPOCH).days)
    text = value.replace(",", ".").strip()
    if not text or not _NUMERIC.issuperset(text):
        return NAN
    try:
        return float(text)
    except ValueError:
        return NAN


def to_truth(value: Plain) -> bool:
    """False for an empty text, zero and NaN."""
    if value is True or value is False:
        return value
    if isinstance(value, float):
        return abs(value) > NEARLY
    return True if isinstance(value, datetime) else bool(value)


def to_whole(value: Plain) -> float:
    """Without what is behind the point; still a float, NaN and the infinities stay."""
    number = to_number(value)
    return float(math.trunc(number)) if math.isfinite(number) else number


def to_index(value: Plain) -> int:
    """A whole number as Java's `intValue()` gives it: 0 for NaN, the largest for what is too large."""
    number = to_number(value)
    if math.isnan(number):
        return 0
    if math.isinf(number):
        return _INT if number > 0 else -_INT - 1
    return max(-_INT - 1, min(_INT, math.trunc(number)))


def equal(left: Plain, right: Plain) -> bool:
    """JavaRosa's `=`: as truths if one is, else as numbers if one is, else as texts."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return to_truth(left) == to_truth(right)
    if isinstance(left, float) or isinstance(right, float):
        return abs(to_number(left) - to_number(right)) < NEARLY
    return to_text(left) == to_text(right)


def modulo(left: float, right: float) -> float:
    """The remainder with the sign of the left side, as Java's `%`."""
    if math.isnan(left) or math.isnan(right) or math.isinf(left) or right == 0:
        return NAN
    return math.fmod(left, right)


def divide(left: float, right: float) -> float:
    """Division that knows infinity, as Java's."""
    if right:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return NAN
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def java_double(number: float) -> str:
    """A number as Java's `Double.toString` writes it: `0.5`, `1.0E7`."""
    if number == 0 or 1e-3 <= abs(number) < 1e7 or not math.isfinite(number):
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    figures = "".join(map(str, digits))
    power = len(figures) - 1 + int(exponent)
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def _number_text(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if abs(number) < NEARLY:
        return "0"
    if abs(number) <= _INT and abs(number - math.trunc(number)) < NEARLY:
        return str(math.trunc(number))
    return java_double(number)
