"""Volunteers of a project: listed with their units, added at once from a table, and what is known of their phones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from forms import sheets
from schemas import problems
from schemas.roles import UNIT_ROLES
from schemas.units import fold
from schemas.volunteers import COLUMNS, Known, NewVolunteer, Plan, check
from server import permissions
from server.actions import access, properties, unit_roles, units
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment, Form, Project, Submission, Unit, UnitReach
from server.permissions import Actor

# The property that holds the code by which the programme knows a volunteer (domain 5.2).
WORKER_CODE = "worker_code"
# What a volunteer is on a unit unless told.
ROLE = "volunteer"
LIST = "field_key.list"
_COLLECT = re.compile(r"collect\.android/(v?[0-9][\w.-]{0,30})")


@dataclass(frozen=True, slots=True)
class Phone:
    """What the last submission of a volunteer says: when it came, and of which app."""

    last_sent: datetime
    app: str


def listed(
    actor: Actor, project_id: int, *, search: str = "", unit_id: int | None = None, working: bool = True
) -> list[int]:
    """Their numbers, newest first: those whose code works, or those whose code was revoked.

    `search`: words of the name or the worker's code, without accents. `unit_id`: who works for it or below it.
    """
    permissions.require(actor, LIST, project_id=project_id)
    query = select(ActorRow.id, ActorRow.display_name, ActorRow.properties)
    query = query.join(AppUser, AppUser.actor_id == ActorRow.id).where(AppUser.project_id == project_id)
    query = query.where(ActorRow.deleted_at.is_(None), AppUser.key_hash.is_not(None) == working)
    if unit_id is not None:
        within = select(UnitReach.within_id).where(UnitReach.unit_id == units.get(actor, unit_id).id)
        query = query.where(ActorRow.id.in_(select(Assignment.actor_id).where(Assignment.unit_id.in_(within))))
    words = fold(search).split()
    cards = permissions.visible(actor, select(AppUser.actor_id).where(AppUser.project_id == project_id), LIST)
    query = query.where(ActorRow.id.in_(cards))
    rows = db.session.execute(query.order_by(ActorRow.created_at.desc(), ActorRow.id.desc()))
    return [row[0] for row in rows if all(word in _said(row[1], row[2]) for word in words)]


def _said(name: str, properties: dict[str, object] | None) -> str:
    return fold(f"{name} {(properties or {}).get(WORKER_CODE, '')}")


def rows(actor: Actor, project_id: int, actor_ids: list[int]) -> list[AppUser]:
    """The volunteers of these numbers, in their order."""
    permissions.require(actor, LIST, project_id=project_id)
    query = select(AppUser).where(AppUser.project_id == project_id, AppUser.actor_id.in_(actor_ids))
    found = {one.actor_id: one for one in db.session.scalars(permissions.visible(actor, query, LIST))}
    return [found[number] for number in actor_ids if number in found]


def units_of(actor: Actor, actor_ids: Iterable[int]) -> dict[int, list[Unit]]:
    """By volunteer, of the units that the actor reaches."""
    query = select(Unit, Assignment.actor_id).join(Assignment, Assignment.unit_id == Unit.id)
    query = query.where(Assignment.actor_id.in_(list(actor_ids))).order_by(Unit.code, Unit.id)
    found: dict[int, list[Unit]] = {}
    for unit, actor_id in db.session.execute(permissions.visible(actor, query, *units.READ)):
        if unit not in found.setdefault(actor_id, []):
            found[actor_id].append(unit)
    return found


def unit_choices(actor: Actor, project_id: int) -> list[Unit]:
    """The units that volunteers of the project work for, and all above them, by code."""
    held = select(Assignment.unit_id).join(AppUser, AppUser.actor_id == Assignment.actor_id)
    above = select(UnitReach.unit_id).where(UnitReach.within_id.in_(held.where(AppUser.project_id == project_id)))
    query = permissions.visible(actor, select(Unit).where(Unit.id.in_(above)), *units.READ)
    return list(db.session.scalars(query.order_by(Unit.code, Unit.id)))


def forms_of(actor: Actor, project_id: int, actor_ids: Iterable[int]) -> dict[int, list[int]]:
    """By volunteer, the numbers of the living forms that she fills."""
    permissions.require(actor, LIST, project_id=project_id)
    query = select(Assignment.actor_id, Assignment.form_id).join(Form, Form.id == Assignment.form_id)
    query = query.where(Assignment.actor_id.in_(list(actor_ids)), Assignment.role == "app-user")
    query = query.where(Form.project_id == project_id, Form.deleted_at.is_(None)).order_by(Assignment.id)
    found: dict[int, list[int]] = {}
    for actor_id, form_id in db.session.execute(query):
        found.setdefault(actor_id, []).append(form_id)
    return found


def plan(actor: Actor, project_id: int, table: bytes) -> Plan:
    """What a table of volunteers would do; nothing is changed. Raises what `sheets.read` does."""
    permissions.require(actor, "field_key.create", project_id=project_id)
    lines = [(row.number, row.cells) for row in sheets.read(table, COLUMNS, ("name",))]
    return check(lines, _known(actor, project_id))


def _known(actor: Actor, project_id: int) -> Known:
    forms = select(Form.xml_form_id).where(Form.project_id == project_id, Form.deleted_at.is_(None))
    people = select(ActorRow.properties).join(AppUser, AppUser.actor_id == ActorRow.id)
    people = people.where(AppUser.project_id == project_id, ActorRow.deleted_at.is_(None))
    codes = {str(found[WORKER_CODE]) for found in db.session.scalars(people) if found and found.get(WORKER_CODE)}
    return Known(units=set(_units(actor, project_id)), forms=set(db.session.scalars(forms)), worker_codes=codes)


def _units(actor: Actor, project_id: int) -> dict[str, int]:
    """The units that the actor reaches and that are valid today where the project is, by code."""
    return {placed.unit.code: placed.id for placed in units.list_all(actor, on=_today(project_id))}


def _today(project_id: int) -> date:
    return now().astimezone(ZoneInfo(db.session.get_one(Project, project_id).time_zone)).date()


def open_units(actor: Actor, project_id: int) -> list[units.Placed]:
    """The units that a volunteer of the project can work for today, by code."""
    permissions.require(actor, LIST, project_id=project_id)
    return units.list_all(actor, on=_today(project_id))


def _open_unit(actor: Actor, project_id: int, code: str) -> int:
    """The number of the unit of this code. Raises UNIT_UNKNOWN."""
    found = _units(actor, project_id).get(code.strip())
    if found is None:
        raise problems.UNIT_UNKNOWN(unit=code.strip()[:80])
    return found


@writes
def create(
    actor: Actor, project_id: int, name: str, *, language: str | None, form_ids: list[int], unit: str = ""
) -> AppUser:
    """A volunteer who fills these forms, and works for the `unit` of this code. Raises UNIT_UNKNOWN."""
    permissions.require(actor, "field_key.create", project_id=project_id)
    unit_id = _open_unit(actor, project_id, unit) if unit.strip() else None
    made = access.create_app_user(actor, project_id, name, language=language, form_ids=form_ids)
    if unit_id is not None:
        unit_roles.grant(actor, ROLE, made.actor_id, unit_id, project_id=project_id)
    return made


@writes
def set_unit(actor: Actor, project_id: int, actor_id: int, unit: str) -> None:
    """The volunteer works for the unit of this code alone, in the role of before; without a code for none.

    What was sent before stays where it is. Raises UNIT_UNKNOWN, NOT_FOUND.
    """
    permissions.require(actor, "assignment.create", project_id=project_id)
    person = access.get_app_user(actor, project_id, actor_id)
    unit_id = _open_unit(actor, project_id, unit) if unit.strip() else None
    query = select(Assignment).where(Assignment.actor_id == person.actor_id, Assignment.role.in_(UNIT_ROLES))
    held = [each for each in db.session.scalars(query.order_by(Assignment.id)) if each.unit_id is not None]
    role = held[0].role if held else ROLE
    if unit_id is not None and unit_id not in {each.unit_id for each in held}:
        unit_roles.grant(actor, role, actor_id, unit_id, project_id=project_id)
    for each in held:
        if each.unit_id != unit_id:
            unit_roles.revoke(actor, each.role, actor_id, each.unit_id, project_id=project_id)


@writes
def add(actor: Actor, project_id: int, table: bytes) -> list[AppUser]:
    """Add the volunteers of a table, all or none. Those who were added before are left as they are.

    Raises TABLE_HAS_ERRORS when a row cannot be added.
    """
    found = plan(actor, project_id, table)
    if found.errors:
        raise problems.TABLE_HAS_ERRORS(number=len(found.errors))
    if any(each.worker_code for each in found.new) and WORKER_CODE not in properties.list_all(actor, project_id):
        properties.create(actor, project_id, WORKER_CODE)
    numbers = _units(actor, project_id) if any(each.unit for each in found.new) else {}
    return [_add(actor, project_id, each, numbers) for each in found.new]


def _add(actor: Actor, project_id: int, new: NewVolunteer, numbers: dict[str, int]) -> AppUser:
    forms = select(Form.id).where(Form.project_id == project_id, Form.xml_form_id.in_(new.forms))
    made = access.create_app_user(
        actor,
        project_id,
        new.name,
        language=new.language,
        all_forms=not new.forms,
        form_ids=list(db.session.scalars(forms)),
        properties_given={WORKER_CODE: new.worker_code} if new.worker_code else None,
    )
    if new.unit:
        unit_roles.grant(actor, new.role, made.actor_id, numbers[new.unit], project_id=project_id)
    return made


def phones(actor: Actor, actor_ids: Iterable[int]) -> dict[int, Phone]:
    """By volunteer, of what the actor may list."""
    latest = select(Submission.submitter_id, func.max(Submission.id).label("id"))
    latest = latest.where(Submission.submitter_id.in_(list(actor_ids))).group_by(Submission.submitter_id)
    last = permissions.visible(actor, latest, "submission.list").subquery()
    sent = db.session.execute(
        select(Submission.submitter_id, Submission.created_at, Submission.user_agent).join(
            last, last.c.id == Submission.id
        )
    )
    return {row[0]: Phone(row[1], _app(row[2] or "")) for row in sent}


def _app(user_agent: str) -> str:
    """The version of ODK Collect, as its User-Agent tells it (org.odk.collect.android/v2026.3.1 …)."""
    found = _COLLECT.search(user_agent)
    return found[1] if found else ""
