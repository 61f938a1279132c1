"""What administrators set for the whole server: read by them, shown where everybody signs in, kept in the audit."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import maintain
from tests import expect
from tests.cast import Cast

LOGO = b"a picture of a hand"


def put_logo(client: FlaskClient, cast: Cast, data: bytes = LOGO, kind: str = "image/png") -> Any:
    headers = cast.alice.bearer | {"Content-Type": kind}
    return client.post("/v1/config/logo", data=data, headers=headers)


def entries(client: FlaskClient, cast: Cast) -> list[dict[str, Any]]:
    """What the audit says of it, newest first."""
    found = client.get("/v1/audits?action=config.set", headers=cast.alice.bearer).json
    return [entry["details"] for entry in found]


def test_a_value_is_kept_as_far_as_it_is_understood(client: FlaskClient, cast: Cast) -> None:
    sent = {"title": "Đồng Hành", "description": "", "colour": "red"}
    made = client.post("/v1/config/login-appearance", json=sent, headers=cast.alice.bearer)
    assert made.status_code == 200 and made.json.keys() == {"key", "setAt", "value"}
    assert made.json["value"] == {"title": "Đồng Hành"}
    assert client.get("/v1/config/login-appearance", headers=cast.alice.bearer).json == made.json
    off = client.post("/v1/config/analytics", json={"enabled": False, "email": "x@y.z"}, headers=cast.alice.bearer)
    assert off.json["value"] == {"enabled": False}
    assert entries(client, cast) == [
        {"key": "analytics", "value": {"enabled": False}},
        {"key": "login-appearance", "value": {"title": "Đồng Hành"}},
    ]


def test_refusals(client: FlaskClient, cast: Cast) -> None:
    for who in (cast.bob.bearer, cast.charlie.bearer):
        for answer in (
            client.post("/v1/config/analytics", json={}, headers=who),
            client.get("/v1/config/logo", headers=who),
            client.delete("/v1/config/logo", headers=who),
        ):
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    alice = cast.alice.bearer
    for answer in (
        client.post("/v1/config/colour", json={}, headers=alice),
        client.delete("/v1/config/colour", headers=alice),
    ):
        assert expect.refused(answer, problems.UNEXPECTED_VALUE)["field"] == "key"
    expect.refused(client.get("/v1/config/colour", headers=alice), problems.NOT_FOUND)
    expect.refused(client.get("/v1/config/logo", headers=alice), problems.NOT_FOUND)
    untyped = client.post("/v1/config/logo", data=LOGO, headers=alice | {"Content-Type": ""})
    expect.refused(untyped, problems.INVALID_HEADER)
    assert client.get("/v1/config/public/analytics").json["code"] == problems.INSUFFICIENT_RIGHTS.code
    expect.refused(client.get("/v1/config/public/logo"), problems.NOT_FOUND)


def test_a_picture(client: FlaskClient, cast: Cast) -> None:
    made = put_logo(client, cast)
    assert made.status_code == 200 and made.json.keys() == {"key", "setAt", "blobExists"}
    etag = f'"{hashlib.md5(LOGO).hexdigest()}"'
    for address, headers in (("/v1/config/logo", cast.alice.bearer), ("/v1/config/public/logo", {})):
        answer = client.get(address, headers=headers)
        assert (answer.data, answer.headers["ETag"], answer.content_type) == (LOGO, etag, "image/png")
        assert answer.headers["Content-Disposition"] == "attachment"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert client.get(address, headers={**headers, "If-None-Match": etag}).status_code == 304
    assert entries(client, cast)[0].keys() == {"key", "blobId"}
    put_logo(client, cast, b"<p>no picture</p>", "text/html")
    assert client.get("/v1/config/public/logo").content_type == "application/octet-stream"


def test_a_picture_that_says_it_is_json_is_kept_as_it_is(client: FlaskClient, cast: Cast) -> None:
    assert put_logo(client, cast, b'{"a": 1}', "application/json").status_code == 200
    assert client.get("/v1/config/logo", headers=cast.alice.bearer).data == b'{"a": 1}'


def test_everybody_is_shown_what_stands_at_the_door(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/v1/config/public").json == {}
    put_logo(client, cast)
    client.post("/v1/config/analytics", json={"enabled": True}, headers=cast.alice.bearer)
    client.post("/v1/config/login-appearance", json={"title": "x"}, headers=cast.alice.bearer)
    found = client.get("/v1/config/public").json
    assert found.keys() == {"logo", "login-appearance"} and found["logo"]["blobExists"] is True
    for address, caching in (("", "no-cache"), ("?ts=1", "max-age=31536000")):
        answer = client.get(f"/v1/config/public/login-appearance{address}")
        assert answer.json == found["login-appearance"]
        assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == (caching, "Accept-Encoding")


def test_unset(app: Flask, client: FlaskClient, cast: Cast) -> None:
    put_logo(client, cast)
    with app.app_context():
        assert maintain.forget(timedelta(0)) == 0
    for _ in range(2):  # also where nothing is set
        assert client.delete("/v1/config/logo", headers=cast.alice.bearer).json == {"success": True}
    expect.refused(client.get("/v1/config/public/logo"), problems.NOT_FOUND)
    assert entries(client, cast)[0] == {"key": "logo", "value": None, "blobId": None}
    with app.app_context():
        assert maintain.forget(timedelta(0)) == 1


def test_how_much_the_server_is_used(client: FlaskClient, cast: Cast) -> None:
    put_logo(client, cast)
    report = client.get("/v1/analytics/preview", headers=cast.alice.bearer).json
    assert report["system"]["num_admins"] == {"total": 1, "recent": 1}
    assert report["system"]["login_customization_logo_set"] == 1
    assert [project["id"] for project in report["projects"]] == [1, 2]
    users = report["projects"][0]["users"]
    assert (users["num_managers"]["total"], users["num_app_users"]["total"]) == (1, 1)
    refused = client.get("/v1/analytics/preview", headers=cast.bob.bearer)
    expect.refused(refused, problems.INSUFFICIENT_RIGHTS)
