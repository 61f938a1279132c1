"""XLSX: sheets that Excel opens, with days as days and no formulas."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from forms.exports import sheets, xlsx
from forms.exports.job import Record

Export = Callable[..., bytes]


def read(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each sheet, as a spreadsheet has them."""
    book = load_workbook(io.BytesIO(data))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def test_it_works(export: Export, visit: Record) -> None:
    book = read(export("xlsx", [visit], zone=ZoneInfo("Asia/Ho_Chi_Minh")))
    assert list(book) == ["visit", "visits", "meds", "Codebook"]
    header, row = book["visit"]
    told = dict(zip(header, row, strict=True))
    assert told["SubmissionDate"] == datetime(2026, 11, 23, 15, 0, 0, 123000)
    assert (told["who"], told["g-age"], told["g-well"], told["place-Latitude"]) == ("Lan, “chị”", 30, "y", 21.0)
    assert (told["day"], told["at"]) == (datetime(2026, 11, 22), datetime(2026, 11, 22, 8, 30, 0, 500000))
    assert book["visits"][1:] == [("một", "uuid:1", "uuid:1/visits[1]"), ("hai", "uuid:1", "uuid:1/visits[2]")]
    assert [row[0] for row in book["meds"]] == ["dose", 0.5, 2.0]


def test_labels_in_any_language_of_the_form(export: Export, visit: Record) -> None:
    header, row = read(export("xlsx", [visit], labels="en"))["visit"]
    assert (header[3:5], row[3:5]) == (("Well?", "Eats?"), ("Yes", "Mango; Guava"))


def test_the_code_book_has_questions_and_choices_in_all_languages(export: Export) -> None:
    header, *rows = read(export("xlsx", []))["Codebook"]
    assert header == ("Path", "Column", "Type", "Question (vi)", "Question (en)", "Code", "Choice (vi)", "Choice (en)")
    assert ("/g/age", "g-age", "int", "Tuổi?", "Age?", None, None, None) in rows
    assert ("/g/well", "g-well", "select1", None, None, "y", "Có", "Yes") in rows
    assert ("/place", "place", "geopoint", "Đâu?", "Where?", None, None, None) in rows


@pytest.mark.parametrize("text", ["=1+1", "+84901", "-x", "@a", "  <b>&amp;", "007", "a\nb\tc"])
def test_a_text_is_a_text(export: Export, made: Any, text: str) -> None:
    data = export("xlsx", [made("uuid:1", {"who": text})])
    cell = load_workbook(io.BytesIO(data))["visit"]["B2"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_what_excel_would_take_for_an_escape() -> None:
    assert sheets.text("_x0041_ _xyz") == "_x005F_x0041_ _xyz"


def test_what_excel_cannot_hold(export: Export, made: Any) -> None:
    """Signs that no XML has are left out, long texts cut, long numbers and days before 1900 are texts."""
    answers = {"who": "x" * 40_000, "g": {"age": 10**17, "well": "a\x07b"}, "day": "1899-05-06"}
    row = read(export("xlsx", [made("uuid:1", answers)]))["visit"][1]
    assert (len(row[1]), row[1][-1], row[2], row[3]) == (32_767, "…", str(10**17), "ab")
    assert row[9] == "1899-05-06"


def test_a_full_sheet_goes_on_in_another(export: Export, visit: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_ROOM", 3)
    book = read(export("xlsx", [visit._replace(instance_id=f"uuid:{number}") for number in range(5)]))
    assert [name for name in book if name.startswith("visit")] == ["visit", "visit (2)", "visits", *(
        f"visits ({number})" for number in (2, 3, 4)
    )]  # fmt: skip
    keys = [row[header.index("KEY")] for header, *rows in (book["visit"], book["visit (2)"]) for row in rows]
    assert keys == [f"uuid:{number}" for number in range(5)]
    assert sum(len(rows) - 1 for name, rows in book.items() if name.startswith("visits")) == 10


def test_names_of_sheets() -> None:
    names = sheets.Names()
    assert [names.new(name) for name in ("a/b", "A_B", "x" * 40, "x" * 35, "History", "''")] == [
        "a_b", "A_B (2)", "x" * 31, "x" * 27 + " (2)", "History (2)", "Sheet",
    ]  # fmt: skip
