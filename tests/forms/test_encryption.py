"""The key of a project in the definitions of its forms, and what phones encrypt with it."""

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from forms import encryption, xform
from schemas.problems import UNPARSEABLE, Problem

FORM = """<?xml version="1.0"?>
<h:html xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://www.w3.org/2002/xforms">
<h:head><h:title>T</h:title><model>{before}<instance>{root}</instance>{after}</model></h:head>
<h:body><input ref="/a/model"/></h:body></h:html>\n"""
ROOT, SEALED = '<a id="f" version="1"><model></model></a>', '<a id="f" version="1[e]"><model></model></a>'
KEY = 'base64RsaPublicKey="AB+/"'


@pytest.mark.parametrize(
    ("before", "after", "sealed_before", "sealed_after"),
    [
        ("", "<bind nodeset='/a'/>", "", f"<bind nodeset='/a'/><submission {KEY}/>"),
        ("<submission action='x'/>", "", f"<submission action='x' {KEY}/>", ""),
        ("", "<submission></submission>", "", f"<submission {KEY}></submission>"),
        ('<o:submission\n b=">" xmlns:o="urn:o" />', "", f'<o:submission\n b=">" xmlns:o="urn:o" {KEY} />', ""),
    ],
)
def test_only_key_and_version_change(before: str, after: str, sealed_before: str, sealed_after: str) -> None:
    xml = FORM.format(root=ROOT, before=before, after=after).encode()
    sealed = encryption.with_key(xml, "AB+/", "[e]")
    assert sealed == FORM.format(root=SEALED, before=sealed_before, after=sealed_after).encode()
    assert xform.parse(sealed).public_key == "AB+/"


def test_in_an_encoding_of_its_own_and_with_prefixes() -> None:
    xml = """<?xml version="1.0" encoding="utf-16"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:x="urn:x">
        <head><x:model><x:instance><d id="f"/></x:instance></x:model ></head></html>""".encode("utf-16")
    sealed = encryption.with_key(xml, "AB", "[e]")
    assert f"<x:submission {KEY.replace('AB+/', 'AB')}/></x:model >" in sealed.decode("utf-16")
    assert xform.parse(sealed).version == "[e]"


def test_the_ending_tells_the_moment() -> None:
    assert encryption.suffix(datetime.fromtimestamp(1.5, UTC)) == "[encrypted:AAAAAAXc]"
    assert encryption.suffix(datetime.fromtimestamp(2, UTC)) == "[encrypted:AAAAAAfQ]"


def test_what_is_no_form() -> None:
    with pytest.raises(Problem) as refused:
        encryption.with_key(b"<html>", "AB", "[e]")
    assert refused.value.kind is UNPARSEABLE


KEY_OF_ONE = bytes(range(32))


def sealed(data: bytes, position: int) -> bytes:
    """A file of the submission `uuid:1` as a phone encrypts it."""
    seed = bytearray(hashlib.md5(b"uuid:1" + KEY_OF_ONE, usedforsecurity=False).digest())
    for number in range(position + 1):
        seed[number % 16] = (seed[number % 16] + 1) % 256
    missing = 16 - len(data) % 16
    cipher = Cipher(algorithms.AES(KEY_OF_ONE), CFB(bytes(seed))).encryptor()
    return cipher.update(data + bytes([missing]) * missing)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 1000])
@pytest.mark.parametrize("portion", [1, 16, 333])
def test_files_in_clear_whatever_the_portions(length: int, portion: int) -> None:
    data = bytes(number % 251 for number in range(length))
    shut = sealed(data, 20)
    parts = [shut[start : start + portion] for start in range(0, len(shut), portion)]
    assert b"".join(encryption.opened(KEY_OF_ONE, "uuid:1", 20, parts)) == data


@pytest.mark.parametrize("parts", [[], [b"x"], [b"x" * 32], [sealed(b"photo", 1)]])
def test_what_was_not_encrypted_so(parts: list[bytes]) -> None:
    with pytest.raises(encryption.Undecryptable):
        b"".join(encryption.opened(KEY_OF_ONE, "uuid:1", 0, parts))
