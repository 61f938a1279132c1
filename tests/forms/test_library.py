"""The bundled forms: no warning, two languages, no question they must not ask, and a good workbook to download."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO

import pytest
from openpyxl import load_workbook

from forms import library, workbooks, xform, xlsform
from tests.parts import require_part

HOME_VISIT = [
    "start", "end", "client_code", "card", "visit_date", "visit_mode", "visit_result", "private_ok", "not_private",
    "handover_done", "handover_date", "s_fu_start", "s_fu_end",
    "wellbeing", "confidence", "plan_progress", "work_status", "family_support", "shg_attending",
    "mmt_state", "barriers",
    "topics", "needs", "danger", "danger_note",
    "support_level", "interval", "suggest", "next_visit_date", "note_short",
    "s_last_contact", "s_last_visit", "s_last_result", "s_next_due", "s_next_day",
]  # fmt: skip
# What a phone must never record about a person.
FORBIDDEN = re.compile(
    r"\b(geo\w+|image|audio|video|file|deviceid|phonenumber|username|email|subscriberid|simserial|audit)\b"
)
PHONES_PAPERS_NAMES = (
    ["0912345678", "0912-345-678", "+84 912 345 678"]
    + ["001099012345", "001-099-012-345"]
    + ["Nguyễn A", "Lan Anh", "A1"]
)
VI, EN = "Tiếng Việt (vi)", "English (en)"


@pytest.fixture(params=library.names())
def source(request: pytest.FixtureRequest) -> bytes:
    return library.source(request.param)


def code_rule() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The two patterns of the constraint on client_code: what it must be, what it must not contain."""
    row = next(row for row in workbooks.tables(library.source("home_visit"))["survey"] if row[1] == "client_code")
    wanted, unwanted = re.findall(r"'(\^[^']*\$)'", row[8])
    return re.compile(wanted), re.compile(unwanted)


def test_names() -> None:
    assert "home_visit" in library.names()
    with pytest.raises(KeyError):
        library.source("../rules")


def test_converts_without_a_warning(source: bytes) -> None:
    conversion = xlsform.convert(source, "form.md", validate=False)
    assert conversion.warnings == ()
    assert set(xform.parse(conversion.xml).languages) == {"Tiếng Việt (vi)", "English (en)"}


def test_odk_validate_accepts_it(source: bytes) -> None:
    require_part("java")
    assert xlsform.convert(source, "form.md").validated


def test_the_workbook_people_get_is_the_same_form(source: bytes) -> None:
    workbook = workbooks.to_xlsx(source)
    again = xlsform.convert(workbook, "form.xlsx", validate=False)
    assert again.xml == xlsform.convert(source, "form.md", validate=False).xml
    sheet = load_workbook(BytesIO(workbook))["survey"]
    assert sheet["A1"].font.bold and sheet.freeze_panes == "A2"
    assert all(cell.data_type == "s" for row in sheet.iter_rows() for cell in row if cell.value is not None)


def test_speaks_both_languages_in_composed_letters(source: bytes) -> None:
    text = source.decode()
    assert text == unicodedata.normalize("NFC", text)
    for header, *rows in workbooks.tables(source).values():
        pairs = [(at, header.index(name.replace(VI, EN))) for at, name in enumerate(header) if VI in name]
        for row in rows:
            assert all(bool(row[vi]) == bool(row[en]) for vi, en in pairs), row


def test_asks_for_nothing_it_must_not(source: bytes) -> None:
    for row in workbooks.tables(source)["survey"][1:]:
        assert not FORBIDDEN.search(row[0]), row


def test_adds_days_without_losing_one(source: bytes) -> None:
    """`date(decimal-date-time(x) + n)` is a day short east of Greenwich: local midnight is told in UTC."""
    assert not re.search(r"\bdate\(decimal-date-time\(", source.decode())


def test_home_visit_keeps_names_types_and_order() -> None:
    form = xform.parse(xlsform.convert(library.source("home_visit"), "x.md", validate=False).xml)
    fields = [field for field in form.fields if not field.is_container and "/meta/" not in field.path]
    assert [field.name for field in fields] == HOME_VISIT
    assert (form.form_id, form.title) == ("home_visit", "Thăm gặp theo lịch 6 tháng")
    assert re.fullmatch(r"20\d{8}", form.version)
    code = form.field("/data/client_code")
    assert code is not None and (code.type, code.control, code.required) == ("string", "input", "true()")
    assert form.files == ()


@pytest.mark.parametrize("code", ["VP-TD-HL-A1B2C", "VP-C01-0F3D9", "VP-C01-0F3D9-2", "A-17", "vp-c01-12345"])
def test_client_code_takes_the_codes_on_the_cards(code: str) -> None:
    wanted, unwanted = code_rule()
    assert wanted.match(code) and not unwanted.match(code.replace("-", ""))


@pytest.mark.parametrize("text", PHONES_PAPERS_NAMES)
def test_client_code_takes_no_phone_no_paper_no_name(text: str) -> None:
    wanted, unwanted = code_rule()
    assert not wanted.match(text) or unwanted.match(text.replace("-", ""))


def test_cells_keep_what_spreadsheets_would_change() -> None:
    sheet = load_workbook(BytesIO(workbooks.to_xlsx(b"| s | |\n| | a \\| b |\n| | =1+1 |\n| | 01 |\n")))["s"]
    assert [row[0].value for row in sheet.iter_rows()] == ["a | b", "=1+1", "01"]
