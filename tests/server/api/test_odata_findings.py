"""OData with `findings=true`: how much is wrong with each submission, and what."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from schemas import problems
from server.db import db
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey   |              |        |       |            |          |
|          | type         | name   | label | constraint | required |
|          | integer      | age    | Tuổi? | . < 120    |          |
|          | integer      | kids   | Con?  | . < 20     |          |
|          | text         | who    | Ai?   |            | yes      |
|          | begin_repeat | visits | Lần   |            |          |
|          | text         | note   | Gì?   |            |          |
|          | end_repeat   |        |       |            |          |
| settings |              |        |       |            |          |
|          | form_title   | form_id | version |
|          | Thăm nhà     | visit  | 1     |
"""
SERVICE = "http://localhost/v1/projects/1/forms/visit.svc"


@pytest.fixture
def form(publish: Publish, send: Send) -> Published:
    """Two submissions: all is wrong with the first, nothing with the second."""
    made = publish(FORM)
    bad = "<age>130</age><kids>30</kids><who/><visits><note>x</note></visits>"
    expect.told(send(made.submission(bad, instance_id="uuid:bad")), 201)
    good = "<age>30</age><kids>3</kids><who>An</who>"
    expect.told(send(made.submission(good, instance_id="uuid:good")), 201)
    return made


def ask(client: FlaskClient, cast: Cast, path: str) -> Any:
    """What Vy is told."""
    answer = client.get(path, headers=cast.vy.bearer, buffered=True)
    assert answer.status_code == 200, answer.text
    return answer


def test_it_works(client: FlaskClient, cast: Cast, form: Published) -> None:
    told = ask(client, cast, f"{form.url}.svc/Submissions?findings=true").get_json()
    good, bad = (row["__system"] for row in told["value"])
    assert (good["findings"], good["findingCodes"]) == (0, "")
    assert (bad["findings"], bad["findingCodes"]) == (3, "constraint.broken required.empty")
    assert told["@odata.context"] == f"{SERVICE}/$metadata?findings=true#Submissions"
    one = ask(client, cast, f"{form.url}.svc/Submissions('uuid:bad')?findings=true").get_json()
    assert one["value"][0]["__system"] == bad


def test_without_it_nothing_is_other(client: FlaskClient, cast: Cast, form: Published) -> None:
    for path in ("", "/$metadata", "/Submissions", "/Submissions('uuid:bad')", "/Submissions.visits"):
        plain = ask(client, cast, f"{form.url}.svc{path}")
        assert b"inding" not in plain.data
        assert ask(client, cast, f"{form.url}.svc{path}?findings=false").data == plain.data


def test_the_documents_declare_it_and_pass_it_on(client: FlaskClient, cast: Cast, form: Published) -> None:
    service = ask(client, cast, f"{form.url}.svc?findings=true").get_json()
    assert service["@odata.context"] == f"{SERVICE}/$metadata?findings=true"
    assert [one["url"] for one in service["value"]] == [
        "Submissions?findings=true",
        "Submissions.visits?findings=true",
    ]
    metadata = ask(client, cast, f"{form.url}.svc/$metadata?findings=true").text
    assert '<Property Name="findings" Type="Edm.Int64"/>' in metadata
    assert '<Property Name="findingCodes" Type="Edm.String"/>' in metadata
    visits = ask(client, cast, f"{form.url}.svc/Submissions.visits?findings=true").get_json()
    assert visits["@odata.context"] == f"{SERVICE}/$metadata?findings=true#Submissions.visits"
    assert [row.keys() for row in visits["value"]] == [{"__id", "__Submissions-id", "note"}]


def test_pages_and_choices_keep_it(client: FlaskClient, cast: Cast, form: Published) -> None:
    query = "findings=true&$top=1&$select=__id,__system/findings"
    first = ask(client, cast, f"{form.url}.svc/Submissions?{query}").get_json()
    assert first["value"] == [{"__id": "uuid:good", "__system": {"findings": 0}}]
    link = urlsplit(first["@odata.nextLink"])
    second = ask(client, cast, f"{link.path}?{link.query}").get_json()
    assert second["value"] == [{"__id": "uuid:bad", "__system": {"findings": 3}}]
    plain = client.get(f"{form.url}.svc/Submissions?$select=__system/findings", headers=cast.vy.bearer)
    expect.refused(plain, problems.PROPERTY_NOT_FOUND)


def test_what_was_dismissed_does_not_count(client: FlaskClient, cast: Cast, form: Published) -> None:
    bob = cast.bob.bearer
    where = f"{form.url}/submissions/uuid:bad/findings"
    for one in client.get(where, headers=bob | {"X-Extended-Metadata": "true"}).get_json():
        if one["code"] == "required.empty":
            client.post(f"{where}/{one['id']}/dismissal", json={"reason": "Không rõ"}, headers=bob)
    told = ask(client, cast, f"{form.url}.svc/Submissions('uuid:bad')?findings=true").get_json()
    system = told["value"][0]["__system"]
    assert (system["findings"], system["findingCodes"]) == (2, "constraint.broken")


def test_it_costs_one_question_a_page(app: Flask, client: FlaskClient, cast: Cast, form: Published) -> None:
    asked: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    def least(query: str) -> list[str]:
        """Of several times: what the server looks up for itself every few seconds falls into one of them at most."""
        times = []
        for _ in range(3):
            asked.clear()
            ask(client, cast, f"{form.url}.svc/Submissions{query}")
            times.append([one for one in asked if one.startswith("SELECT")])
        return min(times, key=len)

    event.listen(engine, "before_cursor_execute", note)
    found = {query: least(query) for query in ("", "?findings=true")}
    event.remove(engine, "before_cursor_execute", note)
    (more,) = [one for one in found["?findings=true"] if one not in found[""]]
    assert "findings" in more and len(found["?findings=true"]) == len(found[""]) + 1
