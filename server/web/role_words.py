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
# Who should get which, where a role on a unit is chosen.
ABOUT = {
    "volunteer": N_("Fills forms, and sees what they sent themselves."),
    "counsellor": N_("Fills forms at a consultation point, and sees what they sent themselves."),
    "peer_leader": N_("Fills forms for a self-help group, and sees what they sent themselves."),
    "team_lead": N_("Leads a team: sees, reviews and fills forms of the team."),
    "health_worker": N_("Sees referrals of the unit, and fills them."),
    "board": N_("Sees which units there are, and no answers."),
    "area_supervisor": N_("Supervises a commune: sees, reviews and fills forms of all its teams; replaces lost cards."),
    "province_manager": N_("Supervises a province: sees, reviews and fills forms of all below it; sees no free text."),
    "custodian": N_("Keeps the files of a point: sees which units there are, and no answers."),
    "note_reader": N_("Sees free text, comments and files of what another role shows. By itself no answers."),
    "partner": N_("Takes part from outside: sees which units there are, and no answers."),
}
# First syllables that alone are no kind: “thị xã Thị Cấm” is no doubling.
_HALF = frozenset(("thị", "thành"))


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


def unit_of_kind(row: Unit | Record) -> str:
    """A unit with what it is, as people speak of it in Vietnamese: thị trấn Yên Lạc; and not: tổ công tác Tổ 1."""
    said, kind = unit(row), row.type_label
    if i18n.language() != "vi" or not kind or said.casefold().startswith(kind.casefold()):
        return said
    first, begins = kind.casefold().split()[0], said.casefold().split()[:1]
    return said if begins == [first] and first not in _HALF else f"{kind} {said}"


def about(role: UnitRole) -> str:
    """Who should get the role, in a line."""
    return i18n.gettext(ABOUT[role.system])
