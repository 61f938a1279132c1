"""Units: the tree level by level, one unit with its people, changes of the tree, and its file."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from schemas.roles import UNIT_ROLES
from schemas.unit_files import day
from schemas.units import MESSAGES, Fault, Unit
from server import errors
from server.actions import candidates, unit_files, unit_levels, unit_roles, units
from server.actions.units import Placed
from server.db import now
from server.i18n import gettext
from server.permissions import can
from server.web import downloads, pages, role_words

page = pages.blueprint("units")
UNITS = "/units"
UNIT = f"{UNITS}/<int:unit_id>"
SHOWN = 200
MAX_FILE = 700_000
TEXTS = ("code", "type_label", "name_vi", "name_en")


def faults_of(problem: Problem) -> list[dict[str, Any]]:
    """What is wrong with units, each with a sentence; for any other problem one without a place."""
    found: list[Fault] = problem.details.get("faults", [])
    if problem.kind is not problems.UNITS_NOT_VALID or not found:
        return [{"row": None, "column": None, "code": None, "said": errors.sentence(problem)}]
    return [
        {
            "row": fault.row,
            "column": fault.column,
            "code": fault.key[0] if fault.key else None,
            "said": gettext(MESSAGES[fault.reason]).format(**fault.args),
        }
        for fault in found
    ]


def _show(template: str, status: int = 200, **context: Any) -> Response:
    levels = {level.code: role_words.level(level) for level in unit_levels.list_all(pages.actor())}
    names = {"name_of": role_words.unit, "role_name": role_words.name, "levels": levels}
    names["level_name"] = lambda code: levels.get(code, code)
    return pages.show(template, status, may_change=_may_change(), **names, **context)


def _may_change() -> bool:
    return can(pages.actor(), "unit.update")


def _today() -> date:
    return now().date()


@page.get(UNITS)
def all_of() -> Response:
    """The highest units one reaches, or what a search finds."""
    return _list("")


def _list(wrong: str) -> Response:
    search = request.args.get("q", "").strip()
    found = units.list_all(pages.actor(), search=search, on=_today())
    if not search:
        inside = {placed.id for placed in found}
        found = [placed for placed in found if placed.parent_id not in inside]
    return _show("units.html", found=found[:SHOWN], more=len(found) - SHOWN, search=search, wrong=wrong)


@page.get(UNIT)
def one(unit_id: int) -> Response:
    """A unit: what lies above and below, who holds a role on it, and what can be changed."""
    return _one(unit_id, [])


def _one(unit_id: int, wrong: list[dict[str, Any]]) -> Response:
    who, placed = pages.actor(), units.get(pages.actor(), unit_id)
    on = min(_today(), placed.unit.valid_to or date.max)
    below = units.list_all(who, parent_code=placed.unit.code, on=max(on, placed.unit.valid_from))
    known = {each.id: each for each in units.list_all(who)} if placed.parent_id else {}
    held = unit_roles.assignments(who, unit_id) if can(who, "assignment.list") else []
    return _show(
        "unit.html",
        400 if wrong else 200,
        placed=placed,
        above=known.get(placed.parent_id or 0),
        below=below,
        held=held,
        roles=UNIT_ROLES,
        people=candidates.for_units(who) if can(who, "assignment.create") else [],
        wrong=wrong,
    )


def _given(form: Mapping[str, str], key: str = "") -> dict[str, Any]:
    """What a form says about a unit. Raises UNITS_NOT_VALID for a date that is none."""
    given: dict[str, Any] = {name: form.get(name, "").strip() for name in TEXTS}
    given |= {"parent_code": form.get("parent_code", "").strip() or None, "is_hotspot": "is_hotspot" in form}
    given |= {"level_code": form.get("level_code", ""), "valid_from": _day(form, "valid_from") or _today()}
    return given | {"valid_to": _day(form, "valid_to")}


def _day(form: Mapping[str, str], name: str) -> date | None:
    text = form.get(name, "").strip()
    try:
        return day(text)
    except Exception:  # noqa: BLE001  (what `day` raises is its module's own)
        raise units.invalid([Fault("date", name, args={"value": text[:80]})]) from None


@page.post(UNITS)
def create() -> Response:
    """A new unit."""
    try:
        made = units.create(pages.actor(), units.tidy(Unit(**_given(request.form))))
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _list(" ".join(fault["said"] for fault in faults_of(problem)))
    return pages.go("units.one", unit_id=made.id, done="unit")


@page.post(UNIT)
def change(unit_id: int) -> Response:
    """Other names, another place in the tree, or its last day."""
    try:
        units.change(pages.actor(), unit_id, _given(request.form))
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _one(unit_id, faults_of(problem))
    return pages.go("units.one", unit_id=unit_id, done="unit")


@page.post(f"{UNIT}/merge")
def merge(unit_id: int) -> Response:
    """This unit and others become one."""
    who, found = pages.actor(), units.get(pages.actor(), unit_id)
    try:
        on = _day(request.form, "on") or _today()
        numbers = [found.id, *(each.id for each in _by_codes(request.form.get("others", ""), on))]
        into = Unit(**_given(request.form) | {"valid_from": on, "valid_to": None})
        made = units.merge(who, numbers, on, units.tidy(into))
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _one(unit_id, faults_of(problem))
    return pages.go("units.one", unit_id=made.id, done="unit_merged")


@page.post(f"{UNIT}/split")
def split(unit_id: int) -> Response:
    """This unit becomes several, of its own level and below the same unit unless told."""
    who, old = pages.actor(), units.get(pages.actor(), unit_id).unit
    texts = {name: request.form.getlist(name) for name in ("code", "name_vi", "name_en")}
    try:
        on = _day(request.form, "on") or _today()
        above = request.form.get("parent_code", "").strip() or None
        same = replace(old, parent_code=above, valid_from=on, valid_to=None, successor_codes=())
        rows = [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=False)]
        into = [units.tidy(replace(same, **row)) for row in rows if row["code"].strip()]
        units.split(who, unit_id, on, into)
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _one(unit_id, faults_of(problem))
    return pages.go("units.one", unit_id=unit_id, done="unit_split")


def _by_codes(text: str, on: date) -> list[Placed]:
    codes = text.replace(",", " ").replace(";", " ").split()
    known = {each.unit.code: each for each in units.list_all(pages.actor(), on=on)} if codes else {}
    for code in codes:
        if code not in known:
            raise units.invalid([Fault("ended", "others", args={"code": code, "day": on.isoformat()})])
    return [known[code] for code in codes]


@page.post(f"{UNIT}/people")
def add_person(unit_id: int) -> Response:
    """Give somebody a role here."""
    person = request.form.get("person", 0, type=int)
    try:
        unit_roles.grant(pages.actor(), request.form.get("role", ""), person, unit_id)
    except Problem as problem:
        if problem.kind is not problems.UNIQUENESS:  # held already: as wished
            raise
    return pages.go("units.one", unit_id=unit_id, done="unit_people")


@page.post(f"{UNIT}/people/remove")
def remove_person(unit_id: int) -> Response:
    """Take a role away."""
    project_id = request.form.get("project", type=int)
    person = request.form.get("person", 0, type=int)
    unit_roles.revoke(pages.actor(), request.form.get("role", ""), person, unit_id, project_id=project_id)
    return pages.go("units.one", unit_id=unit_id, done="unit_people")


@page.get(f"{UNITS}/file")
def file() -> Response:
    """The units one reaches, as a table."""
    return downloads.data("units.csv", unit_files.write(pages.actor()).encode())


@page.get(f"{UNITS}/import")
def ask() -> Response:
    """Where a table of units is chosen."""
    units.require_change(pages.actor())
    return _show("units_import.html", faults=[], outcome=None, table="")


@page.post(f"{UNITS}/import")
def look() -> Response:
    """What a table would change; nothing is changed yet."""
    units.require_change(pages.actor())
    try:
        data = pages.uploaded("table", MAX_FILE)
        outcome = unit_files.load(pages.actor(), data, dry_run=True)
    except Problem as problem:
        return _show("units_import.html", 400, faults=faults_of(problem), outcome=None, table="")
    return _show("units_import.html", faults=[], outcome=outcome, table=base64.b64encode(data).decode())


@page.post(f"{UNITS}/import/now")
def load() -> Response:
    """Change the tree, as it was shown."""
    try:
        table = base64.b64decode(request.form.get("table", ""), validate=True)
    except binascii.Error:
        raise problems.TABLE_UNREADABLE() from None
    try:
        unit_files.load(pages.actor(), table)
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _show("units_import.html", 400, faults=faults_of(problem), outcome=None, table="")
    return pages.go("units.all_of", done="units")
