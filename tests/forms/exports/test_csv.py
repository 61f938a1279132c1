"""CSV as ODK Central writes it, and as spreadsheets want it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from forms.exports.job import Media, Record
from schemas.fields import GROUP, REPEAT, Field

Export = Callable[..., bytes]
Unpacked = Callable[[bytes], dict[str, bytes]]
HEADER = (
    "SubmissionDate,who,g-age,g-well,g-eats,place-Latitude,place-Longitude,place-Altitude,place-Accuracy,day,at,"
    "meta-instanceID,KEY,SubmitterID,SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,"
    "Edits,FormVersion"
)
ROW = (
    '2026-11-23T08:00:00.123Z,"Lan, “chị”",30,y,a b,21.0,105.8,3.5,4.5,2026-11-22,2026-11-22T08:30:00.500+07:00,'
    "uuid:1,uuid:1,5,Lan,0,0,,,,0,1"
)
# A converter refuses two repeats with one name; a form by hand may have them.
TWO_VISITS = [
    Field("/data/a", "a", GROUP),
    Field("/data/a/visit", "visit", REPEAT),
    Field("/data/a/visit/x", "x"),
    Field("/data/visit", "visit", REPEAT),
    Field("/data/visit/y", "y"),
]


def table(data: bytes) -> list[list[str]]:
    """Its rows."""
    return list(csv.reader(io.StringIO(data.decode())))


def test_it_works(export: Export, visit: Record) -> None:
    assert export("csv", [visit]).decode() == f"{HEADER}\n{ROW}\n"


def test_a_table_for_each_repeat(export: Export, unpacked: Unpacked, visit: Record) -> None:
    files = unpacked(export("csv.zip", [visit]))
    assert list(files) == ["visit.csv", "visit-visits.csv", "visit-meds.csv"]
    assert files["visit.csv"].decode() == f"{HEADER}\n{ROW}\n"
    assert table(files["visit-visits.csv"]) == [
        ["note", "PARENT_KEY", "KEY"],
        ["một", "uuid:1", "uuid:1/visits[1]"],
        ["hai", "uuid:1", "uuid:1/visits[2]"],
    ]
    assert table(files["visit-meds.csv"]) == [
        ["dose", "PARENT_KEY", "KEY"],
        ["0.5", "uuid:1/visits[1]", "uuid:1/visits[1]/meds[1]"],
        ["2.0", "uuid:1/visits[1]", "uuid:1/visits[1]/meds[2]"],
    ]


def test_repeats_with_one_name_are_numbered(export: Export, unpacked: Unpacked, made: Any) -> None:
    answers = {"a": {"visit": [{"x": "1"}]}, "visit": [{"y": "2"}]}
    files = unpacked(export("csv.zip", [made("uuid:1", answers)], fields=TWO_VISITS))
    assert list(files) == ["visit.csv", "visit-visit~1.csv", "visit-visit~2.csv"]
    assert table(files["visit-visit~1.csv"])[1] == ["1", "uuid:1", "uuid:1/a/visit[1]"]
    assert table(files["visit-visit~2.csv"])[1] == ["2", "uuid:1", "uuid:1/visit[1]"]


def test_nothing_but_a_header_where_nothing_came(export: Export, unpacked: Unpacked) -> None:
    files = unpacked(export("csv.zip", []))
    assert [data.count(b"\n") for data in files.values()] == [1, 1, 1]


def test_what_cannot_be_read_says_so_and_is_empty(export: Export, made: Any) -> None:
    header, row = table(export("csv", [made("uuid:2", None, status="not decrypted")], splits={"/g/eats": ["a"]}))
    assert row[header.index("Status")] == "not decrypted" and row[header.index("KEY")] == "uuid:2"
    assert set(row[1 : header.index("KEY")]) == {""}


def test_choices_in_columns_of_their_own(export: Export, visit: Record, made: Any) -> None:
    header, first, second = table(export("csv", [visit, made("uuid:2", {})], splits={"/g/eats": ["a", "b", "c"]}))
    assert header[4:8] == ["g-eats", "g-eats/a", "g-eats/b", "g-eats/c"]
    assert (first[4:8], second[4:8]) == (["a b", "1", "1", "0"], ["", "0", "0", "0"])


def test_without_the_names_of_groups(export: Export, visit: Record) -> None:
    assert table(export("csv", [visit], group_paths=False))[0][2:4] == ["age", "well"]


def test_answers_of_a_version_that_was_built_otherwise(export: Export, unpacked: Unpacked, made: Any) -> None:
    """A question was a group, a repeat was a group, a place was a text."""
    old = {"who": {"first": "Lan"}, "g": "x", "place": "ở nhà", "visits": {"note": "một"}}
    files = unpacked(export("csv.zip", [made("uuid:1", old)]))
    assert table(files["visit.csv"])[1][1:6] == ["", "", "", "", "ở nhà"]
    assert table(files["visit-visits.csv"])[1] == ["một", "uuid:1", "uuid:1/visits[1]"]


def test_labels_instead_of_codes(export: Export, visit: Record) -> None:
    header, row = table(export("csv", [visit], labels="vi"))
    assert header[1:6] == ["Ai?", "Tuổi?", "Khỏe?", "Ăn gì?", "Đâu?: Latitude"]
    assert row[2:5] == ["30", "Có", "Xoài; Ổi"]
    assert table(export("csv", [visit], labels="en"))[1][3] == "Yes"


@pytest.mark.parametrize("formula", ["=1+1", "+84901", "-x", "@a", "\tx"])
def test_spreadsheets_get_no_formulas(export: Export, made: Any, formula: str) -> None:
    record = made("uuid:1", {"who": formula, "g": {"age": -3}})
    data = export("csv", [record], excel=True)
    assert data.startswith("\ufeff".encode())
    row = table(data.removeprefix("\ufeff".encode()))[1]
    assert row[1:3] == [f"'{formula}", "-3"]
    assert table(export("csv", [record]))[1][1] == formula


def test_files_go_with_the_tables(export: Export, unpacked: Unpacked, visit: Record) -> None:
    def media() -> Any:
        yield Media("media/a.jpg", lambda: [b"pic", b"ture"])
        yield Media("visit - audit.csv", lambda: [b"event\n"], packed=True)

    files = unpacked(export("csv.zip", [visit], media=media))
    assert list(files)[3:] == ["media/a.jpg", "visit - audit.csv"]
    assert (files["media/a.jpg"], files["visit - audit.csv"]) == (b"picture", b"event\n")


def test_further_columns(export: Export, made: Any) -> None:
    record = made("uuid:1", {})._replace(extras=(2, "a b"))
    header, row = table(export("csv", [record], extras=("Findings", "FindingCodes")))
    assert (header[-2:], row[-2:]) == (["Findings", "FindingCodes"], ["2", "a b"])
