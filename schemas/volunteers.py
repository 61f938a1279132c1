"""A table of volunteers to add at once: its columns, and what is wrong with its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemas.roles import UNIT_ROLES

# What each column is called, and what it may be called too. Accents, case and spaces do not count.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("họ tên", "họ và tên", "tên", "display name", "full name"),
    "language": ("ngôn ngữ",),
    "worker_code": ("mã", "mã tình nguyện viên", "code"),
    "unit": ("đơn vị", "mã đơn vị", "unit code"),
    "role": ("vai trò",),
    "forms": ("biểu mẫu", "form", "form ids"),
}
MAX_NAME = 100
MAX_CODE = 40
_LANGUAGES = {"vi": "vi", "tiếng việt": "vi", "en": "en", "tiếng anh": "en", "english": "en"}


@dataclass(frozen=True, slots=True)
class NewVolunteer:
    """A row that can be added. `forms`: form IDs, empty for all. Without a unit there is no role on one."""

    row: int
    name: str
    language: str | None
    worker_code: str
    unit: str
    role: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row: the sentence is chosen by `code` where people read it."""

    row: int
    column: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Known:
    """What there is already: codes of units and of volunteers, form IDs."""

    units: Collection[str]
    forms: Collection[str]
    worker_codes: Collection[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a table would do. `there`: rows whose volunteer has been added before, known by the code."""

    new: list[NewVolunteer]
    there: list[NewVolunteer]
    errors: list[RowError]


def check(rows: Iterable[tuple[int, Mapping[str, str]]], known: Known) -> Plan:
    """Sort the rows of a table. With one error nothing should be added, so that a corrected table can come again."""
    plan, codes = Plan([], [], []), set[str]()
    for number, cells in rows:
        made = _volunteer(number, cells)
        errors = list(_errors(made, cells, known, codes))
        plan.errors.extend(RowError(number, column, code, cells.get(column, "")[:80]) for column, code in errors)
        if not errors:
            (plan.there if made.worker_code and made.worker_code in known.worker_codes else plan.new).append(made)
        if made.worker_code:
            codes.add(made.worker_code)
    return plan


def _volunteer(number: int, cells: Mapping[str, str]) -> NewVolunteer:
    return NewVolunteer(
        row=number,
        name=cells["name"],
        language=_LANGUAGES.get(cells["language"].casefold()),
        worker_code=cells["worker_code"],
        unit=cells["unit"],
        role=(cells["role"] or "volunteer") if cells["unit"] else "",
        forms=tuple(dict.fromkeys(cells["forms"].replace(",", " ").replace(";", " ").split())),
    )


def _errors(made: NewVolunteer, cells: Mapping[str, str], known: Known, codes: set[str]) -> Iterable[tuple[str, str]]:
    if not made.name:
        yield "name", "missing"
    elif len(made.name) > MAX_NAME:
        yield "name", "too_long"
    if made.language is None and cells["language"]:
        yield "language", "unknown_language"
    if len(made.worker_code) > MAX_CODE:
        yield "worker_code", "too_long"
    elif made.worker_code in codes:
        yield "worker_code", "twice"
    if made.unit and made.unit not in known.units:
        yield "unit", "unknown_unit"
    role = UNIT_ROLES.get(made.role)
    if made.unit and (role is None or role.whole or "submission.create" not in role.verbs):
        yield "role", "unknown_role"
    if cells["role"] and not made.unit:
        yield "unit", "missing"
    if any(form not in known.forms for form in made.forms):
        yield "forms", "unknown_form"
