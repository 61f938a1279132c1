"""The files that go with an export: noted while its rows are read, given when the tables are done."""

from __future__ import annotations

import csv
import functools
import io
import json
import logging
import os
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import IO, Any

from sqlalchemy import select

from forms import tables
from forms.encryption import Undecryptable
from forms.exports.csvfile import Lines
from forms.exports.job import Job, Media, file_name
from server.actions import decryption, files, free_text
from server.actions.data import DataRow
from server.actions.decryption import Envelope, Sealed
from server.actions.rows import Place
from server.db import db
from server.models import SubmissionFile, SubmissionVersion
from server.permissions import Actor

# What ODK Collect notes while somebody fills a form, and ODK Central's name for whose it is.
EVENTS = (
    "event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value", "user",
    "change-reason",
)  # fmt: skip
WHOSE = "instance ID"
SEALED_EVENTS = "audit.csv.enc"
_SEALED = re.compile(r"\.enc$", re.IGNORECASE)
_AT_ONCE = 64 * 1024
# Characters of one event; csv itself takes fewer in each of its cells.
MOST_OF_EVENT = 1024 * 1024
# Of an instance ID in the name of a file.
_MOST_OF_ID = 100
Kept = Sequence[tuple[DataRow, Mapping[str, Any] | None]]

log = logging.getLogger("donghanh.exports")


class Collected:
    """Which files there are, in a file of `spool` and not in memory, as there may be very many."""

    def __init__(self, actor: Actor, place: Place, spool: Callable[[], IO[bytes]]) -> None:
        """Raises STORE_AWAY."""
        files.require_store()
        self._actor, self._place, self._spool = actor, place, spool
        # Where each note begins: of files, and of what was noted while the form was filled, which goes by version.
        self._files, self._events, self._versions = array("Q"), array("Q"), array("Q")
        self._envelopes: dict[str, Envelope] = {}

    def add(self, kept: Kept, sealed: Mapping[int, Sealed]) -> None:
        """Note the files of these submissions that the actor may see."""
        numbers = [each.number for each, _ in kept if each.files_present]
        allowed = free_text.readable(self._actor, self._place.project_id, self._place.id, numbers)
        found = _files(allowed)
        for each, answers in kept:
            shut = sealed.get(each.number)
            if shut is not None and shut.envelope is None:
                continue
            inside = ""
            if shut is not None and shut.envelope is not None and each.number in found:
                self._envelopes[each.instance_id] = shut.envelope
                inside = shut.envelope.names[-1]
            events = SEALED_EVENTS if shut else tables.group(answers or {}, "meta").get("audit")
            for version_id, name, sha256 in found.get(each.number, ()):
                if sha256 is None or name == inside:
                    continue
                if name == events:
                    self._versions.append(version_id)
                self._note(self._events if name == events else self._files, each.instance_id, name, sha256)

    @cached_property
    def _store(self) -> IO[bytes]:
        return self._spool()

    def _note(self, places: array[int], instance_id: str, name: str, sha256: str) -> None:
        self._store.seek(0, os.SEEK_END)
        places.append(self._store.tell())
        self._store.write(json.dumps([instance_id, name, sha256]).encode() + b"\n")

    def media(self, job: Job) -> Iterator[Media]:
        """The files under `media/`, and one table of what was noted."""
        names = _Names()
        for place in self._files:
            instance_id, name, sha256 = self._read(place)
            shown = names.give(_SEALED.sub("", name), instance_id)
            yield Media(f"media/{shown}", functools.partial(self._parts, instance_id, name, sha256))
        if self._events:
            noted = functools.partial(self._noted, excel=job.options.excel)
            yield Media(file_name(f"{job.form_id} - audit.csv"), noted, packed=True)

    def _read(self, place: int) -> tuple[str, str, str]:
        self._store.seek(place)
        instance_id, name, sha256 = json.loads(self._store.readline())
        return instance_id, name, sha256

    def _parts(self, instance_id: str, name: str, sha256: str) -> Iterator[bytes]:
        """The file, in clear. One that is damaged ends where it can be read no further, one that is lost is empty.

        Raises OSError where the store goes away: what breaks off is seen, files that seem to be empty are not.
        """
        envelope = self._envelopes.get(instance_id)
        parts = decryption.contents(sha256)
        try:
            yield from parts if envelope is None else envelope.clear(name, parts)
        except Undecryptable:
            return
        except FileNotFoundError:
            log.warning("an export goes on without a file that the store does not have; “manage check” says more")

    def _noted(self, *, excel: bool = False) -> Iterator[bytes]:
        """What phones noted, the oldest version first, as one table. `excel`: harmless, as the other tables are."""
        lines = Lines([WHOSE, *EVENTS], excel=excel)
        for _, place in sorted(zip(self._versions, self._events, strict=True)):
            instance_id, name, sha256 = self._read(place)
            for event in events_in(self._parts(instance_id, name, sha256)):
                lines.add([[instance_id, *event]])
                if lines.waiting > _AT_ONCE:
                    yield lines.take()
        yield lines.take()


class _Names:
    """What files are called in the archive: each otherwise. Some machines that unpack it do not tell large letters from
    small ones."""

    def __init__(self) -> None:
        self._given = set[str]()
        # By name, the number that was tried last: there may be very many of one name.
        self._numbers: dict[str, int] = {}

    def give(self, name: str, instance_id: str) -> str:
        """Its own name; with whose it is, where another has that one; with a number, where that is not enough."""
        own = file_name(name) or "file"
        theirs = file_name(f"{instance_id[:_MOST_OF_ID]}-{own}")
        shown = own
        if shown.casefold() in self._given:
            shown = theirs
        while shown.casefold() in self._given:
            self._numbers[theirs] = self._numbers.get(theirs, 1) + 1
            shown = file_name(f"{self._numbers[theirs]}-{theirs}")
        self._given.add(shown.casefold())
        return shown


class _Stream(io.RawIOBase):
    """Parts as a file that is read from its beginning to its end."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = memoryview(part)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class _Bounded:
    """The lines of a text. `room`: how many characters may still come before it is set anew."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.room = MOST_OF_EVENT

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(self.room + 1):
            self.room -= len(line)
            if self.room < 0:
                raise csv.Error("an event that never ends")
            yield line


def events_in(parts: Iterable[bytes]) -> Iterator[list[str | None]]:
    """The lines of what a phone noted, in the order of EVENTS whatever its own is; up to the first that is none."""
    text = io.TextIOWrapper(io.BufferedReader(_Stream(parts)), "utf-8-sig", errors="replace", newline="")
    lines = _Bounded(text)
    header: list[str] | None = None
    try:
        for line in csv.reader(lines):
            lines.room = MOST_OF_EVENT
            cells = [cell.strip() for cell in line]
            if not any(cells):
                continue
            if header is None:
                header = cells
                continue
            known = dict(zip(header, cells, strict=False))
            yield [known.get(name) for name in EVENTS]
    except csv.Error:
        log.warning("an export leaves out the rest of what a phone noted, which is no table")


def _files(numbers: Collection[int]) -> dict[int, list[tuple[int, str, str | None]]]:
    """The files of current versions, by the number of the submission, in the order in which the XML names them."""
    columns = (SubmissionVersion.id, SubmissionFile.name, SubmissionFile.blob_sha256)
    query = select(SubmissionVersion.submission_id, *columns).join(
        SubmissionFile, SubmissionFile.version_id == SubmissionVersion.id
    )
    query = query.where(SubmissionVersion.submission_id.in_(numbers), SubmissionVersion.current.is_(True))
    query = query.order_by(SubmissionFile.version_id, SubmissionFile.position)
    found: dict[int, list[tuple[int, str, str | None]]] = {}
    for submission_id, version_id, name, sha256 in db.session.execute(query) if numbers else ():
        found.setdefault(submission_id, []).append((version_id, name, sha256))
    return found
