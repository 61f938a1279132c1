"""Workbooks that cannot become a form: every one gives a sentence for a person, with the place where it is known."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook

from forms import complaints, converter, workbooks, xlsform
from schemas.problems import Problem
from tests.forms.xlsform_cases import CHOICES, OLD_XLS, SURVEY, Cell, archive, book, compound, survey
from tests.parts import require_part

XLSX = book(survey=SURVEY, choices=CHOICES)


def refused(workbook: bytes, filename: str = "form.xlsx", *, validate: bool = False) -> Problem:
    """The Problem that a workbook gives."""
    with pytest.raises(Problem) as caught:
        xlsform.convert(workbook, filename, validate=validate)
    assert caught.value.kind.code == 400.15
    assert caught.value.details["error"] in caught.value.message
    return caught.value


def place(problem: Problem) -> tuple[str | None, int | None, str | None]:
    details = problem.details
    return details.get("sheet"), details.get("row"), details.get("column")


@pytest.mark.parametrize(
    ("workbook", "reason"),
    [
        (b"", "empty"),
        (b"\r\n  ", "empty"),
        (bytes(5000), "empty"),
        (b"%PDF-1.7 ...", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"hello", "unknown"),
        (b"\x00\x01\x02\x03 nothing known", "unknown"),
        ("Tên".encode("utf-16-le") * 9, "unknown"),
        (b"<?xml version='1.0'?><h:html xmlns='http://www.w3.org/2002/xforms'/>", "xform"),
        (b"<html><table><tr><td>type</td></tr></table></html>", "web_page"),
        (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>", "xml_2003"),
        (XLSX[: len(XLSX) // 2], "damaged"),
        (b"PK\x03\x04 and nothing more", "damaged"),
        (archive(xl__workbook_xml=b"<workbook/>"), "damaged"),
        (archive(xl__workbook_xml=b"not xml"), "damaged"),
        (archive(word__document_xml=b"<w/>"), "word"),
        (archive(content_xml=b"<o/>", mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        (archive(xl__workbook_bin=b"\0"), "xlsb"),
        (archive(readme_txt=b"hello"), "archive"),
        (compound("EncryptionInfo", "EncryptedPackage"), "encrypted"),
        (compound("WordDocument"), "word"),
        (compound("Contents"), "unknown"),
        (compound("Workbook"), "damaged"),
        (OLD_XLS[:3000], "unknown"),
        (b"\xd0\xcf\x11\xe0", "unknown"),
    ],
)  # fmt: skip
def test_what_is_no_workbook(workbook: bytes, reason: str) -> None:
    assert refused(workbook).details["reason"] == reason


def test_an_unknown_type_is_found_in_its_row() -> None:
    problem = refused(survey(("text", "a", "A"), (None,), ("teext", "b", "B")))
    assert place(problem) == ("survey", 4, "type")
    assert "“teext”" in problem.message


def test_a_missing_choice_list_is_found_in_its_row() -> None:
    problem = refused(survey(("text", "a", "A"), ("select_one huyen", "b", "B")))
    assert place(problem) == ("survey", 3, "type")
    assert "“huyen”" in problem.message


def test_two_questions_of_one_name() -> None:
    problem = refused(survey(("text", "a", "A"), ("integer", "a", "A")))
    assert place(problem) == ("survey", 3, "name")
    assert "Sheet “survey”, row 3, column “name”: Two questions in the same group have this name." in problem.message


def test_a_name_that_is_not_there() -> None:
    rows: list[tuple[Cell, ...]] = [("type", "name", "label", "relevant"), ("text", "a", "A", "${agee} > 3")]
    problem = refused(book(survey=rows))
    assert place(problem) == ("survey", 2, "relevant")
    assert "agee" in problem.message


def test_a_name_with_a_space() -> None:
    assert place(refused(survey(("text", "ho ten", "A")))) == ("survey", 2, "name")


def test_a_group_that_is_not_closed() -> None:
    problem = refused(survey(("begin_group", "g", "G"), ("text", "a", "A")))
    assert place(problem) == ("survey", 2, None)
    assert "end_group" in problem.message


def test_a_question_without_a_type_shows_no_python() -> None:
    problem = refused(survey((None, "a", "A")))
    assert place(problem)[:2] == ("survey", 2)
    assert "{" not in problem.message


def test_a_form_without_a_survey_sheet() -> None:
    for name in ("Sheet1", "suvery"):
        assert refused(book(**{name: SURVEY, "choices": CHOICES})).details["reason"] == "no_survey"


def test_a_form_that_asks_for_nothing() -> None:
    assert refused(book(survey=[("type", "name", "label")])).details["reason"] == "no_questions"


def test_a_name_per_language_is_a_bare_type_error() -> None:
    """pyxform stumbles over `name::en` with "unhashable type: 'dict'"."""
    rows: list[tuple[Cell, ...]] = [("list_name", "name::en", "label"), ("yn", "yes", "Có")]
    problem = refused(book(survey=SURVEY, choices=rows))
    assert place(problem) == ("choices", 1, "name::en")
    assert "Rename it to “name”" in problem.message


def test_half_a_column_name_is_a_bare_attribute_error() -> None:
    rows: list[tuple[Cell, ...]] = [("type", "name", "label", "bind"), ("calculate", "a", "A", "yes")]
    problem = refused(book(survey=rows))
    assert place(problem) == ("survey", 1, "bind")
    assert "bind::required" in problem.message


@pytest.mark.parametrize(
    ("column", "reason"), [("instance::tag", "reserved_column"), ("label::en::label::vi", "odd_column")]
)
def test_columns_that_real_forms_stumble_over(column: str, reason: str) -> None:
    rows: list[tuple[Cell, ...]] = [("type", "name", "label", column), ("begin_group", "g", "G", "x")]
    rows += [("note", "b", "B", None), ("end_group", None, None, None)]
    problem = refused(book(survey=rows))
    assert (problem.details["reason"], place(problem)) == (reason, ("survey", 1, column))


def test_many_errors_of_one_kind_are_said_once() -> None:
    choices = [("list_name", "name", "label"), *[("yn", "yes", "Có")] * 9]
    problem = refused(book(survey=SURVEY, choices=choices))
    assert place(problem) == ("choices", 3, "name")
    assert problem.details["reason"] == "repeated_choice"
    assert problem.message.count("same name twice") == 1


def test_a_column_twice() -> None:
    problem = refused(book(survey=[("type", "name", "label", "label"), ("text", "a", "A", "B")]))
    assert place(problem) == (None, 1, "label")


def test_a_word_of_pyxforms_own_in_the_settings() -> None:
    workbook = book(survey=SURVEY, choices=CHOICES, settings=[("form_id", "children"), ("a", "3")])
    assert place(refused(workbook)) == ("settings", 1, "children")


def test_an_external_list_that_is_not_there() -> None:
    rows: list[tuple[Cell, ...]] = [("type", "name", "label", "choice_filter")]
    rows.append(("select_one_external x", "a", "A", "b=1"))
    external: list[tuple[Cell, ...]] = [("list_name", "name", "b"), ("y", "y1", "1")]
    problem = refused(book(survey=rows, choices=CHOICES, external_choices=external))
    assert problem.details["args"] == {"list": "x", "sheet": "external_choices"}
    assert place(problem) == ("survey", 2, "type")


def test_what_nobody_can_explain_still_says_what_to_do() -> None:
    failure = {"kind": "KeyError", "code": "", "text": "'huyen'"}
    answer = {
        "failure": failure,
        "warnings": [],
        "headers": {"survey": ["type"]},
        "questions": [[7, "rank huyen", "a"]],
    }
    assert place(complaints.about_conversion(answer)) == ("survey", 7, "type")
    answer["questions"] = []
    assert "copy the sheets as text" in complaints.about_conversion(answer).message


def test_the_warnings_so_far_come_with_the_error() -> None:
    rows: list[tuple[Cell, ...]] = [
        ("type", "name", "label"),
        ("image", "p", "P"),
        ("text", "b", None),
        ("teext", "c", "C"),
    ]
    assert isinstance(refused(book(survey=rows)).details["warnings"], list)


def test_logic_that_odk_validate_does_not_accept() -> None:
    require_part("java")
    rows: list[tuple[Cell, ...]] = [
        ("type", "name", "label", "calculation", "relevant"),
        ("text", "a", "A", None, None),
        ("calculate", "b", None, "nosuch(${a})", None),
    ]
    problem = refused(book(survey=rows), validate=True)
    assert place(problem) == ("survey", 3, "calculation")
    assert "cannot handle function 'nosuch'" in problem.message
    assert "javarosa" not in problem.message and "${b}" in problem.message


def test_a_zip_bomb_is_refused_at_once() -> None:
    for content in (bytes(150_000_000), bytes(40_000_000)):
        assert refused(archive(xl__workbook_xml=b"<w/>", xl__sharedStrings_xml=content)).details["reason"] == "bomb"


def test_a_zip_that_lies_about_its_size() -> None:
    data = archive(xl__workbook_xml=bytes(30_000_000))
    lying = data.replace((30_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != data
    assert refused(lying).details["reason"] == "damaged"


def test_a_huge_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LARGEST_FILE", 1000)
    assert refused(XLSX).details["reason"] == "too_large"


def test_a_cell_at_the_far_end_costs_nothing() -> None:
    workbook = load_workbook(BytesIO(XLSX))
    workbook["survey"].cell(1_048_576, 16_384, "x")
    target = BytesIO()
    workbook.save(target)
    assert xlsform.convert(target.getvalue(), "far.xlsx", validate=False).xml


def test_a_child_that_takes_too_long_is_killed_and_replaced() -> None:
    converter.close()
    answer, _ = converter.run(".xlsx", "a", XLSX, deadline=0.01)
    assert answer["failure"]["kind"] == "slow"
    assert xlsform.convert(XLSX, "a.xlsx", validate=False).xml


def test_a_child_that_takes_too_much_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    long = survey(*[("text", f"question_{number}", "Một câu hỏi dài") for number in range(8_000)])
    monkeypatch.setattr(converter, "MEMORY", 1 << 20)
    assert refused(long).details["reason"] in ("memory", "died")
    monkeypatch.undo()
    monkeypatch.setattr(converter, "READ_CPU", 1)
    monkeypatch.setattr(converter, "CPU", 1)
    assert refused(long).details["reason"] == "slow"
    monkeypatch.undo()
    assert xlsform.convert(XLSX, "a.xlsx", validate=False).xml
