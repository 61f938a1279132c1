"""How ODK writes numbers, days, times and places as text. Functions of trimmed text only; None is 'not one'."""

from __future__ import annotations

import math
import re
from datetime import date

Place = tuple[list[float], float | None]

MEDIA = "jr://"  # begins the address of a file that comes with the form
NOT_FINITE = ("NaN", "Infinity", "-Infinity")

_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}")
_WHOLE = re.compile(r"([+-]?[0-9]{1,1000})\.0*")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?"
)
_HOURS_ONLY = re.compile(r"[+-][0-9]{2}$")
_NOT_IN_NAMES = frozenset("/\\\0")


def integer(text: str, *, computed: bool = False) -> int | None:
    """A whole number; where it is computed also `2.0`."""
    if _INTEGER.fullmatch(text):
        return int(text)
    match = _WHOLE.fullmatch(text) if computed else None
    return int(match.group(1)) if match else None


def decimal(text: str) -> float | None:
    """A finite number, also with an exponent."""
    number = float(text) if len(text) <= 1000 and _DECIMAL.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def is_date(text: str) -> bool:
    """`2026-11-22`, and a day that exists."""
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(*map(int, match.groups()))
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """`06:49`, `11:49:00`, `06:49:59.000Z`, `06:49:59.000+07:00`."""
    return _TIME.fullmatch(text) is not None


def is_moment(text: str) -> bool:
    """A day and a time with `T` between."""
    day, separator, clock = text.partition("T")
    return bool(separator) and is_date(day) and is_time(clock)


def full_offset(moment: str) -> str:
    """`…+07` as `…+07:00`, which is what other software reads."""
    return f"{moment}:00" if _HOURS_ONLY.search(moment) else moment


def place(text: str) -> Place | None:
    """`latitude longitude [altitude [accuracy]]` → longitude, latitude and altitude as far as given; the accuracy."""
    parts = text.split()
    if not 2 <= len(parts) <= 4:
        return None
    numbers: list[float] = []
    for part in parts:
        number = decimal(part)
        if number is None:
            return None
        numbers.append(number)
    if abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        return None
    return [numbers[1], numbers[0], *numbers[2:3]], numbers[3] if len(numbers) == 4 else None


def places(text: str) -> list[Place] | None:
    """Places joined by `;`, with or without one at the end; None if any part is not a place."""
    found: list[Place] = []
    for part in text.rstrip("; \t\r\n").split(";"):
        one = place(part)
        if one is None:
            return None
        found.append(one)
    return found


def is_file_name(text: str) -> bool:
    """A bare name, which can be no path."""
    return _NOT_IN_NAMES.isdisjoint(text) and text not in (".", "..")
