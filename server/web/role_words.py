"""What roles, units and their levels are called, in the language of the page."""

from __future__ import annotations

from schemas.roles import Role, UnitRole
from schemas.unit_levels import Level
from schemas.units import Unit as Record
from server import i18n
from server.models import Unit

# Marked for translation by the name of this function.
N_ = str
ROLES = {
    "admin": N_("Administrator"),
    "manager": N_("Project manager"),
    "viewer": N_("Project viewer"),
    "formfill": N_("Data collector"),
    "app-user": N_("Volunteer's phone"),
    "pub-link": N_("Public link"),
}


def name(role: Role) -> str:
    """The role for people."""
    if isinstance(role, UnitRole):
        return role.name_vi if i18n.language() == "vi" else role.name
    return i18n.gettext(ROLES.get(role.system, role.name))


def unit(row: Unit | Record) -> str:
    """A unit for people."""
    return (row.name_vi if i18n.language() == "vi" else row.name_en) or row.name_vi or row.code


def level(found: Level) -> str:
    """A level for people."""
    return (found.name_vi if i18n.language() == "vi" else found.name_en) or found.name_vi


def unit_of_kind(row: Unit) -> str:
    """A unit with what it is, as people speak of it in Vietnamese: thị trấn Yên Lạc."""
    said, kind = unit(row), row.type_label
    if i18n.language() != "vi" or said.casefold().startswith(kind.casefold()):
        return said
    return f"{kind} {said}"
