"""The rows of units: read, and written as the tree is to be; with them, who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import aliased

from schemas import problems, unit_tree
from schemas.unit_levels import FIRST, Level, by_rank
from schemas.unit_tree import Tree
from schemas.units import Fault, Key, Unit
from server.db import db, fetch, insert_all
from server.models import Unit as UnitRow
from server.models import UnitLevel, UnitReach

_COLUMNS: tuple[Any, ...] = (UnitRow.id, UnitRow.parent_id, UnitRow.code, UnitRow.level, UnitRow.type_label)
_COLUMNS += (
    UnitRow.name_vi,
    UnitRow.name_en,
    UnitRow.valid_from,
    UnitRow.valid_to,
    UnitRow.successors,
    UnitRow.is_hotspot,
)
Above = aliased(UnitRow)


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit with the number of its row and of the one above."""

    id: int
    parent_id: int | None
    unit: Unit


def placed(rows: Iterable[Any]) -> list[Placed]:
    """The rows of `query` as units."""
    return [
        Placed(
            row.id,
            row.parent_id,
            Unit(
                code=row.code,
                level_code=row.level,
                valid_from=row.valid_from,
                parent_code=row.parent_code,
                type_label=row.type_label,
                name_vi=row.name_vi,
                name_en=row.name_en,
                valid_to=row.valid_to,
                successor_codes=tuple(row.successors),
                is_hotspot=row.is_hotspot,
            ),
        )
        for row in rows
    ]


def query() -> Any:
    """All units of all times, by code, with the code of the one above."""
    # The model comes first: visible() looks at it.
    found = select(*_COLUMNS, Above.code.label("parent_code")).outerjoin(Above, Above.id == UnitRow.parent_id)
    return found.order_by(UnitRow.code, UnitRow.valid_from)


def everything() -> list[Placed]:
    """All units of all times, by code."""
    return placed(db.session.execute(query()))


_LEVELS = select(*(getattr(UnitLevel, name) for name in ("code", "rank", "name_vi", "name_en", "types", "above")))


def levels() -> dict[str, Level]:
    """The levels that units can be of, the highest first. Without any in the table those that a tree begins with."""
    rows = [row._asdict() for row in db.session.execute(_LEVELS)]
    found = [Level(**row | {"types": tuple(row["types"]), "above": tuple(row["above"])}) for row in rows]
    return by_rank(found or FIRST.values())


def invalid(faults: Sequence[Fault]) -> problems.Problem:
    """The refusal that tells what is wrong with units."""
    return problems.UNITS_NOT_VALID(count=len(faults), faults=list(faults))


def store(known: Mapping[Key, Placed], wanted: Iterable[Unit], *, dry_run: bool = False) -> dict[Key, Placed]:
    """Write the units that differ, within the running write transaction. All units as they are then, by key.

    `known`: the units as they are, by the keys that they are to have. Raises UNITS_NOT_VALID.
    """
    tree = Tree([each.unit for each in _moved(known, wanted)], levels())
    faults = tree.faults()
    if faults:
        raise invalid(faults)
    if dry_run:
        return dict(known)
    numbers = {key: placed.id for key, placed in known.items()}
    _write(tree, known, numbers)
    _set_reach(unit_tree.pairs(tree.reach(), numbers))
    made = {}
    for key, unit in tree.units.items():
        above = tree.parent(unit)
        made[key] = Placed(numbers[key], numbers[above.key] if above else None, unit)
    return made


def _moved(known: Mapping[Key, Placed], wanted: Iterable[Unit]) -> list[Placed]:
    after = dict(known)
    for unit in wanted:
        number = after[unit.key].id if unit.key in after else 0
        after[unit.key] = Placed(number, None, unit)
    return list(after.values())


def _write(tree: Tree, known: Mapping[Key, Placed], numbers: dict[Key, int]) -> None:
    """Rows for what is new or differs, the higher levels first: the numbers of those above are needed below."""
    new: dict[int, list[Unit]] = {}
    changed = []
    for key, unit in tree.units.items():
        if key not in known:
            new.setdefault(tree.rank(unit), []).append(unit)
    for _, units in sorted(new.items()):
        insert_all(UnitRow, [_values(tree, unit, numbers) for unit in units])
        numbers |= {
            (row.code, row.valid_from): row.id for row in fetch(_NUMBERS) if (row.code, row.valid_from) in tree.units
        }
    for key, placed in known.items():
        unit = tree.units[key]
        values = _values(tree, unit, numbers)
        if unit != placed.unit or values["parent_id"] != placed.parent_id:
            changed.append(values | {"of": placed.id})
    if changed:
        db.session.connection().execute(_UPDATE, changed)


_NUMBERS = select(UnitRow.id, UnitRow.code, UnitRow.valid_from)
_UPDATE = update(UnitRow.__table__).where(UnitRow.__table__.c.id == bindparam("of"))  # type: ignore[arg-type]


def _values(tree: Tree, unit: Unit, numbers: Mapping[Key, int]) -> dict[str, Any]:
    above = tree.parent(unit)
    return {
        "code": unit.code,
        "parent_id": numbers[above.key] if above else None,
        "level": unit.level_code,
        "type_label": unit.type_label,
        "name_vi": unit.name_vi,
        "name_en": unit.name_en,
        "valid_from": unit.valid_from,
        "valid_to": unit.valid_to,
        "successors": list(unit.successor_codes),
        "is_hotspot": unit.is_hotspot,
    }


def _set_reach(wanted: set[tuple[int, int]]) -> None:
    there = {(row.unit_id, row.within_id) for row in fetch(select(UnitReach.unit_id, UnitReach.within_id))}
    gone = [{"who": who, "whom": whom} for who, whom in sorted(there - wanted)]
    if gone:
        statement = delete(UnitReach).where(
            UnitReach.unit_id == bindparam("who"), UnitReach.within_id == bindparam("whom")
        )
        db.session.connection().execute(statement, gone)
    insert_all(UnitReach, [{"unit_id": who, "within_id": whom} for who, whom in sorted(wanted - there)])
