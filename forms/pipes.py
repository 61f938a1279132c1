"""Frames on a pipe: a small JSON head and a body of bytes. Both ends of the converter speak this, nobody else."""

from __future__ import annotations

import json
import os
import select
import struct
from typing import Any

_SIZES = struct.Struct(">II")
_CHUNK = 1 << 16


class Silent(Exception):
    """The other end has sent nothing for as long as we were ready to wait."""


class Closed(Exception):
    """The other end is gone. `begun` says whether a part of the frame had arrived."""

    def __init__(self, begun: bool) -> None:
        super().__init__("closed")
        self.begun = begun


def send(fd: int, head: dict[str, Any], body: bytes = b"") -> None:
    """Write one frame whole."""
    text = json.dumps(head).encode()
    view = memoryview(_SIZES.pack(len(text), len(body)) + text + body)
    while view:
        view = view[os.write(fd, view[:_CHUNK]) :]


def receive(fd: int, patience: float | None = None) -> tuple[dict[str, Any], bytes]:
    """Read one frame, waiting at most `patience` seconds for each part of it to begin."""
    head_size, body_size = _SIZES.unpack(_exactly(fd, _SIZES.size, patience, begun=False))
    head = _exactly(fd, head_size, patience, begun=True)
    return json.loads(head), _exactly(fd, body_size, patience, begun=True)


def _exactly(fd: int, size: int, patience: float | None, *, begun: bool) -> bytes:
    data = bytearray()
    while len(data) < size:
        if not select.select([fd], [], [], patience)[0]:
            raise Silent
        part = os.read(fd, min(_CHUNK, size - len(data)))
        if not part:
            raise Closed(begun or bool(data))
        data += part
    return bytes(data)
