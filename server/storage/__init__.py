"""Where the bytes of files are: content-addressed, the same verbs for every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from server.storage.disk import Disk
from server.storage.names import Stored
from server.storage.s3 import S3

__all__ = ["Storage", "Stored", "open_storage"]


class Storage(Protocol):
    """Files by their SHA-256. A `put` that returns has stored for good; a repeat is harmless.

    Every failure of the store is an OSError.

    Whoever sweeps sets aside what no row points to, and removes it only days later. A file whose row was written
    while it was being set aside is still there: `put` and `open` bring it back. Before `empty_aside`, therefore,
    `open` once what rows point to and `walk` does not show.
    """

    def put(self, sha256: str, stream: BinaryIO, md5: str = "") -> None:
        """Store what the stream holds from its beginning. It is new then (`modified`), also if it was there.

        `md5` (hex): for stores that compare it with what arrives; given where it is known, it need not be made.
        """

    def open(self, sha256: str) -> BinaryIO:
        """A readable stream, also of what was set aside. Raises FileNotFoundError."""

    def url(self, sha256: str) -> str | None:
        """A short-lived address for the client to fetch from, or None when the server streams it."""

    def delete(self, sha256: str) -> None:
        """Remove it for good; nothing happens if it is not there. Only for what nobody else can have put."""

    def walk(self) -> Iterator[Stored]:
        """All that is stored, but for what is set aside or comes or goes meanwhile."""

    def set_aside(self, sha256: str) -> None:
        """Put it out of the way; nothing happens if it is not there."""

    def empty_aside(self, older_than: datetime) -> int:
        """Remove for good what was set aside before that moment (UTC). How many files."""


def open_storage(url: str) -> Storage:
    """The storage an address names: `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`."""
    parts = urlsplit(url)
    kinds: dict[str, Callable[[], Storage]] = {"file": lambda: Disk(unquote(parts.path)), "s3": lambda: S3(url)}
    return kinds[parts.scheme]()
