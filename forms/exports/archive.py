"""A ZIP file as a stream: written from its beginning to its end, never gone back in, of any length."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

LEVEL = 5
# Pictures are packed already: they go as they are.
AS_IS = 0
CHUNK = 256 * 1024
_UTF8, _LENGTHS_FOLLOW = 0x800, 0x8
_DEFLATED = 8
# The first of January 1980, the first day there is: files say nothing of when they were asked for.
_DAY = 0x21
_MOST = 0xFFFFFFFF
_MANY = 0xFFFF
_PLAIN, _LARGE = 20, 45


class Packed:
    """The bytes of one file, packed as they come."""

    def __init__(self, level: int = LEVEL) -> None:
        self._packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.crc = 0
        self.size = 0
        self.length = 0

    def add(self, data: bytes) -> bytes:
        """What there is to write, now that these came."""
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)
        return self._told(self._packer.compress(data))

    def end(self) -> bytes:
        """The rest."""
        return self._told(self._packer.flush())

    def _told(self, made: bytes) -> bytes:
        self.length += len(made)
        return made


class Kept:
    """A file that grows beside another one: packed into `store`, to be put into the archive when it is done."""

    def __init__(self, store: IO[bytes], level: int = LEVEL) -> None:
        self._store = store
        self.packed = Packed(level)

    def add(self, data: bytes) -> None:
        """More of it."""
        self._store.write(self.packed.add(data))

    def parts(self) -> Iterator[bytes]:
        """All of it, packed. Nothing comes after this."""
        self._store.write(self.packed.end())
        self._store.seek(0)
        while part := self._store.read(CHUNK):
            yield part
        self._store.close()


class Archive:
    """Files go in one after another; `end` is the last that is written."""

    def __init__(self) -> None:
        self._at = 0
        self._listed: list[bytes] = []

    def stream(self, name: str, parts: Iterable[bytes], *, level: int = LEVEL) -> Iterator[bytes]:
        """A file whose length nobody knows before its end."""
        start, encoded = self._at, name.encode()
        packed = Packed(level)
        yield self._written(_head(encoded, _LENGTHS_FOLLOW, 0, 0, 0))
        for part in parts:
            if made := packed.add(part):
                yield self._written(made)
        after = struct.pack("<IIII", 0x08074B50, packed.crc, packed.length & _MOST, packed.size & _MOST)
        yield self._written(packed.end() + after)
        self._list(encoded, _LENGTHS_FOLLOW, packed, start)

    def keep(self, name: str, kept: Kept) -> Iterator[bytes]:
        """A file that is ready."""
        start, encoded, head = self._at, name.encode(), True
        for part in kept.parts():
            if head:
                packed = kept.packed
                yield self._written(_head(encoded, 0, packed.crc, packed.length, packed.size))
                head = False
            yield self._written(part)
        self._list(encoded, 0, kept.packed, start)

    def end(self) -> bytes:
        """What tells where each file is."""
        listed = b"".join(self._listed)
        count, start, length = len(self._listed), self._at, len(listed)
        far = b""
        if count >= _MANY or start >= _MOST:
            far = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, _LARGE, _LARGE, 0, 0, count, count, length, start)
            far += struct.pack("<IIQI", 0x07064B50, 0, start + length, 1)
        short = min(count, _MANY)
        near = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, short, short, length, min(start, _MOST), 0)
        return self._written(listed + far + near)

    def _written(self, data: bytes) -> bytes:
        self._at += len(data)
        return data

    def _list(self, name: bytes, flags: int, packed: Packed, start: int) -> None:
        numbers = (packed.size, packed.length, start)
        large = [number for number in numbers if number >= _MOST]
        extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
        version = _LARGE if large else _PLAIN
        size, length, start = (min(number, _MOST) for number in numbers)
        entry = struct.pack("<IHHHHHHIII", 0x02014B50, version, version, flags | _UTF8, _DEFLATED, 0, _DAY, packed.crc,
                            length, size)  # fmt: skip
        entry += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, start)
        self._listed.append(entry + name + extra)


def _head(name: bytes, flags: int, crc: int, length: int, size: int) -> bytes:
    large = size >= _MOST or length >= _MOST
    extra = struct.pack("<HHQQ", 1, 16, size, length) if large else b""
    shown = (_MOST, _MOST) if large else (length, size)
    head = struct.pack("<IHHHHHIII", 0x04034B50, _LARGE if large else _PLAIN, flags | _UTF8, _DEFLATED, 0, _DAY, crc,
                       *shown)  # fmt: skip
    return head + struct.pack("<HH", len(name), len(extra)) + name + extra
