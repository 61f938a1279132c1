"""App users: the volunteers' phones, their keys and properties."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import access
from server.db import db
from server.models import Audit
from server.permissions import Actor, Grant
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import Publish, Send

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
ACTOR = {"id", "type", "displayName", "createdAt", "updatedAt", "deletedAt"}
APP_USER = ACTOR | {"projectId", "token"}
USERS = "/v1/projects/1/app-users"


def get(client: FlaskClient, url: str, headers: Headers) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def make(client: FlaskClient, cast: Cast, name: str = "Lan", **more: Any) -> Any:
    """A new app user of Bob's."""
    answer = client.post(USERS, json={"displayName": name, **more}, headers=cast.bob.bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def register(client: FlaskClient, cast: Cast, *names: str) -> None:
    """Properties that app users of project 1 may have."""
    for name in names:
        client.post("/v1/projects/1/actor-properties", json={"name": name}, headers=cast.bob.bearer)


def actions(app: Flask) -> list[tuple[str, Any]]:
    """What the audit says was done, newest first."""
    with app.app_context():
        return [(one.action, one.details) for one in db.session.scalars(select(Audit).order_by(Audit.id.desc()))]


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    made = make(client, cast, " Lan ")
    assert made.keys() == APP_USER
    assert (made["displayName"], made["type"], made["projectId"]) == ("Lan", "field_key", 1)
    assert len(made["token"]) == 64
    assert client.get(f"/v1/key/{made['token']}/projects/1/formList").status_code == 200
    listed = get(client, USERS, cast.bob.bearer)
    assert [entry["id"] for entry in listed] == [made["id"], cast.device.id]
    assert listed[0] == made
    assert get(client, f"{USERS}/{made['id']}", cast.bob.bearer) == made


def test_extended(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    made = make(client, cast)
    send(publish(FORM).submission())
    first, second = get(client, USERS, cast.bob.bearer | EXTENDED)
    assert first.keys() == APP_USER | {"lastUsed", "createdBy", "properties"}
    assert (first["id"], first["lastUsed"], first["createdBy"]["displayName"]) == (made["id"], None, "Bob")
    assert first["createdBy"].keys() == ACTOR and first["properties"] is None
    assert second["lastUsed"].endswith("Z")
    # Made on the command line; ODK Central's page breaks without a name there.
    assert second["createdBy"].keys() == ACTOR and second["createdBy"]["displayName"] == "manage"
    assert get(client, f"{USERS}/{made['id']}", cast.bob.bearer | EXTENDED) == first


def test_the_newest_come_first_and_the_revoked_last(client: FlaskClient, cast: Cast) -> None:
    lan, hoa = make(client, cast, "Lan"), make(client, cast, "Hoa")
    assert client.delete(f"/v1/sessions/{hoa['token']}", headers=cast.bob.bearer).status_code == 200
    listed = get(client, USERS, cast.bob.bearer)
    assert [entry["id"] for entry in listed] == [lan["id"], cast.device.id, hoa["id"]]
    assert listed[-1]["token"] is None
    assert client.get(f"/v1/key/{hoa['token']}/projects/1/formList").status_code == 403


def test_refusals(client: FlaskClient, cast: Cast) -> None:
    key = {"Authorization": f"Bearer {cast.device.key}"}
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, key, {}):
        for answer in (
            client.get(USERS, headers=headers),
            client.post(USERS, json={"displayName": "x"}, headers=headers),
            client.get(f"{USERS}/{cast.device.id}", headers=headers),
            client.patch(f"{USERS}/{cast.device.id}", json={"properties": {}}, headers=headers),
            client.delete(f"{USERS}/{cast.device.id}", headers=headers),
        ):
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get(f"/v1/key/{cast.device.key}/projects/1/app-users"), problems.INSUFFICIENT_RIGHTS)


def test_those_of_another_project_are_not_there(client: FlaskClient, cast: Cast) -> None:
    other, bob = f"{USERS}/{cast.other_device.id}", cast.bob.bearer
    for answer in (client.get(other, headers=bob), client.delete(other, headers=bob), client.get(f"{USERS}/999")):
        if answer.status_code != 401:
            expect.refused(answer, problems.NOT_FOUND)
    expect.refused(client.patch(other, json={"properties": {}}, headers=bob), problems.NOT_FOUND)
    expect.refused(client.get(f"{USERS}/999", headers=bob), problems.NOT_FOUND)
    expect.refused(client.get("/v1/projects/99/app-users", headers=cast.alice.bearer), problems.NOT_FOUND)


@pytest.mark.parametrize("body", [{}, {"displayName": ""}, {"displayName": "  "}, {"displayName": None}])
def test_one_needs_a_name(client: FlaskClient, cast: Cast, body: dict[str, str]) -> None:
    details = expect.refused(client.post(USERS, json=body, headers=cast.bob.bearer), problems.MISSING_PARAMETER)
    assert details == {"field": "displayName"}


def test_how_long_a_name_may_be(client: FlaskClient, cast: Cast) -> None:
    assert client.post(USERS, json={"displayName": "đ" * 64}, headers=cast.bob.bearer).status_code == 200
    answer = client.post(USERS, json={"displayName": "đ" * 65}, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.VALUE_TOO_LONG) == {"maxLength": "64"}


def test_who_is_deleted_is_gone_and_cannot_send(app: Flask, client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    url = f"{USERS}/{cast.device.id}"
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert actions(app)[0][0] == "field_key.delete"
    assert get(client, USERS, cast.bob.bearer) == []
    expect.refused(client.get(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert client.get(cast.device.url("formList")).status_code == 403
    assert get(client, f"{form.url}/assignments", cast.bob.bearer) == []


def test_properties_are_set_and_unset(app: Flask, client: FlaskClient, cast: Cast) -> None:
    register(client, cast, "region", "worker_code")
    made = make(client, cast, properties={"region": " Bắc ", "worker_code": "TNV-7"})
    url = f"{USERS}/{made['id']}"
    assert "properties" not in made
    assert actions(app)[0] == ("field_key.property.set", {"properties": {"region": "Bắc", "worker_code": "TNV-7"}})
    assert get(client, url, cast.bob.bearer | EXTENDED)["properties"] == {"region": "Bắc", "worker_code": "TNV-7"}
    changed = client.patch(url, json={"properties": {"region": None}}, headers=cast.bob.bearer).get_json()
    assert changed.keys() == APP_USER | {"lastUsed", "createdBy", "properties"}
    assert changed["properties"] == {"worker_code": "TNV-7"}
    blank = client.patch(url, json={"properties": {"worker_code": "  "}}, headers=cast.bob.bearer).get_json()
    assert blank["properties"] is None
    before = actions(app)
    for nothing in ({}, {"properties": None}, {"properties": {}}):
        assert client.patch(url, json=nothing, headers=cast.bob.bearer).status_code == 200
    assert actions(app) == before


@pytest.mark.parametrize(
    ("properties", "field"),
    [({"none": "x"}, "properties"), ({"region": 7}, "region"), ("text", "properties"), (["region"], "properties")],
)
def test_bad_properties(client: FlaskClient, cast: Cast, properties: Any, field: str) -> None:
    register(client, cast, "region")
    answer = client.post(USERS, json={"displayName": "Hoa", "properties": properties}, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.UNEXPECTED_VALUE)["field"] == field
    assert len(get(client, USERS, cast.bob.bearer)) == 1
    answer = client.patch(f"{USERS}/{cast.device.id}", json={"properties": properties}, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.UNEXPECTED_VALUE)["field"] == field


def test_revoking_by_key(app: Flask, client: FlaskClient, cast: Cast) -> None:
    url, key = f"/v1/sessions/{cast.device.key}", {"Authorization": f"Bearer {cast.device.key}"}
    for headers in (cast.dung.bearer, cast.vy.bearer, key, {}):
        expect.refused(client.delete(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
    assert client.get(cast.device.url("formList")).status_code == 200
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert actions(app)[0][0] == "field_key.session.end"
    assert client.get(cast.device.url("formList")).status_code == 403
    expect.refused(client.delete(url, headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)


def test_a_key_opens_by_path_by_query_and_as_bearer(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    tail = f"/projects/1/forms/{form.xml_form_id}"
    key = cast.device.key
    answers = [
        client.get(f"/v1/key/{key}{tail}"),
        client.get(f"/v1{tail}", query_string={"st": key}),
        client.get(f"/v1{tail}", headers={"Authorization": f"Bearer {key}"}),
    ]
    assert [answer.get_json()["xmlFormId"] for answer in answers] == [form.xml_form_id] * 3
    # The key counts more than any other credential.
    for headers in (cast.alice.bearer, {"Authorization": "Bearer " + "x" * 64}, {"Authorization": "Strange"}):
        assert client.get(f"/v1/key/{key}{tail}", headers=headers).status_code == 200
        expect.refused(client.get(f"/v1/key/{key}{tail}/assignments", headers=headers), problems.INSUFFICIENT_RIGHTS)
    listed = client.get("/v1/projects/1/formList", query_string={"st": key}).text
    assert f"/v1/key/{key}/projects/1/forms/{form.xml_form_id}.xml" in listed


def test_keys_that_open_nothing(client: FlaskClient, cast: Cast) -> None:
    expect.refused(client.get("/v1/key/short/projects/1"), problems.AUTHENTICATION_FAILED)
    expect.refused(client.get("/v1/projects/1?st=short"), problems.AUTHENTICATION_FAILED)
    expect.refused(client.get(f"/v1/key/{'x' * 64}/projects/1"), problems.INSUFFICIENT_RIGHTS)
    # A person's session is no key.
    expect.refused(client.get(f"/v1/key/{cast.alice.token}/projects/1"), problems.INSUFFICIENT_RIGHTS)
    for header in ("Bearer " + "x" * 64, "Digest x", "Bearer"):
        refusal = client.get("/v1/projects/1", headers={"Authorization": header})
        expect.refused(refusal, problems.AUTHENTICATION_FAILED)


def test_when_a_phone_was_last_used_is_for_who_may_list_what_it_sent(
    app: Flask, cast: Cast, publish: Publish, send: Send
) -> None:
    expect.told(send(publish(FORM).submission()), 201)
    with app.app_context():
        for project_id, told in ((1, [cast.device.id]), (2, [])):
            manager = Actor(grants=(Grant("manager", project_id),))
            assert [*access.last_used(manager, [cast.device.id])] == told
