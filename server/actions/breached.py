"""Whether a password is in a file of SHA-1 hashes of leaked ones, one a line (`HASH` or `HASH:COUNT`)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

LENGTH = 40
PROBES = 64


def contains(path: Path, password: str) -> bool:
    """Whether it is there. A sorted file, such as the whole list of 40 GB, costs some forty reads; another is read."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return _search(file, size, wanted) if _is_sorted(file, size) else any(_hash(line) == wanted for line in file)


def _hash(line: bytes) -> bytes:
    return line.strip()[:LENGTH].upper()


def _line_after(file: BinaryIO, position: int) -> bytes:
    """The hash of the first line that begins at the position or behind it; b"" at the end."""
    file.seek(max(position - 1, 0))
    if position > 0:
        file.readline()
    return _hash(file.readline())


def _is_sorted(file: BinaryIO, size: int) -> bool:
    """As far as samples tell, at places all over the file and of the lines that follow one another."""
    spread = [_line_after(file, size * step // PROBES) for step in range(PROBES)]
    file.seek(0)
    first = [_hash(file.readline()) for _ in range(PROBES)]
    file.seek(0)
    return all(_ascends([line for line in lines if line]) for lines in (spread, first))


def _ascends(lines: list[bytes]) -> bool:
    return lines == sorted(lines)


def _search(file: BinaryIO, size: int, wanted: bytes) -> bool:
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        found = _line_after(file, middle)
        if found and found < wanted:
            low = middle + 1
        else:
            high = middle
    return _line_after(file, low) == wanted
