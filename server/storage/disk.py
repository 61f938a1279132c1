"""Files in a folder of this machine."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from server.storage.names import ASIDE, Stored, is_hash, place, place_aside, set_aside_at

PART = ".part-"
# A file that is being written is younger than this.
ABANDONED = 24 * 3600
# Between looking for a file and for its copy set aside, somebody may move it: so often in a row nobody does.
GOES = 4


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder: a file that was moved there has its name after a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Disk:
    """Storage in a folder, spread over 256 subfolders by the first digits of the hash.

    What is returned from `put` outlives a power cut: the file is flushed, and the folders that lead to it.

    Several processes put, open and sweep at once, without a lock. Nothing that was put is lost, because
    - a file appears under its name by one rename, whole, and is set aside by one rename: at every moment it is in one
      of the two places. Who finds it in neither had looked at a moment between, and looks again (`open`).
    - `put` freshens what is there (`os.utime`). Set aside just before, it is not there, and is written anew; just
      after, it lies aside, whole and younger than anything that may be removed, until `open` brings it back.
    - the moment it was set aside is in its name: `empty_aside` never removes one that was set aside since it looked.
      Brought back at the same moment, it is either gone from there (nothing is removed), or gone: then `put` writes
      it, and `open` does not find what nobody had asked for in days.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Subfolders that this process has seen into their own folder; whoever made them may not have got so far.
        self._lasting: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        """Remove what processes that were killed had begun to write. Whatever cannot be removed stays."""
        oldest = time.time() - ABANDONED
        with suppress(OSError):
            for part in self.folder.glob(f"[0-9a-f][0-9a-f]/{PART}*"):
                with suppress(OSError):
                    if part.stat().st_mtime < oldest:
                        part.unlink()

    def _path(self, sha256: str) -> Path:
        return self.folder / place(sha256)

    def put(self, sha256: str, stream: BinaryIO, md5: str = "") -> None:
        """Write beside the place, flush to the disk, then move: a file under its name is always whole."""
        path = self._path(sha256)
        try:
            os.utime(path)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._write(path, stream)
        # Also for one that was there: another thread may have moved it there just now.
        sync_folder(path.parent)
        if path.parent.name not in self._lasting:
            sync_folder(self.folder)
            self._lasting.add(path.parent.name)

    @staticmethod
    def _write(path: Path, stream: BinaryIO) -> None:
        stream.seek(0)
        descriptor, name = tempfile.mkstemp(prefix=PART, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def open(self, sha256: str) -> BinaryIO:
        """The file, for reading; from aside it comes back to its place first."""
        path = self._path(sha256)
        for _ in range(GOES):
            try:
                return path.open("rb")
            except FileNotFoundError:
                self._bring_back(path)
        if not self.folder.is_dir():  # its disk is away: no file is lost for that
            raise NotADirectoryError(errno.ENOTDIR, f"There is no folder {self.folder}")
        return path.open("rb")

    def _bring_back(self, path: Path) -> None:
        """Move a copy from aside to the place. Nothing happens where there is none, or somebody else was faster."""
        for copy in sorted((self.folder / ASIDE / path.parent.name).glob(f"{path.name}.*"), reverse=True):
            with suppress(FileNotFoundError):
                path.parent.mkdir(mode=0o700, exist_ok=True)
                # First new, then back: not swept again at once.
                os.utime(copy)
                copy.replace(path)
                sync_folder(path.parent)
                return

    def url(self, sha256: str) -> str | None:
        """None: the server streams files of this kind."""
        return None

    def delete(self, sha256: str) -> None:
        """Remove the file."""
        self._path(sha256).unlink(missing_ok=True)

    def walk(self) -> Iterator[Stored]:
        """Folder by folder."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        if is_hash(entry.name):
                            found = entry.stat()
                            yield Stored(entry.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def set_aside(self, sha256: str) -> None:
        """Move the file to a folder that `walk` does not show."""
        target = self.folder / place_aside(sha256)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._path(sha256).replace(target)

    def empty_aside(self, older_than: datetime) -> int:
        """Remove what was set aside before that moment."""
        removed = 0
        for copy in (self.folder / ASIDE).glob("[0-9a-f][0-9a-f]/*"):
            moment = set_aside_at(copy.name)
            if moment is not None and moment < older_than:
                with suppress(FileNotFoundError):
                    copy.unlink()
                    removed += 1
        return removed
