"""How alike texts are, in searches."""

from __future__ import annotations

import pytest

from server.actions.likeness import fold, score


def test_folding_forgets_case_and_accents() -> None:
    assert fold("Đặng Thị HƯỜNG") == "dang thi huong"


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    # As the extension of the reference's database counts: similarity, and that to the likest part.
    [
        ("word", "word", 2.0),
        ("word", "two words", 4 / 5 + 4 / 11),
        ("alice", "alice", 2.0),
        ("abc", "xyz", 0.0),
        ("", "alice", 0.0),
        ("alice", "", 0.0),
    ],
)
def test_scores(text: str, wanted: str, expected: float) -> None:
    assert score(text, wanted) == pytest.approx(expected)


def test_what_is_more_alike_has_more() -> None:
    scores = [score(text, "thi huong") for text in ("thi huong", "dang thi huong", "thi hung", "van lan")]
    assert scores == sorted(scores, reverse=True) and scores[-1] == 0
