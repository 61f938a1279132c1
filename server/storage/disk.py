"""Files in a folder of this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part-"
# A file that is being written is younger than this.
ABANDONED = 24 * 3600


class Disk:
    """Storage in a folder, spread over 256 subfolders by the first digits of the hash.

    What is returned from `put` outlives a power cut: the file is flushed, and the folders that lead to it.
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
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError("not a SHA-256")
        return self.folder / sha256[:2] / sha256

    def put(self, sha256: str, stream: BinaryIO) -> None:
        """Write beside the place, flush to the disk, then move: a file under its name is always whole."""
        path = self._path(sha256)
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._write(path, stream)
        # Also for one that was there: another thread may have moved it there just now.
        self._sync_folder(path.parent)
        if path.parent.name not in self._lasting:
            self._sync_folder(self.folder)
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

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def open(self, sha256: str) -> BinaryIO:
        """The file, for reading."""
        return self._path(sha256).open("rb")

    def url(self, sha256: str) -> str | None:
        """None: the server streams files of this kind."""
        return None

    def delete(self, sha256: str) -> None:
        """Remove the file."""
        self._path(sha256).unlink(missing_ok=True)
