"""Where the bytes of files are: content-addressed, the same four verbs for every kind."""

from __future__ import annotations

from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from server.storage.disk import Disk


class Storage(Protocol):
    """Files by their SHA-256. A `put` that returns has stored for good; a repeat is harmless."""

    def put(self, sha256: str, stream: BinaryIO) -> None:
        """Store what the stream holds from its beginning. Raises OSError when it cannot."""

    def open(self, sha256: str) -> BinaryIO:
        """A readable stream. Raises FileNotFoundError."""

    def url(self, sha256: str) -> str | None:
        """A short-lived address for the client to fetch from, or None when the server streams it."""

    def delete(self, sha256: str) -> None:
        """Remove it; nothing happens if it is not there."""


def open_storage(url: str) -> Storage:
    """The storage an address names: `file:///folder`."""
    parts = urlsplit(url)
    kinds = {"file": lambda: Disk(unquote(parts.path))}
    return kinds[parts.scheme]()
