"""Exports of what phones encrypted: with the passphrase, without it, with a wrong one; mixed with what is in clear."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from flask import Flask, g
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from schemas import problems
from server.actions import decryption, guesses
from server.db import db, now, writing
from server.models import Attempt, Audit
from tests import expect
from tests.cast import Cast
from tests.conftest import House, Publish, Send
from tests.downloads import files, table
from tests.outages import cut_off
from tests.phone import File, Published

PASSPHRASE = "mot cau khong ai biet"
FORM = """
| survey |              |        |       |
|        | type         | name   | label |
|        | text         | who    | Ai?   |
|        | image        | photo  | Ảnh?  |
|        | begin_repeat | visits | Lần   |
|        | text         | note   | Gì?   |
|        | end_repeat   |        |       |
"""
INSIDE = "<who>Lan</who><photo>f.jpg</photo><visits><note>một</note></visits>"
PUBLIC = re.compile(r'base64RsaPublicKey="([^"]+)"')
ENVELOPE = """<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="{form}" version="{version}">
<base64EncryptedKey>{key}</base64EncryptedKey>
<meta xmlns="http://openrosa.org/xforms"><instanceID>{instance_id}</instanceID></meta>{media}
<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>
<base64EncryptedElementSignature>b</base64EncryptedElementSignature></data>"""


def seal(public: str, instance_id: str, files: Iterable[tuple[str, bytes]]) -> tuple[str, list[File]]:
    """What ODK Collect does (xforms-spec, encryption): the key it made, sealed, and the files, padded and masked."""
    key = os.urandom(32)
    theirs = load_der_public_key(base64.b64decode(public))
    assert isinstance(theirs, RSAPublicKey)
    sealed = theirs.encrypt(key, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    seed = bytearray(hashlib.md5(instance_id.encode() + key, usedforsecurity=False).digest())
    made: list[File] = []
    for number, (name, data) in enumerate(files):
        seed[number % 16] = (seed[number % 16] + 1) % 256
        missing = 16 - len(data) % 16
        cipher = Cipher(algorithms.AES(key), CFB(bytes(seed))).encryptor()
        shut = cipher.update(data + bytes([missing]) * missing) + cipher.finalize()
        made.append((f"{name}.enc", shut, "application/octet-stream"))
    return base64.b64encode(sealed).decode(), made


class Encrypted:
    """A form of an encrypted project, and the phone that fills it."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
        self.client, self.headers, self.form, self._send = client, cast.bob.bearer, form, send
        answer = client.post("/v1/projects/1/key", json={"passphrase": PASSPHRASE}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        self.key = client.get("/v1/projects/1", headers=self.headers).get_json()["keyId"]
        self.version = client.get(form.url, headers=self.headers).get_json()["version"]
        found = PUBLIC.search(client.get(f"{form.url}.xml", headers=self.headers).text)
        assert found is not None
        self.public = found[1]

    def fill(self, instance_id: str, inside: str, files: Iterable[tuple[str, bytes]] = (), lost: str = "") -> None:
        """Send a submission with these files, but not the one that is lost."""
        xml = self.form.submission(inside, version=self.version, instance_id=instance_id)
        key, made = seal(self.public, instance_id, [*files, ("submission.xml", xml)])
        media = "".join(f"<media><file>{name}</file></media>" for name, _, _ in made[:-1])
        told = {"form": self.form.xml_form_id, "version": self.version, "instance_id": instance_id}
        envelope = ENVELOPE.format(**told, key=key, media=media).encode()
        expect.told(self._send(envelope, [file for file in made if file[0] != lost]), 201)

    def get(self, ending: str, passphrase: str = "", query: str = "?") -> Any:
        """An export, with a passphrase or without."""
        asked = f"{query}{self.key}={passphrase}" if passphrase else query
        return self.client.get(f"{self.form.url}/submissions.{ending}{asked}", headers=self.headers)


@pytest.fixture
def encrypted(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Encrypted:
    """A form of which one submission came in clear, before the project was encrypted, and one after."""
    form = publish(FORM)
    expect.told(send(form.submission("<who>Mai</who>", instance_id="uuid:1")), 201)
    made = Encrypted(client, cast, form, send)
    made.fill("uuid:2", INSIDE, [("f.jpg", b"photo" * 1000)])
    return made


def people(answer: Any) -> list[tuple[str, str]]:
    """Who is in a table, and what is told of the row."""
    assert answer.status_code == 200, answer.text
    return [(row["who"], row["Status"]) for row in table(answer.data)]


def test_it_works(encrypted: Encrypted) -> None:
    assert people(encrypted.get("csv", PASSPHRASE)) == [("Lan", ""), ("Mai", "")]
    found = files(encrypted.get("csv.zip", PASSPHRASE))
    assert list(found) == ["visit.csv", "visit-visits.csv", "media/f.jpg"]
    assert table(found["visit-visits.csv"]) == [{"note": "một", "PARENT_KEY": "uuid:2", "KEY": "uuid:2/visits[1]"}]
    assert found["media/f.jpg"] == b"photo" * 1000


def test_without_the_passphrase(encrypted: Encrypted) -> None:
    assert people(encrypted.get("csv")) == [("", "not decrypted"), ("Mai", "")]
    found = files(encrypted.get("csv.zip"))
    assert list(found) == ["visit.csv", "visit-visits.csv"]
    assert table(found["visit-visits.csv"]) == []
    row = table(found["visit.csv"])[0]
    assert (row["KEY"], row["AttachmentsPresent"], row["AttachmentsExpected"]) == ("uuid:2", "2", "2")


@pytest.mark.parametrize("as_json", [True, False])
def test_the_passphrase_in_a_body_is_in_no_address(encrypted: Encrypted, as_json: bool) -> None:
    url, told = f"{encrypted.form.url}/submissions.csv", {str(encrypted.key): PASSPHRASE}
    body: dict[str, Any] = {"json": told} if as_json else {"data": told}
    assert people(encrypted.client.post(url, headers=encrypted.headers, **body)) == [("Lan", ""), ("Mai", "")]
    in_address = encrypted.client.post(url, query_string=told, headers=encrypted.headers)
    assert people(in_address) == [("", "not decrypted"), ("Mai", "")]


def test_a_wrong_passphrase(encrypted: Encrypted) -> None:
    expect.refused(encrypted.get("csv.zip", "something else"), problems.UNDECRYPTABLE)


def test_a_wrong_passphrase_is_written_down(app: Flask, encrypted: Encrypted, cast: Cast) -> None:
    expect.refused(encrypted.get("csv", "something else"), problems.UNDECRYPTABLE)
    with app.app_context():
        entry = db.session.scalars(select(Audit).where(Audit.action == "form.submission.decrypt.failure")).one()
        assert (entry.actor_id, entry.details) == (cast.bob.id, {"keyId": encrypted.key})
        assert entry.form_id == encrypted.form.id


def test_nobody_goes_on_guessing(app: Flask, encrypted: Encrypted, client: FlaskClient, cast: Cast) -> None:
    """Ten tries; the right one clears them, and afterwards it takes a while until the next. Others are free."""
    for _ in range(9):
        expect.refused(encrypted.get("csv", "wrong"), problems.UNDECRYPTABLE)
    assert encrypted.get("csv", PASSPHRASE).status_code == 200
    for _ in range(10):
        expect.refused(encrypted.get("csv", "wrong"), problems.UNDECRYPTABLE)
    for passphrase in ("wrong", PASSPHRASE):
        refused = encrypted.get("csv", passphrase)
        expect.refused(refused, problems.PASSPHRASES_LOCKED_OUT)
        assert "10 minutes" in refused.get_json()["message"]
    asked = f"{encrypted.form.url}/submissions.csv?{encrypted.key}={PASSPHRASE}"
    assert people(client.get(asked, headers=cast.alice.bearer)) == [("Lan", ""), ("Mai", "")]
    with app.app_context(), writing():
        db.session.execute(update(Attempt).values(last_at=now() - timedelta(minutes=guesses.WAIT_MINUTES, seconds=1)))
    assert people(encrypted.get("csv", PASSPHRASE)) == [("Lan", ""), ("Mai", "")]


def test_a_store_that_is_away_is_no_missing_key(
    app: Flask, house: House, encrypted: Encrypted, client: FlaskClient
) -> None:
    url = f"{encrypted.form.url}/submissions.csv?{encrypted.key}={PASSPHRASE}"
    answer = client.get(url, headers=encrypted.headers)
    with cut_off(app, house.home):
        expect.refused(encrypted.get("csv", PASSPHRASE), problems.STORE_AWAY)
        with pytest.raises(OSError):
            b"".join(answer.response)
    answer.close()
    assert people(encrypted.get("csv", PASSPHRASE)) == [("Lan", ""), ("Mai", "")]


def test_no_snapshot_is_held_while_a_file_is_read(
    app: Flask, encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store may take its time, and there are many files."""
    held = []
    kept = decryption.contents

    def contents(sha256: str) -> Iterator[bytes]:
        held.append(db.session().in_transaction() or "reader" in g)
        return kept(sha256)

    monkeypatch.setattr(decryption, "contents", contents)
    encrypted.fill("uuid:3", INSIDE)
    assert people(encrypted.get("csv", PASSPHRASE)) == [("Lan", ""), ("Lan", ""), ("Mai", "")]
    assert held == [False, False]


def test_a_key_of_elsewhere_is_not_tried(client: FlaskClient, cast: Cast, encrypted: Encrypted) -> None:
    """Nobody learns whether a passphrase is that of another project."""
    url, headers = "/v1/projects/2", cast.dung.bearer
    assert client.post(f"{url}/key", json={"passphrase": "bí mật của Dung"}, headers=headers).status_code == 200
    theirs = client.get(url, headers=headers).get_json()["keyId"]
    asked = f"{encrypted.form.url}/submissions.csv?{theirs}="
    for passphrase in ("wrong", "bí mật của Dung"):
        assert people(client.get(asked + passphrase, headers=cast.bob.bearer)) == [("Mai", "")]


def test_what_was_deleted_is_opened_too(encrypted: Encrypted, client: FlaskClient) -> None:
    gone = client.delete(f"{encrypted.form.url}/submissions/uuid:2", headers=encrypted.headers)
    assert gone.status_code == 200, gone.text
    deleted = "?$filter=__system/deletedAt ne null&"
    assert people(encrypted.get("csv", PASSPHRASE, deleted)) == [("Lan", "")]


def test_a_key_opens_what_is_its_own(encrypted: Encrypted) -> None:
    """Whoever names keys gets what these open, and what nobody encrypted."""
    url = f"{encrypted.form.url}/submissions.csv?999=x"
    assert people(encrypted.client.get(url, headers=encrypted.headers)) == [("Mai", "")]


def test_however_many_keys_are_named(encrypted: Encrypted) -> None:
    url, told = f"{encrypted.form.url}/submissions.csv", {str(1_000 + number): "" for number in range(9_000)}
    told |= {str(encrypted.key): PASSPHRASE}
    answer = encrypted.client.post(url, headers=encrypted.headers, data=told)
    assert people(answer) == [("Lan", ""), ("Mai", "")]


def test_answers_that_have_not_arrived(encrypted: Encrypted) -> None:
    encrypted.fill("uuid:3", INSIDE, lost="submission.xml.enc")
    missing = ("", "missing encrypted form data")
    assert people(encrypted.get("csv", PASSPHRASE))[0] == people(encrypted.get("csv"))[0] == missing


def test_what_is_damaged_costs_nobody_else(encrypted: Encrypted, send: Send) -> None:
    told = {"form": "visit", "version": encrypted.version, "instance_id": "uuid:3", "media": ""}
    key, made = seal(encrypted.public, "uuid:other", [("submission.xml", b"<data/>")])
    expect.told(send(ENVELOPE.format(**told, key=key).encode(), made), 201)
    assert people(encrypted.get("csv", PASSPHRASE)) == [("", "not decrypted"), ("Lan", ""), ("Mai", "")]


def test_answers_longer_than_they_may_be_are_damaged(encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.actions.decryption.MAX_XML", 2000)
    encrypted.fill("uuid:3", f"<who>{'x' * 2000}</who>")
    assert people(encrypted.get("csv", PASSPHRASE)) == [("", "not decrypted"), ("Lan", ""), ("Mai", "")]


def test_choices_are_not_looked_for_in_what_is_encrypted(encrypted: Encrypted) -> None:
    assert people(encrypted.get("csv", PASSPHRASE, "?splitSelectMultiples=true&")) == [("Lan", ""), ("Mai", "")]


def test_a_workbook_too(encrypted: Encrypted) -> None:
    book = load_workbook(io.BytesIO(encrypted.get("xlsx", PASSPHRASE).data))
    assert [row[1] for row in book["visit"].iter_rows(values_only=True)] == ["who", "Lan", "Mai"]
