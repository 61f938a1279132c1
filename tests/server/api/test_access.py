"""Roles, assignments and app users."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import access
from server.permissions import Actor, Grant
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
ACTOR = {"id", "type", "displayName", "createdAt", "updatedAt", "deletedAt"}
APP_USER = ACTOR | {"projectId", "token"}
USERS = "/v1/projects/1/app-users"


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that nobody was given."""
    return publish(FORM, offer=False)


def get(client: FlaskClient, url: str, headers: dict[str, str]) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_app_users_work(client: FlaskClient, cast: Cast, form: Published) -> None:
    made = client.post(USERS, json={"displayName": " Lan "}, headers=cast.bob.bearer).get_json()
    assert made.keys() == APP_USER
    assert (made["displayName"], made["type"], made["projectId"]) == ("Lan", "field_key", 1)
    assert len(made["token"]) == 64
    assert client.get(f"/v1/key/{made['token']}/projects/1/formList").status_code == 200
    listed = get(client, USERS, cast.bob.bearer)
    assert [entry["id"] for entry in listed] == [made["id"], cast.device.id]
    assert listed[0] == made
    assert get(client, f"{USERS}/{made['id']}", cast.bob.bearer) == made


def test_app_users_extended(client: FlaskClient, cast: Cast) -> None:
    made = client.post(USERS, json={"displayName": "Lan"}, headers=cast.bob.bearer).get_json()
    (first, *_) = get(client, USERS, cast.bob.bearer | EXTENDED)
    assert first.keys() == APP_USER | {"lastUsed", "createdBy"}
    assert (first["id"], first["lastUsed"], first["createdBy"]["displayName"]) == (made["id"], None, "Bob")


def test_app_users_refusals(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for answer in (
            client.get(USERS, headers=headers),
            client.post(USERS, json={"displayName": "x"}, headers=headers),
            client.get(f"{USERS}/{cast.device.id}", headers=headers),
            client.delete(f"{USERS}/{cast.device.id}", headers=headers),
        ):
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    assert client.get(f"/v1/key/{cast.device.key}/projects/1/app-users").status_code == 404


def test_app_users_of_another_project_are_not_there(client: FlaskClient, cast: Cast) -> None:
    other = f"{USERS}/{cast.other_device.id}"
    for answer in (client.get(other, headers=cast.bob.bearer), client.delete(other, headers=cast.bob.bearer)):
        expect.refused(answer, problems.NOT_FOUND)
    expect.refused(client.get("/v1/projects/99/app-users", headers=cast.alice.bearer), problems.NOT_FOUND)


@pytest.mark.parametrize("body", [{}, {"displayName": ""}, {"displayName": "  "}])
def test_an_app_user_needs_a_name(client: FlaskClient, cast: Cast, body: dict[str, str]) -> None:
    details = expect.refused(client.post(USERS, json=body, headers=cast.bob.bearer), problems.MISSING_PARAMETER)
    assert details == {"field": "displayName"}


def test_a_deleted_app_user_is_gone_and_cannot_send(client: FlaskClient, cast: Cast) -> None:
    url = f"{USERS}/{cast.device.id}"
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert get(client, USERS, cast.bob.bearer) == []
    expect.refused(client.get(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert client.get(cast.device.url("formList")).status_code == 403


def test_form_assignments_work(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/assignments/app-user/{cast.device.id}"
    assert client.post(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert form.xml_form_id in client.get(cast.device.url("formList")).text
    assert get(client, f"{form.url}/assignments", cast.bob.bearer) == [{"actorId": cast.device.id, "roleId": 2}]
    (entry,) = get(client, f"{form.url}/assignments", cast.bob.bearer | EXTENDED)
    assert entry["actor"].keys() == ACTOR and entry["roleId"] == 2
    (actor,) = get(client, f"{form.url}/assignments/2", cast.bob.bearer)
    assert (actor["id"], actor["type"]) == (cast.device.id, "field_key")
    told = {"actorId": cast.device.id, "roleId": 2, "xmlFormId": form.xml_form_id}
    assert get(client, "/v1/projects/1/assignments/forms", cast.bob.bearer) == [told]
    assert get(client, "/v1/projects/1/assignments/forms/2", cast.bob.bearer) == [told]
    assert get(client, "/v1/projects/1/assignments/forms/manager", cast.bob.bearer) == []
    assert client.delete(f"{form.url}/assignments/2/{cast.device.id}", headers=cast.bob.bearer).status_code == 200
    assert form.xml_form_id not in client.get(cast.device.url("formList")).text


def test_assignments_refusals(client: FlaskClient, cast: Cast, form: Published) -> None:
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for url in ("/v1/assignments", "/v1/projects/1/assignments", f"{form.url}/assignments"):
            expect.refused(client.get(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
            expect.refused(client.get(f"{url}/manager", headers=headers), problems.INSUFFICIENT_RIGHTS)
            target = f"{url}/manager/{cast.charlie.id}"
            expect.refused(client.post(target, headers=headers), problems.INSUFFICIENT_RIGHTS)
            expect.refused(client.delete(target, headers=headers), problems.INSUFFICIENT_RIGHTS)
        expect.refused(client.get("/v1/projects/1/assignments/forms", headers=headers), problems.INSUFFICIENT_RIGHTS)


def test_what_is_held_twice_or_not_at_all(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/assignments/2/{cast.device.id}"
    expect.refused(client.delete(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    client.post(url, headers=cast.bob.bearer)
    expect.refused(client.post(url, headers=cast.bob.bearer), problems.UNIQUENESS)
    for wrong in (f"{form.url}/assignments/99/{cast.device.id}", f"{form.url}/assignments/2/999"):
        expect.refused(client.post(wrong, headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(
        client.post(f"/v1/projects/1/forms/none/assignments/2/{cast.device.id}", headers=cast.bob.bearer),
        problems.NOT_FOUND,
    )


def test_a_manager_hands_on_no_more_than_there_is_on_a_project(client: FlaskClient, cast: Cast) -> None:
    bob = cast.bob.bearer
    assert client.post(f"/v1/projects/1/assignments/viewer/{cast.charlie.id}", headers=bob).status_code == 200
    expect.refused(
        client.post(f"/v1/projects/1/assignments/admin/{cast.charlie.id}", headers=bob), problems.INSUFFICIENT_RIGHTS
    )
    expect.refused(
        client.post(f"/v1/projects/2/assignments/manager/{cast.bob.id}", headers=bob), problems.INSUFFICIENT_RIGHTS
    )
    expect.refused(client.post(f"/v1/assignments/admin/{cast.bob.id}", headers=bob), problems.INSUFFICIENT_RIGHTS)
    assert client.post(f"/v1/assignments/admin/{cast.charlie.id}", headers=cast.alice.bearer).status_code == 200
    assert len(client.get("/v1/projects", headers=cast.charlie.bearer).get_json()) == 2


def test_roles(client: FlaskClient, cast: Cast) -> None:
    roles = get(client, "/v1/roles", {})
    assert roles[0].keys() == {"id", "name", "system", "verbs", "createdAt", "updatedAt"}
    assert {role["system"] for role in roles} >= {"admin", "manager", "viewer", "formfill", "app-user"}
    assert get(client, "/v1/roles/app-user", {}) == get(client, "/v1/roles/2", {})
    expect.refused(client.get("/v1/roles/none"), problems.NOT_FOUND)


def test_when_a_phone_was_last_used_is_for_who_may_list_what_it_sent(
    app: Flask, cast: Cast, publish: Publish, send: Send
) -> None:
    expect.told(send(publish(FORM).submission()), 201)
    with app.app_context():
        for project_id, told in ((1, [cast.device.id]), (2, [])):
            manager = Actor(grants=(Grant("manager", project_id),))
            assert [*access.last_used(manager, [cast.device.id])] == told
