"""Edits by REST: what they changed, where they are found, and what a program is told that a phone is not."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect, phone
from tests.cast import Cast, Person
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey   |              |       |       |
|          | type         | name  | label |
|          | text         | who   | Ai?   |
|          | begin_repeat | child | Trẻ   |
|          | text         | name  | Tên?  |
|          | end_repeat   |       |       |
|          | image        | photo | Ảnh?  |
| settings |              |       |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
IDS = [
    {"old": "uuid:1", "new": "uuid:2", "path": ["meta", "instanceID"]},
    {"new": "uuid:1", "path": ["meta", "deprecatedID"]},
]


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form."""
    return publish(FORM)


@pytest.fixture
def edited(client: FlaskClient, cast: Cast, form: Published, send: Send) -> str:
    """The address of a submission, uuid:1, that Bob edited: uuid:2."""
    first = form.submission("<who>An</who><child><name>Ba</name></child>", instance_id="uuid:1")
    expect.told(send(first), 201)
    url = f"{form.url}/submissions/uuid:1"
    edit(client, cast.bob, url, form.submission(
        "<who>Ân</who><child><name>Ba</name></child><child><name>Ca</name></child>",
        instance_id="uuid:2", deprecated_id="uuid:1",
    ))  # fmt: skip
    return url


def edit(client: FlaskClient, person: Person, url: str, xml: bytes) -> Any:
    """Put a further version; the answer."""
    answer = client.put(url, data=xml, content_type="text/xml", headers=person.bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_what_an_edit_changed(client: FlaskClient, cast: Cast, edited: str) -> None:
    answer = client.get(f"{edited}/diffs", headers=cast.vy.bearer)
    assert answer.status_code == 200
    told = answer.get_json()["uuid:2"]
    assert [change for change in told if change["path"][0] == "meta"] == IDS
    assert [change for change in told if change["path"][0] != "meta"] == [
        {"old": "An", "new": "Ân", "path": ["who"]},
        {"new": {"name": "Ca"}, "path": [["child", 1]]},
    ]


def test_what_nobody_edited_has_no_changes(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    send(form.submission("<who>An</who>", instance_id="uuid:1"))
    assert client.get(f"{form.url}/submissions/uuid:1/diffs", headers=cast.vy.bearer).get_json() == {}


def test_changes_are_for_who_reads_the_submission(
    client: FlaskClient, cast: Cast, form: Published, edited: str
) -> None:
    for headers in (cast.charlie.bearer, cast.minh.bearer, {}):
        expect.refused(client.get(f"{edited}/diffs", headers=headers), problems.INSUFFICIENT_RIGHTS)
    for name in ("uuid:9", "uuid:2"):  # the second is an edit, and no submission of its own
        answer = client.get(f"{form.url}/submissions/{name}0/diffs", headers=cast.vy.bearer)
        expect.refused(answer, problems.NOT_FOUND)


@pytest.mark.parametrize("tail", ["", ".xml", "/attachments", "/attachments/a%20b.jpg", "?x=1"])
def test_who_asks_for_an_edit_is_sent_on_to_it(
    client: FlaskClient, cast: Cast, form: Published, edited: str, tail: str
) -> None:
    answer = client.get(f"{form.url}/submissions/uuid:2{tail}", headers=cast.vy.bearer)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{form.url}/submissions/uuid%3A1/versions/uuid:2{tail}"
    refused = client.get(f"{form.url}/submissions/uuid:2{tail}", headers=cast.charlie.bearer)
    expect.refused(refused, problems.INSUFFICIENT_RIGHTS)


def test_who_is_sent_on_finds_the_id_as_she_wrote_it(
    client: FlaskClient, cast: Cast, form: Published, edited: str
) -> None:
    for written in ("uuid%3A2", "uuid%3a2", "%75uid:2"):
        for tail in ("", ".xml", "/attachments"):
            answer = client.get(f"{form.url}/submissions/{written}{tail}", headers=cast.vy.bearer)
            assert answer.headers["Location"] == f"{form.url}/submissions/uuid%3A1/versions/{written}{tail}"


def test_the_edit_itself_is_there(client: FlaskClient, cast: Cast, form: Published, edited: str) -> None:
    answer = client.get(f"{form.url}/submissions/uuid:2", headers=cast.vy.bearer, follow_redirects=True)
    assert (answer.status_code, answer.get_json()["instanceId"]) == (200, "uuid:2")


def test_an_edit_is_made_on_the_page(client: FlaskClient, cast: Cast, form: Published, edited: str) -> None:
    answer = client.get(f"{edited}/edit", headers=cast.bob.bearer)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/-/projects/1/forms/visit/submissions/uuid:1/edit")
    assert client.patch(form.url, json={"webformsEnabled": True}, headers=cast.bob.bearer).status_code == 200
    answer = client.get(f"{edited}/edit", headers=cast.bob.bearer)
    assert answer.headers["Location"] == "http://localhost/projects/1/forms/visit/submissions/uuid:1/edit"
    for person in (cast.vy, cast.minh, cast.charlie):
        expect.refused(client.get(f"{edited}/edit", headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get(f"{edited}0/edit", headers=cast.bob.bearer), problems.NOT_FOUND)
    for state in ("closing", "closed"):
        client.patch(form.url, json={"state": state}, headers=cast.bob.bearer)
        expect.refused(client.get(f"{edited}/edit", headers=cast.bob.bearer), problems.EDITING_CLOSED)


def test_an_edit_says_which_files_it_keeps(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    send(form.submission("<photo>a.jpg</photo>", instance_id="uuid:1"), [("a.jpg", b"photo", "image/jpeg")])
    changed = form.submission("<who>An</who><photo>a.jpg</photo>", instance_id="uuid:2", deprecated_id="uuid:1")
    edit(client, cast.bob, f"{form.url}/submissions/uuid:1", changed)
    audits = client.get("/v1/audits?action=submission.attachment.update", headers=cast.alice.bearer).get_json()
    told = [(entry["details"]["instanceId"], entry["details"]["name"]) for entry in audits]
    assert told == [("uuid:2", "a.jpg"), ("uuid:1", "a.jpg")]
    assert audits[0]["details"]["newBlobId"] == audits[1]["details"]["newBlobId"]


def test_a_file_is_told_by_the_address_it_was_put_at(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    send(form.submission("<photo>a.jpg</photo>", instance_id="uuid:1"), [])
    changed = form.submission("<photo>a.jpg</photo>", instance_id="uuid:2", deprecated_id="uuid:1")
    at = f"{form.url}/submissions/uuid:1"
    edit(client, cast.bob, at, changed)
    client.post(f"{at}/attachments/a.jpg", data=b"photo", headers=cast.bob.bearer)
    client.delete(f"{at}/attachments/a.jpg", headers=cast.bob.bearer)
    client.delete(f"{at}/versions/uuid:2/attachments/a.jpg", headers=cast.bob.bearer)
    audits = client.get("/v1/audits?action=submission.attachment.update", headers=cast.alice.bearer).get_json()
    assert [entry["details"]["instanceId"] for entry in audits] == ["uuid:2", "uuid:1", "uuid:1"]


def test_a_program_is_told_of_an_unknown_version(client: FlaskClient, cast: Cast, form: Published, edited: str) -> None:
    """It can be mended at once, while a phone would only be left with it."""

    def refused(method: str, url: str, **ids: str) -> None:
        xml = form.submission("<who>An</who>", version="9", **ids)
        answer = client.open(url, method=method, data=xml, content_type="text/xml", headers=cast.bob.bearer)
        assert expect.refused(answer, problems.FORM_VERSION_UNKNOWN) == {"formVersion": "9"}

    refused("POST", f"{form.url}/submissions", instance_id="uuid:5")
    refused("PUT", edited, instance_id="uuid:3", deprecated_id="uuid:2")


def test_the_id_of_an_edit_is_taken(client: FlaskClient, cast: Cast, form: Published, edited: str) -> None:
    xml = form.submission("<who>Ba</who>", instance_id="uuid:2")
    answer = client.post(f"{form.url}/submissions", data=xml, content_type="text/xml", headers=cast.bob.bearer)
    assert expect.refused(answer, problems.UNIQUENESS) == {"fields": "instanceID", "values": "uuid:2"}


def test_what_a_program_sends_without_an_id_gets_one(client: FlaskClient, cast: Cast, form: Published) -> None:
    xml = b'<data id="visit" version="1"><who>An</who></data>'
    url = f"{form.url}/submissions"
    made = [
        client.post(url, data=xml, content_type="text/xml", headers=cast.bob.bearer).get_json()["instanceId"]
        for _ in range(2)
    ]
    assert len(set(made)) == 2 and len(made[0]) == 36
    assert client.get(f"{url}/{made[0]}.xml", headers=cast.bob.bearer).data == xml


def test_what_a_client_says_of_itself(client: FlaskClient, cast: Cast, form: Published) -> None:
    def sent(device: str, **headers: str) -> tuple[Any, Any]:
        told = client.post(
            f"{form.url}/submissions?deviceID={device}",
            data=form.submission(instance_id=phone.new_id()),
            content_type="text/xml",
            headers=cast.bob.bearer | headers,
        ).get_json()
        return told["deviceId"], told["userAgent"]

    assert sent("", **{"User-Agent": "curl/8"}) == (None, "curl/8")
    assert sent("may-1", **{"User-Agent": "Firefox", "ODK-Client": "web-forms/1"}) == ("may-1", "web-forms/1 Firefox")
    assert sent("x" * 300, **{"User-Agent": "y" * 300}) == ("x" * 255, "y" * 255)


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [("a.jpg", "image/jpeg", "inline"), ("a.mp4", "video/mp4", "attachment"), ("a.jpg", "text/html", "attachment")],
)
def test_pictures_are_shown_and_other_files_saved(
    client: FlaskClient, cast: Cast, form: Published, send: Send, name: str, kind: str, shown: str
) -> None:
    send(form.submission(f"<photo>{name}</photo>", instance_id="uuid:1"), [(name, b"photo", kind)])
    for where in ("", "/versions/uuid:1"):
        url = f"{form.url}/submissions/uuid:1{where}/attachments/{name}"
        got = client.get(url, headers=cast.vy.bearer)
        assert got.headers["Content-Disposition"] == f"{shown}; filename=\"{name}\"; filename*=UTF-8''{name}"
        assert got.headers["ETag"] == '"5ae0c1c8a5260bc7b6648f6fbd115c35"'
        for known in (got.headers["ETag"], f"W/{got.headers['ETag']}"):
            again = client.get(url, headers=cast.vy.bearer | {"If-None-Match": known})
            assert (again.status_code, again.data) == (304, b"")


def test_a_draft_that_is_not_there_has_no_submissions(client: FlaskClient, cast: Cast, form: Published) -> None:
    for below in ("", "/submitters", "/keys", "/uuid:1", "/uuid:1/versions"):
        answer = client.get(f"{form.url}/draft/submissions{below}", headers=cast.bob.bearer)
        expect.refused(answer, problems.NOT_FOUND)
