"""A workbook becomes a form: every kind of file people have, whatever it is called."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forms import convert as child
from forms import converter, validator, xform, xlsform
from schemas.problems import BUSY, Problem
from tests.forms.xlsform_cases import CHOICES, OLD_XLS, SURVEY, book, survey
from tests.parts import require_part

MARKDOWN = """
| survey | | | |
|        | type          | name | label |
| ------ | ------------- | ---- | ----- |
|        | select_one yn | met  | Có gặp không? |
| choices | | | |
|        | list_name | name | label |
|        | yn        | yes  | Có    |
|        | yn        | no   | Không |
"""
CSV = '"survey",,,\n,"type","name","label"\n,"text","a","Tên, tuổi"\n'


def parsed(workbook: bytes, filename: str, fallback: str | None = None) -> xform.Form:
    """The form a workbook becomes, without asking Java."""
    return xform.parse(xlsform.convert(workbook, filename, fallback_form_id=fallback, validate=False).xml)


@pytest.mark.parametrize("filename", ["old.xls", "old.xlsx"])
def test_an_old_workbook_whatever_its_ending_says(filename: str) -> None:
    form = parsed(OLD_XLS, filename)
    assert (form.form_id, form.version, form.title) == ("old_form", "2016", "Phiếu cũ")
    met = form.field("/data/met")
    assert met is not None and met.choices is not None
    assert [choice.name for choice in met.choices] == ["1", "2"]


@pytest.mark.parametrize("filename", ["new.xlsx", "new.xls", "new.xlsm", "new"])
def test_a_new_workbook_whatever_its_ending_says(filename: str) -> None:
    form = parsed(book(survey=SURVEY, choices=CHOICES), filename)
    assert [(field.name, field.type) for field in form.fields][:2] == [("met", "string"), ("age", "int")]
    assert form.form_id == "new"


@pytest.mark.parametrize("text", [MARKDOWN, "\ufeff" + MARKDOWN, MARKDOWN.replace("\n", "\r\n")])
def test_a_table_in_markdown(text: str) -> None:
    assert [field.name for field in parsed(text.encode(), "visit.md").fields][0] == "met"


@pytest.mark.parametrize("text", [CSV.encode(), CSV.encode("utf-16")])
def test_a_csv(text: bytes) -> None:
    field = parsed(text, "visit.csv").field("/data/a")
    assert field is not None and field.labels == {"": "Tên, tuổi"}


@pytest.mark.parametrize(
    ("filename", "fallback", "form_id"),
    [
        ("Khảo sát hộ.xlsx", None, "Khảo sát hộ"),
        ("Kha\u0309o sa\u0301t.xlsx", None, "Khảo sát"),
        ("../../etc/thăm.v2.xlsx", None, "thăm.v2"),
        ("C:\\fakepath\\visit.xls", None, "visit"),
        ("visit.xlsx", "tham_gap", "tham_gap"),
        (".xlsx", None, ".xlsx"),
        ("", None, "form"),
    ],
)
def test_without_settings_the_form_is_called_like_its_file(filename: str, fallback: str | None, form_id: str) -> None:
    assert parsed(survey(("text", "a", "A")), filename, fallback).form_id == form_id


def test_settings_win_over_every_fallback() -> None:
    workbook = book(survey=SURVEY, choices=CHOICES, settings=[("form_id", "version"), ("visit", "7")])
    form = parsed(workbook, "other.xlsx", "third")
    assert (form.form_id, form.version) == ("visit", "7")


def test_a_question_named_like_the_root() -> None:
    """Many real forms ask for `data` (a date, in some languages) and refer to it."""
    rows = [("type", "name", "label", "constraint"), ("date", "data", "Data", ""), ("date", "b", "B", ". > ${data}")]
    form = parsed(book(survey=rows), "a.xlsx")
    assert form.root == "form_data" and form.field("/form_data/data")


def test_warnings_come_with_the_form() -> None:
    workbook = book(survey=SURVEY, choices=[("list_name", "name", "label"), ("yn", "yes", "Có"), ("yn", "no", None)])
    conversion = xlsform.convert(workbook, "visit.xlsx", validate=False)
    assert any("label" in warning for warning in conversion.warnings)


def test_external_choices_become_itemsets() -> None:
    workbook = book(
        survey=[("type", "name", "label", "choice_filter"), ("select_one_external c", "commune", "Xã", "d='1'")],
        choices=CHOICES,
        external_choices=[("list_name", "name", "label", "d"), ("c", "c1", "Xã 1", "1")],
    )
    itemsets = xlsform.convert(workbook, "visit.xlsx", validate=False).itemsets
    assert itemsets is not None and "Xã 1" in itemsets.decode()


def test_the_same_workbook_gives_the_same_form() -> None:
    first = xlsform.convert(survey(("text", "a", "A")), "a.xlsx", validate=False)
    converter.close()
    assert xlsform.convert(survey(("text", "a", "A")), "a.xlsx", validate=False) == first


def test_many_at_once() -> None:
    names = [f"form{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        forms = list(threads.map(lambda name: parsed(survey(("text", "a", "A")), name), names))
    assert [form.form_id for form in forms] == names


def test_when_both_are_at_work_for_too_long_the_next_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = converter.Pool()
    monkeypatch.setattr(converter, "_pool", pool)
    monkeypatch.setattr(converter, "QUEUE_FOR", 0.01)
    for _ in range(converter.PROCESSES):
        pool._free.get()
    with pytest.raises(Problem) as caught:
        parsed(survey(("text", "a", "A")), "a.xlsx")
    assert caught.value.kind is BUSY


def test_nothing_is_left_behind() -> None:
    parsed(survey(("text", "a", "A")), "a.xlsx")
    folder = next(one._folder for one in converter._pool._free.queue if one._folder)
    assert os.listdir(folder) == []
    converter.close()
    assert not Path(folder).exists()


def test_from_any_folder_and_without_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converter.close()
    (tmp_path / "forms.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", "never tell")
    assert parsed(survey(("text", "a", "A")), "a.xlsx").form_id == "a"
    assert "never tell" not in str(converter._environment("folder"))


def test_after_idling_the_process_ends_and_the_next_one_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    inlet, outlet = os.pipe()
    child.serve(inlet, outlet, idle=0.01)
    converter.close()
    monkeypatch.setattr(converter, "IDLE", 0.0)
    assert [parsed(survey(("text", "a", "A")), "a.xlsx").form_id for _ in range(2)] == ["a", "a"]
    monkeypatch.undo()
    converter.close()


def test_odk_validate_says_that_it_ran() -> None:
    require_part("java")
    conversion = xlsform.convert(survey(("text", "a", "A")), "a.xlsx")
    assert (conversion.validated, conversion.validator_note) == (True, "")
    assert xlsform.validate_xform(conversion.xml) == (True, [])


def test_without_java_the_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validator.shutil, "which", lambda _: None)
    conversion = xlsform.convert(survey(("text", "a", "A")), "a.xlsx")
    assert not conversion.validated
    assert "no Java" in conversion.validator_note
    assert xlsform.validate_xform(conversion.xml) == (False, [])


def test_a_java_that_cannot_start_says_nothing_about_the_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'Could not reserve enough space for object heap' >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setattr(validator.shutil, "which", lambda _: str(java))
    conversion = xlsform.convert(survey(("text", "a", "A")), "a.xlsx")
    assert not conversion.validated
    java.write_text("#!/bin/sh\nexec sleep 60\n")
    assert validator.validate(conversion.xml, deadline=0.1).note.endswith("too long.")
