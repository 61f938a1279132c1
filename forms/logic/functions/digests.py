"""Digests and base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from forms.logic.functions.registry import function
from forms.logic.run import Here
from forms.logic.values import Plain, Undecidable, to_text

_FOREIGN = re.compile(r"[^A-Za-z0-9+/=]")
_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@function("digest", 2, 3)
def digest(_here: Here, value: Plain, algorithm: Plain, encoding: Plain = "base64") -> str:
    name, form = _ALGORITHMS.get(to_text(algorithm).upper()), to_text(encoding).lower()
    if name is None or form not in ("base64", "hex"):
        raise Undecidable("the algorithm or encoding is not known")
    raw = hashlib.new(name, to_text(value).encode(), usedforsecurity=False).digest()
    return raw.hex() if form == "hex" else base64.b64encode(raw).decode()


@function("base64-decode")
def base64_decode(here: Here, value: Plain) -> str:
    """What is no base64 gives nothing; JavaRosa passes over signs that are none of its own."""
    signs = _FOREIGN.sub("", to_text(value))
    if here.run.world.standard and signs != to_text(value):
        return ""
    try:
        return base64.b64decode(signs, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return ""
