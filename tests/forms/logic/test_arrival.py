"""What the logic finds when a submission arrives: what is asked, what must be answered, what is allowed."""

import pytest

VISIT = """
    | survey  |               |        |           |           |            |               |                  |
    |         | type          | name   | label::vi | label::en | required   | relevant      | constraint       |
    |         | select_one yn | sick   | Ốm không? | Sick?     |            |               |                  |
    |         | text          | what   | Bệnh gì?  | What?     | yes        | ${sick} = 'y' |                  |
    |         | begin_group   | home   | Nhà       | Home      |            | ${sick} = 'n' |                  |
    |         | text          | street | Đường     | Street    | yes        |               |                  |
    |         | begin_group   | inner  | Trong     | Inside    |            | ${street}!='' |                  |
    |         | integer       | rooms  | Phòng     | Rooms     |            |               | . > 0 and . < 20 |
    |         | end_group     |        |           |           |            |               |                  |
    |         | end_group     |        |           |           |            |               |                  |
    |         | begin_repeat  | child  | Trẻ       | Child     |            | ${sick} = 'y' |                  |
    |         | integer       | age    | Tuổi      | Age       |            |               |                  |
    |         | text          | school | Trường    | School    | ${age} > 5 | ${age} > 2    |                  |
    |         | end_repeat    |        |           |           |            |               |                  |
    | choices |               |        |           |           |            |               |                  |
    |         | list_name     | name   | label::vi | label::en |            |               |                  |
    |         | yn            | y      | Có        | Yes       |            |               |                  |
    |         | yn            | n      | Không     | No        |            |               |                  |
"""
SAID = """
    | survey |         |      |       |            |                        |                        |
    |        | type    | name | label | constraint | constraint_message::vi | constraint_message::en |
    |        | integer | age  | Tuổi  | . <= 120   | Già quá                | Too old                |
"""


@pytest.fixture
def visited(published, found):
    """(code, path) of what is found in a visit."""
    return lambda answers: found(published(VISIT), answers)


def test_it_works(visited):
    assert visited("<sick>y</sick><what>Ho</what><child><age>7</age><school>A</school></child>") == []
    assert visited("<sick>n</sick><home><street>B</street><inner><rooms>3</rooms></inner></home>") == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("<sick>n</sick><what>Ho</what><home><street>B</street></home>", [("relevant.answered", "/data/what")]),
        ("<sick>y</sick><what>Ho</what><home><street>B</street></home>", [("relevant.answered", "/data/home/street")]),
        (
            "<sick>n</sick><home><street/><inner><rooms>3</rooms></inner></home>",
            [("required.empty", "/data/home/street"), ("relevant.answered", "/data/home/inner/rooms")],
        ),
        (
            "<sick>n</sick><home><street>B</street></home><child><age>4</age></child><child><age>5</age></child>",
            [("relevant.answered", "/data/child[1]/age"), ("relevant.answered", "/data/child[2]/age")],
        ),
        (
            "<sick>y</sick><what>Ho</what><child><age>1</age></child><child><age>2</age><school>A</school></child>",
            [("relevant.answered", "/data/child[2]/school")],
        ),
    ],
)
def test_what_the_form_does_not_ask_must_not_be_answered(visited, answers, expected):
    assert visited(answers) == expected


@pytest.mark.parametrize("blank", ["<sick>n</sick><what></what>", "<sick>n</sick><what>  </what>"])
def test_an_empty_answer_to_what_is_not_asked_is_none(visited, blank):
    assert visited(f"{blank}<home><street>B</street></home><child><age/></child>") == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("<sick>y</sick><what/>", [("required.empty", "/data/what")]),
        ("<sick>y</sick>", [("required.missing", "/data/what")]),
        ("<sick>n</sick><home><street/></home>", [("required.empty", "/data/home/street")]),
        ("<sick>n</sick><home/>", [("required.missing", "/data/home/street")]),
        ("<sick>n</sick>", [("required.missing", "/data/home/street")]),
        ("", []),
        (
            "<sick>y</sick><what>Ho</what><child><age>7</age><school/></child><child><age>4</age></child>"
            "<child><age>9</age></child>",
            [("required.empty", "/data/child[1]/school"), ("required.missing", "/data/child[3]/school")],
        ),
    ],
)
def test_what_is_required_must_be_answered(visited, answers, expected):
    assert visited(answers) == expected


@pytest.mark.parametrize(("rooms", "is_found"), [("0", True), ("1", False), ("19", False), ("20", True), ("", False)])
def test_a_constraint_holds_for_answers_alone(visited, rooms, is_found):
    inside = f"<sick>n</sick><home><street>B</street><inner><rooms>{rooms}</rooms></inner></home>"
    assert visited(inside) == ([("constraint.broken", "/data/home/inner/rooms")] if is_found else [])


def test_a_broken_constraint_says_what_the_form_says(published, arrive):
    (finding,) = arrive(published(SAID), "<age>130</age>")
    assert (finding.code, finding.value, finding.label) == ("constraint.broken", "130", "Tuổi")
    assert dict(finding.args["said"]) == {"vi": "Già quá", "en": "Too old"}


def test_an_answer_of_the_wrong_type_breaks_no_constraint(published, found):
    assert found(published(SAID), "<age>old</age>") == [("type.integer", "/data/age")]


def test_what_depends_on_an_answer_of_the_wrong_type_is_not_judged(visited):
    inside = "<sick>y</sick><what>Ho</what><child><age>six</age><school/></child>"
    assert visited(inside) == [("type.integer", "/data/child[1]/age")]
