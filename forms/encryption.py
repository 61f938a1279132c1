"""Public keys in definitions: with one, phones encrypt what they send. And how that is opened with the private one.

https://getodk.github.io/xforms-spec/encryption
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from forms import xform, xmltree
from schemas import problems

_BLOCK = 16
_START_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*""")
_END_OF_MODEL = re.compile(rb"</((?:[^\s/>:]+:)?)model\s*>")


def suffix(moment: datetime) -> str:
    """What the version strings end with of all forms that are encrypted in one go."""
    milliseconds = int(moment.timestamp() * 1000)
    return f"[encrypted:{base64.b64encode(milliseconds.to_bytes(6, 'big')).decode()}]"


def with_key(xml: bytes, public_key: str, ending: str) -> bytes:
    """The same definition with a public key, and a version string that ends otherwise. It must not have a key yet.

    Raises UNPARSEABLE.
    """
    version = xform.parse(xml).version
    try:
        document, encoding = xmltree.decode(xml)
    except (ValueError, LookupError) as error:
        raise problems.UNPARSEABLE(format="XML", rawLength=len(xml), reason=str(error)) from None
    text = document.lstrip()
    blank = document[: len(document) - len(text)]
    changed = _insert(text.encode(), f' base64RsaPublicKey="{public_key}"'.encode()).decode()
    return xform.set_version((blank + changed).encode(encoding, "xmlcharrefreplace"), version + ending)


def _insert(data: bytes, attribute: bytes) -> bytes:
    """The attribute on the `submission` of the model; where there is none, on one at the end of the model."""
    start = xmltree.offset(data, lambda path: path[1:] == ("head", "model", "submission"))
    found = _START_TAG.match(data, start) if start >= 0 else None
    if found is not None:
        return data[: found.end()] + attribute + data[found.end() :]
    body = xmltree.offset(data, lambda path: path[1:] == ("body",))
    # Answers may be called so, too, but the model is what ends last before the body.
    *_, end = _END_OF_MODEL.finditer(data, 0, body if body >= 0 else len(data))
    return data[: end.start()] + b"<" + end[1] + b"submission" + attribute + b"/>" + data[end.start() :]


class Undecryptable(Exception):
    """What was encrypted cannot be read with this key, or is damaged."""


def load_private_key(der: bytes) -> RSAPrivateKey:
    """The private half of a key, from PKCS #8."""
    key = load_der_private_key(der, None)
    if not isinstance(key, RSAPrivateKey):
        raise Undecryptable
    return key


def submission_key(private: RSAPrivateKey, sealed: str) -> bytes:
    """The key of one submission, as its phone sealed it for the form's. Raises Undecryptable."""
    hashed = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    try:
        key = private.decrypt(base64.b64decode(sealed), hashed)
    except ValueError:
        raise Undecryptable from None
    if len(key) not in (16, 24, 32):
        raise Undecryptable
    return key


def _seed(instance_id: str, key: bytes, position: int) -> bytes:
    """Where the cipher of the file at this position begins: the seed, each of its bytes counted up in turn."""
    seed = bytearray(hashlib.md5(instance_id.encode() + key, usedforsecurity=False).digest())
    for number in range(position + 1):
        seed[number % _BLOCK] = (seed[number % _BLOCK] + 1) % 256
    return bytes(seed)


def opened(key: bytes, instance_id: str, position: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    """A file of an encrypted submission in clear. `position`: its place among those of the envelope, the answers last.

    Raises Undecryptable, at the end, where it turns out to be nothing that was sealed so.
    """
    cipher = Cipher(algorithms.AES(key), CFB(_seed(instance_id, key, position))).decryptor()
    held = b""
    for part in parts:
        held += cipher.update(part)
        if len(held) > _BLOCK:
            yield held[:-_BLOCK]
            held = held[-_BLOCK:]
    held += cipher.finalize()
    count = held[-1] if held else 0
    if not 1 <= count <= min(_BLOCK, len(held)) or held[-count:] != bytes([count]) * count:
        raise Undecryptable
    yield held[:-count]
