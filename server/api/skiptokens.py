"""Where a page of OData ends, as its link to the next one says it: base64 of JSON, which other clients read too."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken

from schemas import problems
from server.parts import vault

PREFIX = "01"


@dataclass(frozen=True, slots=True)
class Token:
    """The last row of a page: its submission, or of a repeat its own key, and the submission where that is far down.

    `cursor`: where it stands in an order of the client's, as `filters.Chosen.told` has it. It goes encrypted: it holds
    the number of the submission, from which one could learn how many others there are.
    """

    instance_id: str | None = None
    repeat_id: str | None = None
    cursor: list[Any] | None = None


def write(token: Token) -> str:
    """As it stands in an address; without an order as ODK Central writes it."""
    named = {"instanceId": token.instance_id, "repeatId": token.repeat_id}
    told = {name: value for name, value in named.items() if value is not None}
    if token.cursor is not None:
        told["place"] = vault().encrypt(json.dumps(token.cursor))
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return PREFIX + base64.b64encode(text.encode()).decode()


def read(text: str | None) -> Token | None:
    """None where there is none. Raises SKIPTOKEN_INVALID."""
    if not text:
        return None
    try:
        told = json.loads(base64.b64decode(text[len(PREFIX) :].translate(_URL_SAFE)).decode())
    except (ValueError, RecursionError):
        told = None
    if not text.startswith(PREFIX) or not isinstance(told, dict):
        raise problems.SKIPTOKEN_INVALID()
    named = [told.get(name) for name in ("instanceId", "repeatId")]
    if any(value is not None and not (isinstance(value, str) and _is_text(value)) for value in named):
        raise problems.SKIPTOKEN_INVALID()
    return Token(named[0], named[1], _cursor(told["place"]) if "place" in told else None)


_URL_SAFE = str.maketrans("-_", "+/")


def _is_text(value: str) -> bool:
    """No half characters, nor the one that no database takes."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)


def _cursor(sealed: object) -> list[Any]:
    try:
        found = json.loads(vault().decrypt(str(sealed)))
    except (InvalidToken, ValueError):
        found = None
    if not isinstance(found, list):
        raise problems.SKIPTOKEN_INVALID()
    return found
