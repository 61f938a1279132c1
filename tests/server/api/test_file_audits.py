"""Files in the audit: each that comes, is replaced or taken away, as clients of ODK Central are told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.db import db
from server.models import Audit
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.phone import Published

PHOTO, OTHER = ("f.jpg", b"photo", "image/jpeg"), ("g.jpg", b"other", "image/jpeg")
INSIDE = "<who>Lan</who><photo>f.jpg</photo>"
Entries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def form(publish: Publish) -> Published:
    """With a place for a photo."""
    return publish(VISIT)


@pytest.fixture
def entries(client: FlaskClient, cast: Cast) -> Entries:
    """What the audit says of submissions, newest first."""
    url = "/v1/audits?action=submission"
    return lambda: list(client.get(url, headers=cast.alice.bearer).get_json())


def test_each_file_that_comes_has_an_entry(
    client: FlaskClient, cast: Cast, form: Published, send: Send, entries: Entries
) -> None:
    expect.told(send(form.submission(INSIDE, instance_id="uuid:1"), [OTHER, PHOTO]), 201)
    last, first, made = entries()
    assert [entry["details"].pop("name") for entry in (first, last)] == ["f.jpg", "g.jpg"]
    numbers = {entry["details"].pop("newBlobId") for entry in (first, last)}
    assert len(numbers) == 2 and all(0 < number < 2**53 for number in numbers)
    version = {"instanceId": "uuid:1", "submissionDefId": made["details"]["submissionDefId"]}
    assert first["details"] == last["details"] == version
    assert (first["actorId"], first["acteeId"]) == (cast.device.id, made["acteeId"])
    history = client.get(f"{form.url}/submissions/uuid:1/audits", headers=cast.bob.bearer).get_json()
    assert [entry["action"] for entry in history] == ["submission.create"]


def test_what_comes_later_or_again(form: Published, send: Send, entries: Entries) -> None:
    xml = form.submission(INSIDE, instance_id="uuid:1")
    for files in ([], [PHOTO], [PHOTO]):
        expect.told(send(xml, files), 201)
    later, made = entries()
    assert set(later["details"]) == {"instanceId", "submissionDefId", "name", "newBlobId"}
    assert made["action"] == "submission.create"


def test_a_file_is_put_and_taken_away(client: FlaskClient, cast: Cast, form: Published, entries: Entries) -> None:
    rows = f"{form.url}/submissions"
    client.post(rows, data=form.submission(INSIDE, instance_id="uuid:1"), headers=cast.bob.bearer)
    url = f"{rows}/uuid:1/attachments/f.jpg"
    for data in (b"photo", b"better"):
        assert client.post(url, data=data, headers=cast.bob.bearer).status_code == 200
    expect.refused(client.delete(url, headers=cast.vy.bearer), problems.INSUFFICIENT_RIGHTS)
    assert client.delete(url, headers=cast.bob.bearer).get_json() == {"success": True}
    expect.refused(client.get(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert client.get(f"{rows}/uuid:1/attachments", headers=cast.bob.bearer).get_json() == [
        {"name": "f.jpg", "exists": False}
    ]
    gone, better, first, _ = (entry["details"] for entry in entries())
    assert first["oldBlobId"] is None and better["oldBlobId"] == first["newBlobId"]
    assert gone["oldBlobId"] == better["newBlobId"] and "newBlobId" not in gone
    expect.refused(client.delete(f"{url}x", headers=cast.bob.bearer), problems.NOT_FOUND)


def test_a_file_of_one_version_is_taken_away(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    expect.told(send(form.submission(INSIDE, instance_id="uuid:1"), [PHOTO]), 201)
    expect.told(send(form.submission(INSIDE, instance_id="uuid:2", deprecated_id="uuid:1")), 201)
    versions = f"{form.url}/submissions/uuid:1/versions"
    url = f"{versions}/uuid:1/attachments/f.jpg"
    assert client.delete(url, headers=cast.bob.bearer).status_code == 200
    expect.refused(client.get(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    kept = client.get(f"{versions}/uuid:2/attachments/f.jpg", headers=cast.bob.bearer)
    assert kept.data == b"photo"
    expect.refused(client.delete(url.replace("uuid:1/att", "uuid:9/att"), headers=cast.bob.bearer), problems.NOT_FOUND)


def test_the_files_of_a_draft_are_told_by_their_numbers(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish
) -> None:
    form = publish(
        """
| survey   |                             |       |       |
|          | type                        | name  | label |
|          | select_one_from_file ap.csv | where | Ở đâu? |
| settings |                             |       |       |
|          | form_title | form_id | version |
|          | Thăm       | places  | 1       |
""",
        draft=True,
    )
    url = f"{form.url}/draft/attachments/ap.csv"
    assert client.post(url, data="name,label\na,A\n", headers=cast.bob.bearer).status_code == 200
    told = client.get("/v1/audits?action=form", headers=cast.alice.bearer).get_json()[0]["details"]
    assert isinstance(told["newBlobId"], int) and told["oldBlobId"] is None
    with app.app_context():
        kept = db.session.scalar(select(Audit.details).where(Audit.action == "form.attachment.update"))
        assert kept is not None and len(kept["newBlobId"]) == 64
