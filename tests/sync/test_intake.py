"""What an arriving submission is: the whole table of cases."""

from __future__ import annotations

import pytest

from schemas import problems
from schemas.problems import Kind, Problem
from sync.intake import Decision, Known, decide, refuse_other

FIRST, EDITED = Known("a", "A", current=True), Known("a", "A", current=False)
EDIT = Known("b", "B", current=True)
GONE, GONE_EDIT = Known("a", "A", current=True, deleted=True), Known("b", "B", current=True, deleted=True)
ORPHAN = Known("b", "B", current=True)

# What is sent (instance ID, the one it edits, hash), what is known, and what comes of it.
STORED = [
    ("first of its kind", ("a", None, "A"), [], Decision.NEW),
    ("empty deprecatedID", ("a", "", "A"), [], Decision.NEW),
    ("others are no concern", ("c", None, "C"), [FIRST, EDIT], Decision.NEW),
    ("same again", ("a", None, "A"), [FIRST], Decision.AGAIN),
    ("same again, edited since", ("a", None, "A"), [EDITED, EDIT], Decision.AGAIN),
    ("edit", ("b", "a", "B"), [FIRST], Decision.EDIT),
    ("edit again", ("b", "a", "B"), [EDITED, EDIT], Decision.AGAIN),
    ("edit of the edit", ("c", "b", "C"), [EDITED, EDIT], Decision.EDIT),
    ("two phones edit the same", ("c", "a", "C"), [EDITED, EDIT], Decision.STALE_EDIT),
    ("edit before the original", ("b", "a", "B"), [], Decision.ORPHAN_EDIT),
    ("edit before the original, again", ("b", "a", "B"), [ORPHAN], Decision.AGAIN),
    ("the original after its edit", ("a", None, "A"), [ORPHAN], Decision.NEW),
    ("edit of itself", ("a", "a", "A"), [], Decision.ORPHAN_EDIT),
    ("edit of itself, again", ("a", "a", "A"), [Known("a", "A", current=True)], Decision.AGAIN),
]
REFUSED = [
    ("other answers, same ID", ("a", None, "X"), [FIRST], problems.XML_CONFLICT),
    ("other answers, same ID, edited since", ("a", None, "X"), [EDITED, EDIT], problems.XML_CONFLICT),
    ("edit under the ID of another edit", ("b", "a", "X"), [EDITED, EDIT], problems.XML_CONFLICT),
    ("deleted", ("a", None, "A"), [GONE], problems.SUBMISSION_DELETED),
    ("deleted, other answers", ("a", None, "X"), [GONE], problems.SUBMISSION_DELETED),
    ("edit of a deleted one", ("b", "a", "B"), [GONE], problems.SUBMISSION_DELETED),
    ("edit again, deleted since", ("b", "a", "B"), [EDITED, GONE_EDIT], problems.SUBMISSION_DELETED),
]


@pytest.mark.parametrize(("sent", "known", "decision"), [case[1:] for case in STORED], ids=[case[0] for case in STORED])
def test_stored(sent: tuple[str, str | None, str], known: list[Known], decision: Decision) -> None:
    assert decide(*sent, known) is decision
    assert decide(*sent, reversed(known)) is decision


@pytest.mark.parametrize(("sent", "known", "kind"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(sent: tuple[str, str | None, str], known: list[Known], kind: Kind) -> None:
    with pytest.raises(Problem) as caught:
        decide(*sent, known)
    assert caught.value.kind is kind


EDITS = {Decision.EDIT, Decision.AGAIN}
NOT_THAT = [
    (Decision.NEW, None, problems.EXPECTED_DEPRECATION),
    (Decision.STALE_EDIT, "a", problems.DEPRECATING_OLD),
    (Decision.ORPHAN_EDIT, "a", problems.DEPRECATING_OLD),
]


@pytest.mark.parametrize(("decision", "edited", "kind"), NOT_THAT)
def test_nothing_else_than_an_edit(decision: Decision, edited: str | None, kind: Kind) -> None:
    for meant in EDITS:
        refuse_other(meant, EDITS, "a")
    with pytest.raises(Problem) as caught:
        refuse_other(decision, EDITS, edited)
    assert caught.value.kind is kind
