"""Units as a table: read with what is wrong in which row and column, and written as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from schemas.unit_levels import Levels
from schemas.units import Fault, Key, Unit, clean, fold

# What each column is called, and what it may be called too. Accents, case and spaces do not count.
COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("mã", "mã đơn vị"),
    "parent_code": ("mã cấp trên", "mã đơn vị cấp trên", "parent"),
    "level_code": ("cấp", "level"),
    "type_label": ("loại", "type"),
    "name_vi": ("tên", "tên đơn vị", "tên tiếng Việt", "name"),
    "name_en": ("tên tiếng Anh",),
    "valid_from": ("từ ngày", "ngày bắt đầu"),
    "valid_to": ("đến ngày", "ngày kết thúc"),
    "successor_codes": ("mã kế tiếp", "successors"),
    "is_hotspot": ("trọng điểm", "điểm nóng", "hotspot"),
}
REQUIRED = ("code", "level_code", "name_vi", "valid_from")
MAX_ROWS = 100_000
# Spreadsheets show what is UTF-8 as such only behind this mark.
_MARK = "\ufeff"
_YES = frozenset({"1", "true", "yes", "co", "x"})
_NO = frozenset({"", "0", "false", "no", "khong"})


class _Wrong(Exception):
    """A cell that cannot be read."""

    def __init__(self, reason: str, **args: str) -> None:
        super().__init__(reason)
        self.reason, self.args_of = reason, args


def day(text: str) -> date | None:
    """A date as `2025-07-01` or `01/07/2025`; None where there is none. Raises for anything else."""
    if not text:
        return None
    try:
        if "/" in text:
            number, month, year = text.split("/")
            return date(int(year), int(month), int(number))
        return date.fromisoformat(text)
    except ValueError:
        raise _Wrong("date", value=text[:80]) from None


def _yes(text: str) -> bool:
    if fold(text) in _YES:
        return True
    if fold(text) in _NO:
        return False
    raise _Wrong("yes_no", value=text[:80])


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code for code in text.replace("|", " ").replace(";", " ").replace(",", " ").split() if code)


_READ: dict[str, Callable[[str], Any]] = {
    "parent_code": lambda text: text or None,
    "valid_from": day,
    "valid_to": day,
    "successor_codes": _codes,
    "is_hotspot": _yes,
}


def read(
    rows: Iterable[tuple[int, Mapping[str, str]]], levels: Levels | None = None
) -> tuple[list[tuple[int, Unit]], list[Fault]]:
    """The units of a table with the numbers of their rows, and what is wrong with those that are none.

    `levels`: a level may also be called by one of its names.
    """
    units, faults, seen = [], [], dict[Key, int]()
    known = _names(levels or {})
    for number, cells in rows:
        values, wrong = _row(number, cells)
        faults += wrong
        if wrong:
            continue
        unit = Unit(**values | {"level_code": known.get(fold(values["level_code"]), values["level_code"])})
        if unit.key in seen:
            faults.append(Fault("repeated", "code", unit.key, number, {"other": str(seen[unit.key])}))
        else:
            seen[unit.key] = number
            units.append((number, unit))
    return units, faults


def _names(levels: Levels) -> dict[str, str]:
    """Codes of levels by what they are called; of two of the same name the higher one."""
    found = {fold(code): code for code in levels}
    for code, level in levels.items():
        for name in (level.name_vi, level.name_en, level.name_vi.removeprefix("Cấp ")):
            found.setdefault(fold(clean(name)), code)
    return found


def headings(vietnamese: bool) -> dict[str, str]:
    """What the columns are called on pages: in Vietnamese by the first of their other names."""
    return {name: others[0] if vietnamese else name for name, others in COLUMNS.items()}


def _row(number: int, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults = []
    for column in COLUMNS:
        cell = cells[column]
        if column in REQUIRED and not cell:
            faults.append(Fault("required", column, row=number))
            continue
        try:
            values[column] = _READ.get(column, str)(cell)
        except _Wrong as wrong:
            faults.append(Fault(wrong.reason, column, row=number, args=wrong.args_of))
    return values, [replace(fault, code=cells["code"][:80]) for fault in faults]


def write(units: Iterable[Unit]) -> str:
    """A file that `read` takes and that spreadsheets open."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for unit in units:
        writer.writerow(_cell(getattr(unit, column)) for column in COLUMNS)
    return _MARK + out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return " ".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)
