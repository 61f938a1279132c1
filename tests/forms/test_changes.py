"""What changed from one version of a form to another."""

from __future__ import annotations

from forms import changes
from forms.changes import between
from forms.xform import Form
from tests.conftest import converted

VISIT = """
| survey   |                |       |                  |                   |                |
|          | type           | name  | label::Việt (vi) | label::Anh (en)   | relevant       |
|          | text           | who   | Ai?              | Who?              |                |
|          | integer        | age   | Bao nhiêu tuổi?  | How old?          |                |
|          | begin_group    | house | Nhà              | Home              |                |
|          | select_one yn  | roof  | Mái có dột?      | Does it leak?     | ${age} > 3     |
|          | end_group      |       |                  |                   |                |
| choices  |                |       |                  |                   |                |
|          | list_name      | name  | label::Việt (vi) | label::Anh (en)   |                |
|          | yn             | y     | Có               | Yes               |                |
|          | yn             | n     | Không            | No                |                |
| settings |                |       |                  |                   |                |
|          | form_title     | form_id | version        |                   |                |
|          | Thăm           | visit | 1                |                   |                |
"""
GROUPED = """
| survey   |                |         |         |            |
|          | type           | name    | label   | relevant   |
|          | begin_group    | house   | Nhà     |            |
|          | integer        | age     | Tuổi?   |            |
|          | end_group      |         |         |            |
|          | text           | who     | Ai?     | ${age} > 3 |
| settings |                |         |         |            |
|          | form_title     | form_id | version |            |
|          | Thăm           | visit   | 1       |            |
"""


def without(column: int, markdown: str = VISIT) -> str:
    """The workbook without one of its columns."""
    rows = [line.split("|") for line in markdown.strip().splitlines()]
    return "\n".join("|".join(cell for at, cell in enumerate(row) if at != column) for row in rows)


def form(*changed: tuple[str, str], markdown: str = VISIT) -> Form:
    """The form with words of its workbook replaced."""
    for old, new in changed:
        assert old in markdown, old
        markdown = markdown.replace(old, new)
    return converted(markdown, "visit").form


def told(*changed: tuple[str, str]) -> list[tuple[object, ...]]:
    """The changes from the form to one with other words: kind, path and what differs."""
    found = between(form(), form(*changed))
    assert not found.languages_added and not found.languages_removed
    return [
        (each.kind, each.path, *([dict(each.old or {}), dict(each.new or {})] if each.old is not None else []))
        for each in found.fields
    ]


def test_nothing_changes_by_another_version_or_title() -> None:
    found = between(form(), form(("| 1  ", "| 2  "), ("| Thăm ", "| Khác ")))
    assert not found and found.fields == ()


def test_added_and_removed() -> None:
    assert told(
        ("|          | integer        | age ", "|          | integer        | years "), ("${age}", "${years}")
    ) == [
        ("added", "/years"),
        ("logic", "/house/roof", {"relevant": "${age} > 3"}, {"relevant": "${years} > 3"}),
        ("removed", "/age"),
    ]


def test_what_moves_into_a_group_is_another_field() -> None:
    group = ("| begin_group    | house", "| begin_group    | hut ")
    assert [each[:2] for each in told(group)] == [
        ("added", "/hut"),
        ("added", "/hut/roof"),
        ("removed", "/house"),
        ("removed", "/house/roof"),
    ]


def test_a_group_with_another_name_changes_no_expression_of_other_fields() -> None:
    old, new = (form(markdown=each) for each in (GROUPED, GROUPED.replace("| house", "| hut ")))
    found = between(old, new).fields
    assert old.field("/data/who").relevant != new.field("/data/who").relevant  # type: ignore[union-attr]
    assert {each.kind for each in found} == {"added", "removed"} and len(found) == 4


def test_retyped() -> None:
    assert told(("| integer        | age ", "| text           | age ")) == [
        ("retyped", "/age", {"type": "int"}, {"type": "string"})
    ]
    assert told(("select_one yn ", "select_multiple yn ")) == [
        ("retyped", "/house/roof", {"type": "select1"}, {"type": "select"})
    ]


def test_relabelled_in_one_language() -> None:
    assert told(("How old?", "What age?")) == [
        ("relabelled", "/age", {"Anh (en)": "How old?"}, {"Anh (en)": "What age?"})
    ]


def test_choices() -> None:
    assert told(
        (
            "| yn             | n     | Không            | No   ",
            "| yn             | k     | Không rõ         | Unknown   ",
        )
    ) == [("choices", "/house/roof", {"n": "Không / No"}, {"k": "Không rõ / Unknown"})]
    assert told(("| Có ", "| Rồi ")) == [("choices", "/house/roof", {"y": "Có / Yes"}, {"y": "Rồi / Yes"})]


def test_logic_as_the_workbook_has_it() -> None:
    assert told(("${age} > 3", "${age} > 5")) == [
        ("logic", "/house/roof", {"relevant": "${age} > 3"}, {"relevant": "${age} > 5"})
    ]
    assert told(("${age} > 3", "")) == [("logic", "/house/roof", {"relevant": "${age} > 3"}, {})]


def test_a_language_that_comes_changes_no_label_of_the_others() -> None:
    vietnamese = without(5)
    found = between(form(markdown=vietnamese), form())
    assert (found.languages_added, found.languages_removed, found.fields) == (("Anh (en)",), (), ())
    assert between(form(), form(markdown=vietnamese)).languages_removed == ("Anh (en)",)


def test_a_form_that_gets_its_first_language_keeps_its_labels() -> None:
    plain = without(5).replace("label::Việt (vi)", "label")
    found = between(form(markdown=plain), form(markdown=without(5)))
    assert found.fields == () and found.languages_added == ("Việt (vi)",)


def test_from_nothing_everything_was_added() -> None:
    found = between(None, form())
    assert [(each.kind, each.path) for each in found.fields] == [
        (changes.ADDED, path) for path in ("/who", "/age", "/house", "/house/roof")
    ]
