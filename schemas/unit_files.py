"""Units as a CSV file: read with what is wrong in which row and column, and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from schemas.units import Fault, Key, Unit, clean

COLUMNS = (
    "code", "parent_code", "level_code", "type_label", "name_vi", "name_en",
    "valid_from", "valid_to", "successor_codes", "is_hotspot",
)  # fmt: skip
REQUIRED = ("code", "level_code", "name_vi", "valid_from")
MAX_ROWS = 100_000
# Spreadsheets show what is UTF-8 as such only behind this mark.
_MARK = "\ufeff"
_YES = frozenset({"1", "true", "yes", "có", "x"})
_NO = frozenset({"", "0", "false", "no", "không"})


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
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
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


def read(text: str) -> tuple[list[tuple[int, Unit]], list[Fault]]:
    """The units of a file with their rows, and what is wrong with those that are none. Empty rows are left out."""
    text = text.removeprefix(_MARK)
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        rows = [(number, cells) for number, cells in enumerate(lines, 1) if any(cell.strip() for cell in cells)]
    except csv.Error:
        return [], [Fault("columns", args={"columns": ", ".join(COLUMNS)})]
    head = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    known = set(COLUMNS).issuperset(head) and len(set(head)) == len(head)
    if not known or not set(REQUIRED) <= set(head) or len(rows) > MAX_ROWS:
        return [], [Fault("columns", row=1, args={"columns": ", ".join(COLUMNS)})]
    return _units(head, rows[1:])


def _units(head: list[str], rows: list[tuple[int, list[str]]]) -> tuple[list[tuple[int, Unit]], list[Fault]]:
    units, faults, seen = [], [], dict[Key, int]()
    for row, cells in rows:
        values, wrong = _row(head, row, cells)
        faults += wrong
        if wrong:
            continue
        unit = Unit(**values)
        if unit.key in seen:
            faults.append(Fault("repeated", "code", unit.key, row, {"other": str(seen[unit.key])}))
        else:
            seen[unit.key] = row
            units.append((row, unit))
    return units, faults


def _row(head: list[str], row: int, cells: list[str]) -> tuple[dict[str, Any], list[Fault]]:
    if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
        return {}, [Fault("cells", row=row)]
    values: dict[str, Any] = {}
    faults = []
    filled = cells + [""] * (len(head) - len(cells))
    for column, cell in zip(head, map(clean, filled), strict=False):
        if column in REQUIRED and not cell:
            faults.append(Fault("required", column, row=row))
            continue
        try:
            values[column] = _READ.get(column, str)(cell)
        except _Wrong as wrong:
            faults.append(Fault(wrong.reason, column, row=row, args=wrong.args_of))
    return values, faults


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
