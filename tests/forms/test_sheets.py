"""Tables that offices send: as Excel and LibreOffice save them, and as they go wrong."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO

import pytest
from openpyxl import Workbook

from forms import sheets
from schemas import problems
from schemas.problems import Problem

COLUMNS = {"name": ("họ tên",), "code": ("mã",), "since": ()}


def workbook(*rows: list[object]) -> bytes:
    """As Excel saves it."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def refused(data: bytes, *required: str) -> Problem:
    with pytest.raises(Problem) as caught:
        sheets.read(data, COLUMNS, required)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        "Họ tên,Mã,since\nLê Thị Đào,7,2025-07-01\n".encode(),
        "\ufeffHỌ TÊN;ma;Since\r\nLê Thị Đào;7;2025-07-01\r\n".encode(),
        "ho_ten\tMÃ\tsince\nLê Thị Đào\t7\t2025-07-01".encode("utf-16"),
        workbook(["Họ  tên".replace("  ", " "), "Mã", "Since"], ["Lê Thị Đào", 7.0, datetime(2025, 7, 1)]),
        workbook(["since", "x", "mã", "name"], [date(2025, 7, 1), "not asked for", 7, " Lê Thị Đào "]),
    ],
    ids=["csv", "semicolons", "utf-16 tabs", "xlsx", "another order"],
)
def test_the_same_table_in_many_clothes(data: bytes) -> None:
    (row,) = sheets.read(data, COLUMNS, ["name"])
    assert (row.number, dict(row.cells)) == (2, {"name": "Lê Thị Đào", "code": "7", "since": "2025-07-01"})


def test_rows_keep_the_number_that_the_spreadsheet_shows() -> None:
    rows = sheets.read(b"name,code\n\nAn,1\n , \nBinh\n", COLUMNS)
    assert [(row.number, row.cells["name"], row.cells["code"]) for row in rows] == [(3, "An", "1"), (5, "Binh", "")]


def test_letters_are_composed_as_phones_write_them() -> None:
    (row,) = sheets.read("name\nLe\u0302 Thi\u0323\n".encode(), COLUMNS)
    assert row.cells["name"] == "Lê Thị"


def test_a_column_that_must_be_there() -> None:
    problem = refused(b"code\n1\n", "name")
    assert problem.kind is problems.COLUMN_MISSING and problem.details == {"column": "name"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old Excel",
        b"PK\x03\x04 no archive",
        "tên\nĐào".encode("cp1258", "replace"),
        workbook(["name"], ["An"])[:-40],
        b"name\nA\0n\n",
        b'name\n"' + b"x" * 140_000 + b'"\n',
    ],
    ids=["empty", "only a mark", "xls", "broken zip", "another code page", "cut", "null", "endless cell"],
)
def test_what_is_no_table(data: bytes) -> None:
    assert refused(data).kind is problems.TABLE_UNREADABLE


def test_a_table_that_never_ends() -> None:
    assert refused(b"name\n" + b"An\n" * (sheets.MOST_ROWS + 1)).kind is problems.TABLE_TOO_LONG
