"""A migration makes a backup first, of the database alone: it does not touch files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
from pyrage import x25519
from sqlalchemy import Engine

from scripts.backup import BackupError, shelf
from scripts.backup.loader import head
from scripts.backup.make import Source, make
from scripts.backup.rows import is_empty
from scripts.backup.sealed import Keys, read_keys
from server.config import Settings

OWN_KEY = "backup.key"


def folder(settings: Settings) -> Path:
    """Where backups are put."""
    return settings.backup_dir or settings.data_dir / "backups"


def write_key(path: Path) -> str:
    """Make a pair of keys: the secret one goes into a new file, the public one is returned. Raises BackupError."""
    made = x25519.Identity.generate()
    public = str(made.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BackupError(f"{path} is there already: a key that may be needed is never overwritten.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be written ({error.strerror}).") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{made}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


def _keys(settings: Settings) -> Keys:
    """The operator's, else one of our own, kept beside the database: better than none."""
    if settings.backup_recipients or settings.backup_passphrase:
        return Keys(settings.backup_recipients, settings.backup_passphrase)
    path = settings.data_dir / OWN_KEY
    if path.exists():
        return Keys((str(read_keys(path)[0].to_public()),))
    click.echo(f"No backup key is set: made {path}. Restoring opens with --identity {path}.")
    return Keys((write_key(path),))


def before_migration(engine: Engine, settings: Settings) -> Path | None:
    """Keep the database as it is, if there is anything in it. Raises BackupError: then nothing must be migrated."""
    with engine.connect() as connection:
        if is_empty(connection):
            return None
    path = folder(settings) / shelf.name(datetime.now(UTC), head())
    try:
        source = Source(engine, None, settings.secret_key)
        made = make(path, source, _keys(settings), min_free=settings.min_free_disk)
    except (BackupError, OSError) as error:
        raise BackupError(
            f"The backup before the migration failed, so nothing was changed. {error} (BACKUP_DIR is {path.parent})"
        ) from None
    click.echo(f"Before the migration, the database was kept: {made.path}")
    return made.path
