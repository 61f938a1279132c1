"""GET …/submissions.csv, .csv.zip and the other formats: who gets what, options, ETags, files, the audit."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from forms.exports import FORMATS
from schemas import problems
from server.db import db
from server.models import Audit
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.downloads import files, table
from tests.phone import Published

FORM = """
| survey   |                     |        |       |
|          | type                | name   | label |
|          | text                | who    | Ai?   |
|          | integer             | age    | Tuổi? |
|          | select_multiple f   | eats   | Ăn gì? |
|          | geopoint            | place  | Đâu?  |
|          | begin_repeat        | visits | Lần   |
|          | text                | note   | Gì?   |
|          | end_repeat          |        |       |
| choices  |           |      |       |
|          | list_name | name | label |
|          | f         | a    | Xoài  |
|          | f         | b    | Ổi    |
| settings |            |         |         |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
LAN = "<who>Lan</who><age>30</age><eats>a b</eats><place>21.5 105 0 1</place><visits><note>một</note></visits>"
EVENTS = b"event, node,start,end\r\nquestion,/data/who,1,2\r\n\r\n"
Get = Callable[..., Any]


@pytest.fixture
def lan(publish: Publish, send: Send) -> Published:
    """The form with two submissions: of Lan, then of Mai."""
    form = publish(FORM)
    for number, inside in (("1", LAN), ("2", "<who>Mai</who><eats>b</eats>")):
        expect.told(send(form.submission(inside, instance_id=f"uuid:{number}")), 201)
    return form


@pytest.fixture
def get(client: FlaskClient, cast: Cast) -> Get:
    """`get(form, "csv")`: as Vy, who only reads, is answered."""

    def ask(form: Published, ending: str, query: str = "", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{form.url}/submissions.{ending}{query}"
        return client.get(url, headers=cast.vy.bearer | named, buffered=True)

    return ask


def keys(answer: Any) -> list[str]:
    """Of the submissions in a table."""
    assert answer.status_code == 200, answer.text
    return [row["KEY"] for row in table(answer.data)]


def test_it_works(get: Get, lan: Published) -> None:
    answer = get(lan, "csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    disposition = "attachment; filename=\"visit.csv\"; filename*=UTF-8''visit.csv"
    assert answer.headers["Content-Disposition"] == disposition
    newest, first = table(answer.data)
    assert (newest["KEY"], first["who"], first["age"], first["place-Latitude"]) == ("uuid:2", "Lan", "30", "21.5")
    assert (first["SubmitterName"], first["Edits"], first["FormVersion"]) == ("Máy của Lan", "0", "1")


def test_an_archive_with_repeats(get: Get, lan: Published) -> None:
    answer = get(lan, "csv.zip", "?attachments=false")
    assert answer.content_type == "application/zip"
    assert 'filename="visit.csv.zip"' in answer.headers["Content-Disposition"]
    found = files(answer)
    assert list(found) == ["visit.csv", "visit-visits.csv"]
    assert found["visit.csv"] == get(lan, "csv").data
    assert table(found["visit-visits.csv"]) == [{"note": "một", "PARENT_KEY": "uuid:1", "KEY": "uuid:1/visits[1]"}]


def test_files_go_with_it(get: Get, form: Published) -> None:
    answer = get(form, "csv.zip")
    assert 'filename="visit.zip"' in answer.headers["Content-Disposition"]
    assert list(files(answer)) == ["visit.csv", "media/f.jpg"] and files(answer)["media/f.jpg"] == b"photo"


def test_what_phones_noted_is_one_table(get: Get, publish: Publish, send: Send) -> None:
    form = publish("| survey | | | |\n| | type | name | label |\n| | audit | audit | |\n| | text | who | Ai? |\n")
    for number in ("1", "2"):
        inside = "<who>Lan</who><meta><audit>audit.csv</audit></meta>"
        body = form.submission(inside, instance_id=f"uuid:{number}").replace(b"</meta><meta>", b"")
        expect.told(send(body, [("audit.csv", EVENTS, "text/csv")]), 201)
    found = files(get(form, "csv.zip"))
    assert list(found) == ["visit.csv", "visit - audit.csv"]
    rows = table(found["visit - audit.csv"])
    assert [(row["instance ID"], row["event"], row["node"], row["user"]) for row in rows] == [
        ("uuid:1", "question", "/data/who", ""), ("uuid:2", "question", "/data/who", "")
    ]  # fmt: skip


def test_options(get: Get, lan: Published) -> None:
    header = get(lan, "csv", "?groupPaths=FALSE&splitSelectMultiples=true").text.partition("\n")[0]
    assert ",eats,eats/a,eats/b," in header and ",instanceID," in header
    filtered = get(lan, "csv", "?$filter=__id eq 'uuid:1'&splitSelectMultiples=true")
    assert [row["eats/a"] for row in table(filtered.data)] == ["1"]
    assert keys(get(lan, "csv", "?$filter=age gt 20")) == ["uuid:1"]


def test_questions_that_were_removed(get: Get, publish: Publish, lan: Published) -> None:
    publish(
        FORM.replace("|          | integer             | age    | Tuổi? |\n", "").replace("| 1       |", "| 2       |")
    )
    assert "age" not in table(get(lan, "csv").data)[0]
    assert [row["age"] for row in table(get(lan, "csv", "?deletedFields=true").data)] == ["", "30"]


def test_drafts_have_their_own(client: FlaskClient, cast: Cast, get: Get, lan: Published) -> None:
    url, headers = f"{lan.url}/draft", cast.bob.bearer
    expect.refused(client.get(f"{url}/submissions.csv", headers=headers), problems.NOT_FOUND)
    assert client.post(url, headers=headers).status_code == 200
    body, kind = lan.submission("<who>Thử</who>", instance_id="uuid:3"), {"Content-Type": "text/xml"}
    assert client.post(f"{url}/submissions", data=body, headers=headers | kind).status_code == 200
    assert keys(client.get(f"{url}/submissions.csv", headers=headers)) == ["uuid:3"]
    assert keys(get(lan, "csv")) == ["uuid:2", "uuid:1"]


def test_nothing_new_is_not_sent_again(client: FlaskClient, cast: Cast, get: Get, lan: Published) -> None:
    tag = get(lan, "csv").headers["ETag"]
    again = get(lan, "csv", If_None_Match=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag) and tag.startswith('W/"')
    reviewed = client.patch(f"{lan.url}/submissions/uuid:1", json={"reviewState": "approved"}, headers=cast.bob.bearer)
    assert reviewed.status_code == 200
    assert [row["ReviewState"] for row in table(get(lan, "csv", If_None_Match=tag).data)] == ["", "approved"]


def test_a_file_that_comes_later_is_new(client: FlaskClient, cast: Cast, get: Get, form: Published) -> None:
    tags = [get(form, "csv.zip").headers["ETag"], get(form, "csv").headers["ETag"]]
    url, kind = f"{form.url}/submissions/uuid:1/attachments/f.jpg", {"Content-Type": "image/jpeg"}
    assert client.post(url, data=b"another", headers=cast.bob.bearer | kind).status_code == 200
    assert get(form, "csv.zip", If_None_Match=tags[0]).status_code == 200
    assert get(form, "csv", If_None_Match=tags[1]).status_code == 200


def test_what_is_written_into_the_audit(app: Flask, cast: Cast, get: Get, lan: Published) -> None:
    tag = get(lan, "csv").headers["ETag"]
    get(lan, "csv", If_None_Match=tag)
    get(lan, "xlsx")
    with app.app_context():
        query = select(Audit).where(Audit.actor_id == cast.vy.id, Audit.action != "user.session.create")
        query = query.order_by(Audit.id)
        entries = [(entry.action, entry.details) for entry in db.session.scalars(query)]
    seen = {"count": 2, "firstInstanceId": "uuid:2", "lastInstanceId": "uuid:1"}
    look = ("submission.data.read", seen)
    assert entries == [
        ("form.submission.export", {}), look, ("form.submission.export", {"format": "xlsx"}), look
    ]  # fmt: skip


def test_a_reader_who_leaves_is_told_of_too(
    app: Flask, client: FlaskClient, cast: Cast, lan: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.actions.exports.PAGE", 1)
    answer = client.get(f"{lan.url}/submissions.csv", headers=cast.vy.bearer)
    parts = iter(answer.response)
    assert b"uuid:2" in next(parts) + next(parts)
    answer.close()
    with app.app_context():
        query = select(Audit.details).where(Audit.action == "submission.data.read")
        assert [told["count"] for told in db.session.scalars(query)] == [1]


def test_many_pages(get: Get, lan: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.actions.exports.PAGE", 1)
    assert keys(get(lan, "csv")) == ["uuid:2", "uuid:1"]
    assert keys(get(lan, "csv", "?limit=1")) == ["uuid:2"]


def test_all_formats_tell_the_same(get: Get, lan: Published) -> None:
    for ending, made in FORMATS.items():
        answer = get(lan, ending, "?attachments=false")
        assert (answer.status_code, answer.content_type) == (200, made.content_type), ending
    book = load_workbook(io.BytesIO(get(lan, "xlsx", "?labels=").data))
    assert [row[1] for row in book["visit"].iter_rows(values_only=True)] == ["Ai?", "Mai", "Lan"]
    (feature,) = json.loads(get(lan, "geojson").data)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [105.0, 21.5, 0.0]}
    assert b"<coordinates>105.0,21.5,0.0</coordinates>" in get(lan, "kml").data


def test_findings_beside_the_answers(get: Get, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    expect.told(send(form.submission("<who>Lan</who><age>ba mươi</age>", instance_id="uuid:1")), 201)
    (row,) = table(get(form, "csv", "?findings=true").data)
    assert (row["Findings"], row["FindingCodes"]) == ("1", "type.integer")
    assert "Findings" not in table(get(form, "csv").data)[0]


def test_the_places_of_one_submission(client: FlaskClient, cast: Cast, get: Get, lan: Published) -> None:
    url, headers = f"{lan.url}/submissions", cast.vy.bearer
    found = client.get(f"{url}/uuid:1.geojson", headers=headers).get_json()["features"]
    assert [(one["id"], one["properties"]) for one in found] == [("uuid:1", {"fieldpath": "/place"})]
    same = client.get(f"{url}/uuid:1/versions/uuid:1.geojson?fieldpath=/place", headers=headers).get_json()
    assert same["features"] == [found[0] | {"properties": None}]
    assert client.get(f"{url}/uuid:2.geojson", headers=headers).get_json()["features"] == []
    expect.refused(client.get(f"{url}/uuid:9.geojson", headers=headers), problems.NOT_FOUND)
    expect.refused(get(lan, "geojson", "?fieldpath=/place&fieldpath=/who"), problems.INVALID_QUERY)


@pytest.mark.parametrize("ending", FORMATS)
def test_refusals(client: FlaskClient, cast: Cast, publish: Publish, ending: str) -> None:
    form = publish(VISIT, draft=True)
    url = f"{form.url}/submissions.{ending}"
    for headers in (cast.charlie.bearer, cast.minh.bearer, {}):
        expect.refused(client.get(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.get(url.replace("visit", "other"), headers=cast.bob.bearer), problems.NOT_FOUND)
    published = publish(VISIT.replace("| visit ", "| later "))
    unreadable = client.get(f"{published.url}/submissions.{ending}?$filter=((", headers=cast.bob.bearer)
    expect.refused(unreadable, problems.UNPARSEABLE_ODATA)
