"""Units that become one, or several: typed on a page of its own, merging looked at before it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from schemas.roles import UNIT_ROLES
from schemas.units import Fault, Unit
from server.actions import unit_roles, units
from server.actions.units import Placed
from server.permissions import can
from server.web import pages
from server.web.unit_faults import faults_of
from server.web.units import UNIT, given, given_day, said, show_units, today, values_of

page = pages.blueprint("unit_moves")
Wrong = Sequence[Mapping[str, Any]]
PARTS = ("code", "name_vi", "name_en")
LEAST_PARTS = 4


def _placed(unit_id: int) -> Placed:
    units.require_change(pages.actor())
    return units.get(pages.actor(), unit_id)


@page.get(f"{UNIT}/merge")
def ask_merge(unit_id: int) -> Response:
    """With which units, from which day on, into what."""
    placed = _placed(unit_id)
    values = values_of(placed.unit) | {"on": said(today()), "code": "", "name_vi": "", "name_en": ""}
    return _ask_merge(placed, values, [])


def _ask_merge(placed: Placed, values: Mapping[str, Any], wrong: Wrong) -> Response:
    there = units.list_all(pages.actor(), on=today())
    same = [each for each in there if each.parent_id == placed.parent_id and each.id != placed.id]
    beside = [each for each in same if each.unit.level_code == placed.unit.level_code]
    return show_units(
        "unit_merge.html", 400 if wrong else 200, placed=placed, values=values, beside=beside, wrong=wrong
    )


@page.post(f"{UNIT}/merge")
def merge(unit_id: int) -> Response:
    """This unit and others become one: shown first, done when that is `sure`."""
    placed = _placed(unit_id)
    try:
        on = given_day(request.form, "on") or today()
        merged = [placed, *(each for each in _by_codes(request.form.get("others", ""), on) if each.id != placed.id)]
        into = units.tidy(Unit(**given(request.form) | {"valid_from": on, "valid_to": None}))
        numbers = [each.id for each in merged]
        if "sure" not in request.form:
            units.check_merge(pages.actor(), numbers, on, into)
            return _preview(placed, merged, on, into)
        made = units.merge(pages.actor(), numbers, on, into)
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _ask_merge(placed, request.form.to_dict(), faults_of(problem))
    return pages.go("units.one", unit_id=made.id, done="unit_merged")


def _preview(placed: Placed, merged: Sequence[Placed], on: date, into: Unit) -> Response:
    who = pages.actor()
    held = [pair for each in merged for pair in unit_roles.assignments(who, each.id)] if _may_list() else []
    below = [each for one in merged for each in units.list_all(who, parent_code=one.unit.code, on=on)]
    there = [each for each in units.list_all(who, on=on) if each.unit.code == into.code and each not in merged]
    return show_units(
        "unit_merge_look.html",
        placed=placed,
        merged=merged,
        on=said(on),
        into=there[0].unit if there else into,
        there=bool(there),
        held=held,
        roles=UNIT_ROLES,
        below=[each for each in below if each not in merged],
        kept={key: value for key, value in request.form.items() if key != "csrf"},
    )


def _may_list() -> bool:
    return can(pages.actor(), "assignment.list")


def _by_codes(text: str, on: date) -> list[Placed]:
    codes = text.replace(",", " ").replace(";", " ").split()
    known = {each.unit.code: each for each in units.list_all(pages.actor(), on=on)} if codes else {}
    for code in codes:
        if code not in known:
            raise units.invalid([Fault("ended", "others", args={"code": code, "day": on.isoformat()})])
    return [known[code] for code in dict.fromkeys(codes)]


@page.get(f"{UNIT}/split")
def ask_split(unit_id: int) -> Response:
    """Into which units, from which day on."""
    placed = _placed(unit_id)
    values = {"on": said(today()), "parent_code": placed.unit.parent_code or ""}
    return _ask_split(placed, values, [], [])


def _ask_split(placed: Placed, values: Mapping[str, Any], rows: list[dict[str, str]], wrong: Wrong) -> Response:
    rows = rows + [{}] * (LEAST_PARTS - len(rows))
    below = units.list_all(pages.actor(), parent_code=placed.unit.code, on=today())
    status = 400 if wrong else 200
    return show_units("unit_split.html", status, placed=placed, values=values, rows=rows, below=below, wrong=wrong)


@page.post(f"{UNIT}/split")
def split(unit_id: int) -> Response:
    """This unit becomes several, of its own level and below the same unit unless told."""
    placed = _placed(unit_id)
    texts = [request.form.getlist(name) for name in PARTS]
    rows = [dict(zip(PARTS, row, strict=True)) for row in zip(*texts, strict=False)]
    try:
        on = given_day(request.form, "on") or today()
        above = request.form.get("parent_code", "").strip() or None
        same = replace(placed.unit, parent_code=above, valid_from=on, valid_to=None, successor_codes=())
        into = [units.tidy(replace(same, **row)) for row in rows if row["code"].strip()]
        units.split(pages.actor(), unit_id, on, into)
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _ask_split(placed, request.form.to_dict(), rows, faults_of(problem))
    return pages.go("units.one", unit_id=unit_id, done="unit_split")
