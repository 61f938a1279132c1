"""Stored answers as OData rows, in Central's dialect."""

import hashlib

import pytest

from forms.odata.rows import Rows
from schemas.problems import NOT_FOUND, PROPERTY_NOT_FOUND, SELECT_UNSUPPORTED, SELECT_WITH_EXPAND, Problem

HOUSE = """
    | survey |              |           |        |
    |        | type         | name      | label  |
    |        | text         | head.name | Who?   |
    |        | geopoint     | spot      | Where? |
    |        | begin_group  | g         | G      |
    |        | integer      | rooms     | Rooms  |
    |        | begin_repeat | people    | P      |
    |        | text         | nick      | Nick   |
    |        | begin_group  | more      | M      |
    |        | date         | born      | Born   |
    |        | end_group    |           |        |
    |        | begin_repeat | pets      | Pets   |
    |        | text         | kind      | Kind   |
    |        | end_repeat   |           |        |
    |        | end_repeat   |           |        |
    |        | end_group    |           |        |
"""
SPOT = {"type": "Point", "coordinates": [105.8, 21.0, 10.5], "properties": {"accuracy": 4.0}}
ANSWERS = {
    "head.name": "Lan",
    "spot": SPOT,
    "g": {
        "rooms": 2,
        "people": [
            {"nick": "A", "more": {"born": "2000-01-02"}, "pets": [{"kind": "cat"}, {"kind": None}]},
            {"nick": "B", "pets": [{"kind": "dog"}]},
        ],
    },
    "meta": {"instanceID": "uuid:1"},
}
SYSTEM = {"submissionDate": "2026-11-22T01:00:00.000Z", "reviewState": None}


def key(*steps):
    return hashlib.sha1("%%".join(["Submissions#uuid:1", *steps]).encode(), usedforsecurity=False).hexdigest()


PERSON = [key("g#", "people#0"), key("g#", "people#1")]
PETS = [key("g#", "people#0", "pets#0"), key("g#", "people#0", "pets#1"), key("g#", "people#1", "pets#0")]


@pytest.fixture
def rows(published):
    fields = published(HOUSE).fields

    def ask(table="Submissions", answers=ANSWERS, **options):
        return Rows(fields, table, **options).of("uuid:1", answers, SYSTEM)

    return ask


def refused(kind, rows, *arguments, **options):
    with pytest.raises(Problem) as caught:
        rows(*arguments, **options)
    assert caught.value.kind is kind


def test_a_submission(rows):
    assert rows() == [
        {
            "__id": "uuid:1",
            "__system": SYSTEM,
            "head_name": "Lan",
            "spot": SPOT,
            "g": {"rooms": 2, "people@odata.navigationLink": "Submissions('uuid%3A1')/g/people"},
            "meta": {"instanceID": "uuid:1"},
        }
    ]


def test_what_was_not_sent_is_null_and_an_absent_repeat_has_no_link(rows):
    assert rows(answers={}) == [
        {
            "__id": "uuid:1",
            "__system": SYSTEM,
            "head_name": None,
            "spot": None,
            "g": {"rooms": None},
            "meta": {"instanceID": None},
        }
    ]


def test_an_encrypted_submission_has_no_columns(rows):
    assert rows(answers=None) == [{"__id": "uuid:1", "__system": SYSTEM}]
    assert rows("Submissions.g.people", answers=None) == []


def test_a_repeat(rows):
    link = "Submissions('uuid%3A1')/g/people('{}')/pets"
    assert rows("Submissions.g.people") == [
        {
            "__id": PERSON[0],
            "__Submissions-id": "uuid:1",
            "nick": "A",
            "more": {"born": "2000-01-02"},
            "pets@odata.navigationLink": link.format(PERSON[0]),
        },
        {
            "__id": PERSON[1],
            "__Submissions-id": "uuid:1",
            "nick": "B",
            "more": {"born": None},
            "pets@odata.navigationLink": link.format(PERSON[1]),
        },
    ]


def test_a_repeat_in_a_repeat(rows):
    assert rows("Submissions.g.people.pets") == [
        {"__id": PETS[0], "__Submissions-g-people-id": PERSON[0], "kind": "cat"},
        {"__id": PETS[1], "__Submissions-g-people-id": PERSON[0], "kind": None},
        {"__id": PETS[2], "__Submissions-g-people-id": PERSON[1], "kind": "dog"},
    ]


def test_expanded(rows):
    people = rows(expand=True)[0]["g"]["people"]
    assert [(person["__id"], person["nick"]) for person in people] == [(PERSON[0], "A"), (PERSON[1], "B")]
    assert people[0]["pets"] == [{"__id": PETS[0], "kind": "cat"}, {"__id": PETS[1], "kind": None}]
    assert "pets@odata.navigationLink" in people[0]


def test_well_known_text(rows):
    assert rows(as_wkt=True)[0]["spot"] == "POINT (105.8 21 10.5)"


@pytest.mark.parametrize(
    ("select", "row"),
    [
        ("__id", {"__id": "uuid:1"}),
        ("__id, head_name", {"__id": "uuid:1", "head_name": "Lan"}),
        ("__system", {"__system": SYSTEM}),
        ("__system/reviewState", {"__system": {"reviewState": None}}),
        ("g/rooms", {"g": {"rooms": 2}}),
        ("g", {"g": {"rooms": 2, "people@odata.navigationLink": "Submissions('uuid%3A1')/g/people"}}),
    ],
)
def test_select(rows, select, row):
    assert rows(select=select) == [row]


def test_select_in_a_repeat(rows):
    assert rows("Submissions.g.people", select="nick")[0] == {"nick": "A"}
    assert rows("Submissions.g.people", select="__Submissions-id,more/born")[0] == {
        "__Submissions-id": "uuid:1",
        "more": {"born": "2000-01-02"},
    }


def test_select_everything(rows):
    assert rows(select="*") == rows()


def test_answers_to_another_version_are_read_as_far_as_they_fit(rows):
    other = {"g": [{"rooms": 1}], "spot": {"x": 1}, "head.name": {"x": 1}, "meta": "x"}
    assert rows(answers=other)[0] | {"__system": None} == {
        "__id": "uuid:1",
        "__system": None,
        "head_name": None,
        "spot": None,
        "g": {"rooms": None},
        "meta": {"instanceID": None},
    }
    assert [row["nick"] for row in rows("Submissions.g.people", answers={"g": {"people": {"nick": "C"}}})] == ["C"]


@pytest.mark.parametrize(
    "table", ["", "people", "Submissions.people", "Submissions.g", "Submissions.g.rooms", "Entities"]
)
def test_an_unknown_table(rows, table):
    refused(NOT_FOUND, rows, table)


def test_refused_selections(rows):
    refused(PROPERTY_NOT_FOUND, rows, select="__id,nope")
    refused(PROPERTY_NOT_FOUND, rows, select="g/nope")
    refused(PROPERTY_NOT_FOUND, rows, "Submissions.g.people", select="__system")
    refused(SELECT_UNSUPPORTED, rows, select="g/people/nick")
    refused(SELECT_WITH_EXPAND, rows, select="__id", expand=True)
