"""Values that a `$filter` compares: constants, columns and answers, each of a kind; and what may be done with them.

Kinds: null, boolean, number, text, day and time (as text, which sorts as they do), moment (a column, or a constant),
instant (milliseconds), thing (a place, of which only can be said whether it is there).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Integer,
    String,
    case,
    cast,
    extract,
    func,
    not_,
    null,
    or_,
)
from sqlalchemy import literal as bound
from sqlalchemy import true as always

from forms.values import GEO_TYPES
from schemas import problems
from schemas.fields import Field
from server import json_values
from server.db import Utc, now

_NUMBERS = frozenset(("int", "integer", "long", "decimal"))
_KINDS = {"boolean": "boolean", "date": "day", "time": "time", "dateTime": "instant"}
_EXPECTED = {
    "number": "number",
    "moment": "timestamp with time zone",
    "instant": "timestamp with time zone",
    "day": "date",
    "time": "time",
    "boolean": "boolean",
}
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
# Where the parts of a day and a time stand in a moment that is written as text: from, and how many digits.
_PLACES = {"year": (1, 4), "month": (6, 2), "day": (9, 2), "hour": (12, 2), "minute": (15, 2), "second": (18, 2)}
_MOST = 2**63
_DAYS = frozenset(("day", "moment", "instant"))


@dataclass(frozen=True, slots=True)
class Value:
    """`constant` where `written` says it; else `sql`. `text`: an instant as it was written.

    `instant`: a day as one. `expected`: how a kind that does not fit is told. `single`: one choice of a list.
    """

    kind: str
    sql: Any = None
    constant: Any = None
    written: str | None = None
    text: Any = None
    instant: Any = None
    expected: str = ""
    single: bool = False

    def only(self, condition: ColumnElement[bool]) -> Value:
        """The value where the condition holds, else nothing."""
        sql, text, instant = (
            None if each is None else case((condition, each)) for each in (self.sql, self.text, self.instant)
        )
        return replace(self, sql=sql, text=text, instant=instant)


def literal(kind: str, text: str) -> Value:
    """A value as written in the expression; `kind` is that of `filter.Literal`."""
    if kind == "null":
        return Value("null", written=text)
    return _constant(kind, text)


def _constant(kind: str, text: str) -> Value:
    return Value(kind, constant=_read(kind, text), written=text)


def answer(column: Any, field: Field, names: Sequence[str]) -> Value:
    """The answer to a question, by the names on the way to it."""
    steps = json_values.steps(names)
    if field.type in GEO_TYPES:
        return Value("thing", json_values.Kind(column, *steps))
    if field.type in _NUMBERS:
        return Value("number", json_values.Number(column, *steps))
    kind = _KINDS.get(field.type, "text")
    if kind == "boolean":
        return Value(kind, json_values.Truth(column, *steps))
    text = json_values.Text(column, *steps)
    if kind == "instant":
        return Value(kind, json_values.Moment(column, *steps), text=text)
    if kind == "day":
        return Value(kind, text, instant=json_values.Moment(column, *steps))
    return Value(kind, text, single=field.control == "select1")


def truth(value: Value) -> ColumnElement[bool]:
    """A value that is a condition by itself."""
    if value.kind == "null":
        return _nothing()
    if value.kind != "boolean":
        raise problems.UNPARSEABLE_ODATA(reason="something stands there by itself that is neither true nor false")
    return _sql(value)


def compare(sign: str, left: Value, right: Value) -> ColumnElement[bool]:
    """eq, ne, lt, le, gt, ge. Nothing is the same as nothing, and neither more nor less than anything."""
    if "null" in (left.kind, right.kind):
        other = right if left.kind == "null" else left
        if sign not in ("eq", "ne"):
            return _nothing()
        empty = always() if other.kind == "null" else _sql(other).is_(None)
        return empty if sign == "eq" else not_(empty)
    one, two = _alike(left, right)
    if sign in _SIGNS:
        made: ColumnElement[bool] = _SIGNS[sign](one, two)
        return made
    same = one.is_not_distinct_from(two)
    return same if sign == "eq" else not_(same)


def call(function: str, arguments: Sequence[Value]) -> Value:
    """What a function gives."""
    if function == "now":
        return Value("moment", constant=now(), written="now()")
    if function in _PLACES:
        return _part(function, arguments[0])
    texts = [_sql(_as(each, "text")) for each in arguments]
    if function == "length":
        return Value("number", func.length(texts[0], type_=BigInteger))
    return Value("boolean", _FINDING[function](*texts))


def _contains(text: Any, part: Any) -> ColumnElement[bool]:
    return or_(part == "", func.replace(text, part, "", type_=String) != text) & text.is_not(None)


def _starts(text: Any, part: Any) -> ColumnElement[bool]:
    return func.substr(text, 1, func.length(part), type_=String) == part


def _ends(text: Any, part: Any) -> ColumnElement[bool]:
    rest = func.length(text, type_=Integer) - func.length(part, type_=Integer)
    return (rest >= 0) & (func.substr(text, rest + 1, type_=String) == part)


_FINDING = {"contains": _contains, "startswith": _starts, "endswith": _ends}


def _part(function: str, value: Value) -> Value:
    """A part of a day or a time, as it was written down; of a moment that the server noted, in UTC."""
    start, length = _PLACES[function]
    if value.written is not None:
        value = value if value.kind in ("moment", "day", "time") else _as(value, "moment")
        text = value.constant.isoformat() if isinstance(value.constant, datetime) else value.constant
        if value.kind == "time":
            text = f"{'':11}{text}"
        digits = text[start - 1 : start - 1 + length].strip()
        return Value("number", constant=int(digits or 0), written=digits)
    if value.kind == "moment":
        if function == "second":  # the whole ones
            return Value("number", json_values.Milliseconds(value.sql) // 1000 % 60)
        return Value("number", extract(function, value.sql))
    if value.kind in ("instant", "day"):
        text = value.text if value.kind == "instant" else value.sql
        return Value("number", json_values.Digits(text, start, length))
    if value.kind == "time" and start > 11:
        return Value("number", json_values.Digits(value.sql, start - 11, length))
    raise problems.UNPARSEABLE_ODATA(reason=f"{function} is of a day or a time")


def _alike(left: Value, right: Value) -> tuple[Any, Any]:
    """Two values of the same kind, to be compared. Raises INVALID_DATA_TYPE."""
    for one, other in ((left, right), (right, left)):
        if one.kind == "thing":
            raise problems.INVALID_DATA_TYPE(value=other.written or other.kind, expected="type null")
    first, second = (right, left) if left.written is not None else (left, right)
    kind, days = first.kind, _DAYS.intersection((left.kind, right.kind))
    if first.written is None and second.written is None and len(days) == 2:
        kind = "instant"
    elif days == {"day", "moment"}:  # a day, and a moment of it
        kind = "instant" if first.kind == "day" else "moment"
    return _sql(_as(left, kind, first.expected)), _sql(_as(right, kind, first.expected))


def _as(value: Value, kind: str, expected: str = "") -> Value:
    """A value as one of another kind. Raises INVALID_DATA_TYPE."""
    if value.kind == kind:
        return value
    told = expected or _EXPECTED.get(kind, kind)
    if value.written is not None:
        known = isinstance(value.constant, datetime)
        written = value.constant.isoformat() if known and kind not in ("text", "number") else value.written
        return Value(kind, constant=_read(kind, written, told), written=value.written)
    if kind == "instant" and value.kind == "moment":
        return Value(kind, json_values.Milliseconds(value.sql))
    if kind == "instant" and value.kind == "day":
        return Value(kind, value.instant)
    if kind == "text" and value.kind in ("day", "time"):
        return replace(value, kind=kind)
    raise problems.INVALID_DATA_TYPE(value=value.kind, expected=f"type {told}")


def _sql(value: Value) -> Any:
    """As a part of the question."""
    if value.written is None:
        return value.sql
    found = value.constant
    if value.kind == "boolean":
        return bound(found, Boolean)
    if value.kind == "number":
        return bound(found, BigInteger if isinstance(found, int) else Float)
    if value.kind == "instant":
        return bound(round(found.timestamp() * 1000), BigInteger)
    return bound(found, Utc() if isinstance(found, datetime) else String)


def _read(kind: str, text: str, expected: str = "") -> Any:
    """A constant of a kind from how it is written. Raises INVALID_DATA_TYPE."""
    try:
        return _READERS.get(kind, str)(text)
    except ValueError:
        told = expected or _EXPECTED.get(kind, kind)
        raise problems.INVALID_DATA_TYPE(value=text[:80], expected=f"type {told}") from None


def _number(text: str) -> int | float:
    found = float(text)
    if found != found or found in (float("inf"), float("-inf")):
        raise ValueError
    whole = found.is_integer() and abs(found) < _MOST
    return int(text) if whole and text.lstrip("-").isdigit() and abs(int(text)) < _MOST else found


def _moment(text: str) -> datetime:
    made = datetime.fromisoformat(text.upper())
    try:
        return made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC)
    except OverflowError:  # beyond the first or the last year
        raise ValueError from None


def _day(text: str) -> str:
    return _moment(text).date().isoformat()


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


_READERS: dict[str, Callable[[str], Any]] = {
    "number": _number,
    "moment": _moment,
    "instant": _moment,
    "day": _day,
    "boolean": _truth,
}


def _nothing() -> ColumnElement[bool]:
    return cast(null(), Boolean)
