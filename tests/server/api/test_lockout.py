"""Ten failures lock an account, from where they came; and nobody learns whose address exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from schemas import problems
from server.actions import accounts, app_passwords, attempts
from server.db import db, now, writing
from server.models import Attempt, Audit
from server.permissions import CONSOLE, Actor
from tests import expect
from tests.cast import PASSWORD, Cast

Try = Callable[..., int]


@pytest.fixture
def attempt(client: FlaskClient) -> Try:
    """`attempt(email, password, source)`: the status that signing in from there has."""

    def post(email: str, password: str = "wrong", source: str = "192.0.2.1") -> int:
        body = {"email": email, "password": password}
        return client.post("/v1/sessions", json=body, environ_overrides={"REMOTE_ADDR": source}).status_code

    return post


def logged(app: Flask, action: str) -> list[tuple[int | None, str | None, dict[str, Any]]]:
    """About whom, from where, and what more."""
    with app.app_context():
        found = db.session.scalars(select(Audit).where(Audit.action == action).order_by(Audit.id))
        return [(row.subject_id, row.source, row.details) for row in found]


def let_pass(app: Flask) -> None:
    """Time goes by until all locks are open again."""
    with app.app_context(), writing():
        db.session.execute(update(Attempt).where(Attempt.locked_until.is_not(None)).values(locked_until=now()))


def test_ten_failures_lock_for_a_while(app: Flask, attempt: Try, cast: Cast) -> None:
    assert [attempt(cast.bob.email) for _ in range(attempts.MAX_FAILURES)] == [401] * 10
    assert attempt(cast.bob.email, PASSWORD) == 429
    assert attempt(cast.alice.email, PASSWORD) == 200
    assert logged(app, "user.session.failure") == [(cast.bob.id, "192.0.2.1", {})] * 10
    assert logged(app, "user.session.lockout") == [(cast.bob.id, "192.0.2.1", {"scope": "account and source"})]
    let_pass(app)
    assert attempt(cast.bob.email, PASSWORD) == 200


def test_the_refusal_says_how_long_and_whom_to_ask(client: FlaskClient, attempt: Try, cast: Cast) -> None:
    for _ in range(attempts.MAX_FAILURES):
        attempt(cast.bob.email, source="127.0.0.1")
    answer = client.post("/v1/sessions", json={"email": cast.bob.email, "password": PASSWORD})
    assert expect.refused(answer, problems.LOCKED_OUT) == {"minutes": 10}
    assert "ask an administrator" in answer.get_json()["message"]


def test_an_unknown_address_locks_alike(app: Flask, attempt: Try) -> None:
    answers = [attempt("nobody@example.org") for _ in range(attempts.MAX_FAILURES + 1)]
    assert answers == [401] * 10 + [429]
    assert logged(app, "user.session.failure")[0] == (None, "192.0.2.1", {})
    with app.app_context():
        kept = db.session.scalars(select(Attempt.account)).all()
        assert not any("nobody" in account for account in kept)


def test_a_stranger_elsewhere_keeps_nobody_out(attempt: Try, cast: Cast) -> None:
    for _ in range(attempts.MAX_FAILURES + 5):
        attempt(cast.bob.email, source="198.51.100.7")
    assert attempt(cast.bob.email, PASSWORD, "192.0.2.1") == 200


def test_many_places_together_lock_the_account(app: Flask, attempt: Try, cast: Cast) -> None:
    for number in range(attempts.MAX_OF_ACCOUNT):
        assert attempt(cast.bob.email, source=f"198.51.100.{number}") == 401
    assert attempt(cast.bob.email, PASSWORD, "192.0.2.1") == 429
    assert logged(app, "user.session.lockout")[-1][2] == {"scope": "account"}


def test_where_somebody_signed_in_before_stays_open(app: Flask, client: FlaskClient, attempt: Try, cast: Cast) -> None:
    assert attempt(cast.bob.email, PASSWORD, "192.0.2.1") == 200
    office = {"base_url": "https://localhost", "environ_overrides": {"REMOTE_ADDR": "2001:db8::1"}}
    pair: dict[str, Any] = {"auth": (cast.bob.email, PASSWORD)} | office
    assert client.get("/v1/projects", **pair).status_code == 200  # an upload by Basic counts as well
    for number in range(attempts.MAX_OF_ACCOUNT):
        attempt(cast.bob.email, source=f"198.51.100.{number}")
    assert attempt(cast.bob.email, PASSWORD, "192.0.2.1") == 200
    assert attempt(cast.bob.email, PASSWORD, "2001:db8::2") == 200
    assert client.get("/v1/projects", **pair).status_code == 200
    # That she came in opens it to nobody else, and to guess is to be locked out there too.
    assert attempt(cast.bob.email, PASSWORD, "192.0.2.2") == 429
    assert [attempt(cast.bob.email) for _ in range(attempts.MAX_FAILURES)] == [401] * 10
    assert attempt(cast.bob.email, PASSWORD, "192.0.2.1") == 429
    long_ago = now() - attempts.KNOWN * 2
    with app.app_context(), writing():
        db.session.execute(update(Attempt).where(Attempt.known_at.is_not(None)).values(known_at=long_ago))
    assert attempt(cast.bob.email, PASSWORD, "2001:db8::2") == 429


def test_a_place_that_tries_many_addresses_is_locked(
    app: Flask, attempt: Try, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MAX_OF_SOURCE", 12)
    for number in range(12):
        # The same house has all addresses of a /64.
        assert attempt(f"x{number}@example.org", source=f"2001:db8::{number:x}") == 401
    assert attempt(cast.bob.email, PASSWORD, "2001:db8::ffff") == 429
    assert attempt(cast.bob.email, PASSWORD, "2001:db8:0:1::1") == 200


def test_only_failures_in_a_row_count(attempt: Try, cast: Cast) -> None:
    for _ in range(2):
        for _ in range(attempts.MAX_FAILURES - 1):
            assert attempt(cast.bob.email) == 401
        assert attempt(cast.bob.email, PASSWORD) == 200


def test_failures_long_apart_are_forgotten(app: Flask, attempt: Try, cast: Cast) -> None:
    for _ in range(attempts.MAX_FAILURES - 1):
        attempt(cast.bob.email)
    with app.app_context(), writing():
        db.session.execute(update(Attempt).values(last_at=now() - attempts.FORGET * 2))
    assert attempt("somebody@example.org") == 401
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Attempt.failures > 0)) == 3
    assert attempt(cast.bob.email) == 401
    assert attempt(cast.bob.email, PASSWORD) == 200


def test_basic_failures_count_too(client: FlaskClient, cast: Cast) -> None:
    for _ in range(attempts.MAX_FAILURES):
        answer = client.get("/v1/projects", auth=(cast.bob.email, "wrong"))
        expect.refused(answer, problems.AUTHENTICATION_FAILED)
    assert client.get("/v1/projects", auth=(cast.bob.email, PASSWORD)).status_code == 429


def test_what_is_open_stays_open(app: Flask, client: FlaskClient, attempt: Try, cast: Cast) -> None:
    with app.app_context():
        bob = Actor(id=cast.bob.id, type="user", session_id=1)
        _, secret = app_passwords.create(bob, "Máy tính ở trạm", PASSWORD)
    for _ in range(attempts.MAX_FAILURES):
        attempt(cast.bob.email, source="127.0.0.1")
    assert client.get("/v1/users/current", headers=cast.bob.bearer).status_code == 200
    assert client.get("/v1/users/current", auth=(cast.bob.email, secret)).status_code == 200
    assert client.get("/v1/users/current", auth=(cast.bob.email, PASSWORD)).status_code == 429


def test_the_old_password_is_not_guessed_by_who_found_the_session(client: FlaskClient, cast: Cast) -> None:
    url, body = f"/v1/users/{cast.bob.id}/password", {"old": "wrong", "new": "mot mat khau moi"}
    for _ in range(attempts.MAX_FAILURES):
        expect.refused(client.put(url, json=body, headers=cast.bob.bearer), problems.AUTHENTICATION_FAILED)
    answer = client.put(url, json=body | {"old": PASSWORD}, headers=cast.bob.bearer)
    expect.refused(answer, problems.LOCKED_OUT)


def test_an_administrator_unlocks(app: Flask, attempt: Try, cast: Cast) -> None:
    for _ in range(attempts.MAX_FAILURES):
        attempt(cast.bob.email)
    with app.app_context():
        assert attempts.is_locked(cast.bob.email) and not attempts.is_locked(cast.alice.email)
        with pytest.raises(problems.Problem):
            accounts.unlock(Actor(id=cast.bob.id), cast.bob.id)
        accounts.unlock(CONSOLE, cast.bob.id)
    assert logged(app, "user.session.unlock") == [(cast.bob.id, None, {})]
    assert attempt(cast.bob.email, PASSWORD) == 200
