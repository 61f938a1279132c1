"""Many volunteers at once: a table is uploaded, shown as it would be added, and added when that is right."""

from __future__ import annotations

import base64
import binascii

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from schemas.volunteers import COLUMNS, RowError
from server import errors
from server.actions import projects, volunteers
from server.i18n import gettext
from server.models import Project
from server.web import downloads, pages, show

page = pages.blueprint("imports")
IMPORT = "/projects/<int:project_id>/volunteers/import"
# It comes back within the page that asks whether it is right.
MAX_TABLE = 700_000
N_ = str

WRONG = {
    "missing": N_("This is missing."),
    "too_long": N_("This is too long."),
    "twice": N_("This code stands in the table twice."),
    "unknown_language": N_("Only Vietnamese (vi) and English (en) are spoken."),
    "unknown_unit": N_("No unit has this code today."),
    "unknown_role": N_("No role of this name can be given to a volunteer."),
    "unknown_form": N_("The project has no form with this ID."),
}


def _project(project_id: int) -> Project:
    return show.in_project(projects.get(pages.actor(), project_id, "field_key.create"))


def sentence(error: RowError) -> str:
    """What is wrong in a row, for a person."""
    return gettext(WRONG[error.code])


@page.get(IMPORT)
def ask(project_id: int) -> Response:
    """Where the table is chosen."""
    return pages.show("import.html", project=_project(project_id), problem="")


@page.post(IMPORT)
def look(project_id: int) -> Response:
    """What the table would do: nothing is added yet."""
    project = _project(project_id)
    try:
        data = pages.uploaded("table", MAX_TABLE)
        if not data:
            raise problems.MISSING_PART(field=gettext("table"))
        plan = volunteers.plan(pages.actor(), project_id, data)
    except Problem as problem:
        return pages.show("import.html", 400, project=project, problem=errors.sentence(problem))
    table = "" if plan.errors or not plan.new else base64.b64encode(data).decode()
    return pages.show("import_plan.html", project=project, plan=plan, table=table, sentence=sentence)


@page.post(f"{IMPORT}/add")
def add(project_id: int) -> Response:
    """Add them, as they were shown."""
    _project(project_id)
    try:
        table = base64.b64decode(request.form.get("table", ""), validate=True)
    except binascii.Error:
        raise problems.TABLE_UNREADABLE() from None
    volunteers.add(pages.actor(), project_id, table)
    return pages.go("people.all_of", project_id=project_id, done="volunteers")


@page.get(f"{IMPORT}/template")
def template(project_id: int) -> Response:
    """An empty table with the names of the columns."""
    _project(project_id)
    return downloads.data("volunteers.csv", ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode())
