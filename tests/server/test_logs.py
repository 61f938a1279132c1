"""One line for each request: never an answer, a key, a query string or a password."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server import logs
from server.logs import JsonLines
from tests.cast import PASSWORD, Cast
from tests.conftest import Publish, Send

FORM = """
| survey |         |      |       |
|        | type    | name | label |
|        | text    | who  | Ai?   |
|        | integer | age  | Tuổi? |
"""


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is written to the log, as the server writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("donghanh")
    log.addHandler(handler)
    yield stream
    log.removeHandler(handler)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """Each line as JSON."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line(client: FlaskClient, cast: Cast, written: io.StringIO) -> None:
    answer = client.get("/v1/projects/1?secret=1", headers=cast.bob.bearer | {"X-Request-ID": "abc-1"})
    assert answer.headers["X-Request-ID"] == "abc-1"
    (line,) = lines(written)
    assert line.keys() == {"time", "level", "logger", "message", "request", "method", "path", "status", "ms", "problem"}
    assert (line["request"], line["method"], line["path"], line["status"]) == ("abc-1", "GET", "/v1/projects/1", 200)
    assert (line["level"], line["problem"]) == ("info", None)


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, 'a"b', "ộ"])
def test_a_strange_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    answer = client.get("/health", headers={"X-Request-ID": sent.encode().decode("latin-1")})
    assert len(answer.headers["X-Request-ID"]) == 16


def test_no_answers_and_no_keys(
    client: FlaskClient, cast: Cast, publish: Publish, send: Send, written: io.StringIO
) -> None:
    form = publish(FORM)
    send(form.submission("<who>Nguyễn Bí Mật</who><age>bảy mươi</age>", instance_id="uuid:1"))
    send(form.submission("<who>Trần Khác</who>", instance_id="uuid:1"))
    send(b"<data>Nguyen Bi Mat")
    client.get(f"{form.url}.svc/Submissions?$filter=Bi+Mat", headers=cast.bob.bearer)
    client.get(f"/v1/key/{cast.device.key}/projects/1/formList?deviceID=bi-mat")
    client.get(f"/v1/test/{cast.device.key}/projects/1/forms/visit/draft/formList")
    client.delete(f"/v1/sessions/{cast.charlie.token}", headers=cast.bob.bearer)
    client.post("/v1/sessions", json={"email": cast.bob.email, "password": PASSWORD})
    client.get("/v1/projects", auth=(cast.bob.email, "wrong " + PASSWORD))
    text = written.getvalue()
    assert len(lines(written)) == 9
    for secret in ("Nguy", "Bí", "Bi Mat", "bảy", "Trần", PASSWORD, cast.device.key, cast.bob.token, "bi-mat"):
        assert secret not in text, secret
    assert cast.charlie.token not in text
    assert [line["problem"] for line in lines(written)][1] == 409.1


def test_a_crash_tells_where_and_not_what(
    app: Flask, client: FlaskClient, cast: Cast, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ValueError("Nguyễn Bí Mật")

    monkeypatch.setattr("server.api.projects.projects.list_all", crash)
    answer = client.get("/v1/projects", headers=cast.bob.bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (500, 500.1)
    assert "Bí Mật" not in answer.text
    crashed, request = lines(written)
    assert crashed["level"] == "error" and crashed["error"][0] == "ValueError"
    assert any("test_logs.py" in line for line in crashed["error"])
    assert "Bí Mật" not in written.getvalue()
    assert crashed["request"] == request["request"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("path", "masked"),
    [
        ("/v1/key/abc/projects/1", "/v1/key/…/projects/1"),
        ("/v1/test/abc", "/v1/test/…"),
        ("/v1/sessions/abc", "/v1/sessions/…"),
        ("/v1/sessions/current", "/v1/sessions/current"),
        ("/v1/projects/1/forms/key", "/v1/projects/1/forms/key"),
        ("/v1/sessions", "/v1/sessions"),
        ("/v1/projects/1/forms/f/attachments/cô Lan.jpg", "/v1/projects/1/forms/f/attachments/…"),
        ("/projects/1/forms/f/submissions/i/files/cô Lan.jpg", "/projects/1/forms/f/submissions/i/files/…"),
    ],
)
def test_masked(path: str, masked: str) -> None:
    assert logs.masked(path) == masked
