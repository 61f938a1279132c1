"""/v1/users: found, listed, made, changed and deleted."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import accounts, unit_roles
from server.db import db
from server.models import Assignment, Audit
from server.permissions import CONSOLE
from tests import expect, relay
from tests.cast import PASSWORD, Cast, Headers

NEW = "mot mat khau moi"
USER = {"id", "type", "displayName", "email", "createdAt", "updatedAt", "deletedAt", "lastLoginAt"}
WEAK = {"warning": "", "suggestions": []}
EXTENDED = {"X-Extended-Metadata": "true"}


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> int:
    """The status of signing in."""
    return client.post("/v1/sessions", json={"email": email, "password": password}).status_code


def last_entries(app: Flask, number: int) -> list[tuple[str, int | None, int | None, dict[str, Any]]]:
    """The last entries of the audit, oldest first: action, by whom, about whom, details."""
    with app.app_context():
        found = db.session.scalars(select(Audit).order_by(Audit.id.desc()).limit(number)).all()
        return [(row.action, row.actor_id, row.subject_id, row.details) for row in reversed(found)]


def found(client: FlaskClient, query: str, headers: Headers) -> list[str]:
    """The addresses of a list."""
    return [user["email"].partition("@")[0] for user in client.get(f"/v1/users{query}", headers=headers).get_json()]


def test_who_am_i(client: FlaskClient, cast: Cast) -> None:
    user = client.get("/v1/users/current", headers=cast.bob.bearer).get_json()
    assert user.keys() == USER
    assert (user["id"], user["type"], user["displayName"]) == (cast.bob.id, "user", "Bob")
    extended = client.get("/v1/users/current", headers=cast.alice.bearer | EXTENDED).get_json()
    assert extended.keys() == USER | {"verbs", "preferences"}
    assert "project.create" in extended["verbs"] and extended["preferences"] == {"site": {}, "projects": {}}
    bob = client.get("/v1/users/current", headers=cast.bob.bearer | EXTENDED).get_json()
    assert bob["verbs"] == []


def test_who_is_no_user(client: FlaskClient, cast: Cast) -> None:
    expect.refused(client.get("/v1/users/current"), problems.AUTHENTICATION_FAILED)
    expect.refused(client.get(f"/v1/key/{cast.device.key}/users/current"), problems.NOT_FOUND)


def test_listing_users(client: FlaskClient, cast: Cast) -> None:
    listed = client.get("/v1/users", headers=cast.alice.bearer).get_json()
    assert [user["email"] for user in listed] == sorted(user["email"] for user in listed)
    assert len(listed) == 6 and listed[0].keys() == USER
    assert found(client, "?limit=2&offset=1", cast.alice.bearer) == ["bob", "charlie"]
    expect.refused(client.get("/v1/users?limit=x", headers=cast.alice.bearer), problems.INVALID_DATA_TYPE)


def test_who_may_not_list_finds_an_exact_address(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.bob, cast.charlie, cast.vy):
        assert found(client, "", person.bearer) == []
        assert found(client, "?q=minh", person.bearer) == []
        assert found(client, f"?q={cast.minh.email.upper()}", person.bearer) == ["minh"]
    expect.refused(client.get("/v1/users"), problems.AUTHENTICATION_FAILED)


def test_searching_forgives_slips_and_accents(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        for name in ("Đặng Thị Hường", "Đặng Văn Hùng", "100% Lan"):
            accounts.create_user(CONSOLE, f"u{len(name)}@example.net", NEW, name)
    assert found(client, "?q=dang thi huong", cast.alice.bearer)[0] == "u14"
    assert set(found(client, "?q=Dang", cast.alice.bearer)) == {"u13", "u14"}
    assert found(client, "?q=dang+thi+hurong", cast.alice.bearer)[0] == "u14"
    assert found(client, "?q=00%25", cast.alice.bearer) == ["u8"]
    assert found(client, "?q=example.net&limit=1", cast.alice.bearer) == ["u8"]
    assert found(client, f"?q={cast.bob.email}", cast.alice.bearer) == ["bob"]


def test_one_user(client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/users/{cast.bob.id}"
    assert client.get(url, headers=cast.alice.bearer).get_json()["email"] == cast.bob.email
    assert client.get(url, headers=cast.bob.bearer).status_code == 200
    expect.refused(client.get(url, headers=cast.charlie.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get(url), problems.AUTHENTICATION_FAILED)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_user_who_is_not_there(client: FlaskClient, cast: Cast, method: str) -> None:
    for person in (cast.alice, cast.charlie):
        for number in (999, cast.device.id):
            answer = client.open(f"/v1/users/{number}", method=method, json={}, headers=person.bearer)
            expect.refused(answer, problems.NOT_FOUND)
    wrong = client.open("/v1/users/x", method=method, json={}, headers=cast.alice.bearer)
    assert expect.refused(wrong, problems.INVALID_DATA_TYPE) == {"value": "x", "expected": "type integer"}
    far = client.open("/v1/users/99999999999", method=method, json={}, headers=cast.alice.bearer)
    assert expect.refused(far, problems.OUT_OF_RANGE) == {"value": "99999999999", "type": "integer"}


def test_creating_a_user_with_a_password(
    app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    body = {"email": "Em@example.org", "password": NEW, "id": 99, "surplus": True}
    for headers in (cast.charlie.bearer, cast.bob.bearer, {}):
        expect.refused(client.post("/v1/users", json=body, headers=headers), problems.INSUFFICIENT_RIGHTS)
    made = client.post("/v1/users", json=body, headers=cast.alice.bearer).get_json()
    assert made.keys() == USER
    assert (made["email"], made["displayName"], made["lastLoginAt"]) == ("Em@example.org", "Em@example.org", None)
    named = {"actorId": made["id"], "email": "Em@example.org", "password": None, "lastLoginAt": None}
    assert last_entries(app, 2) == [
        ("user.create", cast.alice.id, made["id"], {"data": named}),
        ("user.update", cast.alice.id, made["id"], {"data": {"password": True}}),
    ]
    assert sign_in(client, "em@example.org", NEW) == 200
    details = expect.refused(client.post("/v1/users", json=body, headers=cast.alice.bearer), problems.UNIQUENESS)
    assert details == {"fields": ["email", "deleted"], "values": ["Em@example.org", "false"], "table": "users"}
    (letter,) = letters
    assert letter["To"] == "Em@example.org" and NEW not in relay.text_of(letter)


def test_creating_a_user_without_a_password(
    app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    body = {"email": "em@example.org", "displayName": "Em"}
    made = client.post("/v1/users", json=body, headers=cast.alice.bearer).get_json()
    assert made["displayName"] == "Em"
    assert [entry[0] for entry in last_entries(app, 1)] == ["user.create"]
    for password in (NEW, "None", "x"):
        assert sign_in(client, "em@example.org", password) == 401
    (letter,) = letters
    assert "token=" in relay.text_of(letter)


@pytest.mark.parametrize(
    ("body", "kind", "details"),
    [
        ({"email": "x@example.org", "password": "short"}, problems.PASSWORD_TOO_SHORT, {}),
        ({"email": "x@example.org", "password": "x y" * 30}, problems.PASSWORD_TOO_LONG, {}),
        ({"email": "x@example.org", "password": "ữ" * 25}, problems.PASSWORD_TOO_LONG, {}),
        ({"email": "x@example.org", "password": "X@example.org"}, problems.PASSWORD_TOO_WEAK, WEAK),
        ({"email": "x@example.org", "password": "1234567890"}, problems.PASSWORD_TOO_WEAK, WEAK),
        ({"email": "x@example.org", "password": 1234567890}, problems.INVALID_DATA_TYPE, None),
        ({"email": "x@example.org", "password": 0}, problems.INVALID_DATA_TYPE, {"value": 0, "expected": "string"}),
        ({"email": "x@example.org", "displayName": "x" * 65}, problems.VALUE_TOO_LONG, {"maxLength": "64"}),
        ({"email": f"{'x' * 320}@example.org"}, problems.VALUE_TOO_LONG, {"maxLength": "320"}),
        ({"email": "no address"}, problems.UNEXPECTED_VALUE, None),
        ({"email": "two@example.org three"}, problems.UNEXPECTED_VALUE, None),
        ({"password": NEW, "displayName": "x"}, problems.MISSING_PARAMETER, {"field": "email"}),
        ({}, problems.MISSING_PARAMETER, {"field": "displayName"}),
    ],
)
def test_users_that_cannot_be(
    client: FlaskClient, cast: Cast, body: dict[str, Any], kind: problems.Kind, details: dict[str, Any] | None
) -> None:
    told = expect.refused(client.post("/v1/users", json=body, headers=cast.alice.bearer), kind)
    assert details is None or told == details
    assert len(client.get("/v1/users", headers=cast.alice.bearer).get_json()) == 6


def test_changing_a_user(app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]) -> None:
    url = f"/v1/users/{cast.bob.id}"
    for headers in (cast.charlie.bearer, {}):
        expect.refused(client.patch(url, json={"displayName": "x"}, headers=headers), problems.INSUFFICIENT_RIGHTS)
    named = client.patch(url, json={"displayName": "Bình", "id": 5}, headers=cast.bob.bearer).get_json()
    assert (named["displayName"], named["email"], named["id"]) == ("Bình", cast.bob.email, cast.bob.id)
    assert named["updatedAt"] >= named["createdAt"] and not letters
    moved = client.patch(url, json={"email": "binh@example.net"}, headers=cast.alice.bearer).get_json()
    assert moved["email"] == "binh@example.net"
    assert last_entries(app, 2) == [
        ("user.update", cast.bob.id, cast.bob.id, {"data": {"displayName": "Bình"}}),
        ("user.update", cast.alice.id, cast.bob.id, {"data": {"email": "binh@example.net"}}),
    ]
    assert sign_in(client, cast.bob.email) == 401 and sign_in(client, "binh@example.net") == 200
    (letter,) = letters
    assert letter["To"] == cast.bob.email and "binh@example.net" in relay.text_of(letter)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"email": "ALICE@example.org"}, problems.UNIQUENESS),
        ({"email": None}, problems.MISSING_PARAMETER),
        ({"displayName": None}, problems.MISSING_PARAMETER),
        ({"displayName": "x" * 65}, problems.VALUE_TOO_LONG),
        ({"displayName": 5}, problems.INVALID_DATA_TYPE),
    ],
)
def test_changes_that_cannot_be(client: FlaskClient, cast: Cast, body: dict[str, Any], kind: problems.Kind) -> None:
    expect.refused(client.patch(f"/v1/users/{cast.bob.id}", json=body, headers=cast.bob.bearer), kind)
    assert client.get("/v1/users/current", headers=cast.bob.bearer).get_json()["email"] == cast.bob.email


def test_ones_own_address_in_other_letters(client: FlaskClient, cast: Cast) -> None:
    answer = client.patch(f"/v1/users/{cast.bob.id}", json={"email": "Bob@Example.org"}, headers=cast.bob.bearer)
    assert answer.get_json()["email"] == "Bob@Example.org"


def test_deleting_a_user(app: Flask, client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/users/{cast.bob.id}"
    for headers in (cast.charlie.bearer, cast.bob.bearer, {}):
        expect.refused(client.delete(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
    assert client.delete(url, headers=cast.alice.bearer).get_json() == {"success": True}
    assert last_entries(app, 1) == [("user.delete", cast.alice.id, cast.bob.id, {})]
    expect.refused(client.get("/v1/users/current", headers=cast.bob.bearer), problems.AUTHENTICATION_FAILED)
    expect.refused(client.get("/v1/users/current", headers=cast.bob.basic), problems.AUTHENTICATION_FAILED)
    assert sign_in(client, cast.bob.email) == 401
    for again in (client.get(url, headers=cast.alice.bearer), client.delete(url, headers=cast.alice.bearer)):
        expect.refused(again, problems.NOT_FOUND)
    assert "bob" not in found(client, "", cast.alice.bearer)
    assert "bob" not in found(client, f"?q={cast.bob.email}", cast.alice.bearer)
    with app.app_context():
        assert db.session.scalars(select(Assignment).where(Assignment.actor_id == cast.bob.id)).all() == []


def test_the_address_of_a_deleted_user_is_free(client: FlaskClient, cast: Cast) -> None:
    for _ in range(2):
        (known,) = client.get(f"/v1/users?q={cast.bob.email}", headers=cast.alice.bearer).get_json()
        client.delete(f"/v1/users/{known['id']}", headers=cast.alice.bearer)
        made = client.post("/v1/users", json={"email": cast.bob.email, "password": NEW}, headers=cast.alice.bearer)
        assert made.get_json()["id"] > known["id"]
    assert sign_in(client, cast.bob.email, NEW) == 200


def test_ones_profile(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        bob = accounts.Actor(id=cast.bob.id, type="user")
        accounts.set_profile(bob, "Bình", "vi")
        user = accounts.find_user(cast.bob.id)
        assert (user.actor.display_name, user.actor.language) == ("Bình", "vi")
        with pytest.raises(problems.Problem):
            accounts.set_profile(accounts.Actor(), "Ai đó", "vi")
    assert last_entries(app, 1)[0][3] == {"data": {"displayName": "Bình"}}


def test_who_may_do_less_cannot_take_an_account_over(app: Flask, client: FlaskClient, cast: Cast) -> None:
    """With another address "forgotten password" would lead there."""
    with app.app_context():
        unit_roles.grant(CONSOLE, "sysadmin", cast.charlie.id, None)
        (free,) = [accounts.create_user(CONSOLE, "free@example.org", "một mật khẩu dài")[0].actor_id]
    for person in (cast.alice, cast.bob):
        answer = client.patch(f"/v1/users/{person.id}", json={"email": "x@example.org"}, headers=cast.charlie.bearer)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    answer = client.patch(f"/v1/users/{free}", json={"email": "y@example.org"}, headers=cast.charlie.bearer)
    assert answer.status_code == 200
    answer = client.patch(f"/v1/users/{cast.bob.id}", json={"displayName": "Bob"}, headers=cast.alice.bearer)
    assert answer.status_code == 200
