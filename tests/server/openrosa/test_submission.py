"""HEAD and POST …/submission: everything well-formed is stored once, whatever order and however often it comes."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from server.db import db
from server.models import Submission, SubmissionFile, SubmissionVersion
from tests import expect, phone
from tests.cast import Cast, Device
from tests.conftest import Publish, Send
from tests.phone import Published, new_id

FORM = """
| survey   |         |       |        |          |
|          | type    | name  | label  | required |
|          | text    | who   | Ai?    |          |
|          | integer | age   | Tuổi?  |          |
|          | image   | photo | Ảnh?   |          |
| settings |         |       |        |          |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
PHOTO = ("ảnh nhà.jpg", b"\xff\xd8 jpeg", "image/jpeg")


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that the device may fill."""
    return publish(FORM)


@pytest.fixture
def count(app: Flask) -> Any:
    """How many rows a table has."""

    def rows(model: type[Any]) -> int:
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(model)) or 0

    return rows


def shown(client: FlaskClient, cast: Cast, form: Published, path: str = "", **headers: str) -> Any:
    """What REST tells Bob."""
    answer = client.get(f"{form.url}/submissions{path}", headers=cast.bob.bearer | headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_head_announces_the_length(client: FlaskClient, device: Device) -> None:
    answer = client.head(device.url("submission?deviceID=collect%3Aabc"), headers=phone.OPENROSA)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "5000000"
    assert "Location" not in answer.headers


def test_head_says_early_that_it_will_not_work(client: FlaskClient, cast: Cast) -> None:
    assert client.head("/v1/projects/1/submission").status_code == 401
    assert client.head("/v1/key/wrong/projects/1/submission").status_code == 403
    assert client.head("/v1/projects/99/submission", headers=cast.alice.basic).status_code == 404


def test_it_works(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id = new_id()
    xml = form.submission(f"<who>An</who><age>7</age><photo>{PHOTO[0]}</photo>", instance_id=instance_id)
    answer = send(xml, [PHOTO], to=cast.device.url("submission?deviceID=collect%3Aabc"), headers={"User-Agent": "C/1"})
    assert expect.told(answer, 201) == "full submission upload was successful!"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "5000000"
    (found,) = shown(client, cast, form)
    assert found["instanceId"] == instance_id
    assert (found["submitterId"], found["deviceId"], found["userAgent"]) == (cast.device.id, "collect:abc", "C/1")
    kept = client.get(f"{form.url}/submissions/{instance_id}.xml", headers=cast.bob.bearer)
    assert kept.data == xml
    file = client.get(f"{form.url}/submissions/{instance_id}/attachments/{PHOTO[0]}", headers=cast.bob.bearer)
    assert file.data == PHOTO[1]
    assert shown(client, cast, form, f"/{instance_id}/findings") == []


def test_who_may_not_send_is_asked_for_another_name(cast: Cast, form: Published, send: Send, count: Any) -> None:
    for person in (cast.charlie, cast.dung):
        expect.told(send(form.submission(), to="/v1/projects/1/submission", headers=person.basic), 401)
    assert count(Submission) == 0


def test_who_only_looks_may_not_send(cast: Cast, form: Published, send: Send, count: Any) -> None:
    expect.told(send(form.submission(), to="/v1/projects/1/submission", headers=cast.vy.basic), 401)
    assert count(Submission) == 0


def test_an_anonymous_one_may_not_send(form: Published, send: Send, count: Any) -> None:
    answer = send(form.submission(), [PHOTO], to="/v1/projects/1/submission")
    expect.told(answer, 401)
    assert "WWW-Authenticate" in answer.headers
    assert count(Submission) == count(SubmissionFile) == 0


def test_by_user(cast: Cast, form: Published, send: Send, count: Any) -> None:
    for person in (cast.minh, cast.bob, cast.alice):
        expect.told(send(form.submission(), to="/v1/projects/1/submission", headers=person.basic), 201)
    assert count(Submission) == 3


def test_an_app_user_of_one_form_may_not_send_another(publish: Publish, send: Send, count: Any) -> None:
    other = publish(FORM.replace("| visit   |", "| other   |"), offer=False)
    expect.told(send(other.submission()), 403)
    assert count(Submission) == 0


def test_a_key_sends_nothing_to_another_project(publish: Publish, device: Device, send: Send, count: Any) -> None:
    elsewhere = publish(FORM, project_id=2)
    expect.told(send(elsewhere.submission(), to=f"/v1/key/{device.key}/projects/2/submission"), 403)
    assert count(Submission) == 0


def test_again_is_accepted_and_stored_once(form: Published, send: Send, count: Any) -> None:
    xml = form.submission(f"<photo>{PHOTO[0]}</photo>")
    for _ in range(3):
        expect.told(send(xml, [PHOTO]), 201)
    assert count(Submission) == count(SubmissionVersion) == count(SubmissionFile) == 1


def test_in_parts(client: FlaskClient, cast: Cast, form: Published, send: Send, count: Any) -> None:
    instance_id = new_id()
    xml = form.submission("<photo>a.jpg</photo>", instance_id=instance_id)
    expect.told(send(xml, [("audit.csv", b"event", "text/csv")], incomplete=True), 201)
    files = {file["name"]: file["exists"] for file in shown(client, cast, form, f"/{instance_id}/attachments")}
    assert files == {"a.jpg": False, "audit.csv": True}
    expect.told(send(xml, [("a.jpg", b"a", "image/jpeg")]), 201)
    files = {file["name"]: file["exists"] for file in shown(client, cast, form, f"/{instance_id}/attachments")}
    assert files == {"a.jpg": True, "audit.csv": True}
    assert count(SubmissionVersion) == 1


def test_other_answers_under_the_same_id_are_refused(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    instance_id = new_id()
    xml = form.submission("<who>An</who>", instance_id=instance_id)
    expect.told(send(xml), 201)
    assert expect.told(send(form.submission("<who>Ba</who>", instance_id=instance_id)), 409)
    assert client.get(f"{form.url}/submissions/{instance_id}.xml", headers=cast.bob.bearer).data == xml


def test_120_files_in_one_body(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id = new_id()
    files = [(f"ảnh {number}.jpg", f"photo {number}".encode(), "image/jpeg") for number in range(120)]
    expect.told(send(form.submission(instance_id=instance_id), files), 201)
    listed = shown(client, cast, form, f"/{instance_id}/attachments")
    assert {file["name"] for file in listed if file["exists"]} == {name for name, _, _ in files}
    got = client.get(f"{form.url}/submissions/{instance_id}/attachments/ảnh 77.jpg", headers=cast.bob.bearer)
    assert got.data == b"photo 77"


@pytest.mark.parametrize("name", ["a\x1fb.jpg", "x\x1f1\x1f2.jpg", "a\x07\x7f\x1f.jpg", "%1f%2f.jpg"])
def test_a_file_of_any_name_is_handed_out_by_it(
    client: FlaskClient, cast: Cast, form: Published, send: Send, name: str
) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(instance_id=instance_id), [(name, b"photo", "image/jpeg")]), 201)
    (listed,) = shown(client, cast, form, f"/{instance_id}/attachments")
    assert listed == {"name": name, "exists": True}
    for path in (quote(name, safe=""), quote(name, safe="").lower()):
        got = client.get(f"{form.url}/submissions/{instance_id}/attachments/{path}", headers=cast.bob.bearer)
        assert (got.status_code, got.data) == (200, b"photo")


def test_a_large_file_is_kept_byte_for_byte(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id, data = new_id(), bytes(range(256)) * 12_000 + b"\r\n--x--\r\n"
    expect.told(send(form.submission(instance_id=instance_id), [("p.jpg", data, "image/jpeg")]), 201)
    got = client.get(f"{form.url}/submissions/{instance_id}/attachments/p.jpg", headers=cast.bob.bearer)
    assert len(data) > 3_000_000
    assert hashlib.sha256(got.data).digest() == hashlib.sha256(data).digest()
    assert got.content_length == len(data)


@pytest.mark.parametrize("name", ["../../../evil.txt", "/etc/evil.txt"])
def test_a_name_is_never_a_path(
    app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send, name: str, settings: Any
) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(instance_id=instance_id), [(name, b"evil", "text/plain")]), 201)
    assert [file["name"] for file in shown(client, cast, form, f"/{instance_id}/attachments")] == ["evil.txt"]
    assert not list(settings.data_dir.parent.rglob("evil.txt"))


def test_findings_cost_nothing(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id = new_id()
    expect.told(send(form.submission("<age>bảy</age><x>1</x>", instance_id=instance_id)), 201)
    findings = shown(client, cast, form, f"/{instance_id}/findings")
    assert [(entry["code"], entry["class"], entry["path"]) for entry in findings] == [
        ("type.integer", "type", "/data/age"),
        ("structure.unknown", "structure", "/data/x"),
    ]
    assert findings[0].keys() == {"code", "class", "path", "label", "value", "message"}
    assert (findings[0]["label"], findings[0]["value"]) == ("Tuổi?", "bảy")
    assert findings[0]["message"] == "Not a whole number."
    (listed,) = shown(client, cast, form)
    assert listed["reviewState"] is None


def test_an_unknown_version_is_a_finding(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(version="99", instance_id=instance_id)), 201)
    (finding,) = shown(client, cast, form, f"/{instance_id}/findings")
    assert (finding["code"], finding["value"]) == ("origin.version", "99")
    assert "99" in finding["message"]


def test_an_old_version_is_checked_against_itself(
    client: FlaskClient, cast: Cast, form: Published, publish: Publish, send: Send
) -> None:
    publish(FORM.replace("| 1       |", "| 2       |").replace("| who   |", "| whom  |"))
    instance_id = new_id()
    expect.told(send(form.submission("<who>An</who>", instance_id=instance_id)), 201)
    assert shown(client, cast, form, f"/{instance_id}/findings") == []


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        (b"", 400),
        (b"<data", 400),
        (b"not xml", 400),
        (b"\xff\xfe\xfd", 400),
        (b'<data id="visit" version="1"><who>An</who></data>', 400),
        (b"<data><meta><instanceID>uuid:1</instanceID></meta></data>", 400),
        (b'<data id="unknown"><meta><instanceID>uuid:1</instanceID></meta></data>', 404),
        (b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><data id="visit"><who>&e;</who></data>', 400),
    ],
)
def test_what_can_be_no_submission_is_refused_with_a_sentence(
    form: Published, send: Send, count: Any, xml: bytes, status: int
) -> None:
    answer = send(xml, [PHOTO])
    assert "{" not in expect.told(answer, status)
    assert count(Submission) == count(SubmissionFile) == 0


def test_without_xml_it_is_refused(send: Send, count: Any) -> None:
    expect.told(send(None, [PHOTO]), 400)
    assert count(SubmissionFile) == 0


def test_a_body_that_is_not_in_parts_is_refused(client: FlaskClient, device: Device, form: Published) -> None:
    answer = client.post(device.url("submission"), data=form.submission(), content_type="text/xml")
    expect.told(answer, 400)


@pytest.mark.parametrize("body", [b"", b"--", b"garbage", phone.body(b"<data/>")[:-40]])
def test_broken_parts_are_refused(client: FlaskClient, device: Device, body: bytes, count: Any) -> None:
    answer = client.post(device.url("submission"), data=body, content_type=phone.CONTENT_TYPE)
    expect.told(answer, 400)
    assert count(Submission) == 0


def test_closed_takes_nothing_and_closing_still_takes(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    client.patch(form.url, json={"state": "closing"}, headers=cast.bob.bearer)
    expect.told(send(form.submission()), 201)
    client.patch(form.url, json={"state": "closed"}, headers=cast.bob.bearer)
    expect.told(send(form.submission()), 409)


def test_a_form_that_was_never_published_takes_nothing(publish: Publish, send: Send) -> None:
    draft = publish(FORM, draft=True)
    expect.told(send(draft.submission()), 404)


def test_a_deleted_one_does_not_come_back(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id = new_id()
    xml = form.submission(instance_id=instance_id)
    expect.told(send(xml), 201)
    client.delete(f"{form.url}/submissions/{instance_id}", headers=cast.bob.bearer)
    expect.told(send(xml), 409)
    assert shown(client, cast, form) == []
