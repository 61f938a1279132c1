"""Bodies as they arrive: spooled to disk beyond 256 KB and hashed on the way, so that memory stays flat."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from flask import Request, current_app, g
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData
from werkzeug.utils import cached_property

from schemas import problems
from server import space
from server.db import end_read
from sync.parts import XML_PART, Part, Upload, pick

MEMORY = 256 * 1024
CHUNK = 64 * 1024
# Collect sends more than 100 files in a body.
MAX_PARTS = 2000
# What is before the parts, between them and in the head of each.
MAX_HEAD = 500_000
# Parts without a file name are also text of a form, as long as they are not longer together. What comes neither in
# parts nor as a file is held in memory, many times over when it is read, and so may not be longer either.
MAX_TEXT = 1_000_000
# Each costs much more memory than the three bytes that it may take.
MAX_FIELDS = 10_000
# After so much of a body, the disk is looked at again: others are arriving, and not all tell how long they are.
LOOK_EVERY = 8 * 1024 * 1024
# So much of a refused body is read and thrown away: Collect's parts, and what is a little too large.
DRAIN = 20_000_000
# So many seconds are spent on waiting for it, and by so many threads at once; whoever sends more slowly is cut off.
DRAIN_SECONDS = 10
DRAINING = threading.BoundedSemaphore(32)
# Under this name the server may offer a way to say how long a body is still waited for, in seconds.
HURRY = "donghanh.hurry"
# RFC 9110, section 8.3.1, without parameters.
_TYPE = re.compile(r"[\w!#$%&'*+.^`|~-]{1,100}/[\w!#$%&'*+.^`|~-]{1,100}", re.ASCII)


class Spool(SpooledTemporaryFile[bytes]):
    """A temporary file that knows the hashes of what was written to it, in order."""

    def __init__(self) -> None:
        self._folder = space.incoming()
        super().__init__(max_size=MEMORY, mode="w+b", dir=str(self._folder) if self._folder else None)
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def __del__(self) -> None:
        # Parts are handed on and nobody's to close: memory, or a file without a name, goes with the last reference.
        self.close()

    def rollover(self) -> None:
        """To the disk, from now on."""
        if self._folder:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        super().rollover()

    def write(self, data: Any) -> int:
        """Append and hash."""
        self._sha256.update(data)
        self._md5.update(data)
        self.size += len(data)
        return super().write(data)

    def part(self, field: str = "", name: str = "", content_type: str = "") -> Part:
        """What was written, as a part. Of the content type nothing is kept that is not fit for a header."""
        plain = content_type.partition(";")[0].strip().lower()
        kind = plain if _TYPE.fullmatch(plain) else ""
        stream = cast(BinaryIO, self)
        return Part(field, name, kind, stream, self._sha256.hexdigest(), self._md5.hexdigest(), self.size)


class FormReader(FormDataParser):
    """Reads bodies in parts: all of them, with a file name or without, are kept byte for byte in `parts`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parts: list[Part] = []

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """What pages see: texts and files. Raises MULTIPART_BROKEN, TOO_MANY_PARTS, DISK_FULL."""
        if mimetype == "application/x-www-form-urlencoded":
            data = small(stream.read())
            if data.count(b"&") >= MAX_FIELDS:
                raise problems.TOO_MANY_PARTS(limit=MAX_FIELDS)
            _, texts, none = super().parse(BytesIO(data), mimetype, content_length, options)
            return stream, MultiDict((name, _plain(text)) for name, text in texts.items(multi=True)), none
        if mimetype != "multipart/form-data":
            return stream, MultiDict(), MultiDict()
        space.space().check(content_length or 0)
        fields: list[tuple[str, str]] = []
        files: list[tuple[str, FileStorage]] = []
        room = MAX_TEXT
        try:
            for head, spool in _read(stream, (options or {}).get("boundary", "").encode("ascii")):
                field, kind = head.name or "", head.headers.get("Content-Type", "")
                named = head.filename if isinstance(head, File) else None
                self.parts.append(spool.part(field, named or "", kind))
                if named is not None:
                    files.append((field, FileStorage(cast(IO[bytes], spool), named, field, headers=head.headers)))
                elif spool.size <= room:
                    room -= spool.size
                    fields.append((field, _plain(spool.read().decode(errors="replace"))))
        except ValueError as error:
            raise problems.MULTIPART_BROKEN() from error
        return stream, MultiDict(fields), MultiDict(files)


def small(data: bytes) -> bytes:
    """The whole of a body that a person typed. One without a length ends at the limit, and is too long then."""
    if len(data) >= MAX_TEXT:
        raise problems.TOO_LARGE(limit=MAX_TEXT)
    return data


def _plain(text: str) -> str:
    """What a person typed: no keyboard has the null character, and no database takes it."""
    return text.replace("\0", "")


def _read(stream: IO[bytes], boundary: bytes) -> Iterator[tuple[Field | File, Spool]]:
    """The parts, one by one, each with its head. Raises ValueError for what is no body in parts, TOO_MANY_PARTS."""
    if not boundary:
        raise ValueError("no boundary")
    decoder = MultipartDecoder(boundary, max_form_memory_size=MAX_HEAD)
    head: Field | File | None = None
    spool, count = Spool(), 0
    for data in chain(_pieces(stream), (None,)):
        _feed(decoder, data)
        while not isinstance(event := decoder.next_event(), (Epilogue, NeedData)):
            if isinstance(event, (Field, File)):
                head, spool, count = event, Spool(), count + 1
                if count > MAX_PARTS:
                    raise problems.TOO_MANY_PARTS(limit=MAX_PARTS)
            elif isinstance(event, Data) and head is not None:
                spool.write(event.data)
                if not event.more_data:
                    spool.seek(0)
                    yield head, spool


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """What is left of a body. Raises DISK_FULL."""
    unseen = 0
    while data := stream.read(CHUNK):
        unseen += len(data)
        if unseen >= LOOK_EVERY:
            unseen = 0
            space.space().check()
        yield data


def _feed(decoder: MultipartDecoder, data: bytes | None) -> None:
    try:
        decoder.receive_data(data)
    except RequestEntityTooLarge:
        raise ValueError("a head without an end") from None


class SpoolingRequest(Request):
    """Flask's request, with everything that comes in parts read into `Spool`s."""

    _reader: FormReader | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.mimetype != "multipart/form-data":
            self.max_content_length = MAX_TEXT  # until `body` takes it for a file

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body. It may be long in coming: whoever reads it holds no connection of the database meanwhile."""
        end_read()
        return super().stream

    def make_form_data_parser(self) -> FormDataParser:
        """The one that keeps the parts."""
        self._reader = FormReader(max_content_length=self.max_content_length, cls=self.parameter_storage_class)
        return self._reader

    @property
    def parts(self) -> list[Part]:
        """All parts of the body, as they came."""
        self._load_form_data()
        return self._reader.parts if self._reader else []


def of_bytes(data: bytes, name: str = "", content_type: str = "") -> Part:
    """Bytes in hand, as a part."""
    spool = Spool()
    spool.write(data)
    return spool.part(name=name, content_type=content_type)


def body(request: Request, name: str = "") -> Part:
    """The whole body of a request that is one file. Raises TIMED_OUT for one that was cut off, DISK_FULL."""
    space.space().check(request.content_length or 0)
    if "body" in g:  # it was read to see whether it is JSON
        return of_bytes(g.body, name, request.headers.get("Content-Type", ""))
    request.max_content_length = current_app.config["MAX_CONTENT_LENGTH"]
    stream = request.stream
    spool = Spool()
    for chunk in _pieces(stream):
        spool.write(chunk)
    if spool.size < (request.content_length or 0):
        raise problems.TIMED_OUT()
    return spool.part(name=name, content_type=request.headers.get("Content-Type", ""))


def drain(request: Request) -> bool:
    """Read what is left of a body that is refused: phones look for the answer only when they have sent all of it.

    Says whether all of it was read, so that the connection can serve the next request.
    """
    environ = request.environ
    if not environ.get("wsgi.input_terminated"):
        return True  # a server that does not end the stream with the body would wait for ever
    if environ.get("CONTENT_LENGTH", "") in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
        return True
    end_read()
    if not DRAINING.acquire(blocking=False):
        return False
    try:
        environ.get(HURRY, _never)(DRAIN_SECONDS)
        return _drained(environ["wsgi.input"])
    finally:
        DRAINING.release()


def _never(_seconds: float) -> None:
    """This server waits as long as it likes."""


def _drained(stream: IO[bytes]) -> bool:
    left = DRAIN
    try:
        while left > 0 and (chunk := stream.read(CHUNK)):
            left -= len(chunk)
    except (OSError, problems.Problem):
        return False  # the sender is gone, silent, or sends what cannot be read
    return left > 0


def submission(request: Request) -> Upload:
    """A submission in OpenRosa's manner. Raises MULTIPART_BROKEN, MISSING_PART, TOO_LARGE, TOO_MANY_PARTS."""
    if not (request.content_type or "").lower().startswith("multipart/form-data"):
        raise problems.MISSING_PART(field=XML_PART)
    return pick(cast(SpoolingRequest, request).parts)
