"""A backup that an administrator downloads. The server itself does not know how one is made: it is told here."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import BinaryIO

from schemas import problems
from scripts.backup import BackupError
from scripts.backup.make import NoRoomError, Source, make
from scripts.backup.sealed import Keys
from server.app import App
from server.config import Settings
from server.db import db
from server.parts import BACKUP, NAME


def attach(app: App) -> None:
    """Let this server give backups away."""
    app.extensions[BACKUP] = functools.partial(_make, app.extensions[NAME].settings)


def _make(settings: Settings, passphrase: str, gone: Callable[[], bool]) -> BinaryIO:
    """The database alone, as a file that is gone when it is closed. Raises BUSY, DISK_FULL."""
    path = settings.data_dir / "incoming" / f"backup-{secrets.token_hex(8)}"
    # Without the SECRET_KEY, which never leaves the machine this way.
    source = Source(db.engine, None, "")
    try:
        make(path, source, Keys(passphrase=passphrase), min_free=settings.min_free_disk, gone=gone)
        file = path.open("rb")
    except NoRoomError as error:
        raise problems.DISK_FULL() from error
    except BackupError as error:
        raise problems.BUSY() from error
    finally:
        path.unlink(missing_ok=True)
    return file
