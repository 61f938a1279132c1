"""What each role may do, and which rows an actor sees. The only place that decides it.

Roles and their verbs stand in `schemas.roles`.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, and_, false, literal_column, or_, select
from sqlalchemy.orm import aliased

from schemas import problems
from server.actors import ANONYMOUS, CONSOLE, Actor, Grant
from server.db import OneOf
from server.models import AppUser, Assignment, Form, Project, Unit, UnitReach

__all__ = [
    "ANONYMOUS",
    "CONSOLE",
    "MANY_UNITS",
    "TEXT",
    "Actor",
    "Grant",
    "by_unit",
    "can",
    "few",
    "is_own",
    "own",
    "require",
    "require_filling",
    "require_person",
    "sees_text",
    "visible",
    "visible_or_own",
    "whole",
]
S = TypeVar("S", bound=Select[Any])
# What shows free text, beside the row that it belongs to.
TEXT = "submission.text.read"
# From so many units on, a role is taken to reach a good part of all rows.
MANY_UNITS = 500
# Up to so many it is taken to reach a few rows of thousands.
FEW_UNITS = 50


def can(actor: Actor, verb: str, *, project_id: int | None = None, form_id: int | None = None) -> bool:
    """Whether the actor may do the verb there."""
    return verb in actor.verbs_on(project_id, form_id)


def whole(actor: Actor, verb: str, project_id: int, form_id: int | None = None) -> bool:
    """Whether the actor may do the verb on all rows of a project (or of a form), not only on those of a unit."""
    held = [grant for grant in actor.grants if grant.allows(verb) and not grant.narrow]
    return any(grant.project_id in (None, project_id) for grant in held if grant.form_id in (None, form_id))


def _held(actor: Actor, verbs: tuple[str, ...]) -> list[Grant]:
    return [grant for grant in actor.grants if any(grant.allows(verb) for verb in verbs)]


def few(actor: Actor, project_id: int, *verbs: str) -> bool:
    """Whether the actor has the verbs on the rows of some units of a project only, and these are few."""
    here = [grant for grant in _held(actor, verbs) if grant.project_id in (None, project_id)]
    return bool(here) and all(grant.narrow and grant.units <= FEW_UNITS for grant in here)


def by_unit(actor: Actor, project_id: int, *verbs: str) -> bool:
    """Whether the rows of a project on which the actor has the verbs are best found by the units they belong to."""
    here = [grant for grant in _held(actor, verbs) if grant.project_id in (None, project_id)]
    return bool(here) and all(grant.narrow and not grant.narrow.own and grant.units <= MANY_UNITS for grant in here)


def require(actor: Actor, *verbs: str, project_id: int | None = None, form_id: int | None = None) -> None:
    """Raise INSUFFICIENT_RIGHTS unless the actor has one of the verbs there."""
    if not actor.verbs_on(project_id, form_id).intersection(verbs):
        raise problems.INSUFFICIENT_RIGHTS()


def require_filling(actor: Actor, project_id: int, form_id: int, xml_form_id: str) -> None:
    """Raise INSUFFICIENT_RIGHTS unless the actor may send submissions of the form."""
    if "submission.create" not in actor.filling(project_id, form_id, xml_form_id):
        raise problems.INSUFFICIENT_RIGHTS()


def sees_text(actor: Actor, project_id: int, form_id: int | None, *verbs: str) -> bool | None:
    """Whether of the rows on which she has one of the verbs she is shown what people wrote in words of their own.

    True of all of them, False of none, None of some: then they are those that are `visible` to her for TEXT as well.
    """
    here = [
        grant for grant in actor.grants if grant.project_id in (None, project_id) and grant.form_id in (None, form_id)
    ]
    if all(grant.allows(TEXT) for grant in here if any(grant.allows(verb) for verb in verbs)):
        return True
    return None if any(grant.allows(TEXT) for grant in here) else False


def require_person(actor: Actor) -> None:
    """Raise INSUFFICIENT_RIGHTS for a program that has an app password: an account is its owner's to change."""
    if actor.machine:
        raise problems.INSUFFICIENT_RIGHTS()


def visible(actor: Actor, query: S, *verbs: str, counting: bool = False, project_id: int | None = None) -> S:
    """The query, narrowed to the rows on which the actor has one of the verbs. The only place where scope is a filter.

    The query's first column is of the model whose rows are meant: Project, Form, Unit, AppUser, or any with
    `project_id` and, where rights are also given by form, `form_id`; where by unit, `unit_id` and `submitter_id`.
    `counting`: all of the rows are gone through, and not only those of a page. `project_id`: that of all rows of the
    query, where it is of one project; what is known need not be asked of each row.
    """
    conditions = _conditions(actor, query.column_descriptions[0]["entity"], verbs, counting, project_id)
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
    conditions = _conditions(actor, model, verbs)
    return query if conditions is None else query.where(or_(_sent_by(actor, model), *conditions))


def _sent_by(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.id is None or actor.type == "public_link":
        return false()
    if actor.type != "field_key":
        return cast(ColumnElement[bool], model.submitter_id == actor.id)
    cards = select(AppUser.actor_id, AppUser.replaces).where(AppUser.actor_id == actor.id).cte("cards", recursive=True)
    before = select(AppUser.actor_id, AppUser.replaces).join(cards, AppUser.actor_id == cards.c.replaces)
    return cast(ColumnElement[bool], model.submitter_id.in_(select(cards.union(before).c.actor_id)))


def _conditions(
    actor: Actor, model: Any, verbs: tuple[str, ...], counting: bool = False, project_id: int | None = None
) -> list[ColumnElement[bool]] | None:
    """Of which one must hold; None where all rows are seen."""
    grants = _held(actor, verbs)
    if project_id is not None:
        here = [grant for grant in grants if grant.project_id in (None, project_id)]
        grants = [grant if grant.project_id is None else replace(grant, project_id=None) for grant in here]
    by_unit = model is Unit or model is AppUser or hasattr(model, "unit_id")
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

    Few are looked up by their own index, in a query of their own where there is an order to go by; a planner that does
    not know how few they are would go through all rows in that order instead. Whoever reaches very many units goes
    through the rows, asking of each.
    """
    if model is Unit:
        return Unit.id.in_(_reach(grant))
    if model is AppUser:
        return _phones(grant)
    role, other = grant.narrow, _other(model)
    conditions = [] if grant.project_id is None else [model.project_id == grant.project_id]
    if role is not None and role.forms is not None:
        conditions.append(model.form_id.in_(select(Form.id).where(Form.xml_form_id.in_(role.forms))))
    if role is not None and role.own:
        sent = select(other.id).where(other.submitter_id == actor.id) if hasattr(model, "submitter_id") else None
        conditions.append(model.id.in_(sent) if sent is not None else false())
    elif grant.units <= MANY_UNITS:
        reach = _reach(grant)
        few = model.unit_id.in_(reach) if counting else model.id.in_(select(other.id).where(other.unit_id.in_(reach)))
        conditions.append(OneOf(model.unit_id, reach.scalar_subquery(), few))
    elif grant.beyond == 0:
        conditions.append(model.unit_id.is_not(None))
    elif counting and grant.beyond is not None and grant.beyond < grant.units:
        # To look into a short list costs next to nothing.
        beyond = _reach(grant).where(UnitReach.within_id == Unit.id).exists()
        conditions += [model.unit_id.is_not(None), model.unit_id.not_in(select(Unit.id).where(~beyond))]
    else:
        conditions.append(_reach(grant).where(UnitReach.within_id == model.unit_id).exists())
    return and_(*conditions)


def _phones(grant: Grant) -> ColumnElement[bool]:
    """Cards of whoever works within the units that the grant reaches, and nowhere else; and those they replaced.

    A card that was replaced holds no roles any more: it goes with the one that is made instead.
    """
    if grant.narrow is None or grant.narrow.own or grant.narrow.forms is not None:
        return false()
    held = select(Assignment.actor_id).where(Assignment.unit_id.is_not(None))
    within = held.where(Assignment.unit_id.in_(_reach(grant)))
    beyond = held.where(Assignment.unit_id.not_in(_reach(grant)))
    of_them = select(AppUser.actor_id, AppUser.replaces)
    cards = of_them.where(AppUser.actor_id.in_(within), AppUser.actor_id.not_in(beyond)).cte("phones", recursive=True)
    before = of_them.join(cards, AppUser.actor_id == cards.c.replaces).where(AppUser.actor_id.not_in(beyond))
    found = AppUser.actor_id.in_(select(cards.union(before).c.actor_id))
    return found if grant.project_id is None else and_(found, AppUser.project_id == grant.project_id)


@functools.cache
def _other(model: Any) -> Any:
    """The same table once more, to be asked by itself."""
    return aliased(model)


def _reach(grant: Grant) -> Select[tuple[int]]:
    # As a number in the text of the statement where it reaches many: a plan made for any unit would be one for few.
    unit: Any = literal_column(str(int(grant.unit_id or 0))) if grant.units > MANY_UNITS else grant.unit_id
    return select(UnitReach.within_id).where(UnitReach.unit_id == unit)
