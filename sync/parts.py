"""The parts of a submission's multipart body (OpenRosa form submission; Collect's OkHttpConnection)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO

from schemas import problems

XML_PART = "xml_submission_file"
INCOMPLETE_PART = "*isIncomplete*"
MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class Part:
    """A file as it arrived: hashed while it was read. `size` in bytes."""

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
    if not last or last in (".", "..") or "\0" in last or len(last) > MAX_NAME:
        raise problems.UNEXPECTED_VALUE(field="file name", value=name[:80], reason="it cannot be the name of a file")
    return last


def pick(parts: Iterable[Part], fields: Mapping[str, str]) -> Upload:
    """Find the XML among the parts; all other files are attachments. Raises MISSING_PART."""
    xml: bytes | None = None
    files: dict[str, Part] = {}
    for part in parts:
        if part.field == XML_PART and xml is None:
            part.stream.seek(0)
            xml = part.stream.read()
        elif part.field != XML_PART:
            name = safe_name(part.name or part.field)
            files[name] = replace(part, name=name)
    if xml is None and XML_PART in fields:
        xml = fields[XML_PART].encode()
    if xml is None:
        raise problems.MISSING_PART(field=XML_PART)
    return Upload(xml, tuple(files.values()), fields.get(INCOMPLETE_PART, "").lower() == "yes")
