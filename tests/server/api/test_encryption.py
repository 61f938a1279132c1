"""POST /v1/projects/1/key: from then on phones encrypt what they send."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from schemas import problems
from server.db import db
from server.models import Audit, ProjectKey, Submission
from server.secrets import open_private_key
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send

URL = "/v1/projects/1/key"
PASSPHRASE = "mot cau khong ai biet"
FORM = """
| survey |          |      |       |
|        | type     | name | label |
|        | text     | who  | Ai?   |
|        | select_one_from_file a.csv | where | Đâu? |
"""
ENVELOPE = """<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="{form}" version="{version}">
<base64EncryptedKey>a</base64EncryptedKey>
<meta xmlns="http://openrosa.org/xforms"><instanceID>uuid:sealed</instanceID></meta>
<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>
<base64EncryptedElementSignature>b</base64EncryptedElementSignature></data>"""
SEALED = re.compile(r"\[encrypted:[A-Za-z0-9+/]{8}\]$")
PUBLIC = re.compile(r'base64RsaPublicKey="([A-Za-z0-9+/]{392})"')


def turn_on(client: FlaskClient, cast: Cast, **more: Any) -> None:
    """Bob turns it on."""
    answer = client.post(URL, json={"passphrase": PASSPHRASE, **more}, headers=cast.bob.bearer)
    assert answer.get_json() == {"success": True}, answer.text


def test_it_works(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM, media={"a.csv": b"name,label\na,A\n"})
    before = client.get(form.url, headers=cast.bob.bearer).get_json()
    turn_on(client, cast)
    project = client.get("/v1/projects/1", headers=cast.bob.bearer).get_json()
    told = client.get(form.url, headers=cast.bob.bearer).get_json()
    assert told["keyId"] == project["keyId"] is not None
    assert told["version"] == before["version"] + told["version"][len(before["version"]) :]
    assert SEALED.search(told["version"]) and told["hash"] != before["hash"]
    assert PUBLIC.search(client.get(f"{form.url}.xml", headers=cast.bob.bearer).text)
    versions = client.get(f"{form.url}/versions", headers=cast.bob.bearer).get_json()
    assert [one["keyId"] for one in versions] == [project["keyId"], None]
    (file,) = client.get(f"{form.url}/attachments", headers=cast.bob.bearer).get_json()
    assert (file["name"], file["exists"]) == ("a.csv", True)


def test_the_passphrase_opens_the_private_key(app: Flask, client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    turn_on(client, cast, hint="như mọi khi")
    with app.app_context():
        key = db.session.scalars(select(ProjectKey)).one()
    assert key.managed and key.hint == "như mọi khi" and key.private_cipher is not None
    opened = open_private_key(key.private_cipher, PASSPHRASE)
    assert opened is not None
    public = load_der_private_key(opened, None).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert base64.b64encode(der).decode() == key.public_key
    assert key.public_key in client.get(f"{form.url}.xml", headers=cast.bob.bearer).text
    assert open_private_key(key.private_cipher, "something else") is None


def test_drafts_too_and_what_was_sent_to_try_them_goes(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish, send: Send
) -> None:
    form = publish(FORM, draft=True)
    draft = client.get(f"{form.url}/draft", headers=cast.bob.bearer).get_json()
    test_address = f"/v1/test/{draft['draftToken']}/projects/1/forms/{form.xml_form_id}/draft/submission"
    expect.told(send(form.submission(), to=test_address), 201)
    turn_on(client, cast)
    changed = client.get(f"{form.url}/draft", headers=cast.bob.bearer).get_json()
    assert SEALED.search(changed["version"]) and changed["draftToken"] == draft["draftToken"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Submission)) == 0


def test_forms_that_come_later(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    turn_on(client, cast)
    form = publish(FORM)
    told = client.get(form.url, headers=cast.bob.bearer).get_json()
    assert SEALED.search(told["version"])
    assert client.post(f"{form.url}/draft", headers=cast.bob.bearer).get_json() == {"success": True}
    copied = client.get(f"{form.url}/draft", headers=cast.bob.bearer).get_json()
    assert (copied["keyId"], copied["version"]) == (told["keyId"], told["version"])


def test_a_form_with_a_key_of_its_own_keeps_it(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    plain = publish(FORM)
    own = plain.xml.replace(b'id="visit"', b'id="own"').replace(
        b"</model>", b'<submission base64RsaPublicKey="TUlJ"/></model>'
    )
    url = "/v1/projects/1/forms"
    headers = cast.bob.bearer | {"Content-Type": "application/xml"}
    query = {"publish": "true", "ignoreWarnings": "true"}
    made = client.post(url, data=own, query_string=query, headers=headers).get_json()
    assert made["xmlFormId"] == "own" and made["keyId"] is not None
    turn_on(client, cast)
    kept = client.get(f"{url}/own", headers=cast.bob.bearer).get_json()
    assert (kept["keyId"], kept["version"]) == (made["keyId"], made["version"])
    assert client.get(plain.url, headers=cast.bob.bearer).get_json()["keyId"] != made["keyId"]


def test_the_keys_that_open_what_was_sent(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    send(form.submission())
    turn_on(client, cast, hint="như mọi khi")
    url = f"{form.url}/submissions/keys"
    number = client.get("/v1/projects/1", headers=cast.bob.bearer).get_json()["keyId"]
    assert client.get(url, headers=cast.bob.bearer).get_json() == []
    version = client.get(form.url, headers=cast.bob.bearer).get_json()["version"]
    envelope = ENVELOPE.format(form=form.xml_form_id, version=version).encode()
    expect.told(send(envelope, files=[("submission.xml.enc", b"?", "application/octet-stream")]), 201)
    (key,) = client.get(url, headers=cast.vy.bearer).get_json()
    assert key.keys() == {"id", "public", "managed", "hint", "createdAt"}
    assert (key["id"], key["managed"], key["hint"]) == (number, True, "như mọi khi")
    expect.refused(client.get(url, headers=cast.minh.bearer), problems.INSUFFICIENT_RIGHTS)


def test_what_is_written_into_the_audit(app: Flask, client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(FORM)
    turn_on(client, cast)
    number = client.get("/v1/projects/1", headers=cast.bob.bearer).get_json()["keyId"]
    with app.app_context():
        query = select(Audit).where(Audit.actor_id == cast.bob.id).order_by(Audit.id.desc()).limit(3)
        entries = list(db.session.scalars(query))[::-1]
    assert [entry.action for entry in entries] == ["project.update", "form.update.publish", "project.update"]
    assert (entries[0].details, entries[2].details) == ({"data": {"keyId": number}}, {"encrypted": True})


def test_only_once(client: FlaskClient, cast: Cast) -> None:
    turn_on(client, cast)
    again = client.post(URL, json={"passphrase": PASSPHRASE}, headers=cast.bob.bearer)
    assert expect.refused(again, problems.ALREADY_ACTIVE) == {"feature": "managed encryption"}


@pytest.mark.parametrize("body", [{}, {"passphrase": None}, {"passphrase": " "}, {"hint": "x"}])
def test_it_needs_a_passphrase(client: FlaskClient, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.post(URL, json=body, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.MISSING_PARAMETER) == {"field": "passphrase"}


def test_refusals(client: FlaskClient, cast: Cast) -> None:
    short = client.post(URL, json={"passphrase": "ngan"}, headers=cast.bob.bearer)
    expect.refused(short, problems.PASSWORD_TOO_SHORT)
    for headers in (cast.charlie.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        expect.refused(client.post(URL, json={"passphrase": PASSPHRASE}, headers=headers), problems.INSUFFICIENT_RIGHTS)
    nowhere = client.post("/v1/projects/99/key", json={"passphrase": PASSPHRASE}, headers=cast.alice.bearer)
    expect.refused(nowhere, problems.NOT_FOUND)
    assert client.get("/v1/projects/1", headers=cast.bob.bearer).get_json()["keyId"] is None
