"""What files are called in a store of any kind."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import NamedTuple

ASIDE = "aside"
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NANO = 10**9


class Stored(NamedTuple):
    """A stored file: its size in bytes and when it was last put (UTC)."""

    sha256: str
    size: int
    modified: datetime


def is_hash(name: str) -> bool:
    """Whether this is a SHA-256 as files are called."""
    return _HASH.fullmatch(name) is not None


def place(sha256: str) -> str:
    """Spread over 256 folders by the first digits. Raises ValueError for anything but a SHA-256."""
    if not is_hash(sha256):
        raise ValueError("not a SHA-256")
    return f"{sha256[:2]}/{sha256}"


def place_aside(sha256: str) -> str:
    """Where to set it aside now.

    The moment is in the name and not in what the store remembers of the file: so whoever empties removes exactly
    what he has seen to be old, never a copy that was set aside since.
    """
    return f"{ASIDE}/{place(sha256)}.{time.time_ns()}"


def set_aside_at(name: str) -> datetime | None:
    """When what has this name was set aside (UTC); None where that is not what it is."""
    sha256, _, moment = name.rpartition("/")[2].partition(".")
    if not (is_hash(sha256) and moment.isdecimal() and moment.isascii()):
        return None
    return datetime.fromtimestamp(int(moment) / _NANO, UTC)
