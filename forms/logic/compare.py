"""Whether what was stored is what a calculation gives, by the type of its node (`IAnswerData.wrapData`)."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, tzinfo

from forms.logic import moments
from forms.logic.run import TRUTHS
from forms.logic.values import EPOCH, Plain, Undecidable, to_number, to_text, to_truth

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NEAR = 1e-9
_MOMENT = timedelta(milliseconds=2)


def same(stored: str, computed: Plain, kind: str, zone: tzinfo | None) -> bool:
    """Whether the stored text is the computed value, as any engine may write it. `kind`: that of the node."""
    if computed == "" or computed != computed:  # NaN
        return not stored.strip() or stored.strip() == "NaN"
    if not stored.strip():
        return isinstance(computed, str) and not computed.strip()
    if kind == "boolean" or isinstance(computed, bool):
        return TRUTHS.get(stored.strip().lower()) is to_truth(computed)
    if isinstance(computed, float):
        return _same_number(stored.strip(), computed, kind)
    if isinstance(computed, datetime):
        return _same_moment(stored.strip(), computed, kind, zone)
    return _same_text(stored, computed, kind, zone)


def _same_number(stored: str, computed: float, kind: str) -> bool:
    try:
        number = float(stored)
    except ValueError:
        number = to_number(stored)
    if kind == "whole" and math.isfinite(computed) and abs(number - computed) < 1:
        return True  # engines cut, or round
    return number == computed or _near(number, computed)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _NEAR * max(1.0, abs(one), abs(other))


def _same_moment(stored: str, computed: datetime, kind: str, zone: tzinfo | None) -> bool:
    if kind == "date":
        return stored[:10] == to_text(computed)
    if kind == "time":
        found = moments.read_time(stored.partition("T")[2] or stored, zone, computed.date())
        return found is not None and abs(found - datetime.combine(found, computed.time())) <= _MOMENT
    found = moments.read(stored, zone)
    if found is None:
        return False
    return abs(found - computed) <= _MOMENT or ("T" not in stored and found.date() == computed.date())


def _same_text(stored: str, computed: str, kind: str, zone: tzinfo | None) -> bool:
    if kind in ("number", "whole"):
        number = to_number(computed)
        if math.isnan(number):
            raise Undecidable("a text is put into a number")
        return _same_number(stored.strip(), number, kind)
    if kind in ("date", "dateTime", "time"):
        return _same_written(stored.strip(), computed.strip(), kind, zone)
    if kind == "place":
        return _same_places(stored, computed)
    one, other = " ".join(stored.split()), " ".join(computed.split())
    if one == other:
        return True
    if _NUMBER.sub("#", one) != _NUMBER.sub("#", other):
        return False
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(left == right or (_broken(left, right) and _near(float(left), float(right))) for left, right in pairs)


def _same_places(stored: str, computed: str) -> bool:
    """Phones write all four numbers of each place, and each with a fraction."""
    one, other = stored.strip(" ;").split(";"), computed.strip(" ;").split(";")
    pairs = zip(one, other, strict=True) if len(one) == len(other) else [("0", "1")]
    return all(_numbers(left) == _numbers(right) for left, right in pairs)


def _numbers(place: str) -> list[float]:
    numbers = [to_number(part) for part in place.split()]
    return [*numbers, *[0.0] * (4 - len(numbers))]


def _broken(one: str, other: str) -> bool:
    """Whether one of two numbers has a fraction or an exponent, which engines may write differently."""
    return any(sign in one + other for sign in ".eE")


def _same_written(stored: str, computed: str, kind: str, zone: tzinfo | None) -> bool:
    found = moments.read_time(computed, zone, EPOCH) if kind == "time" else moments.read(computed, zone)
    if found is None:
        raise Undecidable("a text that is no date is put into a date")
    return _same_moment(stored, found, kind, zone)
