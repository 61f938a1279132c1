"""Who is shown what people wrote in words of their own (domain 5.2, N20), and rows without it for who is not.

It is answers to questions that are not numbers, days, places or choices; the name of a submission, which is made of
answers; what comments, notes and findings quote; and all that cannot be looked into: the XML and the files.
"""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock

from sqlalchemy import ColumnElement, and_, false, select

from forms import free_text, xform
from forms.free_text import Leaf, Rule
from schemas import problems
from server import permissions
from server.db import db
from server.models import Form, FormVersion, Submission
from server.permissions import TEXT, Actor

# What shows a row.
SHOWN = ("submission.list", "submission.read")
MOST_KEPT = 1000
_leaves: dict[str, tuple[Leaf, ...]] = {}
_reading = Lock()


def readable(actor: Actor, project_id: int, form_id: int, numbers: Collection[int]) -> Collection[int]:
    """Those of the submissions of these numbers, which are shown to the actor, whose free text she is shown as well."""
    sees = permissions.sees_text(actor, project_id, form_id, *SHOWN)
    if sees is not None:
        return numbers if sees else ()
    query = select(Submission.id).where(Submission.form_id == form_id, Submission.id.in_(numbers))
    return set(db.session.scalars(permissions.visible(actor, query, TEXT)))


def sees(actor: Actor, submission: Submission) -> bool:
    """Whether the actor, who is shown the submission, is shown its free text as well."""
    return bool(readable(actor, submission.project_id, submission.form_id, [submission.id]))


def require(actor: Actor, submission: Submission) -> None:
    """Raise INSUFFICIENT_RIGHTS unless she is: for what cannot be shown without."""
    if not sees(actor, submission):
        raise problems.INSUFFICIENT_RIGHTS()


def findable(actor: Actor, project_id: int, form_id: int, named: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition, of those rows alone whose free text the actor is shown: nobody finds by what is hidden."""
    sees = permissions.sees_text(actor, project_id, form_id, *SHOWN)
    if sees is not None:
        return named if sees else false()
    query = permissions.visible(actor, select(Submission.id).where(Submission.form_id == form_id), TEXT)
    return and_(named, Submission.id.in_(query))


def rule_for(actor: Actor, submission: Submission) -> Rule | None:
    """Which of its answers are left for the actor, who is shown the submission; None where all are."""
    return None if sees(actor, submission) else rule_of(submission.project_id, submission.form_id)


def rule_of(project_id: int, form_id: int) -> Rule:
    """Which answers of a form are left.

    Lists carry free text from one form of a project to others, so all of them are looked at, and all their versions:
    what was asked with a list yesterday may have been typed the day before, also in a form that was deleted.
    """
    query = select(FormVersion.id, FormVersion.sha256, Form.id.label("form_id"), Form.xml_form_id)
    query = query.join(Form, Form.id == FormVersion.form_id).where(Form.project_id == project_id)
    found = db.session.execute(query).all()
    named = {row.xml_form_id for row in found if row.form_id == form_id}
    versions = [(row.xml_form_id in named, _read(row.id, row.sha256)) for row in found]
    free = free_text.names(leaves for _, leaves in versions)
    return free_text.rule((leaves for of_it, leaves in versions if of_it), free)


def _read(version_id: int, sha256: str) -> tuple[Leaf, ...]:
    """Kept apart from the definitions that phones need, so that these are not pushed out."""
    known = _leaves.get(sha256)
    if known is None:
        xml = db.session.scalars(select(FormVersion.xml).where(FormVersion.id == version_id)).one()
        known = free_text.read(xform.parse(xml).fields)
        with _reading:
            if len(_leaves) >= MOST_KEPT:
                _leaves.pop(next(iter(_leaves)))
            _leaves[sha256] = known
    return known
