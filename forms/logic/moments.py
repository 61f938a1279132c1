"""Days and times as JavaRosa reads and writes them (`DateUtils`). Moments are local to the phone, without offset."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from forms.logic.values import EPOCH, Plain, Undecidable, to_whole

DAY = 86_400.0
_DATE = re.compile(r"([+-]?\d{1,9})-([+-]?\d{1,9})-([+-]?\d{1,9})")
_TIME = re.compile(r"(\d{1,9}):(\d{1,9})(?::(\d*(?:\.\d+)?)\D*?)?")
_OFFSET = re.compile(r"(Z|[+-]\d{1,2}(?::?\d{2})?)$")
_LIMIT = 2**31
_FAR = "a date before the year 1 or after 9999"


def read(text: str, zone: tzinfo | None) -> datetime | None:
    """A day or a day and time; None for what is neither.

    A time with an offset comes into the phone's zone; without that zone it is Undecidable."""
    if len(text) == 10 and text[4] == "-" == text[7]:  # nearly all of them
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    day, mark, rest = text.partition("T")
    date = _DATE.fullmatch(day)
    if date is None:
        return None
    try:
        year, month, day_ = (int(part) for part in date.groups())
        at = datetime(year, month, day_)  # noqa: DTZ001  # local to the phone
    except (ValueError, OverflowError):
        if int(date.group(1)) > 9999:
            raise Undecidable(_FAR) from None
        return None
    return _at_time(at, rest, zone) if mark else at


def read_time(text: str, zone: tzinfo | None, day: date) -> datetime | None:
    """A time of day; JavaRosa puts it on the day on which it reads it."""
    return _at_time(datetime.combine(day, time()), text, zone)


def _at_time(day: datetime, text: str, zone: tzinfo | None) -> datetime | None:
    offset = _OFFSET.search(text)
    if offset and len(offset.group(1)) > 3 and ":" not in offset.group(1):
        raise Undecidable("JavaRosa reads an offset without a colon as hours")
    found = _TIME.fullmatch(text[: offset.start()] if offset else text)
    if found is None:
        return None
    hours, minutes, seconds = int(found.group(1)), int(found.group(2)), float(found.group(3) or 0)
    if hours > 23 or minutes > 59 or seconds >= 60:
        return None
    local = day + timedelta(hours=hours, minutes=minutes, milliseconds=math.floor(seconds * 1000 + 1e-6))
    if offset is None:
        return local
    try:
        return local.replace(tzinfo=zone_of(offset.group(1))).astimezone(_known(zone)).replace(tzinfo=None)
    except (OverflowError, ValueError):
        raise Undecidable(_FAR) from None


def zone_of(offset: str) -> timezone:
    """`Z`, `+07`, `+0700` or `+07:00` as a zone."""
    if offset == "Z":
        return UTC
    digits = offset[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:4] or 0)
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes))


def offset_in(text: str) -> timezone | None:
    """The offset at the end of a time or a day and time; None where there is none."""
    found = _OFFSET.search(text.partition("T")[2] or text) if ":" in text else None
    return zone_of(found.group(1)) if found else None


def to_moment(value: Plain, zone: tzinfo | None, *, keep_time: bool) -> Plain:
    """`date()` and `date-time()`: empty and NaN stay as they are, what is no date is Undecidable (phones fail)."""
    if isinstance(value, datetime):
        return value if keep_time else value.replace(hour=0, minute=0, second=0, microsecond=0)
    if isinstance(value, bool):
        raise Undecidable("a truth is no date")
    if isinstance(value, float):
        return _from_number(value, zone, keep_time)
    if not value:
        return value
    found = read(value, zone)
    if found is None:
        raise Undecidable("the value is no date")
    return found


def _from_number(number: float, zone: tzinfo | None, keep_time: bool) -> Plain:
    if math.isnan(number):
        return number
    if abs(number) >= _LIMIT:
        raise Undecidable(_FAR)
    try:
        if not keep_time:
            return EPOCH + timedelta(days=to_whole(number))
        at = EPOCH.replace(tzinfo=UTC) + timedelta(milliseconds=math.trunc(number * DAY * 1000))
        return at.astimezone(_known(zone)).replace(tzinfo=None)
    except OverflowError:
        raise Undecidable(_FAR) from None


def _known(zone: tzinfo | None) -> tzinfo:
    if zone is None:
        raise Undecidable("the phone's time zone is not known")
    return zone


def decimal(value: Plain, zone: tzinfo | None, *, whole_day: bool) -> Plain:
    """`decimal-date-time()`, days since 1970 in UTC, and `decimal-time()`, the share of the local day gone by."""
    if isinstance(value, float):
        if not math.isfinite(value) or whole_day:
            return value
        return value - math.floor(value)
    moment = to_moment(value, zone, keep_time=True)
    if not isinstance(moment, datetime):
        return moment
    if whole_day:
        return (moment - EPOCH - (_known(zone).utcoffset(moment) or timedelta())).total_seconds() / DAY
    return ((moment - EPOCH).total_seconds() / DAY) % 1.0


def formatted(value: Plain, pattern: str, zone: tzinfo | None) -> str:
    """`format-date()` and `format-date-time()`. Names of days and months are in the phone's language: Undecidable."""
    moment = to_moment(value, zone, keep_time=True)
    if not isinstance(moment, datetime):
        return ""
    out: list[str] = []
    signs = iter(pattern)
    for sign in signs:
        out.append(_part(moment, next(signs, "")) if sign == "%" else sign)
    return "".join(out)


def _part(at: datetime, sign: str) -> str:
    if sign in ("a", "b"):
        raise Undecidable("names of days and months depend on the phone's language")
    if sign == "W":
        raise Undecidable("the number of the week depends on the phone's settings")
    write = _PARTS.get(sign)
    if write is None:
        raise Undecidable(f"the date format %{sign} is not known")
    return write(at)


_PARTS: dict[str, Callable[[datetime], str]] = {
    "%": lambda at: "%",
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year:04}"[2:],
    "m": lambda at: f"{at.month:02}",
    "n": lambda at: str(at.month),
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: str(at.day),
    "H": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour),
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "3": lambda at: f"{at.microsecond // 1000:03}",
}
