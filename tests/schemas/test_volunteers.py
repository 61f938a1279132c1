"""Which rows of a table of volunteers can be added."""

from __future__ import annotations

import pytest

from schemas.volunteers import COLUMNS, Known, check

KNOWN = Known(units={"C1", "C2"}, forms={"home_visit", "shg_session"}, worker_codes={"TV-01"})


def row(**cells: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {"name": "Lê Thị Đào"} | cells


def test_a_volunteer_of_a_commune() -> None:
    plan = check(
        [(2, row(language="Tiếng Việt", worker_code="TV-02", unit="C1", forms="home_visit; shg_session"))], KNOWN
    )
    (made,) = plan.new
    assert (made.row, made.name, made.language, made.worker_code) == (2, "Lê Thị Đào", "vi", "TV-02")
    assert (made.unit, made.role, made.forms) == ("C1", "volunteer", ("home_visit", "shg_session"))
    assert plan.errors == plan.there == []


def test_without_a_unit_there_is_no_role() -> None:
    (made,) = check([(2, row())], KNOWN).new
    assert (made.unit, made.role, made.language, made.forms) == ("", "", None, ())


def test_a_table_may_come_again() -> None:
    plan = check([(2, row(worker_code="TV-01")), (3, row(worker_code="TV-02"))], KNOWN)
    assert [made.row for made in plan.there] == [2] and [made.row for made in plan.new] == [3]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"name": ""}, "name", "missing"),
        ({"name": "x" * 101}, "name", "too_long"),
        ({"language": "fr"}, "language", "unknown_language"),
        ({"worker_code": "x" * 41}, "worker_code", "too_long"),
        ({"unit": "C9"}, "unit", "unknown_unit"),
        ({"unit": "C1", "role": "boss"}, "role", "unknown_role"),
        ({"unit": "C1", "role": "privacy_officer"}, "role", "unknown_role"),
        ({"unit": "C1", "role": "board"}, "role", "unknown_role"),
        ({"role": "volunteer"}, "unit", "missing"),
        ({"forms": "home_visit nothing"}, "forms", "unknown_form"),
    ],
)
def test_what_is_wrong_in_a_row(cells: dict[str, str], column: str, code: str) -> None:
    plan = check([(7, row(**cells))], KNOWN)
    assert [(error.row, error.column, error.code) for error in plan.errors] == [(7, column, code)]
    assert plan.new == []


def test_the_same_code_twice() -> None:
    plan = check([(2, row(worker_code="TV-03")), (3, row(worker_code="TV-03"))], KNOWN)
    assert [(error.row, error.code) for error in plan.errors] == [(3, "twice")]
