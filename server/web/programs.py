"""What programs can ask the server for: the REST API's description, to be read."""

from __future__ import annotations

from flask import Response

from server import description
from server.i18n import gettext
from server.web import pages

# Marked for translation by the name of this function.
N_ = str
# What the operations are about, in the order in which one needs them; those without a name here come last.
GROUPS = {
    "sessions": N_("Signing in"),
    "projects": N_("Projects"),
    "forms": N_("Forms"),
    "drafts": N_("Drafts and publishing"),
    "changes": N_("What changed between versions"),
    "logic": N_("What the server checks"),
    "submissions": N_("Submissions"),
    "bulk": N_("Many submissions at once"),
    "versions": N_("Versions and files of submissions"),
    "findings": N_("Problems found"),
    "odata": N_("Tables for Excel and Power BI (OData)"),
    "exports": N_("Downloads"),
    "openrosa": N_("What phones ask for"),
    "accounts": N_("Users"),
    "access": N_("Roles and phones"),
    "links": N_("Public links"),
    "app_passwords": N_("App passwords"),
    "units": N_("Units"),
    "unit_levels": N_("Levels of the units"),
    "audits": N_("Audit"),
    "config": N_("Settings of the server"),
    "preferences": N_("Preferences of a user"),
}

page = pages.blueprint("programs")


@page.get("/programs")
def one() -> Response:
    """All operations, by what they are about. Those of drafts and tests, which are the same again, stay away."""
    found = description.groups()
    own = {name: operations for name, operations in found.items() if not name.startswith(("draft_", "test_"))}
    order = [*(name for name in GROUPS if name in own), *(name for name in own if name not in GROUPS)]
    named = [(gettext(GROUPS[name]) if name in GROUPS else name, name, own[name]) for name in order]
    return pages.show("programs.html", groups=named)
