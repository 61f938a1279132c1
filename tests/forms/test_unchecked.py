"""Which expressions of a form are not checked, and why."""

from __future__ import annotations

import pytest

from forms import checks, library, xlsform
from forms.logic.lists import ItemList
from forms.logic.program import NO_FILE, PUT_IN, Expression
from forms.xform import Form
from tests.conftest import converted

HEAD = """
| survey | | | | | |
| | type | name | label | relevant | calculation |
| | integer | age | Tuổi? | | |
"""


def report(form: Form) -> list[Expression]:
    """All expressions; lists in files are missing."""
    lists = form.lists
    program = checks.plan_of(form).program
    return program.report(lambda source: "" if isinstance(lists.get(source), ItemList) else NO_FILE)


def unchecked(rows: str) -> list[tuple[str, str, str]]:
    """Name, kind and reason of those of a form with these rows."""
    form = converted(HEAD + rows, "unchecked").form
    return [(each.path.rpartition("/")[2], each.kind, each.reason) for each in report(form) if each.because]


@pytest.mark.parametrize("name", library.names())
def test_all_of_the_bundled_forms_is_checked(name: str) -> None:
    form = xlsform.convert(library.source(name), f"{name}.md", validate=False).form
    found = report(form)
    assert len(found) > 20
    assert [(each.kind, each.because) for each in found if each.because and each.kind != "setvalue"] == []


@pytest.mark.parametrize(
    ("default", "reason"),
    [
        ("today()", PUT_IN),
        ("${age} + 1", PUT_IN),
        ("property('deviceid')", "it asks the phone"),
        ("nonsense(1)", "the function nonsense() is not supported"),
        ("pulldata('people', 'name', 'id', ${age})", NO_FILE),
        ("${last-saved#age}", "only the phone knows what it asks for"),
        ("concat(/data/unheard/of, 'x')", "/data/unheard/of is not in the form"),
    ],
)
def test_defaults_that_the_phone_puts_in_are_no_check_but_understood(default: str, reason: str) -> None:
    form = converted(
        "| survey | | | | |\n| | type | name | label | default |\n| | integer | age | Tuổi? | |\n"
        f"| | text | what | Gì? | {default} |\n| | begin_repeat | r | R | |\n| | text | x | X | {default} |\n"
        "| | end_repeat | | | |\n",
        "data",
    ).form
    told = [(each.path, each.kind, each.reason) for each in report(form) if each.because]
    assert told == [(f"/data/{path}", "setvalue", reason) for path in ("what", "r/x")]


def test_what_a_trigger_calculates_is_put_in_once() -> None:
    form = converted(
        "| survey | | | | | |\n| | type | name | label | calculation | trigger |\n| | integer | age | Tuổi? | | |\n"
        "| | text | what | Gì? | ${age} + 1 | ${age} |\n",
        "data",
    ).form
    put_in = next(each for each in report(form) if each.kind == "setvalue")
    assert (put_in.path, put_in.text, put_in.reason) == ("/data/what", "/data/age  + 1", PUT_IN)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("uuid()", "chance decides what it gives"),
        ("once(random())", "chance decides what it gives"),
        ("once(${age})", "it keeps what it gave the first time"),
        ("now()", "it depends on the time on the phone"),
        ("property('deviceid')", "it asks the phone"),
        ("nonsense(${age})", "the function nonsense() is not supported"),
        ("pulldata('people', 'name', 'id', ${age})", NO_FILE),
    ],
)
def test_the_reason_is_said(expression: str, reason: str) -> None:
    assert unchecked(f"| | calculate | made | | | {expression} |") == [("made", "calculate", reason)]


def test_a_reason_is_a_sentence_with_places() -> None:
    (found,) = (
        each
        for each in report(converted(HEAD + "| | calculate | made | | | nonsense() |", "unchecked").form)
        if each.because
    )
    assert found.because == "the function %(function)s() is not supported"
    assert found.named == {"function": "nonsense"}


def test_nothing_below_an_unchecked_condition_is_checked() -> None:
    found = unchecked(
        """| | begin_group | g | Nhóm | nonsense(${age}) | |
| | text | inside | Trong? | ${age} > 1 | |
| | end_group | | | | |
| | text | g2 | Ngoài? | ${age} > 2 | |
"""
    )
    hidden = "whether it is asked depends on a relevant that is not checked"
    assert found == [
        ("g", "relevant", "the function nonsense() is not supported"),
        ("inside", "relevant", hidden),
    ]
