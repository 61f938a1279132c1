"""The dated tree of units: create, change, close, merge, split. After each change it is told anew who reaches whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from schemas import problems
from schemas.unit_tree import Tree
from schemas.units import Fault, Key, Unit, clean, fold
from server import dialect, permissions
from server.actions import audits, unit_moves
from server.actions.unit_rows import Above, Placed, everything, invalid, levels, placed, query, store
from server.db import db, writes
from server.models import Unit as UnitRow
from server.permissions import Actor

__all__ = [
    "Placed",
    "change",
    "check_merge",
    "close",
    "create",
    "get",
    "invalid",
    "list_all",
    "merge",
    "require_change",
    "split",
    "tidy",
]
# Administrators, who sees rows of every unit, and who holds a role on a unit.
READ = ("unit.update", "submission.list", "unit.read")
TURN = "units"


def list_all(actor: Actor, *, search: str = "", parent_code: str | None = None, on: date | None = None) -> list[Placed]:
    """The units that the actor reaches, by code: named so, right below one, valid on a day."""
    if actor.id is None and actor.type == "anonymous":
        raise problems.INSUFFICIENT_RIGHTS()
    reached = permissions.visible(actor, query(), *READ)
    if parent_code is not None:
        reached = reached.where(Above.code == parent_code)
    if on is not None:
        reached = reached.where(UnitRow.valid_from <= on, UnitRow.valid_to.is_(None) | (UnitRow.valid_to >= on))
    found = placed(db.session.execute(reached))
    words = fold(search).split()
    return [each for each in found if all(word in _said(each.unit) for word in words)]


def _said(unit: Unit) -> str:
    return fold(f"{unit.code} {unit.type_label} {unit.name_vi} {unit.name_en}")


def get(actor: Actor, unit_id: int) -> Placed:
    """A unit that the actor reaches. Raises NOT_FOUND, whether it is there or not."""
    if actor.id is None and actor.type == "anonymous":
        raise problems.INSUFFICIENT_RIGHTS()
    reached = permissions.visible(actor, query(), *READ)
    for found in placed(db.session.execute(reached.where(UnitRow.id == unit_id))):
        return found
    raise problems.NOT_FOUND()


def require_change(actor: Actor) -> None:
    """Raise INSUFFICIENT_RIGHTS unless the actor may change the tree."""
    permissions.require(actor, "unit.update")


def _change(actor: Actor) -> dict[Key, Placed]:
    """Whether the actor may, and the units as they are, which nobody else changes until the end."""
    require_change(actor)
    dialect.lock(db.session(), TURN)
    return _known()


def _known() -> dict[Key, Placed]:
    return {each.unit.key: each for each in everything()}


def _tree(known: Mapping[Key, Placed]) -> Tree:
    return Tree([each.unit for each in known.values()], levels())


@writes
def create(actor: Actor, unit: Unit) -> Placed:
    """A new unit, or a further span of days of one that is there. Raises UNITS_NOT_VALID."""
    known = _change(actor)
    if unit.key in known:
        start = unit.valid_from.isoformat()
        raise invalid([Fault("overlap", "valid_from", unit.key, args={"code": unit.code, "start": start})])
    made = store(known, [unit])[unit.key]
    audits.log(actor, "unit.create", unit_id=made.id, code=unit.code)
    return made


@writes
def change(actor: Actor, unit_id: int, changes: Mapping[str, Any]) -> Placed:
    """Change a unit, or close it (`valid_to`). Raises NOT_FOUND, UNITS_NOT_VALID."""
    known = _change(actor)
    before = next((each for each in known.values() if each.id == unit_id), None)
    if before is None:
        raise problems.NOT_FOUND()
    after = tidy(replace(before.unit, **changes))
    if after.key != before.unit.key:
        if after.key in known:
            args = {"code": after.code, "start": after.valid_from.isoformat()}
            raise invalid([Fault("overlap", "valid_from", after.key, args=args)])
        known[after.key] = replace(known.pop(before.unit.key), unit=before.unit)
    made = store(known, [after])[after.key]
    changed = sorted(name for name in changes if getattr(before.unit, name) != getattr(after, name))
    audits.log(actor, "unit.update", unit_id=unit_id, code=after.code, changed=changed)
    unit_moves.follow(actor)
    return made


def close(actor: Actor, unit_id: int, last_day: date) -> Placed:
    """End a unit; this is its last day. What lies below must have ended by then."""
    return change(actor, unit_id, {"valid_to": last_day})


def tidy(unit: Unit) -> Unit:
    """The unit with its texts as they are stored."""
    return replace(
        unit,
        code=clean(unit.code),
        parent_code=clean(unit.parent_code or "") or None,
        type_label=clean(unit.type_label),
        name_vi=clean(unit.name_vi),
        name_en=clean(unit.name_en),
        successor_codes=tuple(dict.fromkeys(map(clean, unit.successor_codes))),
    )


@writes
def merge(actor: Actor, unit_ids: Sequence[int], on: date, into: Unit) -> Placed:
    """Several units become one, from the day `on`: a new one, or one that is there (its code alone is looked at).

    What lies below them that day goes on below the new one; roles go where their units go, on that day. Raises
    UNITS_NOT_VALID, NOT_FOUND.
    """
    known = _change(actor)
    merged, target, wanted = _merged(known, set(unit_ids), on, into)
    made = store(known, wanted.values())[target.key]
    codes = sorted(unit.code for unit in merged)
    audits.log(actor, "unit.merge", unit_id=made.id, merged=codes, into=target.code, on=on.isoformat())
    unit_moves.follow(actor)
    return made


def check_merge(actor: Actor, unit_ids: Sequence[int], on: date, into: Unit) -> None:
    """Raise what `merge` would; nothing is changed, and nobody waits for a large tree to be looked through."""
    require_change(actor)
    known = _known()
    store(known, _merged(known, set(unit_ids), on, into)[2].values(), dry_run=True)


def _merged(
    known: Mapping[Key, Placed], ids: set[int], on: date, into: Unit
) -> tuple[list[Unit], Unit, dict[Key, Unit]]:
    """The units that end, the one they go into, and all that is to be written."""
    tree = _tree(known)
    merged = [each.unit for each in known.values() if each.id in ids]
    if len(merged) != len(ids):
        raise problems.NOT_FOUND()
    there = tree.find(into.code, on)
    target = into if there is None or there in merged else there
    if len(merged) < 2 and target is into:
        raise invalid([Fault("few", "unit_ids")])
    wanted: dict[Key, Unit] = {target.key: target}
    for unit in merged:
        wanted |= _ended(unit, on, (target.code,))
        for child in tree.children(unit, on):
            if child not in merged:
                wanted |= _ended(child, on, (child.code,))
                moved = replace(child, valid_from=on, parent_code=target.code)
                wanted[moved.key] = moved
                wanted |= _carried(tree, child, on)
    return merged, target, wanted


def _ended(unit: Unit, on: date, successors: tuple[str, ...]) -> dict[Key, Unit]:
    """The unit, closed on the day before. Raises UNITS_NOT_VALID when it is not valid on both days."""
    if not unit.on(on) or unit.valid_from >= on:
        args = {"code": unit.code, "day": on.isoformat()}
        raise invalid([Fault("ended", "on", unit.key, args=args)])
    ended = replace(unit, valid_to=on - timedelta(days=1), successor_codes=successors)
    return {ended.key: ended}


def _carried(tree: Tree, unit: Unit, on: date) -> dict[Key, Unit]:
    """What lies below a unit that goes on under another one: each ends, and goes on under the same code."""
    wanted: dict[Key, Unit] = {}
    for child in tree.children(unit, on):
        wanted |= _ended(child, on, (child.code,))
        wanted[child.code, on] = replace(child, valid_from=on)
        wanted |= _carried(tree, child, on)
    return wanted


@writes
def split(actor: Actor, unit_id: int, on: date, into: Sequence[Unit]) -> list[Placed]:
    """One unit becomes several, from the day `on`: new ones, or some that are there."""
    known = _change(actor)
    tree = _tree(known)
    unit = next((each.unit for each in known.values() if each.id == unit_id), None)
    if unit is None:
        raise problems.NOT_FOUND()
    below = tree.children(unit, on)
    if below:
        faults = [Fault("below", "on", unit.key, args={"code": child.code}) for child in below]
        raise invalid(faults)
    targets = []
    for each in into:
        there = tree.find(each.code, on)
        targets.append(each if there is None or there == unit else there)
    codes = tuple(dict.fromkeys(target.code for target in targets))
    if len(codes) < 2:
        raise invalid([Fault("few", "into", unit.key)])
    wanted = {target.key: target for target in targets} | _ended(unit, on, codes)
    made = store(known, wanted.values())
    audits.log(actor, "unit.split", unit_id=unit_id, code=unit.code, into=list(codes), on=on.isoformat())
    return [made[target.key] for target in targets]
