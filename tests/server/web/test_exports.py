"""The page where a supervisor downloads what the list shows."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.cast import Cast
from tests.conftest import House, Publish, Send
from tests.outages import cut_off
from tests.server.web.conftest import FORMS, Visit, World

URL = f"{FORMS}/submissions/all/download"


def keys(answer: Any, name: str = "point_visit.csv") -> list[str]:
    """Of the submissions in an archive of tables."""
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        rows = csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
        return [row["KEY"] for row in rows]


def test_it_works(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    assert f'href="{URL}"' in visitor.get(f"{FORMS}/submissions").text
    assert "Only what the list shows" not in visitor.get(URL).text
    answer = visitor.post(URL, {"format": "xlsx"})
    assert 'filename="point_visit.xlsx"' in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.data))
    assert book["point_visit"].max_row == 4 and "Codebook" in book.sheetnames


def test_filters_of_the_list_are_taken_along(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    assert f'href="{URL}?findings=yes"' in visitor.get(f"{FORMS}/submissions?findings=yes").text
    page = visitor.get(f"{URL}?findings=yes").text
    assert '<input type="hidden" name="findings" value="yes">' in page and "Only what the list shows" in page
    assert keys(visitor.post(URL, {"format": "csv", "findings": "yes"})) == [world.bad]
    assert len(keys(visitor.post(URL, {"format": "csv"}))) == 3


def test_a_search_is_taken_along_too(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    visitor.post(f"{FORMS}/submissions/search", {"search": "TD-02"})
    assert "Only what the list shows" in visitor.get(URL).text
    assert len(keys(visitor.post(URL, {"format": "csv"}))) == 1


def test_for_a_spreadsheet_in_words_with_what_is_wrong(visit: Visit, cast: Cast, world: World) -> None:
    told: dict[str, object] = {"format": "excel", "labels": "in:", "with_findings": "on", "findings": "yes"}
    answer = visit(cast.bob).post(URL, told)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        text = archive.read("point_visit.csv").decode()
    assert text.startswith("\ufeff") and "Findings,FindingCodes\r\n" in text and "instanceID" in text


@pytest.mark.parametrize("kind", ["parquet", "geojson", "kml", "nonsense"])
def test_other_formats(visit: Visit, cast: Cast, world: World, kind: str) -> None:
    assert visit(cast.vy).post(URL, {"format": kind}).status_code == 200


def test_a_wrong_passphrase_is_said_on_the_page(visit: Visit, cast: Cast, client: FlaskClient, world: World) -> None:
    secret = {"passphrase": "mot cau khong ai biet"}
    assert client.post("/v1/projects/1/key", json=secret, headers=cast.bob.bearer).status_code == 200
    number = client.get("/v1/projects/1", headers=cast.bob.bearer).get_json()["keyId"]
    answer = visit(cast.bob).post(URL, {"format": "csv", f"key-{number}": "something else"})
    assert answer.status_code == 400 and "check the passphrase" in answer.text
    right = visit(cast.bob).post(URL, {"format": "csv", f"key-{number}": secret["passphrase"]})
    assert len(keys(right)) == 3
    for _ in range(10):
        visit(cast.bob).post(URL, {"format": "csv", f"key-{number}": "something else"})
    answer = visit(cast.bob).post(URL, {"format": "csv", f"key-{number}": secret["passphrase"]})
    assert answer.status_code == 429 and "Too many wrong passphrases" in answer.text and 'name="format"' in answer.text


def test_a_store_that_is_away_is_said_on_the_page(
    visit: Visit, cast: Cast, app: Flask, house: House, client: FlaskClient, publish: Publish, send: Send
) -> None:
    form = publish("| survey | | | |\n| | type | name | label |\n| | image | photo | Ảnh? |\n")
    sent = form.submission("<photo>a.jpg</photo>", instance_id="uuid:1")
    assert send(sent, [("a.jpg", b"1", "image/jpeg")]).status_code == 201
    with cut_off(app, house.home):
        url = f"/projects/1/forms/{form.xml_form_id}/submissions/all/download"
        answer = visit(cast.bob).post(url, {"format": "csv", "files": "1"})
    assert answer.status_code == 503 and "does not answer" in answer.text and 'name="format"' in answer.text


def test_only_who_reads_the_submissions(visit: Visit, cast: Cast, world: World, publish: Publish) -> None:
    for person in (cast.charlie, cast.minh):
        assert visit(person).get(URL).status_code in (403, 404)
        assert visit(person).post(URL, {"format": "csv"}).status_code in (403, 404)
    assert visit().get(URL).status_code == 303
    draft = publish("| survey | | | |\n| | type | name | label |\n| | text | who | Ai? |\n", draft=True)
    assert visit(cast.bob).get(f"/projects/1/forms/{draft.xml_form_id}/submissions/all/download").status_code == 404
