"""OData: service document, metadata, tables with paging and options."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas import problems
from schemas.problems import Kind
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey   |              |        |       |
|          | type         | name   | label |
|          | text         | who    | Ai?   |
|          | begin_group  | g      | Nhóm  |
|          | integer      | age    | Tuổi? |
|          | end_group    |        |       |
|          | geopoint     | place  | Đâu?  |
|          | image        | photo  | Ảnh?  |
|          | begin_repeat | visits | Lần   |
|          | text         | note   | Gì?   |
|          | end_repeat   |        |       |
| settings |              |        |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
JSON, ROWS = "application/json; odata.metadata=minimal; charset=utf-8", "application/json; charset=utf-8"
SYSTEM = {
    "submissionDate", "updatedAt", "deletedAt", "submitterId", "submitterName", "attachmentsPresent",
    "attachmentsExpected", "status", "reviewState", "deviceId", "edits", "formVersion",
}  # fmt: skip


class Table:
    """A form's OData, as Vy reads it."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published) -> None:
        self.client, self.headers, self.form = client, cast.vy.bearer, form

    def answer(self, path: str = "/Submissions", **options: str) -> Any:
        """Whatever is answered. Options without their dollar sign."""
        query = {f"${name}": value for name, value in options.items()}
        return self.client.get(f"{self.form.url}.svc{path}", query_string=query, headers=self.headers)

    def __call__(self, path: str = "/Submissions", **options: str) -> Any:
        """The document."""
        answer = self.answer(path, **options)
        assert answer.status_code == 200, answer.text
        assert answer.content_type == (ROWS if path else JSON)
        assert answer.headers["OData-Version"] == "4.0"
        return answer.get_json()

    def pages(self, path: str, **options: str) -> list[list[dict[str, Any]]]:
        """The rows of each page, by following the links."""
        document = self(path, **options)
        found = [document["value"]]
        while "@odata.nextLink" in document:
            link = urlsplit(document["@odata.nextLink"])
            answer = self.client.get(f"{link.path}?{link.query}", headers=self.headers)
            assert answer.status_code == 200, answer.text
            document = answer.get_json()
            found.append(document["value"])
        return found


@pytest.fixture
def odata(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Table:
    """Five submissions; the n-th has n visits."""
    form = publish(FORM)
    for number in range(5):
        visits = "".join(f"<visits><note>{number}.{visit}</note></visits>" for visit in range(number))
        inside = (
            f"<who>n{number}</who><g><age>{number}</age></g><place>21 105.5 0 0</place><photo>a.jpg</photo>{visits}"
        )
        files = [("a.jpg", b"a", "image/jpeg")] if number == 4 else []
        expect.told(send(form.submission(inside, instance_id=f"uuid:{number}"), files), 201)
    return Table(client, cast, form)


def test_it_works(odata: Table, cast: Cast) -> None:
    document = odata()
    assert document["@odata.context"] == "http://localhost/v1/projects/1/forms/visit.svc/$metadata#Submissions"
    assert "@odata.nextLink" not in document and "@odata.count" not in document
    rows = document["value"]
    assert [row["__id"] for row in rows] == [f"uuid:{number}" for number in (4, 3, 2, 1, 0)]
    first = rows[0]
    assert (first["who"], first["g"], first["photo"]) == ("n4", {"age": 4}, "a.jpg")
    assert first["meta"]["instanceID"] == "uuid:4"
    assert first["place"]["type"] == "Point" and first["place"]["coordinates"][:2] == [105.5, 21.0]
    assert first["visits@odata.navigationLink"] == "Submissions('uuid%3A4')/visits"
    assert "visits" not in first and "visits@odata.navigationLink" not in rows[4]
    system = first["__system"]
    assert system.keys() == SYSTEM
    assert (system["submitterId"], system["submitterName"]) == (str(cast.device.id), "Máy của Lan")
    assert (system["attachmentsPresent"], system["attachmentsExpected"]) == (1, 1)
    assert (rows[1]["__system"]["attachmentsPresent"], rows[1]["__system"]["attachmentsExpected"]) == (0, 1)
    assert (system["edits"], system["formVersion"], system["reviewState"], system["status"]) == (0, "1", None, None)
    assert system["submissionDate"].endswith("Z") and system["deletedAt"] is None


def refused(answer: TestResponse, path: str, kind: Kind) -> None:
    """A refusal; where the document is XML, it is too."""
    if path != "/$metadata":
        expect.refused(answer, kind)
        return
    assert answer.content_type == "text/xml; charset=utf-8"
    error = ElementTree.fromstring(answer.data)
    code = problems.AUTHENTICATION_FAILED if answer.status_code == 401 else kind
    assert (error.tag, error.attrib["code"], answer.status_code) == ("error", str(code.code), int(code.code))


def test_refusals(client: FlaskClient, cast: Cast, odata: Table) -> None:
    base = f"{odata.form.url}.svc"
    for path in ("", "/$metadata", "/Submissions", "/Submissions.visits", "/Submissions('uuid:1')"):
        assert client.get(f"{base}{path}", headers=cast.vy.bearer).status_code == 200, path
        for headers in (cast.charlie.bearer, cast.dung.bearer, cast.minh.bearer):
            refused(client.get(f"{base}{path}", headers=headers), path, problems.INSUFFICIENT_RIGHTS)
        # Excel and Power BI ask for a password only when they are told to.
        refused(client.get(f"{base}{path}"), path, problems.AUTHENTICATION_FAILED)
        elsewhere = client.get(f"{base}{path}".replace("/1/", "/2/"), headers=cast.dung.bearer)
        refused(elsewhere, path, problems.NOT_FOUND)
    expect.refused(client.get(cast.device.url("forms/visit.svc/Submissions")), problems.INSUFFICIENT_RIGHTS)


def test_basic(client: FlaskClient, cast: Cast, odata: Table) -> None:
    assert client.get(f"{odata.form.url}.svc/Submissions", headers=cast.vy.basic).status_code == 200


def test_service_document(odata: Table) -> None:
    assert odata("") == {
        "@odata.context": "http://localhost/v1/projects/1/forms/visit.svc/$metadata",
        "value": [
            {"name": "Submissions", "kind": "EntitySet", "url": "Submissions"},
            {"name": "Submissions.visits", "kind": "EntitySet", "url": "Submissions.visits"},
        ],
    }


def test_metadata(odata: Table) -> None:
    answer = odata.answer("/$metadata")
    assert answer.status_code == 200 and answer.mimetype == "application/xml"
    assert answer.headers["OData-Version"] == "4.0"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "{http://docs.oasis-open.org/odata/ns/edmx}Edmx"
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    assert [entity.attrib["Name"] for entity in root.iter(f"{edm}EntityType")] == ["Submissions", "Submissions.visits"]
    again = odata.client.get(
        f"{odata.form.url}.svc/$metadata", headers=odata.headers | {"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_top_and_skip(odata: Table) -> None:
    assert [row["who"] for row in odata(top="2")["value"]] == ["n4", "n3"]
    assert [row["who"] for row in odata(top="2", skip="1")["value"]] == ["n3", "n2"]
    assert [row["who"] for row in odata(skip="3")["value"]] == ["n1", "n0"]
    assert odata(top="0")["value"] == [] and odata(skip="9")["value"] == []


def test_count_is_of_all(odata: Table) -> None:
    assert odata(top="1", count="true")["@odata.count"] == 5
    assert odata(top="0", count="true")["@odata.count"] == 5
    assert odata("/Submissions.visits", top="1", count="true")["@odata.count"] == 10
    assert "@odata.count" not in odata(count="false")


@pytest.mark.parametrize("top", range(1, 7))
def test_following_the_links(odata: Table, top: int) -> None:
    pages = odata.pages("/Submissions", top=str(top))
    assert [row["who"] for page in pages for row in page] == ["n4", "n3", "n2", "n1", "n0"]
    assert all(len(page) == top for page in pages[:-1]) and 0 < len(pages[-1]) <= top


@pytest.mark.parametrize("top", [1, 2, 3, 4, 9, 10])
def test_following_the_links_of_a_repeat(odata: Table, top: int) -> None:
    pages = odata.pages("/Submissions.visits", top=str(top))
    notes = [row["note"] for page in pages for row in page]
    assert sorted(notes) == sorted(f"{number}.{visit}" for number in range(5) for visit in range(number))
    assert all(len(page) == top for page in pages[:-1])


def test_links_keep_the_other_options_and_skip_only_once(odata: Table) -> None:
    document = odata(top="2", skip="1", count="true", select="who")
    kept = parse_qs(urlsplit(document["@odata.nextLink"]).query)
    assert kept.keys() == {"$top", "$count", "$select", "$skiptoken"}
    pages = odata.pages("/Submissions", top="2", skip="1")
    assert [row["who"] for page in pages for row in page] == ["n3", "n2", "n1", "n0"]


def test_a_new_submission_does_not_move_the_pages(odata: Table, send: Send) -> None:
    first = odata(top="2")
    send(odata.form.submission("<who>new</who>"))
    token = parse_qs(urlsplit(first["@odata.nextLink"]).query)["$skiptoken"][0]
    assert [row["who"] for row in odata(top="2", skiptoken=token)["value"]] == ["n2", "n1"]


@pytest.mark.parametrize("token", ["x", "01", "01e30=", "01eyJpbnN0YW5jZUlkIjoidXVpZDo5In0=", "01!!", "đ"])
def test_wrong_tokens(odata: Table, token: str) -> None:
    expect.refused(odata.answer(skiptoken=token), problems.SKIPTOKEN_INVALID)


@pytest.mark.parametrize("option", [{"top": "x"}, {"top": "-1"}, {"skip": "x"}])
def test_wrong_numbers(odata: Table, option: dict[str, str]) -> None:
    expect.refused(odata.answer(**option), problems.INVALID_DATA_TYPE)


def test_what_is_not_supported_is_refused(odata: Table) -> None:
    for option in ("search", "apply", "compute"):
        assert expect.refused(odata.answer(**{option: "x"}), problems.NOT_IMPLEMENTED) == {"feature": f"${option}"}
    assert expect.refused(odata.answer(expand="visits"), problems.EXPAND_UNSUPPORTED) == {"text": "visits"}
    expect.refused(odata.answer("/None"), problems.NOT_FOUND)
    expect.refused(odata.answer("/Submissions.g"), problems.NOT_FOUND)


def test_expand(odata: Table) -> None:
    rows = odata(expand="*", top="3")["value"]
    assert [[visit["note"] for visit in row["visits"]] for row in rows] == [
        ["4.0", "4.1", "4.2", "4.3"],
        ["3.0", "3.1", "3.2"],
        ["2.0", "2.1"],
    ]
    assert all(len(visit["__id"]) == 40 for row in rows for visit in row["visits"])


def test_select(odata: Table) -> None:
    assert odata(top="1", select="who")["value"] == [{"who": "n4"}]
    assert odata(top="1", select="__id, g/age")["value"] == [{"__id": "uuid:4", "g": {"age": 4}}]
    (row,) = odata(top="1", select="__system/reviewState")["value"]
    assert row == {"__system": {"reviewState": None}}
    assert odata(top="1", select="*")["value"] == odata(top="1")["value"]
    expect.refused(odata.answer(select="nothing"), problems.PROPERTY_NOT_FOUND)
    expect.refused(odata.answer(select="visits/note"), problems.SELECT_UNSUPPORTED)
    expect.refused(odata.answer(select="who", expand="*"), problems.SELECT_WITH_EXPAND)


def test_wkt(odata: Table) -> None:
    assert odata(top="1", wkt="true")["value"][0]["place"].startswith("POINT (105.5 21")


def test_a_repeat(odata: Table) -> None:
    document = odata("/Submissions.visits")
    assert document["@odata.context"].endswith("#Submissions.visits")
    assert document["value"][0].keys() == {"__id", "__Submissions-id", "note"}
    parents = [row["__Submissions-id"] for row in document["value"]]
    assert [parents.count(f"uuid:{number}") for number in range(5)] == [0, 1, 2, 3, 4]


def test_one_submission(odata: Table) -> None:
    document = odata("/Submissions('uuid:3')")
    assert [row["who"] for row in document["value"]] == ["n3"]
    expanded = odata("/Submissions('uuid:3')", expand="*")
    assert len(expanded["value"][0]["visits"]) == 3
    assert odata("/Submissions('uuid%3A3')") == document
    expect.refused(odata.answer("/Submissions('uuid:9')"), problems.NOT_FOUND)


def test_only_current_versions_and_nothing_deleted(odata: Table, cast: Cast, send: Send) -> None:
    send(odata.form.submission("<who>edited</who>", instance_id="uuid:b", deprecated_id="uuid:1"))
    odata.client.delete(f"{odata.form.url}/submissions/uuid:0", headers=cast.bob.bearer)
    rows = {row["__id"]: row for row in odata()["value"]}
    assert rows.keys() == {"uuid:1", "uuid:2", "uuid:3", "uuid:4"}
    assert rows["uuid:1"]["who"] == "edited"
    assert rows["uuid:1"]["__system"]["edits"] == 1 and rows["uuid:1"]["__system"]["reviewState"] == "edited"


def test_letters_in_a_form_id_do_not_break_the_links(
    client: FlaskClient, cast: Cast, publish: Publish, send: Send
) -> None:
    form = publish(FORM.replace("| visit   |", "| thăm nhà |"))
    for number in range(2):
        send(form.submission(instance_id=f"uuid:{number}"))
    document = Table(client, cast, form)(top="1")
    for link in (document["@odata.context"], document["@odata.nextLink"]):
        assert link.isascii() and " " not in link
    assert len(Table(client, cast, form).pages("/Submissions", top="1")) == 2


@pytest.mark.parametrize("form_id", ["draft", "projects", "formList"])
def test_a_form_with_an_awkward_id(client: FlaskClient, cast: Cast, publish: Publish, send: Send, form_id: str) -> None:
    form = publish(FORM.replace("| visit   |", f"| {form_id} |"))
    expect.told(send(form.submission("<who>An</who>")), 201)
    document = Table(client, cast, form)()
    assert [row["who"] for row in document["value"]] == ["An"]
    assert f"/forms/{form_id}.svc/$metadata" in document["@odata.context"]
    listed = client.get(cast.device.url("formList")).text
    assert f"{cast.device.url('forms')}/{form_id}.xml" in listed
    assert client.get(cast.device.url(f"forms/{form_id}/manifest")).status_code == 200


def test_answers_of_any_letters(client: FlaskClient, cast: Cast, odata: Table, send: Send) -> None:
    text = 'Đặng "Ân" <&> \\ / \u2028 😀'
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    send(odata.form.submission(f"<who>{escaped}</who>"))
    answer = odata.answer(top="1")
    assert json.loads(answer.data.decode())["value"][0]["who"] == text
