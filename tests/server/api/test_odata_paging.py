"""OData's links to the next page: they lead on, whatever happened to the rows in the meantime."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey |              |        |       |
|        | type         | name   | label |
|        | text         | who    | Ai?   |
|        | begin_repeat | visits | Lần   |
|        | text         | note   | Gì?   |
|        | end_repeat   |        |       |
"""


@pytest.fixture
def form(publish: Publish, send: Send) -> Published:
    """Four submissions with two visits each; the last but one edits one that has not arrived."""
    made = publish(FORM)
    for number in range(4):
        visits = "".join(f"<visits><note>{number}.{visit}</note></visits>" for visit in range(2))
        ids = {"instance_id": f"uuid:{number}"} | ({"deprecated_id": "uuid:original"} if number == 2 else {})
        expect.told(send(made.submission(f"<who>n{number}</who>{visits}", **ids), []), 201)
    return made


def read(client: FlaskClient, cast: Cast, url: str) -> Any:
    """A page, as Vy reads it."""
    answer = client.get(url, headers=cast.vy.bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def following(document: Any) -> str:
    """The address of the next page."""
    link = urlsplit(document["@odata.nextLink"])
    return f"{link.path}?{link.query}"


def test_the_last_row_of_a_page_is_deleted(client: FlaskClient, cast: Cast, form: Published) -> None:
    first = read(client, cast, f"{form.url}.svc/Submissions?$top=2")
    client.delete(f"{form.url}/submissions/uuid:2", headers=cast.bob.bearer)
    second = read(client, cast, following(first))
    assert [row["who"] for row in first["value"] + second["value"]] == ["n3", "n2", "n1", "n0"]


def test_the_last_row_of_a_page_joins_its_original(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    first = read(client, cast, f"{form.url}.svc/Submissions?$top=2")
    expect.told(send(form.submission("<who>original</who>", instance_id="uuid:original")), 201)
    assert [row["who"] for row in read(client, cast, following(first))["value"]] == ["n1", "n0"]


@pytest.mark.parametrize("top", [3, 4])
def test_the_submission_of_the_last_row_of_a_repeat_is_deleted(
    client: FlaskClient, cast: Cast, form: Published, top: int
) -> None:
    first = read(client, cast, f"{form.url}.svc/Submissions.visits?$top={top}")
    client.delete(f"{form.url}/submissions/uuid:2", headers=cast.bob.bearer)
    second = read(client, cast, following(first).replace(f"top={top}", "top=9"))
    assert [row["note"] for row in second["value"]] == ["1.0", "1.1", "0.0", "0.1"]


@pytest.mark.parametrize("place", [0, -1, 10**400, True, "1", "", None, 1.5, [1], {}, "gAAAAAB", "\ud800"])
def test_wrong_places_in_a_token(client: FlaskClient, cast: Cast, form: Published, place: Any) -> None:
    text = json.dumps({"instanceId": "uuid:2", "place": place})
    token = "01" + base64.urlsafe_b64encode(text.encode()).decode()
    answer = client.get(f"{form.url}.svc/Submissions?$skiptoken={token}", headers=cast.vy.bearer)
    expect.refused(answer, problems.SKIPTOKEN_INVALID)


def test_a_token_without_a_number_still_leads_on(client: FlaskClient, cast: Cast, form: Published) -> None:
    token = "01" + base64.urlsafe_b64encode(b'{"instanceId": "uuid:2"}').decode()
    rows = read(client, cast, f"{form.url}.svc/Submissions?$skiptoken={token}")["value"]
    assert [row["who"] for row in rows] == ["n1", "n0"]


@pytest.mark.parametrize("odd", ["uuid:\u202e", "uuid:a\u2028b", "uuid:a b", "uuid:\U000e0001"])
def test_a_page_ends_with_an_odd_id(client: FlaskClient, cast: Cast, form: Published, send: Send, odd: str) -> None:
    expect.told(send(form.submission("<who>n4</who>", instance_id=odd), []), 201)
    first = read(client, cast, f"{form.url}.svc/Submissions?$top=1")
    assert [row["__id"] for row in first["value"]] == [odd]
    assert [row["who"] for row in read(client, cast, following(first))["value"]] == ["n3"]


def test_the_row_of_a_token_is_looked_for_among_the_newest(
    client: FlaskClient, cast: Cast, form: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else anybody's guess would have the whole form read."""
    keys = [row["__id"] for row in read(client, cast, f"{form.url}.svc/Submissions.visits")["value"]]
    monkeypatch.setattr("server.api.odata_pages.NEWEST", 3)
    for last, found in ((keys[5], 2), (keys[6], None), ("none", None)):
        token = "01" + base64.urlsafe_b64encode(json.dumps({"repeatId": last}).encode()).decode()
        answer = client.get(f"{form.url}.svc/Submissions.visits?$skiptoken={token}", headers=cast.vy.bearer)
        if found is None:
            expect.refused(answer, problems.REPEAT_ROW_NOT_FOUND)
        else:
            assert len(answer.get_json()["value"]) == found
