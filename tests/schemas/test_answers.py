"""The field types of ODK: what they take from JavaRosa and ODK Web Forms, and what they refuse."""

import pytest
from marshmallow import ValidationError

from schemas import answers
from schemas.answers import Breach
from schemas.fields import GROUP, REPEAT, Choice, Field
from schemas.findings import MESSAGES

CHOICES = (Choice("y"), Choice("n"))


def read(text, **about):
    field = Field("/data/q", "q", **{"control": "input"} | about)
    return answers.build([field]).fields["q"].deserialize(text)


def refused(text, **about):
    with pytest.raises(Breach) as caught:
        read(text, **about)
    assert str(caught.value.messages[0]) == MESSAGES[caught.value.code]
    return caught.value.code


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("int", "5", 5),
        ("int", " -05\n", -5),
        ("int", "+7", 7),
        ("int", "123456789012345678901", 123456789012345678901),
        ("decimal", "1.0E7", 1e7),
        ("decimal", "-.5", -0.5),
        ("decimal", "3", 3.0),
        ("decimal", "1.0E-5", 1e-5),
        ("date", "2026-11-22", "2026-11-22"),
        ("date", "2024-02-29", "2024-02-29"),
        ("time", "06:49:59.000Z", "06:49:59.000Z"),
        ("time", "06:49:59.000+03:00", "06:49:59.000+03:00"),
        ("time", "11:49:00", "11:49:00"),
        ("time", "11:49", "11:49"),
        ("dateTime", "2026-07-27T14:36:44.000Z", "2026-07-27T14:36:44.000Z"),
        ("dateTime", "2026-07-27T14:36:44.000+07", "2026-07-27T14:36:44.000+07:00"),
        ("dateTime", "2026-07-27T14:36:44-0330", "2026-07-27T14:36:44-0330"),
        ("dateTime", "2026-07-27T14:36", "2026-07-27T14:36"),
        ("dateTime", "2026-07-27", "2026-07-27"),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("binary", "Ảnh 1.jpg", "Ảnh 1.jpg"),
        ("barcode", "4006381333931", "4006381333931"),
        ("string", "  as it is ", "  as it is "),
        ("unheard-of", "x", "x"),
    ],
)
def test_what_engines_write_is_taken(type, text, value):
    assert read(text, type=type) == value


@pytest.mark.parametrize("type", sorted(answers.TYPES))
def test_empty_is_none(type):
    assert read("", type=type) is None
    assert read(None, type=type) is None
    assert read(" \n", type=type) in (None, " \n")


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("int", ["abc", "1.5", "1.0", "1 2", "1e3", "٣", "0x1", "1,000", "NaN", "9" * 1001]),
        ("decimal", ["1,5", "abc", "NaN", "Infinity", "1e999", "1.2.3", ".", "e5", "٣", "0" * 1001]),
        (
            "date",
            ["22/11/2026", "2026-02-30", "2026-13-01", "2026-1-1", "20261122", "0000-01-01", "2026-11-22T08:00:00"],
        ),
        ("time", ["25:00", "24:00:00", "11:60", "11", "noon", "11:49:00+15:00", "2026-11-22T08:00:00"]),
        ("dateTime", ["garbage", "2026-02-30T08:00:00", "2026-11-22T25:00", "2026-11-22 08:00:00", "T", "08:00"]),
        ("geopoint", ["91 0 0 0", "0 181", "x", "1", "1 2 3 4 5", "1,2", "1;2", "NaN 0"]),
        ("geotrace", ["1 2 0 0", "1 2 0 0;", "1 2;x", ";", "1 2;;3 4", "1 2;3 400"]),
        ("geoshape", ["1 2;3 4", "1 2;3 4;5 6", "1 2", "x"]),
        ("boolean", ["maybe", "yes", "2"]),
        ("binary", ["a/b.jpg", "..\\b", "..", "."]),
    ],
)
def test_what_does_not_fit_is_refused(code, texts):
    named = {"int": "integer"}.get(code, code)
    for text in texts:
        assert refused(text, type=code) == f"type.{named}", text


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("decimal", "Infinity", None),
        ("int", "NaN", None),
        ("int", "2.0", 2),
        ("date", "2026-11-22T08:00:00.000+07:00", "2026-11-22"),
        ("time", "2026-11-22T08:00:00.000+07:00", "08:00:00.000+07:00"),
    ],
)
def test_what_is_computed_may_be_looser(type, text, value):
    assert read(text, type=type, calculate="1 div 0") == value
    assert read(text, type=type, control="") == value


def test_places_become_geojson():
    assert read("10.5 -20 3.5 4", type="geopoint") == {
        "type": "Point",
        "coordinates": [-20.0, 10.5, 3.5],
        "properties": {"accuracy": 4.0},
    }
    assert read("10.5 -20", type="geopoint") == {"type": "Point", "coordinates": [-20.0, 10.5]}
    assert read("1 2 0 0; 3 4 0 5;", type="geotrace") == {
        "type": "LineString",
        "coordinates": [[2.0, 1.0, 0.0], [4.0, 3.0, 0.0]],
        "properties": {"accuracies": [None, 5.0]},
    }
    assert read("1 2;3 4;5 6;1 2", type="geoshape") == {
        "type": "Polygon",
        "coordinates": [[[2.0, 1.0], [4.0, 3.0], [6.0, 5.0], [2.0, 1.0]]],
    }


def test_choices():
    one = {"control": "select1", "choices": CHOICES}
    assert read(" y ", **one) == "y"
    assert refused("x", **one) == "choice.unknown"
    assert refused("y n", **one) == "choice.unknown"
    assert read("x", **one | {"choices": None}) == "x"
    assert read("x", **one, calculate="'x'") == "x"
    assert read("x", **one, default="x") == "x"


@pytest.mark.parametrize("control", ["select", "rank"])
def test_several_choices(control):
    many = {"control": control, "choices": CHOICES}
    assert read("y n", **many) == "y n"
    assert refused("y x", **many) == "choice.unknown"
    assert refused("n n", **many) == "choice.repeated"
    assert read("a b", **many | {"choices": None}) == "a b"
    spaced = (Choice("very good"), Choice("very bad"))
    assert read("very good very bad", control=control, choices=spaced, options=spaced) == "very good very bad"


def test_a_choice_has_the_type_of_its_bind():
    number = {"control": "select1", "type": "int"}
    assert read("1", **number, choices=(Choice("1"), Choice("none"))) == 1
    assert read("none", **number, choices=(Choice("1"), Choice("none"))) is None
    assert refused("x", **number) == "type.integer"
    assert read("y", control="select1", type="select1", choices=CHOICES) == "y"


FORM = [
    Field("/data/Meta", "Meta"),
    Field("/data/g", "g", type=GROUP),
    Field("/data/g/load", "load", type="int", control="input"),
    Field("/data/r", "r", type=REPEAT),
    Field("/data/r/fields", "fields", type="date", control="input"),
]


def test_the_schema_of_a_form_is_nested_as_the_form_is():
    schema = answers.build(FORM)
    sent = {"Meta": "x", "g": {"load": "3"}, "r": [{"fields": "2026-11-22"}, {"fields": ""}]}
    assert schema.load(sent) == {"Meta": "x", "g": {"load": 3}, "r": [{"fields": "2026-11-22"}, {"fields": None}]}


def test_the_schema_refuses_what_the_form_has_not():
    with pytest.raises(ValidationError) as caught:
        answers.build(FORM).load({"g": {"load": "three", "new": "1"}, "r": [{"fields": "today"}], "x": "1"})
    assert caught.value.messages == {
        "g": {"load": [MESSAGES["type.integer"]], "new": ["Unknown field."]},
        "r": {0: {"fields": [MESSAGES["type.date"]]}},
        "x": ["Unknown field."],
    }


def test_a_form_without_questions():
    assert answers.build([]).load({}) == {}
