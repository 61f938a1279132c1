"""Functions on numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, localcontext

from forms.logic.functions.registry import CHANCE, function
from forms.logic.run import Here
from forms.logic.values import NAN, Plain, Undecidable, to_index, to_number, to_whole

_MOST_PLACES = 30


@function("true", 0)
def true(_here: Here) -> bool:
    return True


@function("false", 0)
def false(_here: Here) -> bool:
    return False


@function("number")
def number(_here: Here, value: Plain) -> float:
    return to_number(value)


@function("int")
def whole(_here: Here, value: Plain) -> float:
    return to_whole(value)


@function("round", 1, 2)
def rounded(here: Here, value: Plain, places: Plain = 0.0) -> float:
    """Half a unit goes up, also below zero, as XPath says; JavaRosa's ways with many and with negative places."""
    given, digits = to_number(value), to_index(places)
    if not math.isfinite(given):
        return given
    if abs(digits) > _MOST_PLACES:
        return NAN
    if here.run.world.standard:
        scale = 10.0**digits
        return math.copysign(math.floor(abs(given) * scale + 0.5) / scale, given)
    with localcontext() as context:
        context.prec = 400
        if digits >= 0:
            way = ROUND_HALF_DOWN if given < 0 else ROUND_HALF_UP
            return float(Decimal(repr(given)).quantize(Decimal(1).scaleb(-digits), way))
        scaled = Decimal(repr(given)).scaleb(digits)
        return float(Decimal(math.trunc(float(scaled) + 0.5)).scaleb(-digits))


@function("abs")
def absolute(_here: Here, value: Plain) -> float:
    return abs(_double(value))


@function("pi", 0)
def pi(_here: Here) -> float:
    return math.pi


@function("pow", 2)
def power(_here: Here, base: Plain, exponent: Plain) -> float:
    left, right = _double(base), _double(exponent)
    if math.isnan(right) or (abs(left) == 1.0 and math.isinf(right)):
        return NAN
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf if left > 0 or right % 2 == 0 else -math.inf
    except ValueError:
        return math.inf if left == 0 else NAN


@function("atan2", 2)
def arc_tangent(_here: Here, y: Plain, x: Plain) -> float:
    return math.atan2(_double(y), _double(x))


@function("random", 0, needs=CHANCE)
@function("uuid", 0, 1, needs=CHANCE)
def chance(_here: Here, *_length: Plain) -> Plain:
    raise Undecidable("chance decides")


def _double(value: Plain) -> float:
    """These functions take a moment with its time of day, by the rules of its time zone in 1970."""
    if isinstance(value, datetime):
        raise Undecidable("a date is used as a number with fractions")
    return to_number(value)


def _mathematical(name: str, work: Callable[[float], float]) -> None:
    def call(_here: Here, value: Plain) -> float:
        given = _double(value)
        try:
            return work(given)
        except OverflowError:
            return math.inf
        except ValueError:  # outside of where it is defined
            return -math.inf if given == 0 else NAN

    function(name)(call)


_IN_PYTHON = ("sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "log10", "sqrt")
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp10": lambda given: math.pow(10, given),
    **{name: getattr(math, name) for name in _IN_PYTHON},
}
for _name, _work in _FUNCTIONS.items():
    _mathematical(_name, _work)
