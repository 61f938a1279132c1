"""Units by REST: the dated tree and its file; and who holds which of the programme's roles on a unit."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask, Response, jsonify, request

from schemas import problems, unit_files
from schemas.access import ActorShape
from schemas.problems import Problem
from schemas.roles import UnitRole
from schemas.units import MESSAGES, Fault, Merge, NewUnit, Split, Unit, UnitChanges, UnitShape
from server import errors, identity, uploads
from server.actions import unit_files as files
from server.actions import unit_roles, units
from server.actions.unit_rows import Placed
from server.api import wire
from server.i18n import LANGUAGES, gettext, use

api = wire.blueprint("units")
UNIT = "/units/<int:unit_id>"
ROLE = "/unit-roles/<role_name>"
MAX_FILE = 20_000_000
CSV = "text/csv; charset=utf-8"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.errorhandler(Problem)
def refuse(problem: Problem) -> Response:
    """What is wrong with units, each with a sentence: in Vietnamese for who prefers it."""
    if problem.kind is problems.UNITS_NOT_VALID:
        use(request.accept_languages.best_match(LANGUAGES, "en") or "en")
        problem.details["errors"] = [_fault_dict(fault) for fault in problem.details.pop("faults", [])]
    return errors.answer(problem)


def _fault_dict(fault: Fault) -> dict[str, Any]:
    code = fault.key[0] if fault.key else None
    said = gettext(MESSAGES[fault.reason]).format(**fault.args)
    return {"row": fault.row, "column": fault.column, "code": code, "reason": fault.reason, "message": said}


def unit_dict(placed: Placed) -> dict[str, Any]:
    """A unit."""
    unit = placed.unit
    return {"id": placed.id, "parent_id": placed.parent_id} | {name: getattr(unit, name) for name in unit_files.COLUMNS}


def _reply(found: Placed) -> Response:
    return wire.reply(UnitShape, unit_dict(found))


def _day(name: str) -> date | None:
    text = request.args.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise problems.UNEXPECTED_VALUE(field=name, value=text, reason="a date was expected") from None


@api.get("/units")
def list_all() -> Response:
    """The units one reaches, by code: `q` words, `parent` a code, `on` a day; `limit` and `offset`."""
    found = units.list_all(
        identity.actor(), search=request.args.get("q", ""), parent_code=request.args.get("parent"), on=_day("on")
    )
    first, limit = wire.number("offset") or 0, wire.number("limit")
    shown = found[first:] if limit is None else found[first : first + limit]
    return wire.reply(UnitShape, [unit_dict(placed) for placed in shown])


@api.get("/units.csv")
def export() -> Response:
    """The units one reaches, as a file that `import` takes."""
    return wire.document(files.write(identity.actor()), CSV, save_as="units.csv")


@api.post("/units")
def create() -> Response:
    """A new unit."""
    units.require_change(identity.actor())
    given = wire.body(NewUnit)
    codes = tuple(given.pop("successor_codes"))
    return _reply(units.create(identity.actor(), units.tidy(Unit(**given, successor_codes=codes))))


@api.post("/units/import")
def load() -> Response:
    """Take in a table (CSV, XLSX), all of it or nothing; with `dryRun=true` only tell what it would add and change."""
    units.require_change(identity.actor())
    part = uploads.body(request, "units.csv")
    if part.size > MAX_FILE:
        raise problems.TOO_LARGE(limit=MAX_FILE)
    part.stream.seek(0)
    done = files.load(identity.actor(), part.stream.read(), dry_run=wire.flag("dryRun"))
    return jsonify(added=done.added, changed=done.changed, unchanged=done.unchanged, dryRun=done.dry_run)


@api.get(UNIT)
def get(unit_id: int) -> Response:
    """One unit."""
    return _reply(units.get(identity.actor(), unit_id))


@api.patch(UNIT)
def update(unit_id: int) -> Response:
    """Change a unit, or close it: `validTo` is its last day."""
    units.require_change(identity.actor())
    changes = wire.body(UnitChanges)
    if "successor_codes" in changes:
        changes["successor_codes"] = tuple(changes["successor_codes"])
    return _reply(units.change(identity.actor(), unit_id, changes))


def _successor(given: dict[str, Any], on: date) -> Unit:
    return units.tidy(Unit(**given | {"level_code": given["level_code"] or "", "valid_from": on}))


@api.post("/units/merge")
def merge() -> Response:
    """Several units become one, from a day on."""
    units.require_change(identity.actor())
    given = wire.body(Merge)
    into = _successor(given["into"], given["on"])
    return _reply(units.merge(identity.actor(), given["unit_ids"], given["on"], into))


@api.post(f"{UNIT}/split")
def split(unit_id: int) -> Response:
    """One unit becomes several, from a day on."""
    units.require_change(identity.actor())
    given = wire.body(Split)
    into = [_successor(each, given["on"]) for each in given["into"]]
    made = units.split(identity.actor(), unit_id, given["on"], into)
    return wire.reply(UnitShape, [unit_dict(placed) for placed in made])


# The programme's roles. A `whole` one is held without a unit.


def _role_dict(role: UnitRole) -> dict[str, Any]:
    return {
        "id": role.id,
        "system": role.system,
        "name": role.name,
        "nameVi": role.name_vi,
        "verbs": sorted(role.verbs),
        "own": role.own,
        "whole": role.whole,
        "forms": sorted(role.forms) if role.forms is not None else None,
        "fills": sorted(role.fills) if "submission.create" in role.verbs else [],
    }


@api.get("/unit-roles")
def roles() -> Response:
    """All roles of the programme."""
    return jsonify([_role_dict(role) for role in unit_roles.list_all(identity.actor())])


@api.get(ROLE)
def role(role_name: str) -> Response:
    """One of them by number or system name."""
    unit_roles.list_all(identity.actor())
    return jsonify(_role_dict(unit_roles.role(role_name)))


@api.get(f"{UNIT}/assignments")
@api.get(f"{UNIT}/assignments/<role_name>")
@api.get(f"{ROLE}/assignments")
def holders(unit_id: int | None = None, role_name: str | None = None) -> Response:
    """Who holds roles there."""
    project_id = wire.number("projectId")
    found = unit_roles.assignments(identity.actor(), unit_id, role_name=role_name, project_id=project_id)
    shown = []
    for held, actor in found:
        entry = {"actorId": held.actor_id, "role": held.role, "unitId": held.unit_id, "projectId": held.project_id}
        shown.append(entry | ({"actor": ActorShape().dump(actor)} if wire.extended() else {}))
    return jsonify(shown)


@api.post(f"{UNIT}/assignments/<role_name>/<int:actor_id>")
@api.post(f"{ROLE}/<int:actor_id>")
def grant(role_name: str, actor_id: int, unit_id: int | None = None) -> Response:
    """Give a role; with `projectId` in that project alone."""
    unit_roles.grant(identity.actor(), role_name, actor_id, unit_id, project_id=wire.number("projectId"))
    return jsonify(wire.SUCCESS)


@api.delete(f"{UNIT}/assignments/<role_name>/<int:actor_id>")
@api.delete(f"{ROLE}/<int:actor_id>")
def revoke(role_name: str, actor_id: int, unit_id: int | None = None) -> Response:
    """Take a role away."""
    unit_roles.revoke(identity.actor(), role_name, actor_id, unit_id, project_id=wire.number("projectId"))
    return jsonify(wire.SUCCESS)
