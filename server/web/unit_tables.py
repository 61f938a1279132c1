"""Units as a table: downloaded, an empty one, and one that is uploaded, looked at and then counts."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Any

from flask import Response, request

from forms import sheets
from schemas import problems, unit_files
from schemas.problems import Problem
from schemas.units import Unit
from server import i18n
from server.actions import unit_files as loading
from server.actions import units
from server.i18n import gettext
from server.web import downloads, pages
from server.web.unit_faults import faults_of, gathered
from server.web.units import UNITS, said, show_units

page = pages.blueprint("unit_tables")
MAX_FILE = 700_000
IMPORT = f"{UNITS}/import"
N_ = str
# What each column is for, on the page where a table is chosen.
COLUMNS = {
    "code": N_("The code by which your programme knows the unit. Must be there."),
    "parent_code": N_("The code of the unit right above. Empty: the highest."),
    "level_code": N_("The name or the code of a level: %(levels)s. Must be there."),
    "type_label": N_("What it is called: ward, commune, team."),
    "name_vi": N_("The name in Vietnamese. Must be there."),
    "name_en": N_("The name in English; may be empty."),
    "valid_from": N_("The first day, as 01/07/2025. Must be there."),
    "valid_to": N_("The last day, if it has ended."),
    "successor_codes": N_("Codes of the units it went into, with spaces between them."),
    "is_hotspot": N_("Yes, no or x; empty: no."),
}


@page.get(f"{UNITS}/file")
def file() -> Response:
    """The units one reaches, as a table."""
    return downloads.data("units.csv", loading.write(pages.actor()).encode())


def _headings() -> dict[str, str]:
    return unit_files.headings(i18n.language() == "vi")


@page.get(f"{IMPORT}/template.csv")
def template_csv() -> Response:
    """An empty table with the names of the columns, in the language of the page."""
    return downloads.data("units.csv", ("\ufeff" + ",".join(_first_row()) + "\r\n").encode())


@page.get(f"{IMPORT}/template.xlsx")
def template_xlsx() -> Response:
    """The same as a workbook."""
    return downloads.data("units.xlsx", sheets.workbook([_first_row()]))


def _first_row() -> list[str]:
    units.require_change(pages.actor())
    return [_headings()[name] for name in COLUMNS]


@page.get(IMPORT)
def ask() -> Response:
    """Where a table of units is chosen."""
    units.require_change(pages.actor())
    return _show()


def _show(problem: Problem | None = None, data: bytes = b"", outcome: loading.Outcome | None = None) -> Response:
    names = _headings()
    own = names | sheets.headings(data, unit_files.COLUMNS) if data else names
    return show_units(
        "units_import.html",
        400 if problem else 200,
        faults=gathered(faults_of(problem), own) if problem else [],
        outcome=outcome,
        changes=[_change(*pair, own) for pair in outcome.before_after[:100]] if outcome else [],
        table=base64.b64encode(data).decode() if outcome else "",
        columns=[(names[name], text) for name, text in COLUMNS.items()],
    )


def _change(before: Unit, after: Unit, names: dict[str, str]) -> dict[str, Any]:
    """A unit with what was and what would be in each column that differs."""
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in COLUMNS]
    return {"unit": after, "changes": [(names[name], _cell(old), _cell(new)) for name, old, new in pairs if old != new]}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, tuple):
        return " ".join(value) or "–"
    return said(value) if isinstance(value, date) else str(value or "–")


@page.post(IMPORT)
def look() -> Response:
    """What a table would change; nothing is changed yet."""
    units.require_change(pages.actor())
    data = b""
    try:
        data = pages.uploaded("table", MAX_FILE)
        outcome = loading.load(pages.actor(), data, dry_run=True)
    except Problem as problem:
        return _show(problem, data)
    return _show(None, data, outcome)


@page.post(f"{IMPORT}/now")
def load() -> Response:
    """Change the tree, as it was shown."""
    try:
        table = base64.b64decode(request.form.get("table", ""), validate=True)
    except binascii.Error:
        raise problems.TABLE_UNREADABLE() from None
    try:
        outcome = loading.load(pages.actor(), table)
    except Problem as problem:
        if problem.kind is not problems.UNITS_NOT_VALID:
            raise
        return _show(problem, table)
    done = pages.naming("units", added=len(outcome.added), changed=len(outcome.changed))
    return pages.go("units.all_of", done=done)
