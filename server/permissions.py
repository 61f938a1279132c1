"""What each role may do, and which rows an actor sees. The only place that decides it.

Roles and verbs are those of the ODK Central API; a verb is also the name of the audit action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, false, or_

from schemas import problems
from server.models import Form, Project

S = TypeVar("S", bound=Select[Any])

_SUBMIT = frozenset({"project.read", "open_form.list", "open_form.read", "submission.create"})
_VIEW = frozenset(
    {
        "project.read", "form.list", "form.read", "open_form.list", "open_form.read",
        "submission.list", "submission.read", "dataset.list", "dataset.read", "entity.list", "entity.read",
    }
)  # fmt: skip
_MANAGE = _VIEW | {
    "project.update", "project.delete", "form.create", "form.update", "form.delete", "form.restore",
    "submission.create", "submission.update", "submission.delete", "submission.restore",
    "dataset.create", "dataset.update", "dataset.delete",
    "entity.create", "entity.update", "entity.delete", "entity.restore",
    "field_key.list", "field_key.create", "field_key.update", "field_key.delete",
    "public_link.list", "public_link.create", "public_link.read", "public_link.update", "public_link.delete",
    "assignment.list", "assignment.create", "assignment.delete", "session.end", "user.list", "audit.read",
}  # fmt: skip
_ADMINISTER = _MANAGE | {
    "project.create", "user.create", "user.read", "user.update", "user.delete", "user.password.reset",
    "role.create", "role.update", "role.delete", "config.read", "config.set", "backup.run", "analytics.read",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of verbs. `id` is what API clients send (2 is the app user's, as clients rely on)."""

    id: int
    system: str
    name: str
    verbs: frozenset[str]


ROLES: dict[str, Role] = {
    role.system: role
    for role in (
        Role(1, "admin", "Administrator", frozenset(_ADMINISTER)),
        Role(2, "app-user", "App User", frozenset({"open_form.list", "open_form.read", "submission.create"})),
        Role(3, "pwreset", "Password Reset Token", frozenset({"user.password.reset"})),
        Role(4, "manager", "Project Manager", frozenset(_MANAGE)),
        Role(5, "viewer", "Project Viewer", _VIEW),
        Role(6, "formview", "Form Viewer (system internal)", frozenset({"form.read", "open_form.read"})),
        Role(7, "formfill", "Data Collector", _SUBMIT),
        Role(8, "pub-link", "Public Link", frozenset({"open_form.read", "submission.create"})),
    )
}
# What a manager may hand on: never more than there is to give on a project.
ASSIGNABLE = {"admin": {"*"}, "*": {"app-user", "manager", "viewer", "formfill", "pub-link"}}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held somewhere: everywhere when neither project nor form is given."""

    role: str
    project_id: int | None = None
    form_id: int | None = None

    def allows(self, verb: str) -> bool:
        """Whether the role has the verb."""
        return verb in ROLES[self.role].verbs


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `id` is None for a stranger. `via`: bearer, cookie, basic, key, draft, console."""

    id: int | None = None
    type: str = "anonymous"
    display_name: str = ""
    grants: tuple[Grant, ...] = ()
    via: str = ""
    language: str | None = None
    session_id: int | None = None
    csrf: str = ""
    must_change_password: bool = False

    def verbs_on(self, project_id: int | None = None, form_id: int | None = None) -> frozenset[str]:
        """All verbs the actor has on a form, a project or (with neither) the whole server."""
        found: set[str] = set()
        for grant in self.grants:
            everywhere = grant.project_id is None and grant.form_id is None
            on_project = grant.form_id is None and grant.project_id is not None and grant.project_id == project_id
            on_form = grant.form_id is not None and grant.form_id == form_id
            if everywhere or on_project or on_form:
                found |= ROLES[grant.role].verbs
        return frozenset(found)


ANONYMOUS = Actor()
CONSOLE = Actor(type="console", display_name="console", grants=(Grant("admin"),), via="console")


def can(actor: Actor, verb: str, *, project_id: int | None = None, form_id: int | None = None) -> bool:
    """Whether the actor may do the verb there."""
    return verb in actor.verbs_on(project_id, form_id)


def require(actor: Actor, *verbs: str, project_id: int | None = None, form_id: int | None = None) -> None:
    """Raise INSUFFICIENT_RIGHTS unless the actor has one of the verbs there."""
    if not actor.verbs_on(project_id, form_id).intersection(verbs):
        raise problems.INSUFFICIENT_RIGHTS()


def visible(actor: Actor, query: S, *verbs: str) -> S:
    """The query, narrowed to the rows on which the actor has one of the verbs.

    The query's first column is the model whose rows are meant: Project, Form, or any with `project_id` and, where
    rights are also given by form, `form_id`. Units will narrow it further, here and nowhere else.
    """
    model = query.column_descriptions[0]["entity"]
    grants = [grant for grant in actor.grants if any(grant.allows(verb) for verb in verbs)]
    if any(grant.project_id is None and grant.form_id is None for grant in grants):
        return query
    project = model.id if model is Project else model.project_id
    form = model.id if model is Form else getattr(model, "form_id", None)
    projects = {grant.project_id for grant in grants if grant.form_id is None}
    forms = {grant.form_id for grant in grants if grant.form_id is not None}
    conditions = [project.in_(projects)] if projects else []
    if forms and form is not None:
        conditions.append(form.in_(forms))
    elif forms and model is Project:
        conditions.append(project.in_({grant.project_id for grant in grants if grant.form_id is not None}))
    return query.where(or_(*conditions) if conditions else false())
