"""Room on the disks: looked at before a body is taken, so that a disk never runs full of half of something."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flask import current_app, has_app_context

from schemas import problems
from schemas.problems import Problem

NAME = "space"
# What says that there is no room; everything else that a disk says is trouble of another kind.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# A body that is still arriving is younger than this, in seconds.
ABANDONED = 24 * 3600


class Space:
    """The folder for bodies that arrive, and the disks that must not run full. Sizes are bytes."""

    def __init__(self, incoming: Path, kept: Iterable[Path], least: int) -> None:
        self.incoming = incoming
        self.least = least
        self._kept = tuple(kept)
        # Files here have no names where the system can do that; elsewhere a process that was killed may leave some.
        oldest = time.time() - ABANDONED
        with suppress(OSError):
            for left in incoming.iterdir():
                if left.stat().st_mtime < oldest:
                    left.unlink()

    def check(self, announced: int = 0) -> None:
        """Raise DISK_FULL where a body of this size would leave too little. OSError: a disk does not answer."""
        if not self.enough(announced):
            raise problems.DISK_FULL()

    def enough(self, announced: int = 0) -> bool:
        """Whether there is room. A body is there twice before it is there once: spooled, then stored."""
        arriving, *others = (_free(folder) for folder in (self.incoming.parent, *self._kept))
        return arriving - 2 * announced >= self.least and all(free - announced >= self.least for free in others)


def _free(folder: Path) -> float:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize if found.f_blocks else float("inf")  # some disks of a network do not tell


def space() -> Space:
    """That of the app that is running."""
    return current_app.extensions[NAME]


def incoming() -> Path | None:
    """The folder where bodies are spooled; outside an app the system's own."""
    return space().incoming if has_app_context() else None


def trouble(error: OSError) -> Problem:
    """What to answer when a disk or a store cannot."""
    return problems.DISK_FULL() if error.errno in FULL else problems.BUSY()
