"""PUT /v1/projects/1: a project with its forms' states and roles, all or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.db import db
from server.models import Audit
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish
from tests.phone import Published

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
URL = "/v1/projects/1"
NAME = {"name": "Tên mới"}
APP_USER, VIEWER = 2, 6


@pytest.fixture
def forms(publish: Publish) -> tuple[Published, Published]:
    """Two published forms: `visit` is on the phone, `other` is not."""
    return publish(FORM), publish(FORM, form_id="other", offer=False)


def put(client: FlaskClient, cast: Cast, body: dict[str, Any]) -> Any:
    """Bob puts his project."""
    return client.put(URL, json=body, headers=cast.bob.bearer)


def held(client: FlaskClient, cast: Cast) -> set[tuple[str, int, int]]:
    """Form, actor and role of all assignments on forms."""
    listed = client.get(f"{URL}/assignments/forms", headers=cast.bob.bearer).get_json()
    return {(entry["xmlFormId"], entry["actorId"], entry["roleId"]) for entry in listed}


def test_what_is_not_given_becomes_null(client: FlaskClient, cast: Cast) -> None:
    client.patch(URL, json={"description": "cũ", "archived": True}, headers=cast.bob.bearer)
    changed = put(client, cast, NAME)
    assert changed.status_code == 200
    told = changed.get_json()
    assert (told["name"], told["description"], told["archived"]) == ("Tên mới", None, None)
    told = put(client, cast, {"name": "Khác", "description": "mới", "archived": True}).get_json()
    assert (told["name"], told["description"], told["archived"]) == ("Khác", "mới", True)
    told = put(client, cast, {"name": "Khác", "description": "", "archived": False}).get_json()
    assert (told["description"], told["archived"]) == ("", False)


def test_the_audit_says_what_was_given(app: Flask, client: FlaskClient, cast: Cast) -> None:
    put(client, cast, NAME)
    put(client, cast, NAME | {"archived": None})
    with app.app_context():
        entries = list(db.session.scalars(select(Audit).where(Audit.action == "project.update").order_by(Audit.id)))
    assert [entry.details for entry in entries] == [{"data": NAME}, {"data": NAME | {"archived": None}}]


@pytest.mark.usefixtures("forms")
def test_a_role_by_its_number_as_text(client: FlaskClient, cast: Cast) -> None:
    forms = [{"xmlFormId": "visit", "assignments": [{"actorId": cast.vy.id, "roleId": str(VIEWER)}]}]
    assert put(client, cast, NAME | {"forms": [*forms, {"xmlFormId": "other"}]}).status_code == 200
    assert held(client, cast) == {("visit", cast.vy.id, VIEWER)}


@pytest.mark.usefixtures("forms")
def test_a_state_that_is_null_is_missing(client: FlaskClient, cast: Cast) -> None:
    answer = put(client, cast, NAME | {"forms": [{"xmlFormId": "visit", "state": None}, {"xmlFormId": "other"}]})
    assert expect.refused(answer, problems.MISSING_PARAMETER) == {"field": "state"}
    answer = client.patch(f"{URL}/forms/visit", json={"state": None}, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.MISSING_PARAMETER) == {"field": "state"}
    answer = client.patch(f"{URL}/forms/visit", json={"state": None}, headers=cast.vy.bearer)
    expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


@pytest.mark.usefixtures("forms")
def test_states_and_roles(client: FlaskClient, cast: Cast) -> None:
    phone, vy = cast.device.id, cast.vy.id
    body = NAME | {
        "forms": [
            {"xmlFormId": "visit", "state": "closing", "assignments": [{"actorId": vy, "roleId": VIEWER}]},
            {
                "xmlFormId": "other",
                "state": "open",
                "assignments": [{"actorId": phone, "roleId": APP_USER}, {"actorId": vy, "roleId": VIEWER}],
            },
        ]
    }
    assert put(client, cast, body).status_code == 200
    assert client.get(f"{URL}/forms/visit", headers=cast.bob.bearer).get_json()["state"] == "closing"
    assert held(client, cast) == {("visit", vy, VIEWER), ("other", phone, APP_USER), ("other", vy, VIEWER)}
    assert put(client, cast, NAME | {"forms": [{"xmlFormId": "visit"}, {"xmlFormId": "other"}]}).status_code == 200
    assert len(held(client, cast)) == 3
    assert client.get(f"{URL}/forms/visit", headers=cast.bob.bearer).get_json()["state"] == "closing"


@pytest.mark.usefixtures("forms")
def test_links_keep_their_roles(client: FlaskClient, cast: Cast) -> None:
    link = client.post(f"{URL}/forms/visit/public-links", json={"displayName": "x"}, headers=cast.bob.bearer).get_json()
    body = NAME | {"forms": [{"xmlFormId": "visit", "assignments": []}, {"xmlFormId": "other"}]}
    assert put(client, cast, body).status_code == 200
    assert held(client, cast) == {("visit", link["id"], 9)}


@pytest.mark.usefixtures("forms")
@pytest.mark.parametrize(
    ("given", "kind", "details"),
    [
        ([], problems.UNEXPECTED_FORMS, {}),
        ([{"xmlFormId": "visit"}], problems.UNEXPECTED_FORMS, {}),
        ([{"xmlFormId": "visit"}, {"xmlFormId": "none"}], problems.UNEXPECTED_FORMS, {}),
        ([{"xmlFormId": "visit"}, 5], problems.UNEXPECTED_FORMS, {}),
        ([{"xmlFormId": "visit"}, {"xmlFormId": "visit"}], problems.UNEXPECTED_VALUE, {"field": "xmlFormId"}),
        (
            [{"xmlFormId": "visit"}, {"xmlFormId": "other", "state": "none"}],
            problems.UNEXPECTED_VALUE,
            {"value": "none"},
        ),
    ],
)
def test_wrong_forms(
    client: FlaskClient, cast: Cast, given: list[Any], kind: problems.Kind, details: dict[str, str]
) -> None:
    told = expect.refused(put(client, cast, NAME | {"forms": given}), kind)
    assert details.items() <= told.items()
    assert client.get(URL, headers=cast.bob.bearer).get_json()["name"] == "Hỗ trợ cộng đồng"


@pytest.mark.usefixtures("forms")
@pytest.mark.parametrize(
    ("assignment", "kind", "details"),
    [
        ({"roleId": 2}, problems.MISSING_PARAMETER, {"field": "assignment actorId"}),
        ({"actorId": 1}, problems.MISSING_PARAMETER, {"field": "assignment roleId"}),
        ({"actorId": 1, "roleId": 99}, problems.KEY_UNKNOWN, {"field": "roleId", "value": 99, "table": "roles"}),
        ({"actorId": 999, "roleId": 2}, problems.KEY_UNKNOWN, {"field": "actorId", "value": 999, "table": "actors"}),
        ({"actorId": "x", "roleId": 2}, problems.KEY_UNKNOWN, {"field": "actorId", "value": "x", "table": "actors"}),
        ({"actorId": 3, "roleId": 1}, problems.INSUFFICIENT_RIGHTS, {}),
    ],
)
def test_wrong_assignments_change_nothing(
    client: FlaskClient, cast: Cast, assignment: dict[str, Any], kind: problems.Kind, details: dict[str, Any]
) -> None:
    entries = [{"xmlFormId": "visit", "state": "closed", "assignments": []}]
    entries += [{"xmlFormId": "other", "assignments": [assignment]}]
    assert expect.refused(put(client, cast, NAME | {"forms": entries}), kind) == details
    assert held(client, cast) == {("visit", cast.device.id, APP_USER)}
    assert client.get(f"{URL}/forms/visit", headers=cast.bob.bearer).get_json()["state"] == "open"
    assert client.get(URL, headers=cast.bob.bearer).get_json()["name"] == "Hỗ trợ cộng đồng"


@pytest.mark.usefixtures("forms")
def test_the_same_role_twice(client: FlaskClient, cast: Cast) -> None:
    twice = [{"actorId": cast.vy.id, "roleId": VIEWER}] * 2
    body = NAME | {"forms": [{"xmlFormId": "visit"}, {"xmlFormId": "other", "assignments": twice}]}
    expect.refused(put(client, cast, body), problems.UNIQUENESS)
    assert held(client, cast) == {("visit", cast.device.id, APP_USER)}


def test_refusals(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, {}):
        expect.refused(client.put(URL, json=NAME, headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.put("/v1/projects/99", json=NAME, headers=cast.alice.bearer), problems.NOT_FOUND)
    for body in ({}, {"name": ""}, {"description": "x"}):
        assert expect.refused(put(client, cast, body), problems.MISSING_PARAMETER) == {"field": "name"}


@pytest.mark.usefixtures("forms")
def test_what_is_written_into_the_audit(app: Flask, client: FlaskClient, cast: Cast) -> None:
    entries = [{"xmlFormId": "visit", "assignments": []}, {"xmlFormId": "other", "state": "closed"}]
    put(client, cast, NAME | {"forms": entries})
    with app.app_context():
        found = list(db.session.scalars(select(Audit).where(Audit.actor_id == cast.bob.id).order_by(Audit.id.desc())))
    actions = [entry.action for entry in found[:4]]
    assert sorted(actions) == ["field_key.assignment.delete", "form.update", "form.update", "project.update"]
    data = {"name": "Tên mới"}
    assert found[actions.index("project.update")].details == {"data": data}
