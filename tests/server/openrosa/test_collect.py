"""What Collect sends beside plain answers: splits in any order, its log, encrypted forms, names as phones make them."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import File, Published, new_id

FORM = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | image | photo | Ảnh?  |
|          | audit | audit |       |
| settings |       |       |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
ENCRYPTED = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
| settings |       |       |       |         |            |
|          | form_title | form_id | version | public_key |
|          | Thăm nhà   | visit   | 1       | MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA |
"""
LOG = b"event,node,start,end\nform start,,1763870400000,\nquestion,/data/who,1763870401000,1763870402000\n"


@pytest.fixture
def form(publish: Publish) -> Published:
    return publish(FORM)


def kept(client: FlaskClient, cast: Cast, form: Published, instance_id: str) -> dict[str, bytes]:
    """The files of an instance as Bob fetches them."""
    url = f"{form.url}/submissions/{instance_id}/attachments"
    names = [file["name"] for file in client.get(url, headers=cast.bob.bearer).get_json() if file["exists"]]
    return {name: client.get(f"{url}/{name}", headers=cast.bob.bearer).data for name in names}


@pytest.mark.parametrize("seed", range(5))
def test_splits_in_any_order(client: FlaskClient, cast: Cast, form: Published, send: Send, seed: int) -> None:
    """Each POST carries the XML and some of the files; all come once more, in another order."""
    chance, instance_id = random.Random(seed), new_id()
    files: list[File] = [(f"ảnh {number}.jpg", bytes([number]) * 500, "image/jpeg") for number in range(9)]
    files.append(("audit.csv", LOG, "text/csv"))
    xml = form.submission("<photo>ảnh 0.jpg</photo><meta><audit>audit.csv</audit></meta>", instance_id=instance_id)
    for _ in range(2):
        chance.shuffle(files)
        cuts = sorted(chance.sample(range(1, len(files)), 3))
        parts = [files[a:b] for a, b in zip([0, *cuts], [*cuts, len(files)], strict=True)]
        last = parts[-1]
        chance.shuffle(parts)
        for part in parts:
            expect.told(send(xml, part, incomplete=part is not last), 201)
    assert kept(client, cast, form, instance_id) == {name: data for name, data, _ in files}
    (listed,) = client.get(f"{form.url}/submissions", headers=cast.bob.bearer).get_json()
    assert listed["instanceId"] == instance_id


def test_its_own_log_of_the_filling_is_a_file_like_others(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    instance_id = new_id()
    xml = form.submission("<who>Lan</who>", instance_id=instance_id).replace(
        b"<meta>", b"<meta><audit>audit.csv</audit>"
    )
    expect.told(send(xml), 201)
    url = f"{form.url}/submissions/{instance_id}"
    awaited = client.get(f"{url}/attachments", headers=cast.bob.bearer).get_json()
    assert awaited == [{"name": "audit.csv", "exists": False}]
    expect.told(send(xml, [("audit.csv", LOG, "text/csv")]), 201)
    assert kept(client, cast, form, instance_id) == {"audit.csv": LOG}
    assert client.get(f"{url}/findings", headers=cast.bob.bearer).get_json() == []


def test_a_file_that_the_answers_do_not_name_is_kept(
    client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(instance_id=instance_id), [("ghi âm.m4a", b"la la", "audio/mp4")]), 201)
    assert kept(client, cast, form, instance_id) == {"ghi âm.m4a": b"la la"}


@pytest.mark.parametrize("shape", ["NFC", "NFD"])
def test_vietnamese_names_in_either_writing(
    client: FlaskClient, cast: Cast, form: Published, send: Send, shape: Any
) -> None:
    """Phones write letters with marks as one sign or as several. The answers and the part agree, byte for byte."""
    name, instance_id = unicodedata.normalize(shape, "Ảnh nhà bà Nguyễn, đường số 5.jpg"), new_id()
    xml = form.submission(f"<photo>{name}</photo>", instance_id=instance_id)
    expect.told(send(xml, [(name, b"photo", "image/jpeg")]), 201)
    assert kept(client, cast, form, instance_id) == {name: b"photo"}


def test_an_encrypted_form(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    """An envelope in the clear, and files that nobody here can read: kept as they came."""
    form, instance_id = publish(ENCRYPTED), new_id()
    xml = (
        '<data xmlns="http://www.opendatakit.org/xforms/encrypted" id="visit" version="1" encrypted="yes">'
        "<base64EncryptedKey>a2V5</base64EncryptedKey>"
        f'<orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>{instance_id}</orx:instanceID></orx:meta>'
        "<media><file>1.jpg.enc</file></media><encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
        "<base64EncryptedElementSignature>c2ln</base64EncryptedElementSignature></data>"
    ).encode()
    secret = [("1.jpg.enc", b"\x00\x01", ""), ("submission.xml.enc", b"\xfe\xff", "application/octet-stream")]
    expect.told(send(xml, secret[:1], incomplete=True), 201)
    expect.told(send(xml, secret), 201)
    assert kept(client, cast, form, instance_id) == {name: data for name, data, _ in secret}
    url = f"{form.url}/submissions/{instance_id}"
    assert client.get(f"{url}.xml", headers=cast.bob.bearer).data == xml
    found = client.get(f"{url}/findings", headers=cast.bob.bearer).get_json()
    assert [finding["code"] for finding in found] == ["origin.encrypted"]
    rows = client.get(f"{form.url}.svc/Submissions", headers=cast.bob.bearer).get_json()["value"]
    assert [row["__id"] for row in rows] == [instance_id]
