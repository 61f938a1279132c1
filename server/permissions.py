"""What each role may do, and which rows an actor sees. The only place that decides it.

Roles and their verbs stand in `schemas.roles`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, and_, false, literal_column, or_, select
from sqlalchemy.orm import aliased

from schemas import problems, roles
from schemas.roles import PERSONAL, UNIT_ROLES, Role, UnitRole
from server.db import OneOf
from server.models import AppUser, Form, Project, Unit, UnitReach

S = TypeVar("S", bound=Select[Any])
# From so many units on, a role is taken to reach a good part of all rows.
MANY_UNITS = 500
# Up to so many it is taken to reach a few rows of thousands.
FEW_UNITS = 50


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held somewhere: everywhere when neither project, form nor unit is given.

    `unit_id`: its verbs reach the rows of this unit and of all below it, in one project or in each. `units`: how many
    units these are; `beyond`: how many there are beside them, None where that was not counted as they are few.
    """

    role: str
    project_id: int | None = None
    form_id: int | None = None
    unit_id: int | None = None
    units: int = 0
    beyond: int | None = None

    def allows(self, verb: str) -> bool:
        """Whether the role has the verb."""
        role = roles.find(self.role)
        return role is not None and verb in role.verbs

    @property
    def narrow(self) -> UnitRole | None:
        """The role, if it reaches some rows of a project only."""
        role = UNIT_ROLES.get(self.role)
        return role if role is not None and not role.whole else None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `id` is None for a stranger. `via`: bearer, cookie, basic, key, draft, console.

    `source`: the network address; `notes`: why, as the client says (X-Action-Notes). Both are for the audit.
    `machine`: a program that has an app password: what gives or takes rights is not for it.
    """

    id: int | None = None
    type: str = "anonymous"
    display_name: str = ""
    grants: tuple[Grant, ...] = ()
    via: str = ""
    language: str | None = None
    session_id: int | None = None
    csrf: str = ""
    must_change_password: bool = False
    source: str | None = None
    notes: str | None = None
    machine: bool = False

    def verbs_on(self, project_id: int | None = None, form_id: int | None = None) -> frozenset[str]:
        """All verbs the actor has on a form, a project or (with neither) the whole server.

        On a project and its forms a role on a unit counts, though it reaches some rows only: which ones, `visible`
        decides. On the whole server it counts for nothing.
        """
        found: set[str] = set()
        for grant in self.grants:
            if self.type == "field_key" and grant.unit_id is not None:
                continue  # which forms a phone fills is said by form alone; the unit says whose rows it sends
            everywhere = grant.project_id is None and grant.form_id is None
            if grant.narrow and project_id is None and form_id is None:
                continue
            on_project = grant.form_id is None and grant.project_id is not None and grant.project_id == project_id
            on_form = grant.form_id is not None and grant.form_id == form_id
            if everywhere or on_project or on_form:
                role = roles.find(grant.role)
                found |= role.verbs if role else frozenset()
        return self._allowed(found)

    def verbs_over(
        self, role: Role, project_id: int | None, form_id: int | None, above: frozenset[int] = frozenset()
    ) -> frozenset[str]:
        """All verbs the actor has on each row that the role reaches there: what she may hand on, or take over.

        `above`: the unit on which the role is held, and those that it lies in. With a form, the project is the form's.
        """
        forms = role.forms if isinstance(role, UnitRole) else None
        found: set[str] = set()
        for grant in self.grants:
            narrow, held = grant.narrow, roles.find(grant.role)
            if grant.form_id not in (None, form_id) or grant.project_id not in (None, project_id) or held is None:
                continue
            if narrow and (narrow.own or grant.unit_id not in above or narrow.forms not in (None, forms)):
                continue
            found |= held.verbs
        return self._allowed(found)

    def _allowed(self, verbs: set[str]) -> frozenset[str]:
        return frozenset(verbs - PERSONAL if self.machine else verbs)

    def sends_for(self, project_id: int) -> int | None:
        """The unit that what she sends to a project belongs to: of those on which she may send, the smallest."""
        found = [
            grant
            for grant in self.grants
            if grant.unit_id is not None
            and grant.project_id in (None, project_id)
            and grant.allows("submission.create")
        ]
        return min(found, key=lambda grant: (grant.units, grant.unit_id)).unit_id if found else None


ANONYMOUS = Actor()
CONSOLE = Actor(type="console", display_name="console", grants=(Grant("admin"),), via="console")


def can(actor: Actor, verb: str, *, project_id: int | None = None, form_id: int | None = None) -> bool:
    """Whether the actor may do the verb there."""
    return verb in actor.verbs_on(project_id, form_id)


def whole(actor: Actor, verb: str, project_id: int, form_id: int | None = None) -> bool:
    """Whether the actor may do the verb on all rows of a project (or of a form), not only on those of a unit."""
    held = [grant for grant in actor.grants if grant.allows(verb) and not grant.narrow]
    return any(grant.project_id in (None, project_id) for grant in held if grant.form_id in (None, form_id))


def few(actor: Actor, project_id: int, *verbs: str) -> bool:
    """Whether the actor has the verbs on the rows of some units of a project only, and these are few."""
    held = [grant for grant in actor.grants if any(grant.allows(verb) for verb in verbs)]
    here = [grant for grant in held if grant.project_id in (None, project_id)]
    return bool(here) and all(grant.narrow and grant.units <= FEW_UNITS for grant in here)


def require(actor: Actor, *verbs: str, project_id: int | None = None, form_id: int | None = None) -> None:
    """Raise INSUFFICIENT_RIGHTS unless the actor has one of the verbs there."""
    if not actor.verbs_on(project_id, form_id).intersection(verbs):
        raise problems.INSUFFICIENT_RIGHTS()


def require_person(actor: Actor) -> None:
    """Raise INSUFFICIENT_RIGHTS for a program that has an app password: an account is its owner's to change."""
    if actor.machine:
        raise problems.INSUFFICIENT_RIGHTS()


def visible(actor: Actor, query: S, *verbs: str, counting: bool = False) -> S:
    """The query, narrowed to the rows on which the actor has one of the verbs. The only place where scope is a filter.

    The query's first column is of the model whose rows are meant: Project, Form, Unit, or any with `project_id` and,
    where rights are also given by form, `form_id`; where they are given by unit, `unit_id` and `submitter_id`.
    `counting`: all of the rows are gone through, and not only those of a page.
    """
    conditions = _conditions(actor, query.column_descriptions[0]["entity"], verbs, counting)
    return query if conditions is None else query.where(or_(false(), *conditions))


def own(actor: Actor, query: S) -> S:
    """The query, narrowed to rows that the actor sent herself: from whichever card, if she lost one, hers replaces.

    Whoever has the address of a public link sends by it, so that nothing that came by one is anybody's own.
    """
    return query.where(_sent_by(actor, query.column_descriptions[0]["entity"]))


def is_own(actor: Actor, submitter_id: int | None) -> bool:
    """Whether that is known to be her own without a question: what came from this very card or account."""
    return actor.type != "public_link" and actor.id == submitter_id


def visible_or_own(actor: Actor, query: S, *verbs: str) -> S:
    """As `visible`, with the rows that are her `own` beside them."""
    model = query.column_descriptions[0]["entity"]
    conditions = _conditions(actor, model, verbs, False)
    return query if conditions is None else query.where(or_(_sent_by(actor, model), *conditions))


def _sent_by(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.id is None or actor.type == "public_link":
        return false()
    if actor.type != "field_key":
        return cast(ColumnElement[bool], model.submitter_id == actor.id)
    cards = select(AppUser.actor_id, AppUser.replaces).where(AppUser.actor_id == actor.id).cte("cards", recursive=True)
    before = select(AppUser.actor_id, AppUser.replaces).join(cards, AppUser.actor_id == cards.c.replaces)
    return cast(ColumnElement[bool], model.submitter_id.in_(select(cards.union(before).c.actor_id)))


def _conditions(actor: Actor, model: Any, verbs: tuple[str, ...], counting: bool) -> list[ColumnElement[bool]] | None:
    """Of which one must hold; None where all rows are seen."""
    grants = [grant for grant in actor.grants if any(grant.allows(verb) for verb in verbs)]
    by_unit = model is Unit or hasattr(model, "unit_id")
    narrow = [grant for grant in grants if grant.narrow and by_unit]
    whole = [grant for grant in grants if grant not in narrow]
    if any(grant.project_id is None and grant.form_id is None for grant in whole) or (whole and model is Unit):
        return None
    return _by_project(model, whole) + [_by_unit(actor, model, grant, counting) for grant in narrow]


def _by_project(model: Any, grants: list[Grant]) -> list[ColumnElement[bool]]:
    if not grants:
        return []
    project = model.id if model is Project else model.project_id
    form = model.id if model is Form else getattr(model, "form_id", None)
    projects = {grant.project_id for grant in grants if grant.form_id is None}
    forms = {grant.form_id for grant in grants if grant.form_id is not None}
    conditions = [project.in_(projects)] if projects else []
    if forms and form is not None:
        conditions.append(form.in_(forms))
    elif forms and model is Project:
        conditions.append(project.in_({grant.project_id for grant in grants if grant.form_id is not None}))
    return conditions


def _by_unit(actor: Actor, model: Any, grant: Grant, counting: bool) -> ColumnElement[bool]:
    """A condition that costs little, whether a unit has few of the rows or all.

    Few are looked up by their own index, in a query of their own; a planner that does not know how few they are would
    go through all rows instead. Whoever reaches very many units goes through the rows, asking of each.
    """
    if model is Unit:
        return Unit.id.in_(_reach(grant))
    role, other = grant.narrow, _other(model)
    conditions = [] if grant.project_id is None else [model.project_id == grant.project_id]
    if role is not None and role.forms is not None:
        conditions.append(model.form_id.in_(select(Form.id).where(Form.xml_form_id.in_(role.forms))))
    if role is not None and role.own:
        sent = select(other.id).where(other.submitter_id == actor.id) if hasattr(model, "submitter_id") else None
        conditions.append(model.id.in_(sent) if sent is not None else false())
    elif grant.units <= MANY_UNITS:
        few = model.id.in_(select(other.id).where(other.unit_id.in_(_reach(grant))))
        conditions.append(OneOf(model.unit_id, _reach(grant).scalar_subquery(), few))
    elif grant.beyond == 0:
        conditions.append(model.unit_id.is_not(None))
    elif counting and grant.beyond is not None and grant.beyond < grant.units:
        # To look into a short list costs next to nothing.
        beyond = _reach(grant).where(UnitReach.within_id == Unit.id).exists()
        conditions += [model.unit_id.is_not(None), model.unit_id.not_in(select(Unit.id).where(~beyond))]
    else:
        conditions.append(_reach(grant).where(UnitReach.within_id == model.unit_id).exists())
    return and_(*conditions)


@functools.cache
def _other(model: Any) -> Any:
    """The same table once more, to be asked by itself."""
    return aliased(model)


def _reach(grant: Grant) -> Select[tuple[int]]:
    # As a number in the text of the statement where it reaches many: a plan made for any unit would be one for few.
    unit: Any = literal_column(str(int(grant.unit_id or 0))) if grant.units > MANY_UNITS else grant.unit_id
    return select(UnitReach.within_id).where(UnitReach.unit_id == unit)
