"""The second factor, and app passwords for who cannot give one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import app_passwords, attempts, second_factor
from server.permissions import CONSOLE, Actor
from tests import expect
from tests.cast import PASSWORD, Cast

OWN = "/v1/users/current/app-passwords"
Code = Callable[..., str]


class Clock:
    """Stands still until it is put on."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that codes go by."""
    made = Clock()
    monkeypatch.setattr(second_factor, "clock", made)
    return made


@pytest.fixture
def bob(cast: Cast) -> Actor:
    """Bob, signed in."""
    return Actor(id=cast.bob.id, type="user", session_id=1)


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    """Within the app."""
    with app.app_context():
        yield


def code(secret: str, clock: Clock, *, steps: int = 0) -> str:
    """What Bob's phone shows now, or some steps of 30 seconds from now."""
    return second_factor.code_at(base64.b32decode(secret), int(clock()) // 30 + steps)


@pytest.fixture
def factor(app: Flask, clock: Clock, bob: Actor) -> tuple[str, list[str]]:
    """Bob's secret and recovery codes; a minute has passed since he turned it on."""
    with app.app_context():
        secret, _ = second_factor.begin(bob)
        codes = second_factor.confirm(bob, code(secret, clock))
    clock.seconds += 60
    return secret, codes


def sign_in(client: FlaskClient, email: str, sent: str | None = None, password: str = PASSWORD) -> Any:
    """What signing in is answered."""
    return client.post("/v1/sessions", json={"email": email, "password": password, "code": sent})


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(moment: int, expected: str) -> None:
    assert second_factor.code_at(b"12345678901234567890", moment // 30, digits=8) == expected


def test_turning_it_on(client: FlaskClient, cast: Cast, clock: Clock, bob: Actor, inside: None) -> None:
    secret, address = second_factor.begin(bob)
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query) == {"secret": [secret], "issuer": ["Đồng Hành"]}
    assert sign_in(client, cast.bob.email).status_code == 200
    with pytest.raises(problems.Problem):
        second_factor.confirm(bob, "000000")
    codes = second_factor.confirm(bob, code(secret, clock))
    assert len(set(codes)) == 10 == second_factor.codes_left(bob)
    for again in (second_factor.begin, lambda who: second_factor.confirm(who, code(secret, clock))):
        with pytest.raises(problems.Problem) as refusal:
            again(bob)
        assert refusal.value.kind is problems.SECOND_FACTOR_ON


def test_signing_in_needs_the_code(
    client: FlaskClient, cast: Cast, clock: Clock, factor: tuple[str, list[str]]
) -> None:
    needed = sign_in(client, cast.bob.email)
    expect.refused(needed, problems.SECOND_FACTOR_NEEDED)
    for wrong in ("000000", "x", "１２３４５６", code(factor[0], clock, steps=5)):
        expect.refused(sign_in(client, cast.bob.email, wrong), problems.AUTHENTICATION_FAILED)
    unknown = sign_in(client, cast.bob.email, password="wrong")
    expect.refused(unknown, problems.AUTHENTICATION_FAILED)
    typed = code(factor[0], clock)
    assert sign_in(client, cast.bob.email, f"{typed[:3]} {typed[3:]}").status_code == 200
    assert client.get("/v1/users/current", headers=cast.bob.bearer).status_code == 200


def test_a_code_counts_once(client: FlaskClient, cast: Cast, clock: Clock, factor: tuple[str, list[str]]) -> None:
    sent = code(factor[0], clock)
    assert sign_in(client, cast.bob.email, sent).status_code == 200
    expect.refused(sign_in(client, cast.bob.email, sent), problems.AUTHENTICATION_FAILED)
    before = code(factor[0], clock, steps=-1)
    expect.refused(sign_in(client, cast.bob.email, before), problems.AUTHENTICATION_FAILED)
    clock.seconds += 30
    assert sign_in(client, cast.bob.email, code(factor[0], clock)).status_code == 200


def test_a_phone_whose_clock_is_a_little_wrong(
    client: FlaskClient, cast: Cast, clock: Clock, factor: tuple[str, list[str]]
) -> None:
    assert sign_in(client, cast.bob.email, code(factor[0], clock, steps=1)).status_code == 200


def test_a_recovery_code_counts_once(
    client: FlaskClient, cast: Cast, bob: Actor, factor: tuple[str, list[str]], inside: None
) -> None:
    first = factor[1][0]
    assert sign_in(client, cast.bob.email, first.upper().replace("-", " ")).status_code == 200
    expect.refused(sign_in(client, cast.bob.email, first), problems.AUTHENTICATION_FAILED)
    assert second_factor.codes_left(bob) == 9


def test_wrong_codes_lock_too(client: FlaskClient, cast: Cast, clock: Clock, factor: tuple[str, list[str]]) -> None:
    for _ in range(attempts.MAX_FAILURES):
        expect.refused(sign_in(client, cast.bob.email, "000000"), problems.AUTHENTICATION_FAILED)
    expect.refused(sign_in(client, cast.bob.email, code(factor[0], clock)), problems.LOCKED_OUT)


def test_turning_it_off_needs_the_password(
    client: FlaskClient, cast: Cast, bob: Actor, factor: tuple[str, list[str]], inside: None
) -> None:
    with pytest.raises(problems.Problem) as refusal:
        second_factor.remove(bob, "wrong")
    assert refusal.value.kind is problems.AUTHENTICATION_FAILED
    second_factor.remove(bob, PASSWORD)
    assert sign_in(client, cast.bob.email).status_code == 200
    assert second_factor.codes_left(bob) == 0
    with pytest.raises(problems.Problem) as refusal:
        second_factor.remove(bob, PASSWORD)
    assert refusal.value.kind is problems.SECOND_FACTOR_OFF


def test_an_administrator_helps_who_lost_the_phone(
    client: FlaskClient, cast: Cast, bob: Actor, factor: tuple[str, list[str]], inside: None
) -> None:
    with pytest.raises(problems.Problem) as refusal:
        second_factor.reset(Actor(id=cast.charlie.id), cast.bob.id)
    assert refusal.value.kind is problems.INSUFFICIENT_RIGHTS
    second_factor.reset(CONSOLE, cast.bob.id)
    assert sign_in(client, cast.bob.email).status_code == 200


def test_with_it_basic_needs_an_app_password(
    client: FlaskClient, cast: Cast, bob: Actor, factor: tuple[str, list[str]], inside: None
) -> None:
    expect.refused(client.get("/v1/projects", headers=cast.bob.basic), problems.SECOND_FACTOR_NEEDED)
    _, secret = app_passwords.create(bob, "Máy in", PASSWORD)
    assert client.get("/v1/projects", auth=(cast.bob.email, secret)).status_code == 200
    # So does a client that knows sessions only, such as pyodk.
    assert sign_in(client, cast.bob.email, password=secret).status_code == 200


def test_app_passwords(client: FlaskClient, cast: Cast) -> None:
    made = client.post(OWN, json={"name": " Máy tính ở trạm ", "password": PASSWORD}, headers=cast.bob.bearer)
    assert made.headers["Cache-Control"] == "no-store"
    shown = made.get_json()
    assert shown.keys() == {"id", "name", "createdAt", "lastUsedAt", "password"}
    assert (shown["name"], shown["lastUsedAt"]) == ("Máy tính ở trạm", None)
    secret = shown.pop("password")
    assert client.get(OWN, headers=cast.bob.bearer).get_json() == [shown]
    assert client.get("/v1/projects/1", auth=(cast.bob.email, secret)).status_code == 200
    assert client.get(OWN, headers=cast.bob.bearer).get_json()[0]["lastUsedAt"]
    for email in (cast.alice.email, "nobody@example.org"):
        assert client.get("/v1/projects/1", auth=(email, secret)).status_code == 401
    gone = client.delete(f"{OWN}/{shown['id']}", headers=cast.alice.bearer)
    expect.refused(gone, problems.NOT_FOUND)
    assert client.delete(f"{OWN}/{shown['id']}", headers=cast.bob.bearer).get_json() == {"success": True}
    assert client.get("/v1/projects/1", auth=(cast.bob.email, secret)).status_code == 401
    assert client.get("/v1/projects/1", headers=cast.bob.basic).status_code == 200


def test_who_makes_no_app_passwords(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.bob.basic, {}):
        answer = client.post(OWN, json={"name": "x", "password": PASSWORD}, headers=headers)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    body = {"name": "x", "password": PASSWORD}
    phone = client.post(f"/v1/key/{cast.device.key}/users/current/app-passwords", json=body)
    expect.refused(phone, problems.INSUFFICIENT_RIGHTS)
    for body in ({}, {"name": " ", "password": PASSWORD}, {"name": 5, "password": PASSWORD}, {"name": "x"}):
        answer = client.post(OWN, json=body, headers=cast.bob.bearer)
        expect.refused(answer, problems.MISSING_PARAMETER)


def test_there_is_a_limit(client: FlaskClient, cast: Cast) -> None:
    for number in range(app_passwords.LIMIT):
        body = {"name": str(number), "password": PASSWORD}
        assert client.post(OWN, json=body, headers=cast.bob.bearer).status_code == 200
    answer = client.post(OWN, json={"name": "x", "password": PASSWORD}, headers=cast.bob.bearer)
    expect.refused(answer, problems.TOO_MANY_APP_PASSWORDS)
