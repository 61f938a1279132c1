"""Many submissions at once: reviewed, taken away, brought back. All of them or none, each with its own audit entry."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import problems
from server.actions import reviews, rows, trash
from server.db import db, writes
from server.models import Form, Submission
from server.permissions import Actor

# So many at once: others wait for a write transaction.
MOST = 1000


def chosen(actor: Actor, form: Form, ids: Sequence[str], verb: str) -> list[rows.Row]:
    """Those of a form with these instance IDs, the oldest first, to ask about them before the verb is done to them.
    Raises NOT_FOUND if one is not there."""
    return _rows(actor, form, ids, verb)


@writes
def review(
    actor: Actor, form: Form, ids: Sequence[str], state: str | None, comment: str = "", *, needs_comment: bool = False
) -> int:
    """Set the review state of these, as `reviews.review` does; how many. Raises NOT_FOUND if one is not there."""
    reviews.check(state, comment, needs_comment=needs_comment)
    found = _rows(actor, form, ids, "submission.update")
    for row in found:
        reviews.decide(actor, row, state, comment)
    return len(found)


@writes
def delete(actor: Actor, form: Form, ids: Sequence[str]) -> int:
    """Take these away, as `reviews.delete` does one; how many. Raises NOT_FOUND if one is not there."""
    found = _rows(actor, form, ids, "submission.delete")
    for submission, _ in found:
        reviews.take_away(actor, submission)
    return len(found)


@writes
def restore(actor: Actor, form: Form, ids: Sequence[str]) -> int:
    """Bring these back, as `trash.restore_submission` does one; how many. Raises NOT_FOUND if one is not there."""
    found = _rows(actor, form, ids, "submission.restore", deleted=True)
    for submission, _ in found:
        trash.bring_back(actor, submission)
    return len(found)


def _rows(actor: Actor, form: Form, ids: Sequence[str], verb: str, *, deleted: bool = False) -> list[rows.Row]:
    """The submissions with these instance IDs on which she has the verb, the oldest first, so that those who want the
    same in another order do not wait for each other.

    Raises NOT_FOUND with those that are not there, or not for her; UNEXPECTED_VALUE for too many.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST:
        raise problems.UNEXPECTED_VALUE(field="ids", value=len(wanted), reason=f"at most {MOST} were expected")
    query = rows.scoped(actor, form, draft=False, verbs=(verb,), deleted=deleted)
    query = query.where(Submission.instance_id.in_(wanted)).order_by(Submission.id)
    found: list[rows.Row] = [(row[0], row[1]) for row in db.session.execute(query)]
    known = {submission.instance_id for submission, _ in found}
    missing = [each for each in wanted if each not in known]
    if missing:
        raise problems.NOT_FOUND(ids=missing)
    return found
