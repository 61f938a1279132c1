"""Where a page of OData ends, as its link to the next one says it: base64 of JSON, which other clients read too."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from cryptography.fernet import InvalidToken

from schemas import problems
from server.parts import vault

PREFIX = "01"


@dataclass(frozen=True, slots=True)
class Token:
    """The last submission of a page, and of a repeat its last row.

    `number`: that of the submission, for when it is gone by then. It stands in the text encrypted: whoever sees some
    rows would learn from it how many others there are. None in a token that does not have it.
    """

    instance_id: str
    number: int | None = None
    repeat_id: str | None = None


def write(token: Token) -> str:
    """As it stands in an address."""
    told = {"instanceId": token.instance_id, "place": vault().encrypt(f"place {token.number}")}
    if token.repeat_id is not None:
        told["repeatId"] = token.repeat_id
    return PREFIX + base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def read(text: str | None) -> Token | None:
    """None where there is none. Raises SKIPTOKEN_INVALID."""
    if not text:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(text[len(PREFIX) :]))
    except ValueError:
        raise problems.SKIPTOKEN_INVALID() from None
    if not isinstance(told, dict) or not isinstance(told.get("instanceId"), str):
        raise problems.SKIPTOKEN_INVALID()
    number = _number(told["place"]) if "place" in told else None
    return Token(told["instanceId"], number, told.get("repeatId"))


def _number(sealed: object) -> int:
    try:
        number = vault().decrypt(str(sealed)).removeprefix("place ")
    except (InvalidToken, ValueError):
        number = ""
    if not number.isdecimal():
        raise problems.SKIPTOKEN_INVALID()
    return int(number)
