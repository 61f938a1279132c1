"""Values as ODK Web Forms takes them, which keeps to XPath where JavaRosa has typed values (measured on its engine).

There an answer is its text; a text that looks like a day, or a day and time, is a number: days since 1970 in UTC, of
local midnight where no time is given.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from forms.logic import moments
from forms.logic.values import NAN, Undecidable

_DAY = 86_400_000.0
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Text(str):
    """A text of the standard world. `zone` is the phone's."""

    zone: tzinfo | None = None

    @property
    def number(self) -> float:
        """What it is as a number; NaN for none."""
        text = self.strip()
        if _NUMBER.fullmatch(text):
            return float(text)
        found = moments.read(text, self.zone) if _MOMENT.fullmatch(text) else None
        return NAN if found is None else days(found, self.zone)


class Moment(datetime):
    """What `date()` and `date-time()` give there."""

    zone: tzinfo | None = None

    @property
    def number(self) -> float:
        """Days since 1970 in UTC, with the same loss of digits as in a browser."""
        return days(self, self.zone)


def days(at: datetime, zone: tzinfo | None) -> float:
    """Days since 1970 in UTC of a local moment."""
    if zone is None:
        raise Undecidable("the phone's time zone is not known")
    try:
        return round(at.replace(tzinfo=zone).timestamp() * 1000) / _DAY
    except (OverflowError, ValueError):
        raise Undecidable("a date before the year 1 or after 9999") from None


def text(value: str, zone: tzinfo | None) -> Text:
    """A text as it is taken there."""
    made = Text(value)
    made.zone = zone
    return made


def moment(value: datetime, zone: tzinfo | None) -> Moment:
    """A moment as it is taken there."""
    made = Moment.combine(value.date(), value.time())
    made.zone = zone
    return made
