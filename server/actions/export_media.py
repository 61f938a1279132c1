"""The files that go with an export: noted while its rows are read, given when the tables are done."""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import IO, Any

from sqlalchemy import select

from forms import tables
from forms.encryption import Undecryptable
from forms.exports.job import Job, Media, file_name
from server.actions import decryption, free_text
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
Kept = Sequence[tuple[DataRow, Mapping[str, Any] | None]]


class Collected:
    """Which files there are, in a file of `spool` and not in memory, as there may be very many."""

    def __init__(self, actor: Actor, place: Place, spool: Callable[[], IO[bytes]]) -> None:
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
        for place in self._files:
            instance_id, name, sha256 = self._read(place)
            shown = file_name(_SEALED.sub("", name))
            yield Media(f"media/{shown}", functools.partial(self._parts, instance_id, name, sha256))
        if self._events:
            yield Media(file_name(f"{job.form_id} - audit.csv"), self._noted, packed=True)

    def _read(self, place: int) -> tuple[str, str, str]:
        self._store.seek(place)
        instance_id, name, sha256 = json.loads(self._store.readline())
        return instance_id, name, sha256

    def _parts(self, instance_id: str, name: str, sha256: str) -> Iterator[bytes]:
        """The file, in clear. One that is damaged is empty."""
        envelope = self._envelopes.get(instance_id)
        parts = decryption.contents(sha256)
        if envelope is None:
            yield from parts
            return
        try:
            yield from envelope.clear(name, parts)
        except Undecryptable:
            return

    def _noted(self) -> Iterator[bytes]:
        """What phones noted, the oldest version first, as one table."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([WHOSE, *EVENTS])
        for _, place in sorted(zip(self._versions, self._events, strict=True)):
            instance_id, name, sha256 = self._read(place)
            data = b"".join(self._parts(instance_id, name, sha256))
            for event in events_in(data.decode("utf-8-sig", errors="replace")):
                writer.writerow([instance_id, *event])
                if text.tell() > _AT_ONCE:
                    yield _taken(text)
        yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    made = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return made


def events_in(text: str) -> Iterator[list[str | None]]:
    """The lines of what a phone noted, in the order of EVENTS whatever its own is."""
    lines: Iterable[list[str]] = csv.reader(io.StringIO(text, newline=""))
    header: list[str] | None = None
    for line in lines:
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if header is None:
            header = cells
            continue
        known = dict(zip(header, cells, strict=False))
        yield [known.get(name) for name in EVENTS]


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
