"""How many submissions forms have, of those that the actor may list, and how many links lead to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select

from server import permissions
from server.db import db
from server.models import PublicLink, Submission
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class Summary:
    """What the extended form of a form adds: counts of submissions, by review state, the latest; working links."""

    submissions: int
    last_submission: Any
    states: dict[str | None, int]
    public_links: int = 0


def _submissions(actor: Actor, query: Select[Any], form_ids: list[int], *, draft: bool = False) -> Select[Any]:
    """A count, narrowed to living submissions of these forms that the actor may list; `draft`: those that try it."""
    narrowed = query.where(
        Submission.form_id.in_(form_ids), Submission.draft.is_(draft), Submission.deleted_at.is_(None)
    )
    return permissions.visible(actor, narrowed, "submission.list", counting=True)


def summaries(actor: Actor, form_ids: list[int], *, draft: bool = False) -> dict[int, Summary]:
    """Counts of the submissions of each form that the actor may list; `draft`: of those that try its draft."""
    query = select(Submission.form_id, Submission.review_state, func.count(), func.max(Submission.created_at))
    query = _submissions(actor, query, form_ids, draft=draft)
    found: dict[int, Summary] = {}
    for form_id, state, count, latest in db.session.execute(
        query.group_by(Submission.form_id, Submission.review_state)
    ):
        before = found.get(form_id, Summary(0, None, {}))
        last = max((moment for moment in (before.last_submission, latest) if moment is not None), default=None)
        found[form_id] = Summary(before.submissions + count, last, {**before.states, state: count})
    links = select(PublicLink.form_id, func.count()).where(PublicLink.key_hash.is_not(None))
    rows = db.session.execute(links.where(PublicLink.form_id.in_(form_ids)).group_by(PublicLink.form_id))
    working = {row[0]: row[1] for row in rows}
    return {
        form_id: replace(found.get(form_id, Summary(0, None, {})), public_links=working.get(form_id, 0))
        for form_id in form_ids
    }


def with_findings(actor: Actor, form_ids: list[int]) -> dict[int, int]:
    """How many submissions of each form, of those the actor may list, have findings."""
    query = _submissions(actor, select(Submission.form_id, func.count()).where(Submission.findings > 0), form_ids)
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Submission.form_id))}
