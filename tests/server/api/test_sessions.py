"""/v1/sessions: signing in and out, and ending what a token opens."""

from __future__ import annotations

import re
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from schemas import problems
from server.actions import access, links
from server.db import db, now, writing
from server.models import Audit, Session
from server.permissions import CONSOLE
from tests import expect
from tests.cast import PASSWORD, Cast
from tests.conftest import Publish


def sign_in(client: FlaskClient, email: Any, password: Any = PASSWORD, **more: Any) -> TestResponse:
    """What signing in is answered."""
    return client.post("/v1/sessions", json={"email": email, "password": password, **more})


def cookies(answer: TestResponse) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    return {name: found for text in answer.headers.getlist("Set-Cookie") for name, found in SimpleCookie(text).items()}


def entries(app: Flask, *actions: str) -> list[tuple[str, int | None, int | None, dict[str, Any]]]:
    """What the security log has of these actions since the cast was assembled: action, by whom, about whom, details."""
    with app.app_context():
        found = db.session.scalars(select(Audit).where(Audit.action.in_(actions)).order_by(Audit.id))
        return [(row.action, row.actor_id, row.subject_id, row.details) for row in found]


def test_signing_in_works(app: Flask, client: FlaskClient, cast: Cast) -> None:
    answer = client.post(
        "/v1/sessions", json={"email": " BOB@example.org", "password": PASSWORD}, headers={"User-Agent": "Trình duyệt"}
    )
    assert answer.status_code == 200
    session = answer.get_json()
    assert session.keys() == {"token", "csrf", "createdAt", "expiresAt"}
    assert len(session["token"]) == len(session["csrf"]) == 64
    assert session["createdAt"] < session["expiresAt"] and session["expiresAt"].endswith("Z")
    assert answer.headers["Cache-Control"] == "no-store"
    current = client.get("/v1/users/current", headers={"Authorization": f"Bearer {session['token']}"}).get_json()
    assert current["email"] == cast.bob.email and current["lastLoginAt"] == session["createdAt"]
    (*_, (action, by, about, details)) = entries(app, "user.session.create")
    assert (by, about, list(details)) == (cast.bob.id, cast.bob.id, ["userAgent"])


def test_the_cookies_are_for_this_server_alone(client: FlaskClient, cast: Cast) -> None:
    answer = sign_in(client, cast.bob.email)
    found, session = cookies(answer), answer.get_json()
    assert found.keys() == {"session", "__csrf"}
    assert [unquote(found[name].value) for name in ("session", "__csrf")] == [session["token"], session["csrf"]]
    assert found["session"]["httponly"] is True and not found["__csrf"]["httponly"]
    for cookie in found.values():
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Strict", "/", "")
        assert cookie["expires"]


def test_cookies_are_written_as_clients_of_central_read_them(client: FlaskClient, cast: Cast) -> None:
    answer = sign_in(client, cast.bob.email)
    token, csrf = (quote(answer.get_json()[name], safe="!") for name in ("token", "csrf"))
    session, other = answer.headers.getlist("Set-Cookie")
    until = r"; Path=/; Expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT"
    assert re.fullmatch(rf"session={re.escape(token)}{until}; HttpOnly; SameSite=Strict", session)
    assert re.fullmatch(rf"__csrf={re.escape(csrf)}{until}; SameSite=Strict", other)
    for written in (token, answer.get_json()["token"]):
        found = client.get("/v1/users/current", headers={"Cookie": f"session={written}"})
        assert found.get_json()["email"] == cast.bob.email


def test_why_somebody_signs_in_is_kept(app: Flask, client: FlaskClient, cast: Cast) -> None:
    body = {"email": cast.bob.email, "password": PASSWORD}
    assert client.post("/v1/sessions", json=body, headers={"X-Action-Notes": "ca%20tr%E1%BB%B1c"}).status_code == 200
    with app.app_context():
        query = select(Audit.notes).where(Audit.action == "user.session.create").order_by(Audit.id.desc())
        assert db.session.scalar(query.limit(1)) == "ca trực"
    wrong = client.post("/v1/sessions", json=body, headers={"X-Action-Notes": "%E1%BB"})
    assert expect.refused(wrong, problems.INVALID_HEADER) == {"field": "x-action-notes"}


@pytest.mark.parametrize(
    ("email", "password"),
    [("bob@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("bob@example.org", 1), ("bob@example.org", [])],
)
def test_wrong_credentials_tell_nothing(client: FlaskClient, email: str, password: Any) -> None:
    answer = sign_in(client, email, password)
    assert expect.refused(answer, problems.AUTHENTICATION_FAILED) == {}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [{}, {"email": "a@b.c"}, {"password": "x"}, {"email": "", "password": "x"}, {"email": "x", "password": None}],
)
def test_both_are_needed(client: FlaskClient, body: dict[str, Any]) -> None:
    details = expect.refused(client.post("/v1/sessions", json=body), problems.MISSING_PARAMETERS)
    assert details == {"expected": ["email", "password"], "got": body}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", problems.MISSING_PARAMETERS),
        (b"[]", problems.MISSING_PARAMETERS),
        (b"{", problems.UNPARSEABLE),
        (b'{"email": 5, "password": "x"}', problems.INVALID_DATA_TYPE),
        (b'"text"', problems.UNPARSEABLE),
    ],
)
def test_bodies_that_are_no_credentials(client: FlaskClient, body: bytes, kind: problems.Kind) -> None:
    details = expect.refused(client.post("/v1/sessions", data=body, content_type="application/json"), kind)
    if kind is problems.UNPARSEABLE:
        assert details == {"format": "json", "rawLength": len(body)}
    if kind is problems.INVALID_DATA_TYPE:
        assert details == {"field": "email", "expected": "string"}


def test_the_session_that_is_held(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/v1/sessions/restore", headers=cast.bob.bearer)
    assert answer.get_json().keys() == {"createdAt", "expiresAt"}
    assert answer.headers["Cache-Control"] == "no-store"
    expect.refused(client.get("/v1/sessions/restore", headers=cast.bob.basic), problems.NOT_FOUND)
    expect.refused(client.get("/v1/sessions/restore"), problems.AUTHENTICATION_FAILED)
    of_a_key = client.get(f"/v1/key/{cast.device.key}/sessions/restore").get_json()
    assert of_a_key["expiresAt"] == "9999-12-31T23:59:59.000Z"


def test_signing_out(app: Flask, client: FlaskClient, cast: Cast) -> None:
    answer = client.delete("/v1/sessions/current", headers=cast.bob.bearer)
    assert answer.get_json() == {"success": True}
    for cookie in cookies(answer).values():
        assert cookie.value == "null" and "1970" in cookie["expires"]
    expect.refused(client.get("/v1/users/current", headers=cast.bob.bearer), problems.AUTHENTICATION_FAILED)
    assert client.get("/v1/users/current", headers=cast.alice.bearer).status_code == 200
    assert entries(app, "user.session.end") == [("user.session.end", cast.bob.id, cast.bob.id, {"one": True})]
    told = client.get("/v1/audits", headers=cast.alice.bearer).get_json()
    assert "user.session.end" not in {entry["action"] for entry in told}  # clients of the dialect do not know it


def test_nothing_to_sign_out_of(client: FlaskClient, cast: Cast) -> None:
    expect.refused(client.delete("/v1/sessions/current", headers=cast.bob.basic), problems.NOT_FOUND)
    expect.refused(client.delete("/v1/sessions/current"), problems.AUTHENTICATION_FAILED)
    phone = client.delete(f"/v1/key/{cast.device.key}/sessions/current")
    expect.refused(phone, problems.INSUFFICIENT_RIGHTS)


def test_no_page_of_somebody_else_signs_a_browser_in(client: FlaskClient, cast: Cast) -> None:
    body = {"email": cast.bob.email, "password": PASSWORD}
    for site, kept in (("cross-site", False), ("same-origin", True), ("none", True)):
        answer = client.post("/v1/sessions", json=body, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 200 and bool(cookies(answer)) is kept


def test_ending_a_session_by_its_token(app: Flask, client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/sessions/{cast.bob.token}"
    for headers in (cast.charlie.bearer, cast.dung.bearer, {}):
        expect.refused(client.delete(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
    for unknown in ("unknown", "a" * 64):
        answer = client.delete(f"/v1/sessions/{unknown}", headers=cast.alice.bearer)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    own = client.delete(url, headers=cast.bob.bearer)
    assert own.get_json() == {"success": True} and cookies(own).keys() == {"session", "__csrf"}
    other = client.delete(f"/v1/sessions/{cast.minh.token}", headers=cast.alice.bearer)
    assert other.status_code == 200 and not cookies(other)
    assert entries(app, "user.session.end") == [
        ("user.session.end", cast.bob.id, cast.bob.id, {"one": True}),
        ("user.session.end", cast.alice.id, cast.minh.id, {}),
    ]
    expect.refused(client.get("/v1/users/current", headers=cast.minh.bearer), problems.AUTHENTICATION_FAILED)


def test_revoking_an_app_user_by_its_key(app: Flask, client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/sessions/{cast.device.key}"
    for person in (cast.charlie, cast.vy, cast.dung):
        expect.refused(client.delete(url, headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    itself = client.delete(f"/v1/key/{cast.device.key}/sessions/{cast.device.key}")
    expect.refused(itself, problems.INSUFFICIENT_RIGHTS)
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert client.get(cast.device.url("formList")).status_code == 403
    listed = client.get("/v1/projects/1/app-users", headers=cast.bob.bearer).get_json()
    assert [(entry["id"], entry["token"]) for entry in listed] == [(cast.device.id, None)]
    assert entries(app, "field_key.session.end") == [("field_key.session.end", cast.bob.id, cast.device.id, {})]
    expect.refused(client.delete(url, headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)


def test_revoking_a_public_link_by_its_key(app: Flask, client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish("| survey | | | |\n| | type | name | label |\n| | text | a | A |")
    with app.app_context():
        link = links.create(CONSOLE, 1, form.xml_form_id, "Trạm y tế")
        number, key = link.actor_id, access.key_of(link)
    url = f"/v1/sessions/{key}"
    for own in (f"/v1/key/{key}{url.removeprefix('/v1')}", f"/v1/key/{key}/sessions/current"):
        expect.refused(client.delete(own), problems.INSUFFICIENT_RIGHTS)  # one visitor would end it for all
    for person in (cast.charlie, cast.dung):
        expect.refused(client.delete(url, headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert entries(app, "public_link.session.end") == [("public_link.session.end", cast.bob.id, number, {})]
    expect.refused(client.delete(url, headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)


def test_an_expired_session_is_none(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context(), writing():
        for session in db.session.query(Session).filter_by(actor_id=cast.bob.id):
            session.expires_at = now()
    expect.refused(client.get("/v1/users/current", headers=cast.bob.bearer), problems.AUTHENTICATION_FAILED)
    ended = client.delete(f"/v1/sessions/{cast.bob.token}", headers=cast.alice.bearer)
    expect.refused(ended, problems.INSUFFICIENT_RIGHTS)


@pytest.mark.parametrize("token", ["", "wrong", "a" * 64])
def test_a_wrong_token_is_refused_everywhere(client: FlaskClient, token: str) -> None:
    for url in ("/v1/users/current", "/v1/projects", "/v1/projects/1"):
        answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
        expect.refused(answer, problems.AUTHENTICATION_FAILED)


def test_basic_needs_https_from_elsewhere(client: FlaskClient, cast: Cast) -> None:
    pair = {"auth": (cast.bob.email, PASSWORD)}
    assert client.get("/v1/projects", **pair).status_code == 200  # type: ignore[arg-type]
    far: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}, **pair}
    expect.refused(client.get("/v1/projects", **far), problems.HTTPS_ONLY)
    assert client.get("/v1/projects", base_url="https://localhost", **far).status_code == 200


def test_a_change_by_cookie_needs_the_token_of_the_session(client: FlaskClient, cast: Cast) -> None:
    url, name = "/v1/user-preferences/site/x", {"propertyValue": 1}
    browser = cast.bob.cookie | {"Origin": "https://elsewhere.example"}
    answer = client.put(url, json=name, headers=browser)
    expect.refused(answer, problems.AUTHENTICATION_FAILED)
    wrong = client.put(url, json=name | {"__csrf": cast.alice.csrf}, headers=browser)
    expect.refused(wrong, problems.AUTHENTICATION_FAILED)
    for headers, body in (
        ({"X-CSRF-Token": cast.bob.csrf}, name),
        ({"X-Requested-With": "XMLHttpRequest"}, name),
        ({}, name | {"__csrf": cast.bob.csrf}),
        ({}, name | {"__csrf": cast.bob.csrf.replace("$", "%24").replace("!", "%21")}),
    ):
        assert client.put(url, json=body, headers=browser | headers).get_json() == {"success": True}


@pytest.mark.parametrize("mark", [("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")])
def test_a_page_of_this_address_changes_by_cookie(client: FlaskClient, cast: Cast, mark: tuple[str, str]) -> None:
    """Central's web client marks its POSTs alone; PUT, PATCH and DELETE from elsewhere no browser sends unasked."""
    url, name = "/v1/user-preferences/site/x", {"propertyValue": 1}
    assert client.put(url, json=name, headers=cast.bob.cookie | dict([mark])).get_json() == {"success": True}
    elsewhere = cast.bob.cookie | {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"}
    expect.refused(client.put(url, json=name, headers=elsewhere), problems.AUTHENTICATION_FAILED)
    posted = client.post("/v1/projects", json={"name": "x"}, headers=cast.alice.cookie | dict([mark]))
    expect.refused(posted, problems.AUTHENTICATION_FAILED)


@pytest.mark.parametrize("mark", [("X-Requested-With", "XMLHttpRequest"), ("Sec-Fetch-Mode", "cors")])
def test_a_script_in_a_page_is_not_challenged(client: FlaskClient, mark: tuple[str, str]) -> None:
    """The browser would ask the person for a password and let the script wait (Central's web client, at its start)."""
    answer = client.get("/v1/sessions/restore", headers=dict([mark]))
    assert (answer.status_code, answer.get_json()["code"]) == (401, 401.2)
    assert "WWW-Authenticate" not in answer.headers
