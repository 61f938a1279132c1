"""What an edit changed, told question by question: groups, rows of repeats that came, went or were corrected."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from forms import diff
from schemas.fields import GROUP, REPEAT, Field

FIELDS = (
    Field("/data/meta", "meta", GROUP),
    Field("/data/meta/instanceID", "instanceID"),
    Field("/data/who", "who"),
    Field("/data/home", "home", GROUP),
    Field("/data/home/child", "child", REPEAT),
    Field("/data/home/child/name", "name"),
    Field("/data/home/child/age", "age", "int"),
    Field("/data/home/child/dose", "dose", REPEAT),
)
Children = list[tuple[str, str]]


def visit(inside: str) -> bytes:
    """A submission."""
    return f'<data id="visit">{inside}</data>'.encode()


def home(children: Children) -> bytes:
    """One with children."""
    rows = "".join(f"<child><name>{name}</name><age>{age}</age></child>" for name, age in children)
    return visit(f"<home>{rows}</home>")


def changes(old: bytes, new: bytes) -> list[dict[str, Any]]:
    """What the second version changed."""
    (found,) = diff.between(FIELDS, [("two", new), ("one", old)]).values()
    return found


def test_the_first_version_changed_nothing() -> None:
    assert diff.between(FIELDS, [("one", visit("<who>An</who>"))]) == {}
    assert diff.between(FIELDS, []) == {}


def test_answers_that_changed_came_and_went() -> None:
    old, new = visit("<who>An</who><gone>1</gone><same>x</same>"), visit("<who>Ân</who><same>x</same><here>2</here>")
    assert changes(old, new) == [
        {"old": "An", "new": "Ân", "path": ["who"]},
        {"old": "1", "path": ["gone"]},
        {"new": "2", "path": ["here"]},
    ]
    assert changes(visit("<who/>"), visit("<who>An</who>")) == [{"old": "", "new": "An", "path": ["who"]}]


def test_each_version_against_the_one_before() -> None:
    versions = [(name, visit(f"<who>{name}</who>")) for name in ("three", "two", "one")]
    found = diff.between(FIELDS, versions)
    assert list(found) == ["three", "two"]
    assert found["three"] == [{"old": "two", "new": "three", "path": ["who"]}]


def test_names_are_told_without_their_prefixes() -> None:
    spaces = 'xmlns:orx="http://openrosa.org/xforms"'
    old = f'<data id="visit" {spaces}><orx:meta><orx:instanceID>one</orx:instanceID></orx:meta></data>'.encode()
    new = b'<data id="visit"><meta><instanceID>two</instanceID></meta></data>'
    assert changes(old, new) == [{"old": "one", "new": "two", "path": ["meta", "instanceID"]}]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [], []),
        ([("An", "1")], [("An", "1")], []),
        ([], [("An", "1")], [{"new": [{"name": "An", "age": "1"}], "path": ["home", "child"]}]),
        ([("An", "1")], [], [{"old": [{"name": "An", "age": "1"}], "path": ["home", "child"]}]),
        ([("An", "1")], [("An", "2")], [{"old": "1", "new": "2", "path": ["home", ["child", 0], "age"]}]),
        (
            [("An", "1"), ("Ba", "2"), ("Ca", "3")],
            [("An", "1"), ("Ca", "3")],
            [{"old": {"name": "Ba", "age": "2"}, "path": ["home", ["child", 1]]}],
        ),
        (
            [("An", "1"), ("Ca", "3")],
            [("An", "1"), ("Ba", "2"), ("Ca", "3")],
            [{"new": {"name": "Ba", "age": "2"}, "path": ["home", ["child", 1]]}],
        ),
        # One went, the other was corrected: which is which, the likeness says.
        (
            [("An", "1"), ("Ba", "2")],
            [("Ba", "9")],
            [
                {"old": {"name": "An", "age": "1"}, "path": ["home", ["child", 0]]},
                {"old": "2", "new": "9", "path": ["home", ["child", 1], "age"]},
            ],
        ),
        (
            [("Ba", "9")],
            [("An", "1"), ("Ba", "2")],
            [
                {"new": {"name": "An", "age": "1"}, "path": ["home", ["child", 0]]},
                {"old": "9", "new": "2", "path": ["home", ["child", 0], "age"]},
            ],
        ),
        # Two stretches, each by itself.
        (
            [("An", "1"), ("Ba", "2"), ("Ca", "3"), ("Da", "4")],
            [("Ân", "1"), ("Ba", "2"), ("Ca", "3")],
            [
                {"old": "An", "new": "Ân", "path": ["home", ["child", 0], "name"]},
                {"old": {"name": "Da", "age": "4"}, "path": ["home", ["child", 3]]},
            ],
        ),
    ],
)
def test_rows_of_a_repeat(old: Children, new: Children, expected: list[dict[str, Any]]) -> None:
    assert changes(home(old), home(new)) == expected


def test_repeats_within_repeats() -> None:
    def with_doses(*doses: str) -> bytes:
        told = "".join(f"<dose>{dose}</dose>" for dose in doses)
        return visit(f"<home><child><name>An</name>{told}</child></home>")

    old, new = with_doses("<day>1</day>"), with_doses("<day>1</day>", "<day>8</day>")
    assert changes(old, new) == [{"new": {"day": "8"}, "path": ["home", ["child", 0], ["dose", 1]]}]
    again = with_doses("<day>2</day>")
    assert changes(old, again) == [
        {"old": "1", "new": "2", "path": ["home", ["child", 0], ["dose", 0], "day"]},
    ]


def test_very_many_rows_are_paired_in_their_order() -> None:
    """All against all would take for ever."""
    old, new = [(f"n{number}", "1") for number in range(1500)], [(f"m{number}", "1") for number in range(1400)]
    found = changes(home(old), home(new))
    assert len(found) == 1500
    assert found[0] == {"old": "n0", "new": "m0", "path": ["home", ["child", 0], "name"]}
    assert found[-1] == {"old": {"name": "n1499", "age": "1"}, "path": ["home", ["child", 1499]]}


def test_many_rows_within_many_rows_take_no_more_work_than_allowed() -> None:
    """Counted in calls, as each pair of rows that is held against another costs one at least."""
    old, new = homes_of_many(50, "an"), homes_of_many(49, "ba")
    with counted(most=15_000_000):
        found = changes(old, new)
    assert found[1] == {"old": "an0", "new": "ba0", "path": ["home", ["child", 0], ["dose", 0], "day"]}
    assert len(found) == 49 * (1 + 1000) + 1


def homes_of_many(children: int, word: str) -> bytes:
    """Children with a thousand doses each."""
    doses = "".join(f"<dose><day>{word}{number}</day></dose>" for number in range(1000))
    return visit(
        "<home>" + "".join(f"<child><name>{word}{n}</name>{doses}</child>" for n in range(children)) + "</home>"
    )


@contextmanager
def counted(most: int) -> Iterator[None]:
    """Fails when so many functions have been called."""
    numbers = count()

    def called(_frame: object, _event: str, _argument: object) -> None:
        if next(numbers) > most:
            sys.setprofile(None)
            raise AssertionError("too much work")

    sys.setprofile(called)
    try:
        yield
    finally:
        sys.setprofile(None)
