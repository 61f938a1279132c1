"""What the test server insists on beyond the product, as ODK Central does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.parts import NAME
from tests import expect
from tests.cast import Cast

HTTPS = {"base_url": "https://localhost"}


@pytest.fixture
def strict(app: Flask) -> Iterator[None]:
    """The app is strict."""
    parts = app.extensions[NAME]
    app.extensions[NAME] = replace(parts, settings=replace(parts.settings, strict=True))
    yield
    app.extensions[NAME] = parts


def test_passwords_and_cookies_come_over_https(client: FlaskClient, cast: Cast, strict: None) -> None:
    url = "/v1/users/current"
    for headers in (cast.bob.basic, cast.bob.cookie):
        assert client.get(url, headers=headers, **HTTPS).status_code == 200  # type: ignore[arg-type]
        expect.refused(client.get(url, headers=headers), problems.HTTPS_ONLY)
    for headers in ({"Authorization": "Basic ?"}, {"Cookie": "other=1"}):
        expect.refused(client.get(url, headers=headers), problems.HTTPS_ONLY)
        refused = client.get(url, headers=headers, **HTTPS)  # type: ignore[arg-type]
        expect.refused(refused, problems.AUTHENTICATION_FAILED)
    assert client.get(url, headers=cast.bob.bearer | cast.alice.cookie).status_code == 200


def test_pages_are_shown_over_http_all_the_same(client: FlaskClient, cast: Cast, strict: None) -> None:
    assert client.get("/profile", headers=cast.bob.cookie | {"Accept": "text/html"}).status_code == 200


def test_the_cookies_of_who_signs_out_end_over_https_too(client: FlaskClient, cast: Cast, strict: None) -> None:
    gone = client.delete("/v1/sessions/current", headers=cast.bob.bearer).headers.getlist("Set-Cookie")
    long_ago = "=null; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert gone == [
        f"session{long_ago}; HttpOnly; Secure; SameSite=Strict",
        f"__csrf{long_ago}; Secure; SameSite=Strict",
    ]


def test_openrosa_is_asked_for_by_its_version(client: FlaskClient, cast: Cast, strict: None) -> None:
    url = cast.device.url("formList")
    assert client.get(url, headers={"X-OpenRosa-Version": "1.0"}).status_code == 200
    assert client.get(url).status_code == 400
    malformed = "/v1/key/no-key/projects/1/formList"
    assert client.get(malformed, headers={"X-OpenRosa-Version": "1.0"}).status_code == 401
