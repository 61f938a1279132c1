"""Edits that are sent from the page: stored as a phone's, by whom, and what is refused without losing anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas import problems
from schemas.problems import Kind
from tests import expect, phone
from tests.cast import Cast, Person
from tests.conftest import Publish, Send
from tests.phone import File, Published

FORM = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | image | photo | Ảnh?  |
| settings |       |       |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | {version} |
"""
PAGE = "/projects/1/forms/visit/submissions/uuid:1/edit"
REST = "/v1/projects/1/forms/visit/submissions/uuid:1"
PHOTO: File = ("a.jpg", b"photo", "image/jpeg")
ENCRYPTED = """
<data id="visit" version="1" encrypted="yes" xmlns="http://opendatakit.org/submissions">
<base64EncryptedKey>a2V5</base64EncryptedKey><orx:meta xmlns:orx="http://openrosa.org/xforms">
<orx:instanceID>uuid:1</orx:instanceID></orx:meta><encryptedXmlFile>submission.xml.enc</encryptedXmlFile>
<base64EncryptedElementSignature>c2ln</base64EncryptedElementSignature></data>
"""


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form."""
    return publish(FORM.format(version="1"))


@pytest.fixture
def first(form: Published, send: Send) -> Published:
    """The same, and uuid:1 was sent with a photo."""
    xml = form.submission("<who>An</who><photo>a.jpg</photo>", instance_id="uuid:1")
    expect.told(send(xml, [PHOTO]), 201)
    return form


def edit(
    client: FlaskClient,
    person: Person,
    xml: bytes,
    files: Iterable[File] = (),
    *,
    to: str = PAGE,
    csrf: str | None = None,
) -> TestResponse:
    """What the page's script sends."""
    mark = {"X-CSRF-Token": person.csrf if csrf is None else csrf, "Accept": "application/json"}
    headers = person.cookie | mark
    return client.post(to, data=phone.body(xml, files), content_type=phone.CONTENT_TYPE, headers=headers)


def version(form: Published, number: int, who: str = "Ân", *, of: int = 1, photo: str = "a.jpg") -> bytes:
    """The XML of an edit."""
    inside = f"<who>{who}</who><photo>{photo}</photo>"
    return form.submission(inside, instance_id=f"uuid:{number}", deprecated_id=f"uuid:{of}")


def refused(answer: TestResponse, kind: Kind) -> None:
    """A script is told what a person reads, and which refusal it is."""
    assert (answer.status_code, answer.get_json()["code"]) == (int(kind.code), kind.code), answer.text


def current(client: FlaskClient, cast: Cast) -> dict[str, Any]:
    """What is stored of uuid:1."""
    headers = cast.bob.bearer | {"X-Extended-Metadata": "true"}
    told: dict[str, Any] = client.get(REST, headers=headers).get_json()
    return told


def test_an_edit_is_the_present_version_and_keeps_the_files(
    client: FlaskClient, cast: Cast, first: Published, send: Send
) -> None:
    assert edit(client, cast.bob, version(first, 2)).status_code == 201
    told = current(client, cast)
    assert (told["reviewState"], told["currentVersion"]["instanceId"]) == ("edited", "uuid:2")
    assert told["currentVersion"]["submitter"]["id"] == cast.bob.id
    assert client.get(f"{REST}/attachments/a.jpg", headers=cast.bob.bearer).data == b"photo"
    newest = client.get(f"{REST}/audits", headers=cast.bob.bearer).get_json()[0]
    assert (newest["action"], newest["actorId"]) == ("submission.update.version", cast.bob.id)


def test_an_edit_brings_another_file(client: FlaskClient, cast: Cast, first: Published) -> None:
    other = ("b.jpg", b"other", "image/jpeg")
    assert edit(client, cast.bob, version(first, 2, photo="b.jpg"), [other]).status_code == 201
    told = client.get(f"{REST}/attachments", headers=cast.bob.bearer).get_json()
    assert told == [{"name": "b.jpg", "exists": True}]


def test_a_file_that_comes_late_finds_the_edit(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    original = form.submission("<who>An</who><photo>a.jpg</photo>", instance_id="uuid:1")
    expect.told(send(original, incomplete=True), 201)
    assert edit(client, cast.bob, version(form, 2)).status_code == 201
    expect.told(send(original, [PHOTO]), 201)
    assert client.get(f"{REST}/attachments/a.jpg", headers=cast.bob.bearer).data == b"photo"


def test_what_is_sent_again_is_stored_once(client: FlaskClient, cast: Cast, first: Published) -> None:
    for _ in range(2):
        assert edit(client, cast.bob, version(first, 2)).status_code == 201
    refused(edit(client, cast.bob, version(first, 2, "Ẩn")), problems.XML_CONFLICT)
    assert len(client.get(f"{REST}/versions", headers=cast.bob.bearer).get_json()) == 2


def test_another_edit_came_before(client: FlaskClient, cast: Cast, first: Published) -> None:
    assert edit(client, cast.bob, version(first, 2)).status_code == 201
    late = version(first, 3, "Yên")
    refused(edit(client, cast.alice, late), problems.DEPRECATING_OLD)
    assert current(client, cast)["currentVersion"]["instanceId"] == "uuid:2"
    assert edit(client, cast.alice, late, to=f"{PAGE}?late").status_code == 201
    assert current(client, cast)["currentVersion"]["instanceId"] == "uuid:3"
    findings = client.get(f"{REST}/findings", headers=cast.bob.bearer).get_json()
    assert "origin.stale" in [finding["code"] for finding in findings]


def test_what_is_no_edit_of_it(client: FlaskClient, cast: Cast, first: Published) -> None:
    refused(edit(client, cast.bob, first.submission("<who>Ai</who>")), problems.EXPECTED_DEPRECATION)
    refused(edit(client, cast.bob, version(first, 2, of=9), to=f"{PAGE}?late"), problems.DEPRECATING_OLD)
    other = phone.submission("other", "<who>Ai</who>", version="1", deprecated_id="uuid:1")
    refused(edit(client, cast.bob, other), problems.UNEXPECTED_VALUE)


def test_an_edit_of_another_submission(client: FlaskClient, cast: Cast, first: Published, send: Send) -> None:
    expect.told(send(first.submission("<who>Hai</who><photo/>", instance_id="uuid:20")), 201)
    for address in (PAGE, f"{PAGE}?late"):
        refused(edit(client, cast.bob, version(first, 2, of=20), to=address), problems.DEPRECATING_OLD)
    versions = client.get(f"{first.url}/submissions/uuid:20/versions", headers=cast.bob.bearer).get_json()
    assert [one["instanceId"] for one in versions] == ["uuid:20"]


def test_who_edits(client: FlaskClient, cast: Cast, first: Published) -> None:
    xml = version(first, 2)
    for person in (cast.vy, cast.minh, cast.charlie):
        refused(edit(client, person, xml), problems.INSUFFICIENT_RIGHTS)
        assert client.get(PAGE, headers=person.cookie).status_code == 403
    refused(edit(client, cast.bob, xml, csrf=""), problems.PAGE_EXPIRED)
    refused(edit(client, cast.bob, xml, csrf=cast.alice.csrf), problems.PAGE_EXPIRED)
    for path in (PAGE, f"/-{PAGE}"):
        assert client.get(path).location.startswith("/login?next=")
    assert client.get(PAGE.replace("uuid:1", "uuid:9"), headers=cast.bob.cookie).status_code == 404
    assert len(client.get(f"{REST}/versions", headers=cast.bob.bearer).get_json()) == 1


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_a_form_that_is_closed(client: FlaskClient, cast: Cast, first: Published, state: str) -> None:
    client.patch(first.url, json={"state": state}, headers=cast.bob.bearer)
    assert client.get(PAGE, headers=cast.bob.cookie).status_code == 409
    refused(edit(client, cast.bob, version(first, 2)), problems.EDITING_CLOSED)


def test_what_is_encrypted_or_deleted(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    expect.told(send(ENCRYPTED.strip().encode()), 201)
    refused(edit(client, cast.bob, version(form, 2)), problems.EDIT_ENCRYPTED)
    expect.refused(client.get(f"{REST}/edit", headers=cast.bob.bearer), problems.EDIT_ENCRYPTED)
    assert client.delete(REST, headers=cast.bob.bearer).status_code == 200
    refused(edit(client, cast.bob, version(form, 2)), problems.NOT_FOUND)


def test_the_page_shows_the_form_that_made_it(
    client: FlaskClient, cast: Cast, first: Published, publish: Publish
) -> None:
    publish(FORM.format(version="2"))
    for path, under in ((PAGE, ""), (f"/-{PAGE}", "/-")):
        page = client.get(path, headers=cast.bob.cookie).text
        assert 'data-form="/v1/projects/1/forms/visit/versions/1.xml"' in page
        assert f'data-send="{under}/projects/1/forms/visit/submissions/uuid:1/edit"' in page
        assert f'href="{under}/assets/' in page
    sent = re.search(r'data-sent="([^"]+)"', page)
    assert sent and b"<who>An</who>" in client.get(f"{sent[1]}.xml", headers=cast.bob.cookie).data
    assert client.get(f"{sent[1]}/attachments/a.jpg", headers=cast.bob.cookie).data == b"photo"


def test_whoever_begins_to_edit_has_looked(client: FlaskClient, cast: Cast, first: Published) -> None:
    client.get(PAGE, headers=cast.bob.cookie)
    looks = client.get("/v1/audits?action=submission.read", headers=cast.alice.bearer).get_json()
    assert (looks[0]["actorId"], looks[0]["details"]["instanceId"]) == (cast.bob.id, "uuid:1")
