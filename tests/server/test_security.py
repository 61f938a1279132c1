"""What must hold everywhere: the cookie, forged requests, sizes, crashes, addresses that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.app import create_app
from tests import expect, phone
from tests.cast import PASSWORD, Cast
from tests.conftest import House, Publish
from tests.homes import close

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""


@pytest.fixture
def small(house: House, tmp_path: Path) -> Iterator[Flask]:
    """A server behind https that takes bodies of at most 100 KB."""
    settings = house.home.copy("peopled", tmp_path)
    app = create_app(replace(settings, max_body=100_000, public_url="https://dh.example.vn"))
    yield app
    close(app)


def test_a_cookie_reads(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/v1/projects/1", headers=cast.bob.cookie).status_code == 200
    assert client.get("/v1/projects/1", headers={"Cookie": "session=wrong"}).status_code == 401


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
            forged_by = {"Origin": "https://elsewhere.example"} | token  # as every browser says
            answer = client.open(url, method=method.upper(), headers=cast.bob.cookie | forged_by, **body)
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


@pytest.mark.parametrize("url", ["/v1/", "/v1/nothing", "/v1/projects/1/nothing", "/v1/key/abc/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_addresses_that_do_not_exist_answer_in_json(client: FlaskClient, url: str, method: str) -> None:
    expect.refused(client.open(url, method=method), problems.NOT_FOUND)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/{n}",
        "/v1/projects/1/app-users/{n}",
        "/v1/users/{n}",
        "/v1/projects/{n}/formList",
        "/v1/projects/1/forms/visit/assignments/viewer/{n}",
        "/projects/{n}",
        "/projects/1/volunteers/{n}",
    ],
)
@pytest.mark.parametrize("number", [2**63, 10**30, "9" * 5000])
def test_a_number_that_no_row_has_leads_nowhere(client: FlaskClient, cast: Cast, path: str, number: object) -> None:
    # Where there is such an address, clients of the API are told what is wrong with it.
    refusals = (400, 404) if path.startswith("/v1/") else (404,)
    assert client.get(path.format(n=number), headers=cast.alice.bearer).status_code in refusals
    assert client.get(path.format(n=2**63 - 1), headers=cast.alice.cookie).status_code in (*refusals, 403)


@pytest.mark.parametrize("number", [10**18, 10**30, "9" * 5000, "-1", ".5", "x"])
def test_a_number_of_rows_that_cannot_be(client: FlaskClient, cast: Cast, publish: Publish, number: object) -> None:
    form = publish(FORM)
    for query in ("submissions?offset=", "submissions?limit=", "submissions?limit=1&offset="):
        answer = client.get(f"{form.url}/{query}{number}", headers=cast.bob.bearer)
        expect.refused(answer, problems.INVALID_DATA_TYPE)
    for name in ("%24top", "%24skip"):
        answer = client.get(f"{form.url}.svc/Submissions?{name}={number}", headers=cast.bob.bearer)
        expect.refused(answer, problems.INVALID_DATA_TYPE)
    great = f"submissions?limit={10**18 - 1}&offset={10**18 - 1}"
    assert client.get(f"{form.url}/{great}", headers=cast.bob.bearer).get_json() == []


@pytest.mark.parametrize("name", ["page", "volunteer"])
@pytest.mark.parametrize("number", [10**9, 2**63, 10**30, "9" * 5000, "-1", "x", "\u00b2"])
def test_a_page_takes_no_notice_of_such_numbers(
    client: FlaskClient, cast: Cast, publish: Publish, name: str, number: object
) -> None:
    publish(FORM)
    url = f"/projects/1/forms/visit/submissions?{name}={number}"
    assert client.get(url, headers=cast.bob.cookie).status_code == 200


def test_no_answer_of_the_api_may_do_anything_as_a_document(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    body = phone.body(form.submission(instance_id="uuid:ả"), [("a.html", b"<script>", "text/html")])
    sent = client.post(cast.device.url("submission"), data=body, content_type=phone.CONTENT_TYPE)
    own = f"{form.url}/submissions/uuid:ả"
    urls = ["/v1", "/v1/projects/x", "/v1/projects", "/health", f"{form.url}.xml", f"{form.url}.md", f"{form.url}.svc"]
    urls += [own, f"{own}.xml", f"{own}/versions/uuid:ả.xml", f"{own}/attachments/a.html", f"{form.url}.svc/$metadata"]
    urls += ["/v1/projects/1/formList", f"{form.url}/manifest", "/v1/key/wrong/projects/1/formList"]
    answers = [sent, *(client.get(url, headers=cast.bob.bearer) for url in urls)]
    answers.append(client.get(f"{own}.xml", headers=cast.bob.bearer | {"If-None-Match": answers[9].headers["ETag"]}))
    for answer in answers:
        headers = answer.headers
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert [answer.status_code for answer in answers[-4:]] == [200, 200, 403, 304]
    for answer in answers[9:11]:
        saved = answer.headers["Content-Disposition"]
        assert saved == "attachment; filename=\"uuid:-.xml\"; filename*=UTF-8''uuid%3A%E1%BA%A3.xml"
    assert answers[11].content_type == "application/octet-stream"


def test_a_path_is_never_a_way_out(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    for name in ("..%2f..%2fsecret.key", "%2e%2e%2fsecret.key", "....//secret.key", "%00", "a%00.csv"):
        for place in ("attachments", "draft/attachments", "versions/1/attachments", "submissions/uuid:1/attachments"):
            answer = client.get(f"{form.url}/{place}/{name}", headers=cast.alice.bearer)
            assert answer.status_code == 404, answer.text


def test_health(client: FlaskClient) -> None:
    fine = {"status": "ok", "database": True, "files": True, "disk": True, "migrated": True}
    answer = client.get("/health")
    assert (answer.status_code, answer.get_json()) == (200, fine)
