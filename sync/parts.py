"""The parts of a submission's multipart body (OpenRosa form submission; Collect's OkHttpConnection)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO

from schemas import problems

XML_PART = "xml_submission_file"
INCOMPLETE_PART = "*isIncomplete*"
# What browsers send beside a submission. Any other part, with a file name or without, is a file.
WORDS = frozenset({"__csrf", "Date"})
MAX_NAME = 255
MAX_ENDING = 20
# Answers without their files: more is no form that somebody filled in.
MAX_XML = 10_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A file as it arrived: hashed while it was read. `size` in bytes; `name` is empty where none was given."""

    field: str
    name: str
    content_type: str
    stream: BinaryIO
    sha256: str
    md5: str
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A submission's XML and its files, the last of each name."""

    xml: bytes
    files: tuple[Part, ...] = ()
    incomplete: bool = False


def safe_name(name: str) -> str:
    """The last part of a file's name, as Collect itself uses it. Never a path. Raises UNEXPECTED_VALUE."""
    last = PurePosixPath(name.replace("\\", "/")).name.strip()
    if not last or last in (".", "..") or "\0" in last:
        raise problems.UNEXPECTED_VALUE(field="file name", value=name[:80], reason="it cannot be the name of a file")
    return short_name(last)


def short_name(name: str) -> str:
    """A name that is too long, cut in a way that keeps its ending and tells it from others that begin alike."""
    if len(name) <= MAX_NAME:
        return name
    ending = PurePosixPath(name).suffix
    tail = f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}{ending if len(ending) <= MAX_ENDING else ''}"
    return name[: MAX_NAME - len(tail)] + tail


def placed(parts: Collection[Part], expected: Iterable[str]) -> tuple[Part, ...]:
    """The files, each under a name that the submission expects if its part was called so, whatever the file was.

    None takes the place of another.
    """
    free = set(map(short_name, expected)) - {part.name for part in parts}
    found = []
    for part in parts:
        name = part.field if part.field in free else part.name
        free.discard(name)
        found.append(part if name == part.name else replace(part, name=name))
    return tuple(found)


def whole(part: Part, limit: int = MAX_XML) -> bytes:
    """All of a part, to be read in memory. Raises TOO_LARGE."""
    if part.size > limit:
        raise problems.TOO_LARGE(limit=limit)
    part.stream.seek(0)
    return part.stream.read()


def pick(parts: Iterable[Part]) -> Upload:
    """Find the XML among the parts; nearly all others are attachments. Raises MISSING_PART, TOO_LARGE."""
    xml: bytes | None = None
    incomplete = False
    files: dict[str, Part] = {}
    for part in parts:
        if part.field == XML_PART:
            xml = whole(part) if xml is None else xml
        elif part.field == INCOMPLETE_PART:
            incomplete = part.size <= MAX_NAME and whole(part).strip().lower() == b"yes"
        elif part.name or part.field not in WORDS:
            name = safe_name(part.name or part.field)
            files[name] = replace(part, name=name)
    if xml is None:
        raise problems.MISSING_PART(field=XML_PART)
    return Upload(xml, tuple(files.values()), incomplete)
