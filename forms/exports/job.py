"""What a format is given: what is asked for, the fields of the form, and submissions in batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import IO, Any, NamedTuple

from schemas.fields import Field

# What no system has in a name of a file.
_NOT_IN_NAMES = re.compile(r'[/?<>\\:*|"\x00-\x1f\x80-\x9f]')
_RESERVED = re.compile(r"(?i)^(\.+|(con|prn|aux|nul|com\d|lpt\d)(\..*)?)$")
MOST_BYTES = 255

MISSING = "missing encrypted form data"
SEALED = "not decrypted"


class Record(NamedTuple):
    """A submission. `answers` is None where they cannot be read, and `status` says why. `extras`: as the job names."""

    instance_id: str
    submitted: datetime
    answers: Mapping[str, Any] | None
    submitter_id: int | None
    submitter: str | None
    files_present: int
    files_expected: int
    status: str | None
    review_state: str | None
    device_id: str | None
    edits: int
    form_version: str
    extras: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Media:
    """A file that goes into the archive beside the tables. `parts` is called when it is its turn."""

    name: str
    parts: Callable[[], Iterable[bytes]]
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How it is to look.

    `group_paths`: columns are called with the groups they are in. `splits`: by path, the choices that get a column of
    their own. `labels`: the language whose labels stand for names and codes; None for these themselves. `excel`: made
    for spreadsheets that would take a text for a formula, and need to be told of UTF-8. `field_path`: the place that
    a map shows.
    """

    group_paths: bool = True
    splits: Mapping[str, Sequence[str]] | None = None
    labels: str | None = None
    excel: bool = False
    field_path: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One export. `fields` are in document order, the root left out; `spool` makes a file that is gone when closed.

    `extras` are the names of further columns. `media` is asked for when the tables are done. `places`: by version, the
    path of the place that a map shows.
    """

    form_id: str
    title: str
    fields: Sequence[Field]
    spool: Callable[[], IO[bytes]]
    options: Options = field(default_factory=Options)
    extras: tuple[str, ...] = ()
    zone: tzinfo = UTC
    media: Callable[[], Iterator[Media]] | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The form's ID as the name of a file."""
        return file_name(self.form_id)


Batches = Iterable[Sequence[Record]]


def file_name(text: str) -> str:
    """The text with what no name of a file may have left out, no longer than one may be."""
    name = _NOT_IN_NAMES.sub("", text)
    name = _RESERVED.sub("", name).rstrip(". ")
    return name.encode()[:MOST_BYTES].decode(errors="ignore")


def moment(value: datetime) -> str:
    """A moment as the wire has it: `2026-11-23T08:00:00.000Z`."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
