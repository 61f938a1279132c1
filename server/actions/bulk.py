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
    """The submissions with these instance IDs on which she has the verb, in the order of the IDs.

    Raises NOT_FOUND with those that are not there, or not for her; UNEXPECTED_VALUE for too many.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST:
        raise problems.UNEXPECTED_VALUE(field="ids", value=len(wanted), reason=f"at most {MOST} were expected")
    query = rows.scoped(actor, form, draft=False, verbs=(verb,), deleted=deleted)
    found = db.session.execute(query.where(Submission.instance_id.in_(wanted)))
    by_id: dict[str, rows.Row] = {row[0].instance_id: (row[0], row[1]) for row in found}
    missing = [each for each in wanted if each not in by_id]
    if missing:
        raise problems.NOT_FOUND(ids=missing)
    return [by_id[each] for each in wanted]
