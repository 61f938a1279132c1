"""POST …/submission, byte by byte: parts of every kind are kept exactly or refused with a sentence, never half."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server import uploads
from tests import expect, phone
from tests.cast import Cast, Device
from tests.conftest import VISIT, Publish, Send
from tests.phone import Published, new_id

RAW = b"\xff\xd8\x00\r\n \xe1 raw\n"


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that the device may fill."""
    return publish(VISIT)


def part(head: str, data: bytes) -> bytes:
    """One part whose head is written as given."""
    return f"--{phone.BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"


def post(client: FlaskClient, device: Device, *parts: bytes, **options: Any) -> TestResponse:
    """A body of these parts."""
    data = b"".join(parts) + f"--{phone.BOUNDARY}--\r\n".encode()
    return client.post(device.url("submission"), data=data, content_type=phone.CONTENT_TYPE, **options)


def kept(client: FlaskClient, cast: Cast, form: Published, path: str) -> TestResponse:
    """What Bob gets of a submission."""
    return client.get(f"{form.url}/submissions/{path}", headers=cast.bob.bearer)


def test_a_file_without_a_file_name_is_kept(client: FlaskClient, cast: Cast, form: Published) -> None:
    instance_id = new_id()
    xml = form.submission("<photo>a.jpg</photo>", instance_id=instance_id)
    answer = post(client, cast.device, part('name="xml_submission_file"', xml), part('name="a.jpg"', RAW))
    expect.told(answer, 201)
    assert kept(client, cast, form, f"{instance_id}/attachments/a.jpg").data == RAW
    assert kept(client, cast, form, f"{instance_id}.xml").data == xml


def test_xml_in_another_encoding_is_kept_as_it_came(client: FlaskClient, cast: Cast, form: Published) -> None:
    for head in ('name="xml_submission_file"', 'name="xml_submission_file"; filename="s.xml"'):
        instance_id = new_id()
        text = form.submission("<who>é</who>", instance_id=instance_id).decode().replace("?>", ' encoding="latin-1"?>')
        xml = text.encode("latin-1")
        expect.told(post(client, cast.device, part(head, xml)), 201)
        assert kept(client, cast, form, f"{instance_id}.xml").data == xml


@pytest.mark.parametrize("sent_as", ["image/ảnh", "image/jpeg\x01", "image", "", "image/jpeg; name=ảnh.jpg"])
def test_any_content_type_can_be_sent_and_fetched(
    client: FlaskClient, cast: Cast, form: Published, send: Send, sent_as: str
) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(instance_id=instance_id), [("a.jpg", RAW, sent_as)]), 201)
    got = kept(client, cast, form, f"{instance_id}/attachments/a.jpg")
    assert (got.status_code, got.data, got.content_type) == (200, RAW, "image/jpeg")


def test_a_name_that_is_too_long_keeps_its_file(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id, long = new_id(), "x" * 300 + ".jpg"
    xml = form.submission(f"<photo>{long}</photo>", instance_id=instance_id)
    expect.told(send(xml, [(long, RAW, "image/jpeg")]), 201)
    (file,) = kept(client, cast, form, f"{instance_id}/attachments").get_json()
    assert file["exists"] and len(file["name"]) == 255 and file["name"].endswith(".jpg")
    assert kept(client, cast, form, f"{instance_id}/attachments/{file['name']}").data == RAW


def test_too_much_is_refused_with_the_right_number(
    client: FlaskClient, cast: Cast, form: Published, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = form.submission(f"<who>{'a' * 10_000_000}</who>")
    assert "10000000" in expect.told(send(long), 413)
    url = f"{form.url}/submissions"
    assert client.post(url, data=long, headers=cast.bob.bearer).get_json()["details"] == {"limit": 10_000_000}
    monkeypatch.setattr(uploads, "MAX_PARTS", 3)
    files = [(f"{number}.jpg", b"", "image/jpeg") for number in range(3)]
    assert "(3 " in expect.told(send(form.submission(), files), 413)
    expect.told(send(form.submission(), files[1:]), 201)


def test_a_head_without_an_end_is_refused(client: FlaskClient, device: Device) -> None:
    expect.told(post(client, device, part('name="a"; filename="' + "x" * 1_000_000, b"")), 400)


class Silent:
    """A connection on which some of the body came, and then nothing more."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked = 0

    def read(self, size: int = -1) -> bytes:
        """The data once."""
        self.asked += 1
        if self.asked > 1:
            raise BlockingIOError
        return self.data


@pytest.mark.parametrize("length", ["3000000", None])
def test_a_phone_that_falls_silent_is_told_at_once(
    client: FlaskClient, device: Device, form: Published, length: str | None
) -> None:
    stream = Silent(phone.body(form.submission())[:-60])
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": length or ""}
    answer = client.post(device.url("submission"), content_type=phone.CONTENT_TYPE, environ_overrides=environ)
    expect.told(answer, 408)
    assert answer.headers["Connection"] == "close"
    assert stream.asked == 2


def test_a_file_that_was_cut_off_is_not_kept(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    instance_id = new_id()
    expect.told(send(form.submission("<photo>a.jpg</photo>", instance_id=instance_id)), 201)
    url = f"{form.url}/submissions/{instance_id}/attachments/a.jpg"
    environ = {"wsgi.input": io.BytesIO(RAW[:-3]), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(RAW))}
    answer = client.post(url, content_type="image/jpeg", headers=cast.bob.bearer, environ_overrides=environ)
    assert answer.status_code == 408
    assert kept(client, cast, form, f"{instance_id}/attachments/a.jpg").status_code == 404
