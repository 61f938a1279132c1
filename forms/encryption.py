"""Public keys in definitions: with one, phones encrypt what they send."""

from __future__ import annotations

import base64
import re
from datetime import datetime

from forms import xform, xmltree
from schemas import problems

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
