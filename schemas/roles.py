"""Roles as data: those of the ODK Central API, and the programme's own, which are held on a unit (domain 5.2).

A role is a set of verbs; a verb is also the name of the audit action.
"""

from __future__ import annotations

from dataclasses import dataclass

_VIEW = frozenset(
    {
        "project.read", "form.list", "form.read", "submission.list", "submission.read",
        "dataset.list", "dataset.read", "entity.list", "entity.read", "actor_property.list", "submission.text.read",
    }
)  # fmt: skip
_MANAGE = _VIEW | {
    "project.update", "project.delete", "form.create", "form.update", "form.delete", "form.restore",
    "submission.create", "submission.update", "submission.delete", "submission.restore", "finding.dismiss",
    "dataset.create", "dataset.update", "dataset.delete",
    "entity.create", "entity.update", "entity.delete", "entity.restore",
    "field_key.list", "field_key.create", "field_key.update", "field_key.delete", "field_key.replace",
    "actor_property.update",
    "public_link.list", "public_link.create", "public_link.read", "public_link.update", "public_link.delete",
    "assignment.list", "assignment.create", "assignment.delete", "session.end",
}  # fmt: skip
_ADMINISTER = _MANAGE | {
    "project.create", "user.create", "user.list", "user.read", "user.update", "user.delete",
    "user.password.invalidate", "role.create", "role.update", "role.delete", "config.read", "config.set",
    "backup.run", "analytics.read", "audit.read",
}  # fmt: skip
# What gives or takes rights or keys: done by a person, never by a program that has an app password.
PERSONAL = frozenset(
    {
        "user.create", "user.update", "user.delete", "user.password.invalidate", "role.create", "role.update",
        "role.delete", "assignment.create", "assignment.delete", "field_key.create", "field_key.delete",
        "field_key.replace", "public_link.create", "public_link.delete", "session.end", "config.set", "backup.run",
    }
)  # fmt: skip
# What the dialect does not know: held by administrators, and not told to its clients.
_OURS = frozenset({"unit.read", "unit.update"})
# Nor these, which others hold as well: to be shown what people wrote in words of their own (free text, comments, files,
# the XML) of the rows that one sees; to say that a finding is none; and to make a new card instead of a lost one.
_UNTOLD = _OURS | {"submission.text.read", "finding.dismiss", "field_key.replace"}

# The forms of the programme (domain 9). What a project has beside them is the installation's own affair.
PROGRAMME_FORMS = frozenset(
    {
        "register_client", "home_visit", "counselling_session", "shg_session", "referral", "programme_exit",
        "point_assessment", "supervision_visit", "area_statistics",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of verbs. `id` is what API clients send: those of the dialect are as in Central, where 4 is gone."""

    id: int
    system: str
    name: str
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnitRole(Role):
    """A role that is held on a unit and all below it, or (`whole`) on the whole installation.

    `own`: of the rows there, its verbs reach only those that the holder sent. `forms`: only rows of these forms.
    `fills`: which of the programme's forms the holder fills (domain 5.2). It says nothing of forms that the programme
    does not know: what an installation adds is filled by all who may send, or it could not be used at all. Nor does it
    say who reads what, or which forms a phone fills: that is said by form.
    """

    name_vi: str = ""
    own: bool = False
    whole: bool = False
    forms: frozenset[str] | None = None
    fills: frozenset[str] = PROGRAMME_FORMS

    def may_fill(self, xml_form_id: str) -> bool:
        """Whether the holder, if she may send at all, may send this form."""
        return xml_form_id in self.fills or xml_form_id not in PROGRAMME_FORMS


def _by_name(*roles: Role) -> dict[str, Role]:
    return {role.system: role for role in roles}


ROLES: dict[str, Role] = _by_name(
    Role(1, "admin", "Administrator", _ADMINISTER | _OURS),
    Role(2, "app-user", "App User", frozenset({"open_form.read", "submission.create"})),
    Role(3, "pwreset", "Password Reset Token", frozenset({"user.password.reset"})),
    Role(5, "manager", "Project Manager", _MANAGE),
    Role(6, "viewer", "Project Viewer", _VIEW),
    Role(7, "formview", "Form Viewer (system internal)", frozenset({"open_form.read"})),
    Role(8, "formfill", "Data Collector",
         frozenset({"project.read", "open_form.list", "open_form.read", "submission.create"})),
    Role(9, "pub-link", "Public Link", frozenset({"open_form.read", "submission.create"})),
)  # fmt: skip
# Roles that a nested PUT of a project leaves alone.
EXEMPT = ("formview", "pub-link")

# To read units comes with every role on one.
_HOLD = frozenset({"project.read", "unit.read"})
_FILL = _HOLD | {"open_form.list", "open_form.read", "submission.create"}
_READ_VALUES = _FILL | {"form.list", "form.read", "submission.list", "submission.read"}
_READ = _READ_VALUES | {"submission.text.read"}
_JUDGE = frozenset({"submission.update", "finding.dismiss"})
_REVIEW = _READ | _JUDGE
# The phones of a unit: to see whose they are, and to end or replace one that is lost. Not to make new ones.
_PHONES = frozenset({"field_key.list", "field_key.delete", "field_key.replace"})

_REFERRALS = frozenset({"referral"})
_GROUPS = frozenset({"shg_session"})
_COUNSELLING = frozenset({"register_client", "counselling_session", "shg_session", "referral"})
_CASEWORK = _COUNSELLING | {"home_visit"}
_OVERSIGHT = frozenset({"supervision_visit", "point_assessment", "area_statistics"})

UNIT_ROLES: dict[str, UnitRole] = {
    role.system: role
    for role in (
        UnitRole(101, "volunteer", "Volunteer", _READ, "Tình nguyện viên", own=True, fills=_CASEWORK),
        UnitRole(102, "counsellor", "Counsellor", _READ, "Tư vấn viên Điểm tư vấn", own=True, fills=_COUNSELLING),
        UnitRole(103, "peer_leader", "Self-help group leader", _READ, "Trưởng nhóm tự lực", own=True, fills=_GROUPS),
        UnitRole(104, "team_lead", "Team lead", _REVIEW, "Tổ trưởng Tổ công tác",
                 fills=_CASEWORK | {"programme_exit", "area_statistics"}),
        UnitRole(105, "health_worker", "Health worker", _READ, "Cán bộ y tế", forms=_REFERRALS, fills=_REFERRALS),
        UnitRole(106, "board", "Board of a consultation point", _HOLD, "Ban chủ nhiệm Điểm tư vấn"),
        UnitRole(107, "area_supervisor", "Area supervisor", _REVIEW | _PHONES, "Đầu mối cấp xã", fills=_OVERSIGHT),
        # Without free text, unless she is a note reader there too.
        UnitRole(108, "province_manager", "Province manager", _READ_VALUES | _JUDGE,
                 "Cơ quan phụ trách cấp tỉnh", fills=_OVERSIGHT),
        UnitRole(109, "custodian", "Keeper of the files", _HOLD, "Người giữ hồ sơ"),
        UnitRole(110, "form_admin", "Form administrator",
                 _HOLD | {"form.list", "form.read", "form.create", "form.update", "open_form.list", "open_form.read"},
                 "Quản trị biểu mẫu", whole=True),
        UnitRole(111, "sysadmin", "System administrator",
                 frozenset({"user.list", "user.read", "user.create", "user.update", "config.read", "backup.run",
                            "unit.read"}),
                 "Quản trị hệ thống", whole=True),
        UnitRole(112, "privacy_officer", "Privacy officer", _HOLD | {"audit.read"},
                 "Kiểm toán dữ liệu", whole=True),
        UnitRole(113, "partner", "Partner", _HOLD, "Đối tác"),
        # Shows no row by itself: of those that another role shows, also what is written in words.
        UnitRole(114, "note_reader", "Reader of notes", _HOLD | {"submission.text.read"}, "Người đọc ghi chú"),
    )
}  # fmt: skip


def find(system: str) -> Role | None:
    """The role of this name, whichever kind it is."""
    return ROLES.get(system) or UNIT_ROLES.get(system)


def named(name: str) -> Role | None:
    """A role of the dialect by its number or system name, as addresses have it."""
    return next((role for role in ROLES.values() if name in (role.system, str(role.id))), None)


def covers(held: frozenset[str], role: Role) -> bool:
    """Whether one who has these verbs may hand on the role: never more than one holds.

    Who may read forms may read open ones.
    """
    implied = {f"open_{verb}" for verb in held if verb in ("form.list", "form.read")}
    return role.verbs <= held | implied


def told(verbs: frozenset[str]) -> list[str]:
    """Verbs as clients of the dialect are told them."""
    return sorted(verbs - _UNTOLD)
