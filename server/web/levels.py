"""The levels of the tree of units: those of a preset, or one by one."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from schemas.unit_levels import PRESETS, Level
from server.actions import unit_levels
from server.web import pages, role_words
from server.web.unit_faults import faults_of

page = pages.blueprint("levels")
LEVELS = "/units/levels"
LEVEL = f"{LEVELS}/<name:code>"
N_ = str
NAMES = {
    "vn_three_tier": N_("Three tiers: province, district, commune (until 30/06/2025)"),
    "vn_two_tier": N_("Two tiers: province, commune (from 01/07/2025)"),
}


@page.get(LEVELS)
def all_of() -> Response:
    """The levels there are."""
    return _list([])


def _list(wrong: list[dict[str, Any]]) -> Response:
    found = unit_levels.list_all(pages.actor())
    return pages.show(
        "levels.html",
        400 if wrong else 200,
        found=found,
        used=unit_levels.used(pages.actor()),
        level_name=role_words.level,
        presets={name: NAMES[name] for name, levels in PRESETS.items() if list(levels.values()) != found},
        wrong=wrong,
    )


def _given() -> dict[str, Any]:
    types = request.form.get("types", "").replace(";", ",").split(",")
    return {
        "rank": request.form.get("rank", 0, type=int),
        "name_vi": request.form.get("name_vi", ""),
        "name_en": request.form.get("name_en", ""),
        "types": tuple(types),
        "above": tuple(request.form.getlist("above")),
    }


def _refused(problem: Problem) -> Response:
    if problem.kind is not problems.UNITS_NOT_VALID:
        raise problem
    return _list(faults_of(problem))


@page.post(LEVELS)
def add() -> Response:
    """A new level."""
    try:
        unit_levels.add(pages.actor(), Level(code=request.form.get("code", ""), **_given()))
    except Problem as problem:
        return _refused(problem)
    return pages.go("levels.all_of", done="level")


@page.post(LEVEL)
def change(code: str) -> Response:
    """Other names, or another place among the levels."""
    try:
        unit_levels.change(pages.actor(), code, _given())
    except Problem as problem:
        return _refused(problem)
    return pages.go("levels.all_of", done="level")


@page.post(f"{LEVEL}/delete")
def remove(code: str) -> Response:
    """Delete a level that no unit is of."""
    try:
        unit_levels.remove(pages.actor(), code)
    except Problem as problem:
        return _refused(problem)
    return pages.go("levels.all_of", done="level_removed")


@page.post("/units/levels-preset")
def choose() -> Response:
    """Take the levels of a preset."""
    try:
        unit_levels.choose(pages.actor(), request.form.get("preset", ""))
    except Problem as problem:
        return _refused(problem)
    return pages.go("levels.all_of", done="levels")
