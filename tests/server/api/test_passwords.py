"""New passwords: by the old one, by a link that was mailed, or handed over."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from schemas import problems
from server.actions import accounts, credentials, passwords
from server.db import db, now, writing
from server.models import Audit, PasswordReset
from server.parts import NAME
from server.permissions import CONSOLE, Actor
from tests import expect, relay
from tests.cast import PASSWORD, Cast, Headers

NEW = "mot mat khau moi"
OTHER = "lai mot cau khac"
SUCCESS = {"success": True}


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> int:
    """The status of signing in."""
    return client.post("/v1/sessions", json={"email": email, "password": password}).status_code


def initiate(client: FlaskClient, email: Any, headers: Headers | None = None, *, invalidate: bool = False) -> Any:
    """What asking for a reset is answered."""
    url = "/v1/users/reset/initiate" + ("?invalidate=true" if invalidate else "")
    return client.post(url, json={"email": email}, headers=headers)


def verify(client: FlaskClient, token: str, new: Any = NEW) -> Any:
    """What choosing a password with a token is answered."""
    headers = {"Authorization": f"Bearer {token}"}
    return client.post("/v1/users/reset/verify", json={"new": new}, headers=headers)


def token_of(letter: EmailMessage) -> str:
    """The token in the link of a letter."""
    (token,) = re.findall(r"/account/claim\?token=([A-Za-z0-9$!]{64})\n", relay.text_of(letter))
    return str(token)


def updates(app: Flask) -> list[tuple[int | None, int | None, dict[str, Any]]]:
    """The entries about changed users: by whom, about whom, details."""
    with app.app_context():
        rows = db.session.scalars(select(Audit).where(Audit.action == "user.update").order_by(Audit.id))
        return [(row.actor_id, row.subject_id, row.details) for row in rows]


def test_changing_ones_password_ends_ones_other_sessions(
    app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    other = client.post("/v1/sessions", json={"email": cast.bob.email, "password": PASSWORD}).get_json()["token"]
    url = f"/v1/users/{cast.bob.id}/password"
    wrong = client.put(url, json={"old": "wrong", "new": NEW}, headers=cast.bob.bearer)
    expect.refused(wrong, problems.AUTHENTICATION_FAILED)
    body = {"old": PASSWORD, "new": NEW}
    for headers in (cast.charlie.bearer, {}):
        expect.refused(client.put(url, json=body, headers=headers), problems.INSUFFICIENT_RIGHTS)
    assert client.get("/v1/projects", headers=cast.bob.basic).status_code == 200
    assert client.put(url, json=body, headers=cast.bob.bearer).get_json() == SUCCESS
    assert client.get("/v1/users/current", headers=cast.bob.bearer).status_code == 200
    assert client.get("/v1/users/current", headers={"Authorization": f"Bearer {other}"}).status_code == 401
    assert client.get("/v1/projects", headers=cast.bob.basic).status_code == 401
    assert sign_in(client, cast.bob.email, NEW) == 200
    assert updates(app) == [(cast.bob.id, cast.bob.id, {"data": {"password": True}})]
    (letter,) = letters
    assert letter["To"] == cast.bob.email


def test_an_administrator_too_proves_the_old_password(client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/users/{cast.bob.id}/password"
    for old in ("wrong", "", None, 5):
        answer = client.put(url, json={"old": old, "new": NEW}, headers=cast.alice.bearer)
        expect.refused(answer, problems.AUTHENTICATION_FAILED)
    answer = client.put(url, json={"old": PASSWORD, "new": NEW}, headers=cast.alice.bearer)
    assert answer.get_json() == SUCCESS
    assert client.get("/v1/users/current", headers=cast.bob.bearer).status_code == 401
    unknown = client.put("/v1/users/999/password", json={"old": PASSWORD, "new": NEW}, headers=cast.charlie.bearer)
    expect.refused(unknown, problems.NOT_FOUND)


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        ("ngắn", problems.PASSWORD_TOO_SHORT),
        ("mot cau dai " * 7, problems.PASSWORD_TOO_LONG),
        ("BOB@example.org", problems.PASSWORD_TOO_WEAK),
        (None, problems.INVALID_DATA_TYPE),
    ],
)
def test_passwords_that_cannot_be(client: FlaskClient, cast: Cast, new: Any, kind: problems.Kind) -> None:
    url, body = f"/v1/users/{cast.bob.id}/password", {"old": PASSWORD, "new": new}
    expect.refused(client.put(url, json=body, headers=cast.bob.bearer), kind)
    assert sign_in(client, cast.bob.email) == 200


def test_a_forgotten_password(app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]) -> None:
    assert initiate(client, "Bob@example.org").get_json() == SUCCESS
    assert sign_in(client, cast.bob.email) == 200
    (letter,) = letters
    assert (letter["To"], letter["From"]) == (cast.bob.email, relay.SENDER)
    assert "Đặt lại mật khẩu" in letter["Subject"] and "có hiệu lực" in relay.text_of(letter)
    token = token_of(letter)
    expect.refused(verify(client, token, "ngắn"), problems.PASSWORD_TOO_SHORT)
    assert verify(client, token).get_json() == SUCCESS
    assert sign_in(client, cast.bob.email) == 401 and sign_in(client, cast.bob.email, NEW) == 200
    assert client.get("/v1/users/current", headers=cast.bob.bearer).status_code == 401
    assert updates(app) == [(cast.bob.id, cast.bob.id, {"data": {"password": True}})]
    expect.refused(verify(client, token, OTHER), problems.AUTHENTICATION_FAILED)


def test_a_letter_can_be_read_as_a_page(client: FlaskClient, cast: Cast, letters: list[EmailMessage]) -> None:
    initiate(client, cast.bob.email)
    page = letters[0].get_body(("html",))
    assert isinstance(page, EmailMessage) and page.get_content_type() == "text/html"
    (link,) = re.findall(r"http://\S+/account/claim\?token=\S+", relay.text_of(letters[0]))
    assert f'<a href="{link}">{link}</a>' in page.get_content()


def test_a_letter_to_who_was_deleted_leads_nowhere(
    client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    initiate(client, cast.bob.email)
    assert client.delete(f"/v1/users/{cast.bob.id}", headers=cast.alice.bearer).status_code == 200
    expect.refused(verify(client, token_of(letters[0])), problems.NOT_FOUND)
    assert client.get("/account/claim", query_string={"token": token_of(letters[0])}).status_code == 404


def test_letters_are_in_the_language_of_the_user(
    app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    with app.app_context():
        accounts.set_language(Actor(id=cast.bob.id), "en")
    initiate(client, cast.bob.email)
    assert letters[0]["Subject"] == "A new password on Đồng Hành"


def test_nobody_learns_whether_an_address_is_known(
    client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    assert initiate(client, "nobody@example.org").get_json() == SUCCESS
    assert letters == []
    client.delete(f"/v1/users/{cast.bob.id}", headers=cast.alice.bearer)
    assert initiate(client, cast.bob.email).get_json() == SUCCESS
    (letter,) = letters
    assert letter["To"] == cast.bob.email and "đã bị xóa" in relay.text_of(letter)


def test_a_reset_by_an_administrator_ends_the_old_password(
    app: Flask, client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    for email in (cast.bob.email, "nobody@example.org"):
        for headers in (cast.charlie.bearer, cast.minh.bearer, {}):
            answer = initiate(client, email, headers, invalidate=True)
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
        assert initiate(client, email, cast.alice.bearer, invalidate=True).get_json() == SUCCESS
    assert sign_in(client, cast.bob.email) == 401
    expect.refused(initiate(client, cast.bob.email, cast.bob.bearer, invalidate=True), problems.AUTHENTICATION_FAILED)
    assert updates(app) == [(cast.alice.id, cast.bob.id, {"data": {"password": None}})]
    (letter,) = letters
    assert verify(client, token_of(letter)).get_json() == SUCCESS
    assert sign_in(client, cast.bob.email, NEW) == 200


def test_what_asking_needs(client: FlaskClient, cast: Cast) -> None:
    assert expect.refused(initiate(client, None), problems.MISSING_PARAMETER) == {"field": "email"}
    assert expect.refused(initiate(client, ""), problems.MISSING_PARAMETER) == {"field": "email"}
    assert expect.refused(initiate(client, 5), problems.INVALID_DATA_TYPE) == {"field": "email", "expected": "string"}
    stale = {"Authorization": f"Bearer {'a' * 64}"}
    assert initiate(client, cast.bob.email, stale).get_json() == SUCCESS
    expect.refused(initiate(client, cast.bob.email, stale, invalidate=True), problems.AUTHENTICATION_FAILED)


def test_what_choosing_needs(client: FlaskClient, cast: Cast) -> None:
    expect.refused(client.post("/v1/users/reset/verify", json={"new": NEW}), problems.AUTHENTICATION_FAILED)
    expect.refused(verify(client, "a" * 64), problems.AUTHENTICATION_FAILED)
    expect.refused(verify(client, cast.bob.token), problems.INSUFFICIENT_RIGHTS)
    assert sign_in(client, cast.bob.email) == 200


def test_a_password_that_leaked_elsewhere(app: Flask, client: FlaskClient, cast: Cast, tmp_path: Path) -> None:
    hashed = hashlib.sha1(NEW.encode(), usedforsecurity=False).hexdigest()
    (tmp_path / "leaked").write_text(f"{hashed}:12\n")
    parts = app.extensions[NAME]
    listed = replace(parts.settings, breached_passwords=tmp_path / "leaked")
    app.extensions[NAME] = replace(parts, settings=listed)
    try:
        url = f"/v1/users/{cast.bob.id}/password"
        for new, status in ((NEW, 400), (OTHER, 200)):
            answer = client.put(url, json={"old": PASSWORD, "new": new}, headers=cast.bob.bearer)
            assert answer.status_code == status, answer.text
    finally:
        app.extensions[NAME] = parts


def test_a_link_works_for_a_day(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        link = passwords.reset_link(CONSOLE, cast.bob.id)
        assert link.startswith("http://127.0.0.1:8000/account/claim?token=")
        with writing():
            db.session.execute(update(PasswordReset).values(expires_at=now()))
    expect.refused(verify(client, link.rpartition("=")[2]), problems.AUTHENTICATION_FAILED)


def test_a_link_is_handed_over_by_administrators(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        with pytest.raises(problems.Problem) as refusal:
            passwords.reset_link(Actor(id=cast.charlie.id), cast.bob.id)
        assert refusal.value.kind is problems.INSUFFICIENT_RIGHTS
        old, link = (passwords.reset_link(CONSOLE, cast.bob.id).rpartition("=")[2] for _ in range(2))
    assert verify(client, link).get_json() == SUCCESS
    expect.refused(verify(client, old, OTHER), problems.AUTHENTICATION_FAILED)  # whoever has it, it counts no more


def test_a_new_address_does_not_heed_what_went_to_the_old_one(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        token = passwords.reset_link(CONSOLE, cast.bob.id).rpartition("=")[2]
    client.patch(f"/v1/users/{cast.bob.id}", json={"email": "b@example.net"}, headers=cast.bob.bearer)
    expect.refused(verify(client, token), problems.AUTHENTICATION_FAILED)


def test_nobody_is_flooded(client: FlaskClient, cast: Cast, letters: list[EmailMessage]) -> None:
    for _ in range(credentials.MAX_RESETS + 3):
        assert initiate(client, cast.bob.email).get_json() == SUCCESS
    assert len(letters) == credentials.MAX_RESETS


def test_a_stranger_does_not_keep_the_owner_from_it(
    client: FlaskClient, cast: Cast, letters: list[EmailMessage]
) -> None:
    ask: dict[str, Any] = {"json": {"email": cast.bob.email}}
    for number, source in enumerate(["198.51.100.7"] * (credentials.MAX_RESETS + 3) + ["192.0.2.1"], start=1):
        answer = client.post("/v1/users/reset/initiate", **ask, environ_overrides={"REMOTE_ADDR": source})
        assert answer.get_json() == SUCCESS
        assert len(letters) == min(number, credentials.MAX_RESETS) + (source == "192.0.2.1")
    client.post("/v1/users/reset/initiate?invalidate=true", **ask, headers=cast.alice.bearer)
    assert len(letters) == credentials.MAX_RESETS + 2


def test_a_relay_that_is_away_fails_no_request(
    app: Flask, client: FlaskClient, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    with relay.listening() as (port, _):
        pass
    with relay.sending_by(app, port):
        assert initiate(client, cast.bob.email).get_json() == SUCCESS
        made = client.post("/v1/users", json={"email": "em@example.org"}, headers=cast.alice.bearer)
        assert made.status_code == 200
    assert app.test_client().get("/v1/users", headers=cast.alice.bearer).status_code == 200
    assert "@" not in caplog.text
