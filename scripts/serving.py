"""Whether a server works on this installation: each of its processes holds a lock file as long as it lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from scripts.backup import BackupError

NAME = "serving.lock"
# Connections of other machines, which only a database server has; one process here is enough of this one.
ELSEWHERE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'donghanh' AND client_addr IS DISTINCT FROM inet_client_addr()
"""


def begin(data_dir: Path) -> None:
    """Called by each process of a server: waits while the installation is moved, then holds the lock to its end."""
    descriptor = os.open(data_dir / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)


@contextmanager
def nobody(data_dir: Path, engine: Engine, hint: str = "") -> Iterator[None]:
    """No server works on it, here or elsewhere. Raises BackupError while one does.

    `hint`: what could be done beside it, for the message.
    """
    with (data_dir / NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(
                "A server is running here, and what phones send meanwhile would be lost: stop it, and try again."
                f" {hint}"
            ) from None
        _require_nobody_elsewhere(engine, hint)
        yield


def require_no_move(data_dir: Path) -> None:
    """Raise BackupError while a process moves or restores it. Servers may be running."""
    with (data_dir / NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("This installation is being moved right now: end that process first.") from None


def _require_nobody_elsewhere(engine: Engine, hint: str) -> None:
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        others = connection.scalar(text(ELSEWHERE))
    if others:
        raise BackupError(
            f"Other machines are connected to the database ({others} connections): stop every server, and try again."
            f" {hint}"
        )
