"""The levels of the tree of units: add, rename, delete, or take those of a preset. What breaks the tree is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select

from schemas import problems
from schemas.unit_levels import PRESETS, Level, by_rank, chosen
from schemas.unit_tree import Tree, level_faults
from schemas.units import Fault, clean
from server import dialect
from server.actions import audits, unit_rows, units
from server.db import db, insert_all, writes
from server.models import Unit, UnitLevel
from server.permissions import Actor


def list_all(actor: Actor) -> list[Level]:
    """The levels there are, the highest first, for whoever has signed in."""
    if actor.id is None and actor.type == "anonymous":
        raise problems.INSUFFICIENT_RIGHTS()
    return list(unit_rows.levels().values())


def used(actor: Actor) -> dict[str, int]:
    """How many units there are of each level, for who may change the tree."""
    units.require_change(actor)
    return _used()


def _used() -> dict[str, int]:
    rows = db.session.execute(select(Unit.level, func.count()).group_by(Unit.level))
    return {row[0]: row[1] for row in rows}


def _change(actor: Actor) -> dict[str, Level]:
    """Whether the actor may, and the levels as they are, which nobody else changes until the end."""
    units.require_change(actor)
    dialect.lock(db.session(), units.TURN)
    return unit_rows.levels()


@writes
def add(actor: Actor, level: Level) -> Level:
    """A new level. Raises UNITS_NOT_VALID."""
    there, made = _change(actor), _tidy(level)
    if made.code in there:
        raise unit_rows.invalid([Fault("level_there", "code", args={"value": made.code})])
    _store({**there, made.code: made})
    audits.log(actor, "unit.level.create", code=made.code)
    return made


@writes
def change(actor: Actor, code: str, changes: Mapping[str, Any]) -> Level:
    """Other names, or another place among the levels. Raises NOT_FOUND, UNITS_NOT_VALID."""
    there = _change(actor)
    if code not in there:
        raise problems.NOT_FOUND()
    made = _tidy(replace(there[code], **changes))
    _store({**there, code: made})
    audits.log(actor, "unit.level.update", code=code, changed=sorted(changes))
    return made


@writes
def remove(actor: Actor, code: str) -> None:
    """Delete a level that no unit is of. Raises NOT_FOUND, UNITS_NOT_VALID."""
    there = _change(actor)
    if code not in there:
        raise problems.NOT_FOUND()
    number = _used().get(code, 0)
    if number:
        raise unit_rows.invalid([Fault("level_used", "code", args={"value": code, "number": str(number)})])
    _store({other: level for other, level in there.items() if other != code})
    audits.log(actor, "unit.level.delete", code=code)


@writes
def choose(actor: Actor, preset: str) -> list[Level]:
    """Take the levels of a preset; those of others stay while there are units of them. Raises NOT_FOUND."""
    there = _change(actor)
    if preset not in PRESETS:
        raise problems.NOT_FOUND()
    after = chosen(PRESETS[preset], there, _used())
    _store(after)
    audits.log(actor, "unit.level.choose", preset=preset)
    return list(by_rank(list(after.values())).values())


def _tidy(level: Level) -> Level:
    return replace(
        level,
        code=clean(level.code),
        name_vi=clean(level.name_vi),
        name_en=clean(level.name_en),
        types=tuple(dict.fromkeys(filter(None, map(clean, level.types)))),
        above=tuple(dict.fromkeys(filter(None, map(clean, level.above)))),
    )


def _store(after: Mapping[str, Level]) -> None:
    faults = level_faults(after) or Tree([each.unit for each in unit_rows.everything()], after).faults()
    if faults:
        raise unit_rows.invalid(faults)
    db.session.execute(delete(UnitLevel))
    rows = [
        {
            "code": level.code,
            "rank": level.rank,
            "name_vi": level.name_vi,
            "name_en": level.name_en,
            "types": list(level.types),
            "above": list(level.above),
        }
        for level in after.values()
    ]
    insert_all(UnitLevel, rows)
