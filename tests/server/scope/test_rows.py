"""By the REST API nobody learns that something of another unit exists: rows, files, changes, counts."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import access, unit_roles
from server.db import db, writing
from server.models import Submission
from server.permissions import CONSOLE
from tests import expect, phone
from tests.cast import Cast
from tests.country import Country, Post, newest_first, person, same, seen


def test_rows_carry_the_unit_of_whoever_sent_them(app: Flask, country: Country) -> None:
    with app.app_context():
        found = dict(db.session.execute(select(Submission.instance_id, Submission.unit_id)).all())
    for name in "AB":
        assert {found[instance_id] for instance_id in country.rows[name]} == {country.units[name]}


def test_each_sees_her_own_unit_and_what_is_below(client: FlaskClient, cast: Cast, country: Country) -> None:
    assert seen(client, country, "an") == newest_first(country, "A")
    assert seen(client, country, "binh") == newest_first(country, "B")
    assert seen(client, country, "phuc") == newest_first(country, "A", "B")
    assert seen(client, country, "van") == []
    assert len(client.get(country.url, headers=cast.bob.bearer).json) == 5


def test_own_roles_see_what_they_sent(client: FlaskClient, country: Country) -> None:
    mine = phone.new_id()
    xml = country.form.submission("<who>Van</who>", instance_id=mine)
    sent = client.post(country.url, data=xml, content_type="application/xml", headers=country.people["van"])
    assert sent.status_code == 200
    assert seen(client, country, "van") == [mine]
    assert mine in seen(client, country, "an") and mine not in seen(client, country, "binh")
    one = client.get(f"{country.url}/{country.rows['A'][0]}", headers=country.people["van"])
    expect.refused(one, problems.NOT_FOUND)


BELOW = (
    "", ".xml", "/comments", "/audits", "/findings", "/attachments", "/attachments/{name}.jpg", "/versions", "/diffs",
    "/versions/{id}", "/versions/{id}.xml", "/versions/{id}/attachments", "/versions/{id}/attachments/{name}.jpg",
)  # fmt: skip


def test_what_is_outside_answers_as_what_is_not_there(client: FlaskClient, country: Country) -> None:
    """To the letter, headers too, and also to someone who knows its ETag."""
    inside, outside, absent = country.rows["A"][0], country.rows["B"][0], phone.new_id()
    for below in BELOW:
        answers = []
        for instance_id, name in ((inside, "A0"), (outside, "B0"), (absent, "B0")):
            address = f"{country.url}/{instance_id}" + below.format(id=instance_id, name=name)
            known = client.get(address, headers=country.people["phuc"]).headers.get("ETag", '"x"')
            answers.append(client.get(address, headers=country.people["an"] | {"If-None-Match": known}))
        assert answers[0].status_code in (200, 304), below
        expect.refused(answers[1], problems.NOT_FOUND)
        assert same(answers[1]) == same(answers[2]), below


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("PATCH", "", {"reviewState": "approved"}),
        ("POST", "/comments", {"body": "Chào"}),
        ("PUT", "", None),
        ("DELETE", "", None),
        ("POST", "/attachments/B0.jpg", None),
    ],
)
def test_what_is_outside_cannot_be_changed(
    client: FlaskClient, country: Country, method: str, below: str, body: dict[str, Any] | None
) -> None:
    answers = []
    for instance_id in (country.rows["B"][0], phone.new_id()):
        sent = {"json": body} if body else {"data": country.form.submission("", deprecated_id=instance_id)}
        address = f"{country.url}/{instance_id}{below}"
        answers.append(client.open(address, method=method, headers=country.people["an"], **sent))
    assert answers[0].status_code in (403, 404)
    assert same(answers[0]) == same(answers[1])


def test_a_supervisor_reviews_within_her_unit(client: FlaskClient, country: Country) -> None:
    one = f"{country.url}/{country.rows['A'][0]}"
    answer = client.patch(one, json={"reviewState": "approved"}, headers=country.people["an"])
    assert answer.json["reviewState"] == "approved"
    expect.refused(
        client.patch(one, json={"reviewState": "approved"}, headers=country.people["van"]),
        problems.INSUFFICIENT_RIGHTS,
    )


def test_no_count_betrays_it(client: FlaskClient, country: Country) -> None:
    extended = {"X-Extended-Metadata": "true"}
    counts = {}
    for who in ("an", "binh", "phuc", "van"):
        form = client.get(country.form.url, headers=country.people[who] | extended).json
        counts[who] = (form["submissions"], form["reviewStates"]["hasIssues"])
        listed = client.get("/v1/projects/1/forms", headers=country.people[who] | extended).json
        assert listed[0]["submissions"] == counts[who][0]
    assert counts == {"an": (2, 0), "binh": (3, 1), "phuc": (5, 1), "van": (0, 0)}
    last = {}
    for who in ("an", "binh", "van"):
        last[who] = client.get("/v1/projects/1", headers=country.people[who] | extended).json["lastSubmission"]
    assert last["van"] is None and last["an"] < last["binh"]
    people = client.get(f"{country.url}/submitters", headers=country.people["an"]).json
    assert [actor["id"] for actor in people] == [country.ids["phone_a"]]


def test_an_id_is_used_once_wherever(client: FlaskClient, country: Country, post: Post) -> None:
    """Who sends under an ID that is in use is told so, and no more: the IDs are random, and no answer ever tells one
    of another unit. To take both would cost what clients rely on, that an ID is one submission."""
    taken = country.rows["B"][0]
    xml = country.form.submission("<who>A</who>", instance_id=taken)
    sent = client.post(country.url, data=xml, content_type="application/xml", headers=country.people["an"])
    details = expect.refused(sent, problems.UNIQUENESS)
    assert taken in str(details) and "B" not in str(details).replace(taken, "")
    assert taken not in seen(client, country, "an")


def test_roles_for_some_forms_reach_those_alone(client: FlaskClient, country: Country, app: Flask) -> None:
    with app.app_context(), writing():
        person(country, "hanh", "health_worker", "A")
        person(country, "bich", "board", "A")
    assert client.get(country.url, headers=country.people["hanh"]).json == []
    expect.refused(client.get(country.url, headers=country.people["bich"]), problems.INSUFFICIENT_RIGHTS)


def test_two_roles_add_up_but_do_not_mix(client: FlaskClient, country: Country, app: Flask) -> None:
    """Supervisor of A and volunteer in B: she reviews in A, and of B sees what she sent."""
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "volunteer", country.ids["an"], country.units["B"])
    assert seen(client, country, "an") == newest_first(country, "A")
    outside = f"{country.url}/{country.rows['B'][0]}"
    expect.refused(client.get(outside, headers=country.people["an"]), problems.NOT_FOUND)


@pytest.mark.parametrize("role", ["formfill", "app-user"])
def test_a_role_of_the_dialect_tells_no_more_of_the_project(
    app: Flask, client: FlaskClient, country: Country, role: str
) -> None:
    """Its clients are told counts of everything; not one whose role on a unit says what she may see."""
    extended = country.people["an"] | {"X-Extended-Metadata": "true"}
    told = [client.get(address, headers=extended).json for address in ("/v1/projects/1", country.form.url)]
    with app.app_context(), writing():
        access.grant(CONSOLE, country.ids["an"], role, project_id=1)
    for address, before in zip(("/v1/projects/1", country.form.url), told, strict=True):
        now = client.get(address, headers=extended).json
        for name in ("lastSubmission", "submissions", "reviewStates", "appUsers", "forms"):
            assert now.get(name) == before.get(name), name
    assert told[0]["lastSubmission"] is not None


def test_many_at_once_are_those_of_her_own_unit(client: FlaskClient, country: Country) -> None:
    own, an = country.rows["A"], country.people["an"]
    for outside in (country.rows["B"][0], phone.new_id()):
        sent = {"ids": [own[0], outside], "reviewState": "approved"}
        answer = client.post(f"{country.url}/bulk-review", json=sent, headers=an)
        assert expect.refused(answer, problems.NOT_FOUND) == {"ids": [outside]}
    sent = {"ids": own, "reviewState": "approved"}
    assert client.post(f"{country.url}/bulk-review", json=sent, headers=an).status_code == 200
