"""Bodies as they arrive: spooled to disk beyond 256 KB and hashed on the way, so that memory stays flat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from schemas import problems
from sync.parts import Part, Upload, pick

MEMORY = 256 * 1024
CHUNK = 64 * 1024
# So much of a refused body is read and thrown away: Collect's parts, and what is a little too large.
DRAIN = 20_000_000


class Spool(SpooledTemporaryFile[bytes]):
    """A temporary file that knows the hashes of what was written to it, in order."""

    def __init__(self) -> None:
        super().__init__(max_size=MEMORY, mode="w+b")
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def __del__(self) -> None:
        # Parts are handed on and nobody's to close: memory, or a file without a name, goes with the last reference.
        self.close()

    def write(self, data: Any) -> int:
        """Append and hash."""
        self._sha256.update(data)
        self._md5.update(data)
        self.size += len(data)
        return super().write(data)

    def part(self, field: str = "", name: str = "", content_type: str = "") -> Part:
        """What was written, as a part."""
        stream = cast(BinaryIO, self)
        return Part(field, name, content_type, stream, self._sha256.hexdigest(), self._md5.hexdigest(), self.size)


class SpoolingRequest(Request):
    """Flask's request, with files read into `Spool`s."""

    # Collect sends more than 100 files in a body, and XML without a file name counts as a form field.
    max_form_parts = 2000
    max_form_memory_size = 20_000_000

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> IO[bytes]:
        return cast(IO[bytes], Spool())


def of_bytes(data: bytes, name: str = "", content_type: str = "") -> Part:
    """Bytes in hand, as a part."""
    spool = Spool()
    spool.write(data)
    return spool.part(name=name, content_type=content_type)


def body(request: Request, name: str = "") -> Part:
    """The whole body of a request that is one file. Raises TOO_LARGE."""
    spool = Spool()
    limit = request.max_content_length or 0
    for chunk in _chunks(request):
        spool.write(chunk)
        if limit and spool.size > limit:
            raise problems.TOO_LARGE(limit=limit)
    return spool.part(name=name, content_type=request.headers.get("Content-Type", ""))


def drain(request: Request) -> None:
    """Read what is left of a body that is refused: phones look for the answer only when they have sent all of it."""
    if not request.environ.get("wsgi.input_terminated"):
        return  # a server that does not end the stream with the body would wait for ever
    stream, left = request.environ["wsgi.input"], DRAIN
    try:
        while left > 0 and (chunk := stream.read(CHUNK)):
            left -= len(chunk)
    except OSError:
        return  # the sender is gone, or silent


def _chunks(request: Request) -> Iterator[bytes]:
    while chunk := request.stream.read(CHUNK):
        yield chunk


def submission(request: Request) -> Upload:
    """A submission in OpenRosa's manner. Raises MULTIPART_BROKEN, MISSING_PART, TOO_LARGE."""
    if not (request.content_type or "").lower().startswith("multipart/form-data"):
        raise problems.MISSING_PART(field="xml_submission_file")
    try:
        files, fields = request.files, request.form
    except RequestEntityTooLarge:
        raise problems.TOO_LARGE(limit=request.max_content_length) from None
    except (ValueError, UnicodeError) as error:
        raise problems.MULTIPART_BROKEN() from error
    parts = [
        cast(Spool, file.stream).part(field, file.filename or "", file.content_type or "")
        for field, file in files.items(multi=True)
    ]
    return pick(parts, fields)
