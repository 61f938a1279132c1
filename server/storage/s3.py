"""Files in a bucket of an S3-compatible store: Amazon's own, MinIO, SeaweedFS and others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from threading import Lock
from typing import BinaryIO

from server.storage.bucket import Address, Bucket
from server.storage.names import ASIDE, Stored, is_hash, place, place_aside, set_aside_at

# Keys in one answer of the store.
PAGE = 1000
# Between looking for a file and for its copy set aside, somebody may move it: so often in a row nobody does.
GOES = 4


class S3:
    """Storage in a bucket, under the same names as in a folder. What is returned from `put` is as lasting as the store.

    Several processes put, open and sweep at once, without a lock. Nothing that was put is lost, because
    - `put` always stores anew, whole or not at all, over the same bytes: it need not ask what is there, and what it
      stored is new. Set aside a moment later, it lies aside, younger than anything that may be removed.
    - setting aside copies first and deletes then: at every moment it is in one of the two places. Also what was put
      between the two: the copy has the same bytes.
    - bringing back copies and deletes nothing: `empty_aside` removes that copy in its own time. Whoever sets the file
      aside a second time meanwhile, and deletes it, has made a copy of his own before, and `open` looks again.
    - the moment it was set aside is in its name: `empty_aside` never removes a copy that is younger than it thinks.

    It is connected with the first use, in each process for itself, and checks then that the bucket is there.
    """

    def __init__(self, url: str) -> None:
        self._address = Address.of(url)
        self._lock = Lock()
        self._made: tuple[int, Bucket] | None = None
        self._found = 0

    def _bucket(self) -> Bucket:
        """The bucket of this process. Raises OSError; then the next one who asks tries again."""
        process = os.getpid()
        with self._lock:
            if self._made is None or self._made[0] != process:
                self._made = (process, Bucket(self._address))
            bucket = self._made[1]
        # Outside of the lock: while the store is silent, nobody waits for the others' waiting.
        if self._found != process:
            bucket.make()
            self._found = process
        return bucket

    def put(self, sha256: str, stream: BinaryIO, md5: str = "") -> None:
        """One request."""
        key = place(sha256)
        self._bucket().put(key, sha256, stream, md5)

    def open(self, sha256: str) -> BinaryIO:
        """One request, if it was not set aside. The stream cannot seek."""
        key = place(sha256)
        bucket = self._bucket()
        for _ in range(GOES):
            try:
                return bucket.get(key)
            except FileNotFoundError:
                if not self._bring_back(bucket, sha256):
                    break
        return bucket.get(key)

    @staticmethod
    def _bring_back(bucket: Bucket, sha256: str) -> bool:
        """Copy it from aside to its place. Whether there was one to copy."""
        for copy, _, _ in bucket.listed(f"{ASIDE}/{place(sha256)}.", PAGE):
            try:
                bucket.copy(copy, place(sha256))
            except FileNotFoundError:
                continue
            return True
        return False

    def url(self, sha256: str) -> str | None:
        """None: the server streams.

        An address in the store would be one more origin: pages allow pictures from their own alone, phones would have
        to reach the store, which often is on an inner network, and whoever has such an address needs no session.
        """
        return None

    def delete(self, sha256: str) -> None:
        """One request."""
        key = place(sha256)
        self._bucket().delete(key)

    def walk(self) -> Iterator[Stored]:
        """By hash."""
        for key, size, modified in self._bucket().listed("", PAGE):
            name = key.rpartition("/")[2]
            if is_hash(name) and key == place(name):
                yield Stored(name, size, modified)

    def set_aside(self, sha256: str) -> None:
        """Copy within the store, then delete."""
        key, aside = place(sha256), place_aside(sha256)
        bucket = self._bucket()
        try:
            bucket.copy(key, aside)
        except FileNotFoundError:
            return
        bucket.delete(key)

    def empty_aside(self, older_than: datetime) -> int:
        """Delete what was set aside before that moment."""
        bucket, removed = self._bucket(), 0
        for key, _, _ in bucket.listed(f"{ASIDE}/", PAGE):
            moment = set_aside_at(key)
            if moment is not None and moment < older_than:
                bucket.delete(key)
                removed += 1
        return removed
