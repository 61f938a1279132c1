"""What must hold everywhere: the cookie, forged requests, sizes, crashes, addresses that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from shutil import copy

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.app import create_app
from tests import expect, phone
from tests.cast import PASSWORD, Cast
from tests.conftest import Publish, close, settings_in

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""


@pytest.fixture
def small(tmp_path: Path, assembled: tuple[Path, Cast]) -> Iterator[Flask]:
    """A server behind https that takes bodies of at most 100 KB."""
    copy(assembled[0], tmp_path)
    app = create_app(replace(settings_in(tmp_path), max_body=100_000, public_url="https://dh.example.vn"))
    yield app
    close(app)


def test_a_cookie_reads(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/v1/projects/1", headers=cast.bob.cookie).status_code == 200
    assert client.get("/v1/projects/1", headers={"Cookie": "session=wrong"}).status_code == 403


def test_a_cookie_alone_changes_nothing(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    forged = (
        ("patch", form.url, {"json": {"state": "closed"}}),
        ("delete", form.url, {}),
        ("post", "/v1/projects/1/app-users", {"json": {"displayName": "x"}}),
        ("post", f"/v1/projects/1/assignments/viewer/{cast.charlie.id}", {}),
        (
            "post",
            "/v1/projects/1/submission",
            {"data": phone.body(form.submission()), "content_type": phone.CONTENT_TYPE},
        ),
        ("delete", "/v1/sessions/current", {}),
    )
    for method, url, body in forged:
        for token in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}):
            answer = client.open(url, method=method.upper(), headers=cast.bob.cookie | token, **body)
            assert answer.status_code == 401, url
    right = cast.bob.cookie | {"X-CSRF-Token": cast.bob.csrf}
    assert client.patch(form.url, json={"state": "closed"}, headers=right).status_code == 200


def test_signing_in_again_with_a_cookie_still_there(client: FlaskClient, cast: Cast) -> None:
    body = {"email": cast.bob.email, "password": PASSWORD}
    for cookie in (cast.bob.cookie, {"Cookie": "session=stale"}):
        assert client.post("/v1/sessions", json=body, headers=cookie).status_code == 200


def test_behind_https_the_cookie_is_secure(small: Flask, cast: Cast) -> None:
    client = small.test_client(use_cookies=False)
    answer = client.post("/v1/sessions", json={"email": cast.bob.email, "password": PASSWORD})
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert cookie["secure"] is True and cookie["httponly"] is True


def test_the_address_is_the_public_one(small: Flask, cast: Cast) -> None:
    client = small.test_client(use_cookies=False)
    with small.app_context():
        pass
    answer = client.get("/v1/projects/1/forms", headers=cast.bob.bearer | {"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in answer.text


@pytest.mark.parametrize("size", [100_001, 300_000])
def test_a_body_that_is_too_large(small: Flask, cast: Cast, size: int) -> None:
    client = small.test_client(use_cookies=False)
    body = phone.body(phone.submission("visit"), [("a.jpg", b"a" * size, "image/jpeg")])
    url = cast.device.url("submission")
    told = expect.told(client.post(url, data=body, content_type=phone.CONTENT_TYPE), 413)
    assert "100000" in told.replace(".", "").replace(",", "")
    answer = client.post("/v1/projects/1/forms", data=b"<" * size, content_type="text/xml", headers=cast.bob.bearer)
    assert expect.refused(answer, problems.TOO_LARGE) == {"limit": 100_000}


@pytest.mark.parametrize(
    "url", ["/v1", "/v1/", "/v1/nothing", "/v1/projects/x", "/v1/projects/1/nothing", "/v1/key/abc/nothing"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_addresses_that_do_not_exist_answer_in_json(client: FlaskClient, url: str, method: str) -> None:
    expect.refused(client.open(url, method=method), problems.NOT_FOUND)


def test_a_path_is_never_a_way_out(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    for name in ("..%2f..%2fsecret.key", "%2e%2e%2fsecret.key", "....//secret.key", "%00", "a%00.csv"):
        for place in ("attachments", "draft/attachments", "versions/1/attachments", "submissions/uuid:1/attachments"):
            answer = client.get(f"{form.url}/{place}/{name}", headers=cast.alice.bearer)
            assert answer.status_code == 404, answer.text


def test_health(client: FlaskClient, settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok", "database": True, "files": True})

    def broken(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("server.storage.disk.Disk.delete", broken)
    answer = client.get("/health")
    assert (answer.status_code, answer.get_json()["files"]) == (503, False)


def test_a_full_disk_is_an_error_that_keeps_the_data_on_the_phone(
    client: FlaskClient, cast: Cast, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = publish(FORM)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.storage.disk.Disk.put", full)
    body = phone.body(form.submission(), [("a.jpg", b"a", "image/jpeg")])
    answer = client.post(cast.device.url("submission"), data=body, content_type=phone.CONTENT_TYPE)
    expect.told(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get(f"{form.url}/submissions", headers=cast.bob.bearer).get_json() == []
