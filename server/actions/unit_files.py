"""Units out of a table (CSV or XLSX) and into one: all of it or nothing, with what is wrong in which row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from forms import sheets
from schemas import problems, unit_files
from schemas.units import Fault, Key, Unit
from server import dialect
from server.actions import audits, unit_moves, unit_rows, units
from server.actions.unit_rows import Placed
from server.db import db, writes
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file adds and changes; the rest of it is there already. What it does not name stays as it is."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    dry_run: bool
    new: tuple[Unit, ...] = ()
    before_after: tuple[tuple[Unit, Unit], ...] = ()


def load(actor: Actor, data: bytes, *, dry_run: bool = False) -> Outcome:
    """Take in a table, or with `dry_run` only tell what would be.

    Raises UNITS_NOT_VALID with all rows that are wrong, and what `sheets.read` does.
    """
    units.require_change(actor)
    rows = sheets.read(data, unit_files.COLUMNS, unit_files.REQUIRED, most=unit_files.MAX_ROWS)
    found, faults = unit_files.read(((row.number, row.cells) for row in rows), unit_rows.levels())
    if faults:
        raise unit_rows.invalid(faults)
    named = frozenset(sheets.headings(data, unit_files.COLUMNS))
    return _take(actor, found, named, dry_run)


@writes
def _take(actor: Actor, given: list[tuple[int, Unit]], named: frozenset[str], dry_run: bool) -> Outcome:
    dialect.lock(db.session(), units.TURN)
    known = {placed.unit.key: placed for placed in unit_rows.everything()}
    found = [(row, _kept(known[unit.key].unit, unit, named) if unit.key in known else unit) for row, unit in given]
    outcome = _outcome(known, [unit for _, unit in found], dry_run)
    wanted = [unit for _, unit in found if unit.key not in known or known[unit.key].unit != unit]
    try:
        unit_rows.store(known, wanted, dry_run=dry_run)
    except problems.Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        raise unit_rows.invalid(_in_rows(problem.details["faults"], {unit.key: row for row, unit in found})) from None
    if wanted and not dry_run:
        audits.log(actor, "unit.import", added=len(outcome.added), changed=len(outcome.changed))
        unit_moves.follow(actor)
    return outcome


def _kept(before: Unit, given: Unit, named: frozenset[str]) -> Unit:
    """The unit as the table says; of a column that the table does not have, as it was."""
    return replace(before, **{column: getattr(given, column) for column in named})


def _outcome(known: Mapping[Key, Placed], found: list[Unit], dry_run: bool) -> Outcome:
    new = tuple(unit for unit in found if unit.key not in known)
    there = [(known[unit.key].unit, unit) for unit in found if unit.key in known]
    differ = tuple(pair for pair in there if pair[0] != pair[1])
    added, changed = tuple(unit.code for unit in new), tuple(after.code for _, after in differ)
    return Outcome(added, changed, len(found) - len(new) - len(differ), dry_run, new, differ)


def _in_rows(faults: list[Fault], rows: Mapping[Key, int]) -> list[Fault]:
    """With the row of the file. What is wrong with a unit that the file does not name is told without one."""
    placed = [replace(fault, row=rows.get(fault.key) if fault.key else None) for fault in faults]
    return sorted(placed, key=lambda fault: (fault.row is None, fault.row or 0))


def write(actor: Actor) -> str:
    """The units that the actor reaches, as a file that `load` takes."""
    return unit_files.write(placed.unit for placed in units.list_all(actor))
