"""/v1/sessions and /v1/users."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import accounts
from server.db import db, now, writing
from server.models import Session, User
from tests import expect
from tests.cast import PASSWORD, Cast

NEW = "mot mat khau moi"
USER = {"id", "type", "displayName", "email", "createdAt", "updatedAt", "deletedAt", "lastLoginAt"}


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> int:
    """The status of signing in."""
    return client.post("/v1/sessions", json={"email": email, "password": password}).status_code


def test_signing_in_works(client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/v1/sessions", json={"email": " BOB@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    session = answer.get_json()
    assert session.keys() == {"token", "csrf", "createdAt", "expiresAt"}
    assert len(session["token"]) == len(session["csrf"]) == 64
    assert session["createdAt"] < session["expiresAt"] and session["expiresAt"].endswith("Z")
    current = client.get("/v1/users/current", headers={"Authorization": f"Bearer {session['token']}"})
    assert current.get_json()["email"] == cast.bob.email


def test_the_cookie_is_for_the_server_alone(client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/v1/sessions", json={"email": cast.bob.email, "password": PASSWORD})
    (text,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("session=")]
    (cookie,) = SimpleCookie(text).values()
    assert cookie["httponly"] is True
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Strict", "/", "")
    assert cookie["expires"]


@pytest.mark.parametrize(
    ("email", "password"),
    [("bob@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", ""), ("bob@example.org", "")],
)
def test_wrong_credentials_tell_nothing(client: FlaskClient, email: str, password: str) -> None:
    answer = client.post("/v1/sessions", json={"email": email, "password": password})
    assert expect.refused(answer, problems.AUTHENTICATION_FAILED) == {}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", problems.UNPARSEABLE),
        (b"{", problems.UNPARSEABLE),
        (b"[]", problems.UNPARSEABLE),
        (b'{"email": "a@b.c"}', problems.MISSING_PARAMETER),
        (b'{"email": "a@b.c", "password": 1}', problems.UNEXPECTED_VALUE),
    ],
)
def test_bodies_that_are_no_credentials(client: FlaskClient, body: bytes, kind: problems.Kind) -> None:
    details = expect.refused(client.post("/v1/sessions", data=body, content_type="application/json"), kind)
    if kind is problems.UNPARSEABLE:
        assert details == {"format": "json", "rawLength": len(body)}
    else:
        assert details["field"] == "password"


def test_many_failures_lock_the_account_for_a_while(app: Flask, client: FlaskClient, cast: Cast) -> None:
    for _ in range(accounts.MAX_FAILURES):
        assert sign_in(client, cast.bob.email, "wrong") == 401
    assert sign_in(client, cast.bob.email) == 429
    assert sign_in(client, cast.alice.email) == 200
    with app.app_context(), writing():
        db.session.get_one(User, cast.bob.id).locked_until = now()
    assert sign_in(client, cast.bob.email) == 200


def test_basic_failures_count_too(client: FlaskClient, cast: Cast) -> None:
    for _ in range(accounts.MAX_FAILURES):
        answer = client.get("/v1/projects", auth=(cast.bob.email, "wrong"))
        expect.refused(answer, problems.AUTHENTICATION_FAILED)
    assert client.get("/v1/projects", auth=(cast.bob.email, PASSWORD)).status_code == 429


def test_signing_out(client: FlaskClient, cast: Cast) -> None:
    answer = client.delete("/v1/sessions/current", headers=cast.bob.bearer)
    assert answer.get_json() == {"success": True}
    expect.refused(client.get("/v1/users/current", headers=cast.bob.bearer), problems.AUTHENTICATION_FAILED)
    assert client.get("/v1/users/current", headers=cast.alice.bearer).status_code == 200


def test_ending_a_session_by_its_token(client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/sessions/{cast.bob.token}"
    expect.refused(client.delete(url, headers=cast.charlie.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.delete(url), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.delete("/v1/sessions/unknown", headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert client.delete(f"/v1/sessions/{cast.minh.token}", headers=cast.alice.bearer).status_code == 200
    expect.refused(client.get("/v1/users/current", headers=cast.minh.bearer), problems.AUTHENTICATION_FAILED)


def test_ending_a_session_by_the_key_of_an_app_user(client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/sessions/{cast.device.key}"
    for person in (cast.charlie, cast.vy, cast.dung):
        expect.refused(client.delete(url, headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert client.get(cast.device.url("formList")).status_code == 403
    listed = client.get("/v1/projects/1/app-users", headers=cast.bob.bearer).get_json()
    assert [(entry["id"], entry["token"]) for entry in listed] == [(cast.device.id, None)]


def test_an_expired_session_is_none(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context(), writing():
        for session in db.session.query(Session).filter_by(actor_id=cast.bob.id):
            session.expires_at = now()
    expect.refused(client.get("/v1/users/current", headers=cast.bob.bearer), problems.AUTHENTICATION_FAILED)


def test_who_am_i(client: FlaskClient, cast: Cast) -> None:
    user = client.get("/v1/users/current", headers=cast.bob.bearer).get_json()
    assert user.keys() == USER
    assert (user["id"], user["type"], user["displayName"]) == (cast.bob.id, "user", "Bob")
    extended = client.get("/v1/users/current", headers=cast.alice.bearer | {"X-Extended-Metadata": "true"}).get_json()
    assert extended.keys() == USER | {"verbs", "preferences"}
    assert "project.create" in extended["verbs"] and extended["preferences"] == {"site": {}, "projects": {}}
    bob = client.get("/v1/users/current", headers=cast.bob.bearer | {"X-Extended-Metadata": "true"}).get_json()
    assert bob["verbs"] == []


@pytest.mark.parametrize("token", ["", "wrong", "a" * 64])
def test_a_wrong_token_is_refused_everywhere(client: FlaskClient, token: str) -> None:
    for url in ("/v1/users/current", "/v1/projects", "/v1/projects/1"):
        answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
        expect.refused(answer, problems.AUTHENTICATION_FAILED)


def test_nobody_is_no_user(client: FlaskClient) -> None:
    expect.refused(client.get("/v1/users/current"), problems.AUTHENTICATION_FAILED)


def test_basic_needs_https_from_elsewhere(client: FlaskClient, cast: Cast) -> None:
    pair = {"auth": (cast.bob.email, PASSWORD)}
    assert client.get("/v1/projects", **pair).status_code == 200
    far = {"REMOTE_ADDR": "192.0.2.9"}
    answer = client.get("/v1/projects", environ_overrides=far, **pair)
    expect.refused(answer, problems.HTTPS_ONLY)
    assert client.get("/v1/projects", base_url="https://localhost", environ_overrides=far, **pair).status_code == 200


def test_users_are_for_administrators(client: FlaskClient, cast: Cast) -> None:
    listed = client.get("/v1/users", headers=cast.alice.bearer).get_json()
    assert [user["email"] for user in listed] == sorted(user["email"] for user in listed)
    assert len(listed) == 6 and listed[0].keys() == USER
    assert len(client.get("/v1/users?q=BOB", headers=cast.alice.bearer).get_json()) == 1
    assert client.get("/v1/users?q=bob", headers=cast.bob.bearer).get_json() == []
    found = client.get(f"/v1/users?q={cast.minh.email}", headers=cast.bob.bearer).get_json()
    assert [user["id"] for user in found] == [cast.minh.id]
    for headers in (cast.charlie.bearer, cast.vy.bearer, {}):
        expect.refused(client.get("/v1/users", headers=headers), problems.INSUFFICIENT_RIGHTS)


def test_one_user(client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/users/{cast.bob.id}"
    assert client.get(url, headers=cast.alice.bearer).get_json()["email"] == cast.bob.email
    assert client.get(url, headers=cast.bob.bearer).status_code == 200
    for headers in (cast.charlie.bearer, {}):
        expect.refused(client.get(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/users/999", headers=cast.alice.bearer), problems.NOT_FOUND)
    expect.refused(client.get(f"/v1/users/{cast.device.id}", headers=cast.alice.bearer), problems.NOT_FOUND)


def test_creating_a_user(client: FlaskClient, cast: Cast) -> None:
    body = {"email": "Em@example.org", "password": NEW}
    for headers in (cast.charlie.bearer, cast.bob.bearer, {}):
        expect.refused(client.post("/v1/users", json=body, headers=headers), problems.INSUFFICIENT_RIGHTS)
    made = client.post("/v1/users", json=body, headers=cast.alice.bearer).get_json()
    assert (made["email"], made["displayName"]) == ("Em@example.org", "Em@example.org")
    assert sign_in(client, "em@example.org", NEW) == 200
    details = expect.refused(client.post("/v1/users", json=body, headers=cast.alice.bearer), problems.UNIQUENESS)
    assert details["fields"] == "email" and details["values"] == "Em@example.org"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"email": "x@example.org", "password": "short"}, problems.PASSWORD_TOO_SHORT),
        ({"email": "x@example.org", "password": "x" * 73}, problems.PASSWORD_TOO_LONG),
        ({"email": "no address", "password": NEW}, problems.UNEXPECTED_VALUE),
        ({"password": NEW}, problems.MISSING_PARAMETER),
    ],
)
def test_users_that_cannot_be(client: FlaskClient, cast: Cast, body: dict[str, str], kind: problems.Kind) -> None:
    expect.refused(client.post("/v1/users", json=body, headers=cast.alice.bearer), kind)


def test_changing_ones_password_ends_ones_other_sessions(client: FlaskClient, cast: Cast) -> None:
    other = client.post("/v1/sessions", json={"email": cast.bob.email, "password": PASSWORD}).get_json()["token"]
    url = f"/v1/users/{cast.bob.id}/password"
    wrong = client.put(url, json={"old": "wrong", "new": NEW}, headers=cast.bob.bearer)
    expect.refused(wrong, problems.AUTHENTICATION_FAILED)
    body = {"old": PASSWORD, "new": NEW}
    for headers in (cast.charlie.bearer, {}):
        expect.refused(client.put(url, json=body, headers=headers), problems.INSUFFICIENT_RIGHTS)
    assert client.get("/v1/projects", headers=cast.bob.basic).status_code == 200
    assert client.put(url, json=body, headers=cast.bob.bearer).get_json() == {"success": True}
    assert client.get("/v1/users/current", headers=cast.bob.bearer).status_code == 200
    assert client.get("/v1/users/current", headers={"Authorization": f"Bearer {other}"}).status_code == 401
    assert client.get("/v1/projects", headers=cast.bob.basic).status_code == 401
    assert sign_in(client, cast.bob.email, NEW) == 200
