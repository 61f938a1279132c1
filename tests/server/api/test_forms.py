"""Forms as they are read, in the dialect of the ODK Central API: details, XML, workbook, fields, versions, files."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey   |                             |        |         |
|          | type                        | name   | label   |
|          | text                        | who    | Ai?     |
|          | begin_group                 | g      | Nhóm    |
|          | select_multiple c           | many   | Chọn    |
|          | image                       | photo  | Ảnh     |
|          | end_group                   |        |         |
|          | begin_repeat                | visits | Lần     |
|          | integer                     | n-o    | Số      |
|          | end_repeat                  |        |         |
|          | select_one_from_file xã.csv | xa     | Xã?     |
| choices  |                             |        |         |
|          | list_name                   | name   | label   |
|          | c                           | 1      | Một     |
| settings |                             |        |         |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
CSV = "name,label\n1,Xã A\n".encode()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXTENDED = {"X-Extended-Metadata": "true"}
KEYS = {
    "projectId", "xmlFormId", "state", "name", "version", "hash", "sha", "sha256", "draftToken", "enketoId",
    "enketoOnceId", "keyId", "webformsEnabled", "createdAt", "updatedAt", "publishedAt", "validated",
}  # fmt: skip
MORE = {
    "submissions", "reviewStates", "lastSubmission", "createdBy", "excelContentType", "publicLinks", "entityRelated",
}  # fmt: skip


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form with its file."""
    return publish(FORM, media={"xã.csv": CSV})


def get(client: FlaskClient, url: str, headers: dict[str, str]) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_it_works(client: FlaskClient, cast: Cast, form: Published) -> None:
    told = get(client, form.url, cast.bob.bearer)
    assert told.keys() == KEYS
    assert (told["projectId"], told["xmlFormId"], told["state"]) == (1, "visit", "open")
    assert (told["name"], told["version"], told["draftToken"]) == ("Thăm nhà", "1", None)
    assert told["hash"] == hashlib.md5(form.xml).hexdigest()
    assert told["sha256"] == hashlib.sha256(form.xml).hexdigest()
    assert told["publishedAt"].endswith("Z") and told["keyId"] is None
    assert get(client, "/v1/projects/1/forms", cast.bob.bearer) == [told]


def test_extended(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    for state in (None, None, "approved", "hasIssues"):
        send(form.submission(instance_id=f"uuid:{state}"))
        url = f"{form.url}/submissions/uuid:{state}"
        client.patch(url, json={"reviewState": state}, headers=cast.bob.bearer)
    told = get(client, form.url, cast.bob.bearer | EXTENDED)
    assert told.keys() == KEYS | MORE | {"publishNotes"}
    assert told["submissions"] == 3
    assert told["reviewStates"] == {"received": 1, "hasIssues": 1, "edited": 0}
    assert told["lastSubmission"].endswith("Z")
    assert (told["publicLinks"], told["entityRelated"], told.pop("publishNotes")) == (0, False, None)
    (listed,) = get(client, "/v1/projects/1/forms", cast.vy.bearer | EXTENDED)
    assert listed == told


def test_extended_tells_phones_and_collectors_nothing_of_others(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    send(form.submission())
    empty = dict.fromkeys(("submissions", "lastSubmission", "createdBy"))
    empty["reviewStates"] = dict.fromkeys(("received", "hasIssues", "edited"))
    for base, headers in (
        (cast.device.url("forms"), EXTENDED),
        ("/v1/projects/1/forms", cast.minh.bearer | EXTENDED),
    ):
        one, (version,) = get(client, f"{base}/visit", headers), get(client, f"{base}/visit/versions", headers)
        assert one.keys() == KEYS | MORE
        assert {key: one[key] for key in empty} == empty
        assert version["publishedBy"] is None and "publishNotes" not in version
    (listed,) = get(client, "/v1/projects/1/forms", cast.minh.bearer | EXTENDED)
    assert listed == one


def test_extended_by_what_one_may_see(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/draft"
    client.post(url, headers=cast.bob.bearer)
    notes = {"publishNotes": "Thêm câu hỏi"}
    assert client.post(f"{url}/publish?version=2", json=notes, headers=cast.bob.bearer).status_code == 200
    for person, told in ((cast.bob, "Thêm câu hỏi"), (cast.vy, "–")):
        one = get(client, form.url, person.bearer | EXTENDED)
        newest = get(client, f"{form.url}/versions", person.bearer | EXTENDED)[0]
        assert newest["publishedBy"]["displayName"] == "Bob"
        assert [found.get("publishNotes", "–") for found in (one, newest)] == [told, told]
        assert one["submissions"] == 0


def test_a_draft_counts_what_was_sent_to_try_it(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    send(form.submission(instance_id="uuid:real"))
    client.post(f"{form.url}/draft", headers=cast.bob.bearer)
    for number in (1, 2):
        body = form.submission(instance_id=f"uuid:{number}")
        assert client.post(f"{form.url}/draft/submissions", data=body, headers=cast.bob.bearer).status_code == 200
    draft = get(client, f"{form.url}/draft", cast.bob.bearer | EXTENDED)
    assert (draft["submissions"], draft["reviewStates"]["received"]) == (2, 2) and draft["lastSubmission"]
    assert get(client, form.url, cast.bob.bearer | EXTENDED)["submissions"] == 1


def test_a_form_without_a_title_has_no_name_and_stands_by_its_id(
    client: FlaskClient, cast: Cast, form: Published, publish: Publish
) -> None:
    nameless = form.xml.replace("<h:title>Thăm nhà</h:title>".encode(), b"").replace(b'id="visit"', b'id="abc"')
    made = client.post("/v1/projects/1/forms?publish=true", data=nameless, headers=cast.bob.bearer)
    assert made.status_code == 200 and made.get_json()["name"] is None
    listed = get(client, "/v1/projects/1/forms", cast.bob.bearer)
    assert [each["xmlFormId"] for each in listed] == ["abc", "visit"]


def test_refusals(client: FlaskClient, cast: Cast, form: Published) -> None:
    paths = ("", ".xml", ".xlsx", ".md", "/fields", "/attachments", "/attachments/x%C3%A3.csv", "/versions")
    paths += ("/versions/1", "/versions/1.xml", "/versions/1/fields", "/versions/1/attachments/x%C3%A3.csv")
    for headers in (cast.charlie.bearer, cast.dung.bearer, {}):
        expect.refused(client.get("/v1/projects/1/forms", headers=headers), problems.INSUFFICIENT_RIGHTS)
        for path in paths:
            expect.refused(client.get(f"{form.url}{path}", headers=headers), problems.INSUFFICIENT_RIGHTS)
    for wrong in ("/v1/projects/1/forms/none", "/v1/projects/2/forms/visit", "/v1/projects/99/forms/visit"):
        expect.refused(client.get(wrong, headers=cast.alice.bearer), problems.NOT_FOUND)


def test_through_another_project_it_is_not_there(client: FlaskClient, cast: Cast, form: Published) -> None:
    expect.refused(client.get("/v1/projects/2/forms/visit", headers=cast.dung.bearer), problems.NOT_FOUND)
    expect.refused(client.get("/v1/projects/2/forms/visit", headers=cast.bob.bearer), problems.NOT_FOUND)


def test_an_app_user_downloads_hers(client: FlaskClient, cast: Cast, form: Published, publish: Publish) -> None:
    publish(FORM.replace("| visit   |", "| other   |"), offer=False)
    # What a phone may fill stands in the form list of OpenRosa alone.
    expect.refused(client.get(cast.device.url("forms")), problems.INSUFFICIENT_RIGHTS)
    assert get(client, cast.device.url("forms/visit"), {})["xmlFormId"] == "visit"
    assert client.get(cast.device.url("forms/visit.xml")).data == form.xml
    assert client.get(cast.device.url("forms/visit/attachments/xã.csv")).data == CSV
    for path in ("forms/other", "forms/other.xml", "forms/visit/draft"):
        assert client.get(cast.device.url(path)).status_code == 403
    for change in ("patch", "delete"):
        answer = getattr(client, change)(cast.device.url("forms/visit"), json={"state": "closed"})
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_xml(client: FlaskClient, cast: Cast, form: Published) -> None:
    answer = client.get(f"{form.url}.xml", headers=cast.minh.bearer)
    assert (answer.status_code, answer.data) == (200, form.xml)
    assert answer.mimetype in ("application/xml", "text/xml")
    again = client.get(f"{form.url}.xml", headers=cast.minh.bearer | {"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_workbook(client: FlaskClient, cast: Cast, form: Published) -> None:
    book = client.get(f"{form.url}.xlsx", headers=cast.bob.bearer)
    assert (book.status_code, book.content_type) == (200, XLSX)
    assert book.data.startswith(b"PK") and "visit.xlsx" in book.headers["Content-Disposition"]
    source = client.get(f"{form.url}.md", headers=cast.bob.bearer)
    assert "| select_multiple c" in source.text
    expect.refused(client.get(f"{form.url}.xls", headers=cast.bob.bearer), problems.NOT_FOUND)


def test_fields(client: FlaskClient, cast: Cast, form: Published) -> None:
    fields = get(client, f"{form.url}/fields", cast.bob.bearer)
    assert fields[0].keys() == {"path", "name", "type", "binary", "selectMultiple"}
    by_path = {field["path"]: field for field in fields}
    assert list(by_path) == [
        "/who", "/g", "/g/many", "/g/photo", "/visits", "/visits/n-o", "/xa", "/meta", "/meta/instanceID",
    ]  # fmt: skip
    assert (by_path["/g"]["type"], by_path["/visits"]["type"]) == ("structure", "repeat")
    assert (by_path["/g/photo"]["type"], by_path["/g/photo"]["binary"]) == ("binary", True)
    assert by_path["/g/many"]["selectMultiple"] is True and by_path["/who"]["selectMultiple"] is None
    odata = get(client, f"{form.url}/fields?odata=true", cast.bob.bearer)
    assert "/visits/n_o" in [field["path"] for field in odata]


def test_files(client: FlaskClient, cast: Cast, form: Published) -> None:
    (file,) = get(client, f"{form.url}/attachments", cast.bob.bearer)
    assert file.keys() == {"name", "type", "hash", "exists", "blobExists", "datasetExists", "size", "updatedAt"}
    assert (file["name"], file["type"], file["size"]) == ("xã.csv", "file", len(CSV))
    assert (file["exists"], file["blobExists"], file["datasetExists"]) == (True, True, False)
    assert file["hash"] == hashlib.md5(CSV).hexdigest()
    answer = client.get(f"{form.url}/attachments/xã.csv", headers=cast.bob.bearer)
    assert (answer.data, answer.content_type) == (CSV, "text/csv; charset=utf-8")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''x%C3%A3.csv" in answer.headers["Content-Disposition"]
    expect.refused(client.get(f"{form.url}/attachments/none", headers=cast.bob.bearer), problems.NOT_FOUND)


def test_versions(client: FlaskClient, cast: Cast, form: Published, publish: Publish) -> None:
    second = publish(FORM.replace("| 1       |", "| 2       |"))
    listed = get(client, f"{form.url}/versions", cast.bob.bearer)
    assert [version["version"] for version in listed] == ["2", "1"]
    assert listed[0].keys() == KEYS
    extended = get(client, f"{form.url}/versions", cast.bob.bearer | EXTENDED)
    assert extended[0].keys() == KEYS | {"publishedBy", "excelContentType", "publishNotes"}
    old = f"{form.url}/versions/1"
    assert get(client, old, cast.bob.bearer)["version"] == "1"
    assert client.get(f"{old}.xml", headers=cast.bob.bearer).data == form.xml
    assert client.get(f"{form.url}/versions/2.xml", headers=cast.bob.bearer).data == second.xml
    assert client.get(f"{old}.xlsx", headers=cast.bob.bearer).status_code == 200
    assert client.get(f"{old}/attachments/xã.csv", headers=cast.bob.bearer).data == CSV
    assert len(get(client, f"{old}/fields", cast.bob.bearer)) == 9
    expect.refused(client.get(f"{form.url}/versions/3", headers=cast.bob.bearer), problems.NOT_FOUND)


def test_the_version_without_a_string(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish("| survey |  |  |  |\n|  | type | name | label |\n|  | text | a | A |\n", form_id="plain")
    told = get(client, f"{form.url}/versions/___", cast.bob.bearer)
    assert told["version"] == form.version


def test_state(client: FlaskClient, cast: Cast, form: Published) -> None:
    changed = client.patch(form.url, json={"state": "closing"}, headers=cast.bob.bearer)
    assert (changed.status_code, changed.get_json()["state"]) == (200, "closing")
    details = expect.refused(
        client.patch(form.url, json={"state": "ajar"}, headers=cast.bob.bearer), problems.UNEXPECTED_VALUE
    )
    assert (details["field"], details["value"]) == ("state", "ajar")
    for headers in (cast.charlie.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        refusal = client.patch(form.url, json={"state": "open"}, headers=headers)
        expect.refused(refusal, problems.INSUFFICIENT_RIGHTS)


def test_deleting_a_form_frees_its_id(client: FlaskClient, cast: Cast, form: Published, publish: Publish) -> None:
    for headers in (cast.charlie.bearer, cast.vy.bearer, {}):
        expect.refused(client.delete(form.url, headers=headers), problems.INSUFFICIENT_RIGHTS)
    assert client.delete(form.url, headers=cast.bob.bearer).get_json() == {"success": True}
    expect.refused(client.get(form.url, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert publish(FORM).id != form.id


def test_a_data_collector_does_not_see_what_is_closed_or_only_a_draft(
    client: FlaskClient, cast: Cast, form: Published, publish: Publish
) -> None:
    publish(FORM.replace("| visit   |", "| draft   |"), draft=True)
    for person, seen in ((cast.minh, ["visit"]), (cast.vy, ["visit"]), (cast.bob, ["draft", "visit"])):
        listed = get(client, "/v1/projects/1/forms", person.bearer)
        assert sorted(entry["xmlFormId"] for entry in listed) == seen
    for path in ("forms/draft", "forms/draft/draft"):
        for person in (cast.minh, cast.vy):
            assert client.get(f"/v1/projects/1/{path}", headers=person.bearer).status_code == 403
    client.patch(form.url, json={"state": "closed"}, headers=cast.bob.bearer)
    expect.refused(client.get(form.url, headers=cast.minh.bearer), problems.INSUFFICIENT_RIGHTS)
    assert get(client, form.url, cast.vy.bearer)["state"] == "closed"
