"""Forms as they are made: from a workbook or an XForm, drafted, given their files, published."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, converted
from tests.phone import Published

FORM = """
| survey   |                             |        |         |
|          | type                        | name   | label   |
|          | text                        | who    | Ai?     |
|          | select_one_from_file xã.csv | xa     | Xã?     |
| settings |                             |        |         |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
NEXT = FORM.replace("| 1       |", "| 2       |")
FORMS = "/v1/projects/1/forms"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = b"name,label\n1,A\n"


def xform(markdown: str = FORM) -> bytes:
    """The XForm of a Markdown workbook."""
    return converted(markdown, "visit").xml


def workbook(
    rows: list[list[str]], settings: dict[str, str] | None = None, choices: list[list[str]] | None = None
) -> bytes:
    """An .xlsx with a survey sheet, and sheets of settings and choices if there are any."""
    book = openpyxl.Workbook()
    survey = book.active
    assert survey is not None
    survey.title = "survey"
    for row in [["type", "name", "label"], *rows]:
        survey.append(row)
    if settings:
        sheet = book.create_sheet("settings")
        sheet.append(list(settings))
        sheet.append(list(settings.values()))
    if choices:
        sheet = book.create_sheet("choices")
        for row in [["list_name", "name", "label"], *choices]:
            sheet.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


class Bob:
    """Bob's calls, each answered."""

    def __init__(self, client: FlaskClient, cast: Cast) -> None:
        self.client, self.headers = client, cast.bob.bearer

    def post(self, url: str, data: bytes = b"", kind: str | None = "application/xml", **headers: str) -> Any:
        """POST a body of a kind."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(url, data=data, content_type=kind, headers=self.headers | sent)

    def get(self, url: str) -> Any:
        """GET what must be there."""
        answer = self.client.get(url, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def delete(self, url: str) -> Any:
        """DELETE."""
        return self.client.delete(url, headers=self.headers)


@pytest.fixture
def bob(client: FlaskClient, cast: Cast) -> Bob:
    """Bob at work."""
    return Bob(client, cast)


def test_it_works_with_an_xform(bob: Bob) -> None:
    made = bob.post(FORMS, xform())
    assert made.status_code == 200, made.text
    form = made.get_json()
    assert (form["xmlFormId"], form["version"], form["publishedAt"]) == ("visit", "1", None)
    assert len(form["draftToken"]) == 64
    assert bob.get(f"{FORMS}/visit/draft")["draftToken"] == form["draftToken"]
    assert bob.client.get(f"{FORMS}/visit/draft.xml", headers=bob.headers).data == xform()


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "application/xml; charset=utf-8"])
def test_the_kinds_of_xml(bob: Bob, kind: str) -> None:
    assert bob.post(FORMS, xform(), kind).status_code == 200


def test_it_works_with_a_workbook(bob: Bob) -> None:
    data = workbook([["text", "who", "Ai?"]])
    made = bob.post(f"{FORMS}?publish=true&ignoreWarnings=true", data, XLSX, X_XlsForm_FormId_Fallback=quote("thăm"))
    assert made.status_code == 200, made.text
    form = made.get_json()
    assert form["xmlFormId"] == "thăm" and form["publishedAt"] is not None
    kept = bob.client.get(f"{FORMS}/thăm.xlsx", headers=bob.headers)
    assert (kept.data, kept.content_type) == (data, XLSX)
    extended = bob.client.get(f"{FORMS}/thăm", headers=bob.headers | {"X-Extended-Metadata": "true"}).get_json()
    assert (extended["excelContentType"], extended["createdBy"]["displayName"]) == (XLSX, "Bob")


def test_warnings_are_told_once_and_may_be_ignored(bob: Bob) -> None:
    rows = [["select_one yn", "ok", "Được?"]]
    settings = {"form_id": "warned", "form_title": "W", "version": "1"}
    data = workbook(rows, settings, [["yn", "yes", "Có"], ["yn", "no", ""]])
    details = expect.refused(bob.post(FORMS, data, XLSX), problems.FORM_WARNINGS)
    assert details["warnings"]["xlsFormWarnings"]
    assert bob.client.get(f"{FORMS}/warned", headers=bob.headers).status_code == 404
    assert bob.post(f"{FORMS}?ignoreWarnings=true", data, XLSX).status_code == 200


def test_a_workbook_that_cannot_be_converted(bob: Bob) -> None:
    details = expect.refused(bob.post(FORMS, workbook([["txet", "who", "Ai?"]]), XLSX), problems.XLSFORM_NOT_VALID)
    assert "txet" in details["error"] and details["warnings"] is not None
    expect.refused(bob.post(FORMS, b"no workbook", XLSX), problems.XLSFORM_NOT_VALID)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", problems.MISSING_PARAMETER),
        (b"{}", problems.MISSING_PARAMETER),
        (b"<html/>", problems.MISSING_PARAMETER),
        (b"<html><instance>", problems.MISSING_PARAMETER),
        (b'<html><instance><data id="a">', problems.UNPARSEABLE),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><instance><a id='&b;'/></instance>", problems.UNPARSEABLE),
    ],
)
def test_what_is_no_form(bob: Bob, data: bytes, kind: problems.Kind) -> None:
    expect.refused(bob.post(FORMS, data), kind)


def test_refusals(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM, draft=True)
    file = f"{form.url}/draft/attachments/x%C3%A3.csv"
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for answer in (
            client.post(FORMS, data=xform(), content_type="text/xml", headers=headers),
            client.get(f"{form.url}/draft", headers=headers),
            client.get(f"{form.url}/draft.xml", headers=headers),
            client.get(f"{form.url}/draft/attachments", headers=headers),
            client.get(file, headers=headers),
            client.post(f"{form.url}/draft", data=xform(), content_type="text/xml", headers=headers),
            client.delete(f"{form.url}/draft", headers=headers),
            client.post(f"{form.url}/draft/publish", headers=headers),
            client.post(file, data=CSV, headers=headers),
            client.delete(file, headers=headers),
        ):
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_a_project_has_a_form_id_once(bob: Bob, cast: Cast) -> None:
    bob.post(FORMS, xform())
    details = expect.refused(bob.post(FORMS, xform()), problems.UNIQUENESS)
    assert details == {"fields": ["projectId", "xmlFormId"], "values": ["1", "visit"], "table": "forms"}
    elsewhere = bob.client.post("/v1/projects/2/forms", data=xform(), content_type="text/xml", headers=cast.dung.bearer)
    assert elsewhere.status_code == 200


def test_a_draft_is_replaced_and_keeps_its_key_and_files(bob: Bob, publish: Publish) -> None:
    publish(FORM, draft=True, media={"xã.csv": CSV})
    url = f"{FORMS}/visit/draft"
    key = bob.get(url)["draftToken"]
    assert bob.post(url, xform(NEXT)).get_json() == {"success": True}
    after = bob.get(url)
    assert (after["version"], after["draftToken"]) == ("2", key)
    (file,) = bob.get(f"{url}/attachments")
    assert (file["exists"], file["hash"]) == (True, hashlib.md5(CSV).hexdigest())


def test_a_draft_of_another_form_is_refused(bob: Bob, publish: Publish) -> None:
    publish(FORM)
    other = xform(FORM.replace("| visit   |", "| other   |"))
    expect.refused(bob.post(f"{FORMS}/visit/draft", other), problems.UNEXPECTED_VALUE)


def test_a_draft_may_be_a_copy_of_what_is_published(bob: Bob, publish: Publish) -> None:
    form = publish(FORM, media={"xã.csv": CSV})
    assert bob.post(f"{form.url}/draft", b"", None).get_json() == {"success": True}
    assert bob.client.get(f"{form.url}/draft.xml", headers=bob.headers).data == form.xml
    assert bob.client.get(f"{form.url}/draft.xlsx", headers=bob.headers).status_code == 200
    assert bob.get(f"{form.url}/draft/attachments")[0]["exists"] is True
    expect.refused(bob.post(f"{form.url}/draft/publish"), problems.VERSION_UNIQUENESS)
    assert bob.post(f"{form.url}/draft/publish?version=v2%20m%E1%BB%9Bi").get_json() == {"success": True}
    told = bob.get(form.url)
    assert told["version"] == "v2 mới"
    xml = bob.client.get(f"{form.url}.xml", headers=bob.headers).data
    assert xml == form.xml.replace(b'version="1"', 'version="v2 mới"'.encode())
    assert told["hash"] == hashlib.md5(xml).hexdigest()


def test_a_form_that_was_never_published_has_nothing_to_copy(bob: Bob, publish: Publish) -> None:
    form = publish(FORM, draft=True)
    expect.refused(bob.post(f"{form.url}/draft", b"", None), problems.MISSING_PARAMETER)


def test_publishing(bob: Bob, publish: Publish) -> None:
    form = publish(FORM, draft=True)
    assert bob.get(form.url)["publishedAt"] is None
    assert bob.post(f"{form.url}/draft/publish").get_json() == {"success": True}
    assert bob.get(form.url)["publishedAt"] is not None
    expect.refused(bob.client.get(f"{form.url}/draft", headers=bob.headers), problems.NOT_FOUND)
    expect.refused(bob.post(f"{form.url}/draft/publish"), problems.NOT_FOUND)
    bob.post(f"{form.url}/draft", xform(FORM.replace("| Ai?     |", "| Ai vậy? |")))
    details = expect.refused(bob.post(f"{form.url}/draft/publish"), problems.VERSION_UNIQUENESS)
    assert details == {"xmlFormId": "visit", "version": "1"}
    assert bob.post(f"{form.url}/draft/publish?version=1.1").status_code == 200
    assert [version["version"] for version in bob.get(f"{form.url}/versions")] == ["1.1", "1"]


def test_publish_notes(bob: Bob, cast: Cast, publish: Publish) -> None:
    form = publish(FORM, draft=True)
    notes = b'{"publishNotes": "S\xe1\xbb\xada l\xe1\xbb\x97i"}'
    bob.post(f"{form.url}/draft/publish", notes, "application/json")
    told = bob.client.get(form.url, headers=bob.headers | {"X-Extended-Metadata": "true"}).get_json()
    (version,) = bob.client.get(
        f"{form.url}/versions", headers=bob.headers | {"X-Extended-Metadata": "true"}
    ).get_json()
    assert (told["publishNotes"], version["publishedBy"]["id"]) == ("Sửa lỗi", cast.bob.id)


def test_a_question_may_not_change_its_type(bob: Bob, publish: Publish) -> None:
    form = publish(FORM)
    changed = xform(NEXT.replace("| text                        | who ", "| integer                     | who "))
    details = expect.refused(bob.post(f"{form.url}/draft", changed), problems.FIELD_TYPE_CONFLICT)
    assert details == {"path": "/who", "type": "string"}


def test_a_question_that_goes_is_a_workflow_warning(bob: Bob, publish: Publish) -> None:
    form = publish(FORM)
    shorter = xform(NEXT.replace("|          | text                        | who    | Ai?     |\n", ""))
    details = expect.refused(bob.post(f"{form.url}/draft", shorter), problems.FORM_WARNINGS)
    assert details == {"warnings": {"workflowWarnings": [{"type": "structureChanged", "details": ["who"]}]}}
    assert bob.post(f"{form.url}/draft?ignoreWarnings=true", shorter).status_code == 200


def test_a_form_that_sends_elsewhere_is_warned_of(bob: Bob) -> None:
    elsewhere = xform(
        FORM.replace("| version |", "| version | submission_url |").replace(
            "| 1       |", "| 1       | https://elsewhere.example/submission |"
        )
    )
    details = expect.refused(bob.post(FORMS, elsewhere), problems.FORM_WARNINGS)
    assert "elsewhere.example" in str(details["warnings"])


def test_throwing_a_draft_away(bob: Bob, publish: Publish) -> None:
    form = publish(FORM, draft=True)
    expect.refused(bob.delete(f"{form.url}/draft"), problems.NO_PUBLISHED_VERSION)
    bob.post(f"{form.url}/draft/publish")
    bob.post(f"{form.url}/draft", xform(NEXT))
    assert bob.delete(f"{form.url}/draft").get_json() == {"success": True}
    expect.refused(bob.delete(f"{form.url}/draft"), problems.NOT_FOUND)
    assert bob.get(form.url)["version"] == "1"


def test_files(bob: Bob, publish: Publish) -> None:
    form = publish(FORM, draft=True)
    url = f"{form.url}/draft/attachments"
    (missing,) = bob.get(url)
    assert (missing["exists"], missing["blobExists"], missing["datasetExists"]) == (False, False, False)
    expect.refused(bob.client.get(f"{url}/xã.csv", headers=bob.headers), problems.NOT_FOUND)
    put = bob.post(f"{url}/xã.csv", CSV, "text/csv")
    assert put.status_code == 200, put.text
    assert (put.get_json()["name"], put.get_json()["exists"]) == ("xã.csv", True)
    got = bob.client.get(f"{url}/xã.csv", headers=bob.headers)
    assert (got.data, got.content_type) == (CSV, "text/csv; charset=utf-8")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert bob.delete(f"{url}/xã.csv").get_json() == {"success": True}
    expect.refused(bob.delete(f"{url}/xã.csv"), problems.NOT_FOUND)
    expect.refused(bob.post(f"{url}/other.csv", CSV, "text/csv"), problems.NOT_FOUND)
    expect.refused(bob.post(f"{url}/..%2F..%2Fsecret.key", CSV, "text/csv"), problems.NOT_FOUND)


def test_files_of_what_is_published_are_not_touched_by_the_draft(bob: Bob, publish: Publish) -> None:
    form: Published = publish(FORM, media={"xã.csv": CSV})
    bob.post(f"{form.url}/draft", xform(NEXT))
    bob.post(f"{form.url}/draft/attachments/xã.csv", b"name,label\n", "text/csv")
    assert bob.client.get(f"{form.url}/attachments/xã.csv", headers=bob.headers).data == CSV
