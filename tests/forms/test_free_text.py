"""Free text is found where people type, and wherever a form carries it from there."""

from __future__ import annotations

from typing import Any

import pytest

from forms import free_text
from forms.free_text import Rule
from schemas.fields import Choice, Field

YES_NO = (Choice("yes"), Choice("no"))


def field(name: str, type: str = "string", **more: Any) -> Field:
    return Field(f"/data/{name}", name.rpartition("/")[2], type, **more)


def asked(name: str, **more: Any) -> Field:
    return field(name, control="input", **more)


def rule(*versions: list[Field], beside: list[Field] | None = None) -> Rule:
    read = [free_text.read(fields) for fields in versions]
    return free_text.rule(read, free_text.names([*read, free_text.read(beside or [])]))


NOTE = asked("note")


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        (NOTE, False),
        (asked("note", readonly="true()"), False),
        (asked("note", calculate="'x'"), False),  # she may write over it
        (field("code", "barcode", control="input"), False),
        (field("pin", control="secret"), False),
        (field("deviceid"), False),
        (field("photo", "binary", control="upload"), False),
        (field("meta/audit", "binary"), False),
        (field("meta/instanceName", calculate="'x'"), False),
        (field("meta/instanceID"), True),
        (asked("age", type="int"), True),
        (asked("day", type="date"), True),
        (asked("where", type="geopoint"), True),
        (field("start", "dateTime"), True),
        (field("ok", control="trigger"), True),
        (field("mode", control="select1", options=YES_NO), True),
        (field("place", control="select1"), True),
        (field("total", calculate="1 + 1"), True),
    ],
)
def test_what_is_free_text(kept: Field, shown: bool) -> None:
    assert rule([kept]).hides(kept.name) is not shown


@pytest.mark.parametrize(
    "calculate",
    [
        " /data/note ",
        "concat('VP ', ../note)",
        "if( /data/mode = 'yes', /data/note , '')",
        "string(current()/../note)",
        "join(' ', /data/*)",
        "concat(//text())",
        "concat(@x, '')",
        "/data/descendant::text",
        "concat('VP ', /data/meta/entity/@id)",
        "../@id",
        "@id",
    ],
)
def test_what_is_worked_out_from_it_is_hidden_too(calculate: str) -> None:
    found = rule([NOTE, field("label", calculate=calculate), field("further", calculate="concat(/data/label, '!')")])
    assert found.hides("label") and found.hides("further")


def test_what_is_worked_out_from_anything_else_is_not() -> None:
    months = field("months", calculate="count-selected(/data/mode) * 2")
    assert not rule([NOTE, months]).hides("months")


def test_free_text_that_a_list_carries_into_another_form() -> None:
    """The entity's label is made of a nickname; the next form looks it up."""
    clients = [
        asked("alias", saveto="nickname"),
        Field("/data/meta/entity/label", "label", calculate="concat(/data/code, /data/alias)"),
        field("code", calculate="'VP-1'", saveto="client_code"),
    ]
    visit = {
        "by_property": "instance('clients')/list/item[name= /data/client ]/nickname",
        "by_label": "instance('clients')/list/item[name= /data/client ]/label",
        "by_code": "instance('clients')/list/item[name= /data/client ]/client_code",
    }
    found = rule([field(name, calculate=text) for name, text in visit.items()], beside=clients)
    assert [name for name in visit if found.hides(name)] == ["by_property", "by_label"]


def test_what_any_version_takes_for_free_text_is_hidden_in_all() -> None:
    before, after = [asked("result")], [field("result", control="select1", options=YES_NO)]
    assert rule(before, after).hides("result") and rule(after, before).hides("result")


def test_answers_without_it() -> None:
    shown = rule(
        [
            asked("age", type="int"), asked("where", type="geopoint"), asked("day", type="date"), NOTE,
            field("mode", control="select", options=YES_NO), field("place", control="select1"),
        ]
    )  # fmt: skip
    point = {"type": "Point", "coordinates": [105.0, 21.0, 0.0], "properties": {"accuracy": 5.0}}
    answers = {
        "age": 7, "note": "An", "where": point | {"note": "An"}, "day": "2026-11-23", "mode": "yes An no",
        "place": "An", "unheard": "An", "group": {"age": 8, "note": "An"}, "visits": [{"note": "An", "age": 9}, "An"],
    }  # fmt: skip
    left = shown.left(answers)
    assert left == {
        "age": 7, "where": point, "day": "2026-11-23", "mode": "yes no", "place": None,
        "group": {"age": 8}, "visits": [{"age": 9}],
    }  # fmt: skip
    assert shown.left({"place": "HL-01"}) == {"place": "HL-01"}
    assert shown.left({"place": "8f0d1b3c-1d2e-4f5a-9b6c-7d8e9f0a1b2c"})["place"]


def test_a_group_that_became_a_question() -> None:
    found = rule([field("g", "structure"), asked("g/note")], [field("g", "int", control="input")])
    assert found.left({"g": {"note": "An"}}) == {"g": {}}
