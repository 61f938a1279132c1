"""Answers in words: odd forms, odd answers, and what an edit changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from forms.xform import Form
from schemas.fields import GROUP, REPEAT, Choice, Field
from server import i18n
from server.actions.findings import Found
from server.web import values
from server.web.answers import Answer, Reader, Section, changes, gathered, words

VI, EN = "Tiếng Việt (vi)", "English (en)"
FIELDS = (
    Field("/data/a", "a", control="input", labels={VI: "Câu **A**", EN: "<b>Question</b> A"}),
    Field("/data/n", "n", control="input", readonly="true()", labels={VI: "Ghi chú", EN: "Note"}),
    Field("/data/pick", "pick", control="select1", options=(Choice("x", {VI: "Ích", EN: "Ex"}),)),
    Field("/data/g", "g", type=GROUP),
    Field("/data/g/inner", "inner", type="boolean", control="input"),
    Field("/data/r", "r", type=REPEAT, labels={EN: "Rows"}),
    Field("/data/r/b", "b", type="int", control="input", labels={EN: "B"}),
    Field("/data/r/rr", "rr", type=REPEAT),
    Field("/data/r/rr/c", "c", control="input"),
    Field("/data/sum", "sum", type="int", calculate="1 + 1"),
    Field("/data/meta", "meta", type=GROUP),
    Field("/data/meta/instanceID", "instanceID"),
)
FORM = Form("f", "1", "F", "data", FIELDS, languages=(VI, EN), default_language=VI)


def _finding(code: str, path: str, value: str | None = None) -> Found:
    return Found(code, path, "", value)


def _read(app: Flask, answers: Mapping[str, Any], *findings: Found, language: str = "en") -> tuple[Reader, Section]:
    with app.test_request_context():
        i18n.use(language)
        reader = Reader(FORM, language, findings)
        return reader, reader.read(answers)


def _flat(section: Section) -> list[tuple[str, str]]:
    return [(answer.label, answer.text) for answer in section.answers()]


def test_in_the_form_s_own_language(app: Flask) -> None:
    answers = {"a": "1", "n": None, "pick": "x", "g": {"inner": True}, "sum": 2}
    assert _flat(_read(app, answers)[1]) == [("Question A", "1"), ("pick", "Ex"), ("inner", "Yes"), ("sum", "2")]
    vietnamese = _flat(_read(app, answers, language="vi")[1])
    assert vietnamese == [("Câu A", "1"), ("pick", "Ích"), ("inner", "Có"), ("sum", "2")]


def test_nested_repeats_have_their_numbers_and_findings(app: Flask) -> None:
    rows = [{"b": None, "rr": []}, {"b": 2, "rr": [{"c": "x"}, {"c": None}]}]
    found = _finding("required.empty", "/data/r[2]/rr[2]/c")
    reader, section = _read(app, {"r": rows}, found)
    assert [(issue.place, issue.label) for issue in reader.issues] == [("Rows 2 › rr 2", "c")]
    cards = [part for part in section.parts if isinstance(part, Section)]
    assert [card.number for card in cards] == [1, 2]
    last = [answer for answer in section.answers() if answer.issues]
    assert [(answer.anchor, answer.kind) for answer in last] == [(reader.issues[0].anchor, "empty")]


def test_what_was_not_sent_is_not_shown_unless_it_was_missed(app: Flask) -> None:
    assert _flat(_read(app, {})[1]) == []
    section = _read(app, {}, _finding("required.missing", "/data/a"))[1]
    assert [(answer.label, answer.kind) for answer in section.answers()] == [("Question A", "empty")]


def test_a_value_that_does_not_fit_is_shown_as_it_was_sent(app: Flask) -> None:
    section = _read(app, {"r": [{"b": None}]}, _finding("type.integer", "/data/r[1]/b", "many"))[1]
    assert [(answer.kind, answer.text) for answer in section.answers()] == [("raw", "many")]


def test_a_count_of_a_repeat_stands_at_its_heading(app: Flask) -> None:
    found = Found("repeat.count", "/data/r", "", "0", {"expected": "2"})
    for rows in ([], [{"b": 1}]):
        reader, section = _read(app, {"r": rows}, found)
        (issue,) = reader.issues
        heading, *cards = [part for part in section.parts if isinstance(part, Section)]
        assert (heading.label, heading.number, heading.anchor, heading.issues) == ("Rows", 0, issue.anchor, [issue])
        assert [card.number for card in cards] == [1] * len(rows)


def test_what_was_answered_though_not_asked_is_shown_there(app: Flask) -> None:
    found = [_finding("relevant.answered", path, "2") for path in ("/data/sum", "/data/n")]
    reader, section = _read(app, {"sum": 2, "n": "2"}, *found)
    assert [(answer.text, answer.issues) for answer in section.answers()] == [
        ("2", [reader.issues[1]]),
        ("2", [reader.issues[0]]),
    ]


def test_answers_of_one_group_that_was_not_asked_are_told_together(app: Flask) -> None:
    rows = [{"b": 1}, {"b": 2}]
    inside = [_finding("relevant.answered", f"/data/r[1]/{name}", "1") for name in ("b", "b", "b")]
    others = [_finding("constraint.broken", "/data/a", "1"), _finding("relevant.answered", "/data/r[2]/b", "2")]
    reader, _ = _read(app, {"a": "1", "r": rows}, *inside, *others)
    assert [len(run) for run in gathered(reader.issues)] == [3, 1, 1]
    assert gathered([]) == []


def test_what_should_stand_empty_is_told_so(app: Flask) -> None:
    found = Found("calculate.differs", "/data/sum", "", "2", {"computed": ""})
    assert "nothing should stand here" in _read(app, {"sum": 2}, found)[0].issues[0].message
    other = Found("calculate.differs", "/data/sum", "", "2", {"computed": "3"})
    assert _read(app, {"sum": 2}, other)[0].issues[0].message == "The form calculates something else here: 3."


def test_nothing_leads_to_what_is_not_on_the_page(app: Flask) -> None:
    paths = ("/data/meta/instanceID", "/data/g", "/data/lost", "/data/r[3]/b", "/data/a")
    reader, section = _read(app, {"a": "1"}, *(_finding("constraint.broken", path) for path in paths))
    assert [issue.anchor for issue in reader.issues] == ["", "", "", "", "q-data-a"]
    assert [issue.finding.path for issue in section.issues] == ["/data/g"]


def test_what_was_dismissed_stands_apart(app: Flask) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    gone = Found("constraint.broken", "/data/a", "", "1", number=7, dismissed_at=at)
    reader, section = _read(app, {"a": "1"}, gone, _finding("required.empty", "/data/pick"))
    assert [issue.finding for issue in reader.dismissed] == [gone]
    assert [answer.name for answer in section.answers() if answer.issues] == ["pick"]
    assert reader.dismissed[0].anchor == "q-data-a"


def test_a_finding_of_a_later_release_is_shown_by_its_code(app: Flask) -> None:
    assert _read(app, {}, _finding("logic.constraint", ""))[0].issues[0].message == "logic.constraint"


def test_what_an_edit_changed(app: Flask) -> None:
    before = _read(app, {"a": "1", "r": [{"b": 1}]})[1]
    after = _read(app, {"a": "1", "pick": "x", "r": [{"b": 2}, {"b": 3}]})[1]
    assert changes(before, after) == [("pick", "", "Ex"), ("B", "1", "2"), ("B", "", "3")]
    assert changes(after, before) == [("B", "2", "1"), ("pick", "Ex", ""), ("B", "3", "")]


def test_what_follows_from_the_answers_is_no_change_of_its_own() -> None:
    asked = Answer("a", "A", "q-a", texts=["1"])
    made = Answer("s_due", "s_due", "q-s_due", texts=["2026"])
    before = Section("", parts=[asked], quiet=[made])
    assert changes(before, Section("", parts=[asked])) == [("s_due", "2026", "")]
    assert changes(before, Section("")) == [("A", "1", "")]


def test_words_without_marks() -> None:
    assert words({"": "## Mục <span style='color:red'>đỏ</span> **đậm** a_b_c 2 < 3"}, "") == "Mục đỏ đậm a_b_c 2 < 3"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("date", "2026-11-23", ["23/11/2026"]),
        ("dateTime", "2026-11-23T08:30:00.000+07:00", ["23/11/2026 08:30"]),
        ("time", "08:30:00.000+07:00", ["08:30"]),
        ("decimal", 12.5, ["12,5"]),
        ("decimal", 3.0, ["3"]),
        ("int", 12345678901234567890, ["12345678901234567890"]),
        ("boolean", False, ["Không"]),
        ("geopoint", {"type": "Point", "coordinates": [105.7, 10.03, 2.0]}, ["10.030000, 105.700000"]),
        (
            "geotrace",
            {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
            ["2.000000, 1.000000", "4.000000, 3.000000"],
        ),
        ("geoshape", {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 2]]]}, ["2.000000, 1.000000"] * 3),
        ("string", "a\nb", ["a\nb"]),
    ],
)
def test_values(app: Flask, kind: str, value: object, shown: list[str]) -> None:
    with app.test_request_context():
        i18n.use("vi")
        found = values.show(kind, value)[1]
        assert found == shown or (kind == "geoshape" and found[::2] == shown[:2])
