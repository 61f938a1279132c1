"""`manage backup`: one file from a running server, verified after it was written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from scripts.backup import BackupError, contents, sealed
from scripts.backup.contents import Summary
from scripts.backup.sealed import Keys
from server.storage import Storage
from server.storage.disk import sync_folder

PART = ".part"
LOOK_EVERY = 16_000_000  # bytes


class NoRoomError(BackupError):
    """The disk has to be kept for what phones send."""


Watched = Callable[[Iterable[bytes]], Iterator[bytes]]


def _nobody_leaves() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was read back whole."""

    path: Path
    size: int
    told: Summary


@dataclass(frozen=True, slots=True)
class Source:
    """What is kept: a database, its store (None: the database alone) and the key under which other keys are kept."""

    engine: Engine
    storage: Storage | None
    secret_key: str


def make(
    path: Path,
    source: Source,
    keys: Keys,
    *,
    min_free: int = 0,
    incomplete: Path | None = None,
    gone: Callable[[], bool] = _nobody_leaves,
) -> Made:
    """Write a backup and read it back. What is not whole is not there: until then the file has another name.

    So many bytes of the disk stay free. `incomplete`: its name where files are missing. `gone`: whether whoever asked
    for it has left; then it is given up. Raises BackupError, OSError.
    """
    if path.exists():
        raise BackupError(f"{path} is there already, and no backup is ever overwritten.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part, told = path.with_name(f"{path.name}{PART}"), Summary()
    part.unlink(missing_ok=True)  # left by a process that was killed
    try:
        witness = _write(part, source, keys, told, lambda chunks: _while_wanted(chunks, part.parent, min_free, gone))
        _verify(part, keys, witness, told)
        if told.missing and incomplete is not None:
            path = incomplete
        part.rename(path)
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Made(path, path.stat().st_size, told)


def _write(part: Path, source: Source, keys: Keys, told: Summary, watched: Watched) -> Any:
    moment = datetime.now(UTC)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        chunks = contents.write(source.engine, source.storage, source.secret_key, moment, told)
        try:
            witness = sealed.write(file, watched(chunks), keys, int(moment.timestamp()))
        finally:
            chunks.close()
        file.flush()
        os.fsync(file.fileno())
    return witness


def _while_wanted(chunks: Iterable[bytes], folder: Path, min_free: int, gone: Callable[[], bool]) -> Iterator[bytes]:
    """A backup must not take the place that phones need, nor the time of others for who has left."""
    left = 0
    for chunk in chunks:
        if gone():
            raise BackupError("Nobody waits for the backup any more: it was not made.")
        if left <= 0:
            left = LOOK_EVERY
            if shutil.disk_usage(folder).free < min_free:
                raise NoRoomError(f"There is too little room on the disk of {folder}: the backup was not made.")
        left -= len(chunk)
        yield chunk


def _verify(part: Path, keys: Keys, witness: Any, told: Summary) -> None:
    """Read all of it, from the disk as far as the system lets us. Raises BackupError."""
    try:
        if keys.passphrase:
            sealed.identities(part, keys.passphrase)
        with sealed.reading(part, [witness]) as stream:
            found = contents.through(stream)
    except BackupError as error:
        raise BackupError(
            f"What was written could not be read back, and was removed: is the disk sound? {error}"
        ) from None
    if found.manifest() != told.manifest():
        raise BackupError("What was written is not what was read back, and was removed: is the disk sound?")
