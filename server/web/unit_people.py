"""Who works for a unit: roles given on its page, and taken away after one more question."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from schemas.roles import UNIT_ROLES
from server.actions import unit_roles, units
from server.permissions import require
from server.web import pages, role_words
from server.web.units import UNIT, show_units

page = pages.blueprint("unit_people")
PEOPLE = f"{UNIT}/people"


def _done(code: str, role: str, unit_id: int, name: str) -> str:
    unit = units.get(pages.actor(), unit_id).unit
    return pages.naming(code, who=name, role=role_words.name(UNIT_ROLES[role]), unit=role_words.unit(unit))


@page.post(PEOPLE)
def add(unit_id: int) -> Response:
    """Give somebody a role here."""
    person, role = request.form.get("person", 0, type=int), request.form.get("role", "")
    try:
        unit_roles.grant(pages.actor(), role, person, unit_id)
    except Problem as problem:
        if problem.kind is not problems.UNIQUENESS:  # held already: as wished
            raise
    done = _done("unit_given", role, unit_id, _name_of(unit_id, person, role))
    return pages.go("units.one", unit_id=unit_id, done=done)


def _found(unit_id: int, person: int, role: str, project_id: int | None = None) -> Any:
    held = unit_roles.assignments(pages.actor(), unit_id, project_id=project_id)
    found = next((each for each in held if (each[0].actor_id, each[0].role) == (person, role)), None)
    if found is None:
        raise problems.NOT_FOUND()
    return found


def _name_of(unit_id: int, person: int, role: str) -> str:
    return str(_found(unit_id, person, role)[1].display_name)


@page.get(f"{PEOPLE}/remove")
def ask(unit_id: int) -> Response:
    """Ask once more, and say what it means."""
    require(pages.actor(), "assignment.delete")
    given = request.args
    person, project_id = given.get("person", 0, type=int), given.get("project", type=int)
    assignment, holder = _found(unit_id, person, given.get("role", ""), project_id)
    placed = units.get(pages.actor(), unit_id)
    role = UNIT_ROLES[assignment.role]
    return show_units("unit_remove.html", placed=placed, assignment=assignment, person=holder, role=role)


@page.post(f"{PEOPLE}/remove")
def remove(unit_id: int) -> Response:
    """Take a role away."""
    project_id = request.form.get("project", type=int)
    person, role = request.form.get("person", 0, type=int), request.form.get("role", "")
    name = _name_of(unit_id, person, role)
    unit_roles.revoke(pages.actor(), role, person, unit_id, project_id=project_id)
    return pages.go("units.one", unit_id=unit_id, done=_done("unit_taken", role, unit_id, name))
