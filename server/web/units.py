"""Units: the tree level by level, one unit with its people, and changes of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Response, request

from schemas import collation, problems
from schemas.problems import Problem
from schemas.roles import UNIT_ROLES
from schemas.unit_files import day
from schemas.unit_levels import Level
from schemas.units import Fault, Unit
from server.actions import candidates, unit_levels, unit_roles, units
from server.actions.units import Placed
from server.db import now
from server.permissions import can
from server.web import pages, role_words
from server.web.unit_faults import faults_of

page = pages.blueprint("units")
UNITS = "/units"
UNIT = f"{UNITS}/<int:unit_id>"
SHOWN = 200
TEXTS = ("code", "type_label", "name_vi", "name_en")


def show_units(template: str, status: int = 200, **context: Any) -> Response:
    """A page that speaks of units, their levels and roles."""
    levels = {level.code: role_words.level(level) for level in unit_levels.list_all(pages.actor())}
    names = {"name_of": role_words.unit, "role_name": role_words.name, "levels": levels, "about": role_words.about}
    names["level_name"] = lambda code: levels.get(code, code)
    return pages.show(template, status, may_change=can(pages.actor(), "unit.update"), **names, **context)


def today() -> date:
    """The day it is."""
    return now().date()


@page.get(UNITS)
def all_of() -> Response:
    """The highest units one reaches, or what a search finds."""
    return _list([])


def _list(wrong: Sequence[Mapping[str, Any]]) -> Response:
    search = request.args.get("q", "").strip()
    there = units.list_all(pages.actor(), on=today())
    found = units.list_all(pages.actor(), search=search, on=today()) if search else there
    if not search:
        inside = {placed.id for placed in found}
        found = [placed for placed in found if placed.parent_id not in inside]
    found = _by_name(found)
    return show_units(
        "units.html",
        400 if wrong else 200,
        found=found[:SHOWN],
        more=len(found) - SHOWN,
        search=search,
        above={placed.id: placed.unit for placed in there},
        wrong=wrong,
        values=_typed() if wrong else {},
    )


def _by_name(found: Sequence[Placed]) -> list[Placed]:
    return sorted(found, key=lambda placed: (collation.key(role_words.unit(placed.unit)), placed.unit.code))


@page.get(UNIT)
def one(unit_id: int) -> Response:
    """A unit: what lies above and below, who holds a role on it, and what can be changed."""
    return _one(unit_id)


def _one(
    unit_id: int, wrong: Sequence[Mapping[str, Any]] = (), *, adding: Sequence[Mapping[str, Any]] = ()
) -> Response:
    """`wrong`: why it was not changed; `adding`: why no unit below it was made. Either keeps what was typed."""
    who, placed = pages.actor(), units.get(pages.actor(), unit_id)
    known, unit = units.list_all(who), placed.unit
    on = max(min(today(), unit.valid_to or date.max), unit.valid_from)
    held = unit_roles.assignments(who, unit_id) if can(who, "assignment.list") else []
    return show_units(
        "unit.html",
        400 if wrong or adding else 200,
        placed=placed,
        above=next((each for each in known if each.id == placed.parent_id), None),
        below=_by_name(units.list_all(who, parent_code=unit.code, on=on)),
        held=held,
        roles=UNIT_ROLES,
        people=candidates.for_units(who) if can(who, "assignment.create") else [],
        before=_before(unit, known),
        after=_after(unit, known),
        ended=unit.valid_to is not None and unit.valid_to < today(),
        wrong=wrong,
        adding=adding,
        values=_typed() if wrong else values_of(unit),
        fresh=_typed() if adding else {"parent_code": unit.code, "level_code": _level_below(unit)},
    )


def _before(unit: Unit, known: Sequence[Placed]) -> list[Placed]:
    """The units that went into it."""
    ended = [each for each in known if each.unit.valid_to and unit.code in each.unit.successor_codes]
    return [each for each in ended if unit.on((each.unit.valid_to or date.max) + timedelta(days=1))]


def _after(unit: Unit, known: Sequence[Placed]) -> list[Placed]:
    """The units that it went into."""
    if unit.valid_to is None:
        return []
    first = unit.valid_to + timedelta(days=1)
    return [each for each in known if each.unit.code in unit.successor_codes and each.unit.on(first)]


def _level_below(unit: Unit) -> str:
    """The highest level of which a unit may lie right below this one."""
    found = unit_levels.list_all(pages.actor())
    above = next((level for level in found if level.code == unit.level_code), None)
    return next((level.code for level in found if above and _lies_below(level, above)), "")


def _lies_below(level: Level, above: Level) -> bool:
    return level.rank > above.rank and (not level.above or above.code in level.above)


def values_of(unit: Unit) -> dict[str, Any]:
    """A unit as the fields of a form have it."""
    days = {name: said(getattr(unit, name)) for name in ("valid_from", "valid_to")}
    texts = {name: getattr(unit, name) for name in (*TEXTS, "level_code")}
    return texts | days | {"parent_code": unit.parent_code or "", "is_hotspot": unit.is_hotspot}


def _typed() -> dict[str, Any]:
    return {**request.form.to_dict(), "is_hotspot": "is_hotspot" in request.form}


def said(value: date | None) -> str:
    """A day as it is written in Vietnam."""
    return value.strftime("%d/%m/%Y") if value else ""


def given(form: Mapping[str, str]) -> dict[str, Any]:
    """What a form says about a unit. Raises UNITS_NOT_VALID for a date that is none."""
    found: dict[str, Any] = {name: form.get(name, "").strip() for name in TEXTS}
    found |= {"parent_code": form.get("parent_code", "").strip() or None, "is_hotspot": "is_hotspot" in form}
    found |= {"level_code": form.get("level_code", ""), "valid_from": given_day(form, "valid_from") or today()}
    return found | {"valid_to": given_day(form, "valid_to")}


def given_day(form: Mapping[str, str], name: str) -> date | None:
    """A day as somebody typed it. Raises UNITS_NOT_VALID."""
    text = form.get(name, "").strip()
    try:
        return day(text)
    except Exception:  # noqa: BLE001  (what `day` raises is its module's own)
        raise units.invalid([Fault("date", name, args={"value": text[:80]})]) from None


@page.post(UNITS)
def create() -> Response:
    """A new unit. With what is wrong, again the page where it was typed: of the unit `below` which it was to lie."""
    try:
        made = units.create(pages.actor(), units.tidy(Unit(**given(request.form))))
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        below = request.form.get("below", 0, type=int)
        return _one(below, adding=faults_of(problem)) if below else _list(faults_of(problem))
    return pages.go("units.one", unit_id=made.id, done="unit")


@page.post(UNIT)
def change(unit_id: int) -> Response:
    """Other names, another place in the tree, or its last day."""
    try:
        units.change(pages.actor(), unit_id, given(request.form))
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _one(unit_id, faults_of(problem))
    return pages.go("units.one", unit_id=unit_id, done="unit")
