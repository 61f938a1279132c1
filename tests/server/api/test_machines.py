"""What comes by an app password is a machine's: it reads and sends, and neither gives nor takes rights."""

from __future__ import annotations

import base64
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import accounts, passwords, second_factor
from server.db import db
from server.models import Audit, User
from server.permissions import CONSOLE, Actor
from tests import expect
from tests.cast import PASSWORD, Cast, Headers, Person

OWN = "/v1/users/current/app-passwords"
Made = tuple[int, str]


def given(client: FlaskClient, person: Person) -> Made:
    """The number of a new app password, and the password."""
    made = client.post(OWN, json={"name": "R", "password": PASSWORD}, headers=person.bearer).get_json()
    return made["id"], made["password"]


def opened(client: FlaskClient, person: Person, secret: str) -> Headers:
    """A session that a machine opened."""
    session = client.post("/v1/sessions", json={"email": person.email, "password": secret}).get_json()
    return {"Authorization": f"Bearer {session['token']}"}


def changes(cast: Cast) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Whatever gives or takes rights, of others and of oneself."""
    alice, bob = f"/v1/users/{cast.alice.id}", f"/v1/users/{cast.bob.id}"
    return [
        ("PATCH", alice, {"email": "moi@example.org"}),
        ("PATCH", alice, {"displayName": "Tên"}),
        ("PUT", f"{alice}/password", {"old": PASSWORD, "new": "mot mat khau khac"}),
        ("GET", OWN, None),
        ("POST", OWN, {"name": "x", "password": PASSWORD}),
        ("DELETE", f"/v1/sessions/{cast.alice.token}", None),
        ("DELETE", f"/v1/sessions/{cast.bob.token}", None),
        ("POST", "/v1/users", {"email": "moi@example.org", "password": PASSWORD}),
        ("PATCH", bob, {"email": "moi@example.org"}),
        ("DELETE", bob, None),
        ("GET", f"{bob}/app-passwords", None),
        ("POST", "/v1/users/reset/initiate?invalidate=true", {"email": cast.bob.email}),
        ("POST", f"/v1/assignments/admin/{cast.charlie.id}", None),
        ("POST", f"/v1/projects/1/assignments/viewer/{cast.charlie.id}", None),
        ("DELETE", f"/v1/projects/1/assignments/manager/{cast.bob.id}", None),
        ("POST", f"/v1/unit-roles/sysadmin/{cast.charlie.id}", None),
        ("POST", "/v1/projects/1/app-users", {"displayName": "Máy"}),
        ("DELETE", f"/v1/projects/1/app-users/{cast.device.id}", None),
        ("POST", "/v1/backup", {"passphrase": "bốn từ dễ nhớ"}),
    ]


def test_it_reads(client: FlaskClient, cast: Cast) -> None:
    _, secret = given(client, cast.alice)
    for headers in (opened(client, cast.alice, secret), None):
        auth = {"headers": headers} if headers else {"auth": (cast.alice.email, secret)}
        for url in ("/v1/projects/1/forms", "/v1/users", "/v1/audits", "/v1/projects/1/app-users"):
            assert client.get(url, **auth).status_code == 200, url  # type: ignore[arg-type]
    assert client.patch("/v1/projects/1", json={"name": "Tên"}, auth=(cast.alice.email, secret)).status_code == 200


def test_it_gives_and_takes_nothing(client: FlaskClient, cast: Cast) -> None:
    _, secret = given(client, cast.alice)
    session = opened(client, cast.alice, secret)
    for method, url, body in changes(cast):
        answer = client.open(url, method=method, json=body, headers=session)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
        answer = client.open(url, method=method, json=body, auth=(cast.alice.email, secret))
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    assert client.get("/v1/users/current", headers=cast.alice.bearer).get_json()["email"] == cast.alice.email
    assert client.delete("/v1/sessions/current", headers=session).status_code == 200


def test_its_session_is_none_for_pages(client: FlaskClient, cast: Cast) -> None:
    _, secret = given(client, cast.alice)
    token = opened(client, cast.alice, secret)["Authorization"].removeprefix("Bearer ")
    for path in ("/users", "/profile", "/"):
        answer = client.get(path, headers={"Cookie": f"session={token}"})
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")
    assert client.get("/v1/projects/1", headers={"Cookie": f"session={token}"}).status_code == 200


def test_what_is_revoked_ends_what_it_opened(client: FlaskClient, cast: Cast) -> None:
    (number, secret), (_, other) = given(client, cast.bob), given(client, cast.bob)
    session, further = opened(client, cast.bob, secret), opened(client, cast.bob, other)
    assert client.delete(f"{OWN}/{number}", headers=cast.bob.bearer).status_code == 200
    expect.refused(client.get("/v1/projects/1", headers=session), problems.AUTHENTICATION_FAILED)
    for still in (further, cast.bob.bearer):
        assert client.get("/v1/projects/1", headers=still).status_code == 200


def test_one_is_made_with_the_password_of_the_account(client: FlaskClient, cast: Cast) -> None:
    for body, kind in (
        ({"name": "R"}, problems.MISSING_PARAMETER),
        ({"name": "R", "password": "wrong"}, problems.AUTHENTICATION_FAILED),
    ):
        expect.refused(client.post(OWN, json=body, headers=cast.bob.bearer), kind)
    assert client.get(OWN, headers=cast.bob.bearer).get_json() == []


def test_an_administrator_sees_and_revokes_them(app: Flask, client: FlaskClient, cast: Cast) -> None:
    number, secret = given(client, cast.bob)
    url = f"/v1/users/{cast.bob.id}/app-passwords"
    (shown,) = client.get(url, headers=cast.alice.bearer).get_json()
    assert (shown["id"], shown["name"]) == (number, "R") and "password" not in shown
    for person in (cast.bob, cast.charlie):
        expect.refused(client.get(url, headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
        expect.refused(client.delete(f"{url}/{number}", headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    wrong = client.delete(f"/v1/users/{cast.dung.id}/app-passwords/{number}", headers=cast.alice.bearer)
    expect.refused(wrong, problems.NOT_FOUND)
    assert client.delete(f"{url}/{number}", headers=cast.alice.bearer).get_json() == {"success": True}
    expect.refused(client.get("/v1/projects/1", auth=(cast.bob.email, secret)), problems.AUTHENTICATION_FAILED)
    with app.app_context():
        entry = db.session.scalar(select(Audit).where(Audit.action == "user.app_password.delete"))
        assert entry is not None and (entry.actor_id, entry.subject_id) == (cast.alice.id, cast.bob.id)


def test_whoever_is_shut_out_is_so_with_all_machines(client: FlaskClient, cast: Cast) -> None:
    _, secret = given(client, cast.bob)
    session = opened(client, cast.bob, secret)
    invalidated = client.post(
        "/v1/users/reset/initiate?invalidate=true", json={"email": cast.bob.email}, headers=cast.alice.bearer
    )
    assert invalidated.status_code == 200
    expect.refused(client.get("/v1/projects/1", headers=session), problems.AUTHENTICATION_FAILED)
    expect.refused(client.get("/v1/projects/1", auth=(cast.bob.email, secret)), problems.AUTHENTICATION_FAILED)


def test_a_way_back_in_shuts_machines_out(app: Flask, client: FlaskClient, cast: Cast) -> None:
    _, secret = given(client, cast.bob)
    session = opened(client, cast.bob, secret)
    with app.app_context():
        token = passwords.reset_link(CONSOLE, cast.bob.id).rpartition("=")[2]
    chosen = client.post(
        "/v1/users/reset/verify", json={"new": "mot mat khau khac"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert chosen.status_code == 200
    expect.refused(client.get("/v1/projects/1", headers=session), problems.AUTHENTICATION_FAILED)
    expect.refused(client.get("/v1/projects/1", auth=(cast.bob.email, secret)), problems.AUTHENTICATION_FAILED)


def test_ones_own_address_needs_the_code_where_there_is_one(app: Flask, client: FlaskClient, cast: Cast) -> None:
    url, other = f"/v1/users/{cast.bob.id}", {"email": "b@example.net"}
    assert client.patch(url, json=other, headers=cast.bob.bearer).status_code == 200
    bob = Actor(id=cast.bob.id, type="user", session_id=1)
    with app.app_context():
        secret, _ = second_factor.begin(bob)
        codes = second_factor.confirm(bob, now_code(secret))
    moved = {"email": "c@example.net"}
    expect.refused(client.patch(url, json=moved, headers=cast.bob.bearer), problems.SECOND_FACTOR_NEEDED)
    wrong = client.patch(url, json=moved | {"code": "000000"}, headers=cast.bob.bearer)
    expect.refused(wrong, problems.AUTHENTICATION_FAILED)
    assert client.patch(url, json={"displayName": "Bốp"} | other, headers=cast.bob.bearer).status_code == 200
    assert client.patch(url, json=moved | {"code": codes[0]}, headers=cast.bob.bearer).get_json()["email"] == (
        "c@example.net"
    )
    assert client.patch(url, json=other, headers=cast.alice.bearer).status_code == 200  # as ODK Central's do


def now_code(secret: str) -> str:
    """What the phone shows."""
    return second_factor.code_at(base64.b32decode(secret), int(second_factor.clock()) // second_factor.STEP_SECONDS)


def test_a_one_time_password_opens_its_own_change_alone(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        made, once = accounts.create_user(CONSOLE, "once@example.org")
        assert db.session.get_one(User, made.actor_id).must_change_password
    token = client.post("/v1/sessions", json={"email": "once@example.org", "password": once}).get_json()["token"]
    session = {"Authorization": f"Bearer {token}"}
    for url in ("/v1/projects", "/v1/users?q=x", f"/v1/users/{made.actor_id}"):
        expect.refused(client.get(url, headers=session), problems.PASSWORD_MUST_CHANGE)
        expect.refused(client.get(url, auth=("once@example.org", once)), problems.PASSWORD_MUST_CHANGE)
    own = f"/v1/users/{made.actor_id}/password"
    assert client.put(own, json={"old": once, "new": "mot mat khau khac"}, headers=session).status_code == 200
    assert client.get("/v1/projects", headers=session).status_code == 200
