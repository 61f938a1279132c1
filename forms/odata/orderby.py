"""`$orderby`: by which of our own columns the rows are sorted."""

from __future__ import annotations

from dataclasses import dataclass

from forms.odata.filter import COLUMNS
from schemas import problems

_ROOT = "$root/Submissions/"


@dataclass(frozen=True, slots=True)
class Order:
    """One column, as `$filter` calls it."""

    column: str
    descending: bool = False


def read(text: str) -> tuple[Order, ...]:
    """`__system/submitterId asc, __id desc`; a third word of a part says nothing. Raises UNSUPPORTED_ODATA_FIELD."""
    return tuple(map(_read, text.split(",")))


def _read(part: str) -> Order:
    words = part.split()
    name = words[0].removeprefix(_ROOT) if words else ""
    if name not in COLUMNS:
        raise problems.UNSUPPORTED_ODATA_FIELD(text=words[0] if words else "")
    way = words[1].lower() if len(words) > 1 else "asc"
    if way not in ("asc", "desc"):
        raise problems.UNSUPPORTED_ODATA_FIELD(text=words[1])
    return Order(name, way == "desc")
