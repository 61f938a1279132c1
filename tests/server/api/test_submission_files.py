"""The files of a submission by REST: put, read, and never run."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from schemas import problems
from server.db import db, writing
from server.models import SubmissionFile
from tests import expect
from tests.cast import Cast
from tests.phone import Published
from tests.server.api.conftest import get


def test_files(client: FlaskClient, cast: Cast, form: Published) -> None:
    xml = form.submission("<photo>ảnh nhà.jpg</photo>", instance_id="uuid:2")
    assert client.post(f"{form.url}/submissions", data=xml, headers=cast.minh.bearer).status_code == 200
    url = f"{form.url}/submissions/uuid:2/attachments"
    assert get(client, url, cast.vy) == [{"name": "ảnh nhà.jpg", "exists": False}]
    file = f"{url}/ảnh nhà.jpg"
    expect.refused(client.get(file, headers=cast.vy.bearer), problems.NOT_FOUND)
    put = client.post(file, data=b"photo", content_type="image/jpeg", headers=cast.minh.bearer)
    assert put.get_json() == {"success": True}
    got = client.get(file, headers=cast.vy.bearer)
    assert (got.data, got.content_type, got.content_length) == (b"photo", "image/jpeg", 5)
    assert get(client, url, cast.vy) == [{"name": "ảnh nhà.jpg", "exists": True}]
    assert client.get(file, headers=cast.vy.bearer | {"If-None-Match": got.headers["ETag"]}).status_code == 304
    for name in ("other.jpg", "..%2Ff.jpg"):
        answer = client.post(f"{url}/{name}", data=b"x", headers=cast.bob.bearer)
        expect.refused(answer, problems.NOT_FOUND)


def test_files_refusals(client: FlaskClient, cast: Cast, sent: str) -> None:
    file = f"{sent}/attachments/f.jpg"
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        answer = client.post(file, data=b"other", content_type="image/jpeg", headers=headers)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    assert client.get(file, headers=cast.vy.bearer).data == b"photo"
    assert client.post(file, data=b"other", content_type="image/jpeg", headers=cast.bob.bearer).status_code == 200
    assert client.get(file, headers=cast.vy.bearer).data == b"other"


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", ""])
def test_what_was_uploaded_cannot_run_here(
    client: FlaskClient, cast: Cast, form: Published, sent: str, kind: str
) -> None:
    client.post(f"{sent}/attachments/f.jpg", data=b"<script>", content_type=kind, headers=cast.bob.bearer)
    got = client.get(f"{sent}/attachments/f.jpg", headers=cast.vy.bearer)
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["Content-Security-Policy"].startswith("sandbox")
    assert got.content_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["image/\u1ea3nh", "text/html", "image/png\r\nX: y", "x" * 300])
def test_a_type_that_was_stored_before_cannot_run_either(
    app: Flask, client: FlaskClient, cast: Cast, sent: str, kind: str
) -> None:
    with app.app_context(), writing():
        db.session.execute(update(SubmissionFile).values(content_type=kind))
    got = client.get(f"{sent}/attachments/f.jpg", headers=cast.vy.bearer)
    assert (got.status_code, got.data, got.content_type) == (200, b"photo", "image/jpeg")
