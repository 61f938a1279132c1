"""`manage restore`: a backup onto an empty machine of either kind. The rows come last and at once: all or none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from scripts.backup import contents, sealed
from scripts.backup.contents import Summary
from scripts.backup.loader import Loader, require_empty, require_known, shape
from server.config import Settings
from server.storage import Storage


def keep_secret_key(told: Summary, settings: Settings) -> None:
    """Put the key that keys of app users are encrypted under where the server reads it. Says if it reads another."""
    if told.secret_key == settings.secret_key:
        return
    path = settings.data_dir / "secret.key"
    new = path.with_name(".secret-restored")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(told.secret_key)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    if os.environ.get("SECRET_KEY"):
        click.echo(
            f"SECRET_KEY is set to another key than this installation had: unset it, or set it to what is in {path}."
            " Until then the QR codes of volunteers cannot be shown.",
            err=True,
        )


class _Enough(Exception):
    """All rows were read: the rest was verified before."""


def restore(
    path: Path, identities: list[Any], engine: Engine, storage: Storage, before: Callable[[Summary], None]
) -> Summary:
    """Verify all of the backup while its files are stored; then put all rows, or none.

    `before` is called with what was found, before the rows are there for good. Raises BackupError, OSError.
    """
    with engine.connect() as connection:
        require_empty(connection)
    with sealed.reading(path, identities) as stream:
        told = contents.through(stream, on_head=lambda head: require_known(head["revision"]), on_file=storage.put)
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        shape(connection, told.head["revision"])
        loader = Loader(connection, told.head["tables"])
        _load(path, identities, loader)
        loader.finish(told.last_numbers)
        loader.compare(told.tables)
        before(told)
    return told


def _load(path: Path, identities: list[Any], loader: Loader) -> None:
    """Rows come first in a backup: what is behind them is not read a second time."""

    def enough(_sha256: str, _stream: Any) -> None:
        raise _Enough

    try:
        with sealed.reading(path, identities) as stream:
            contents.through(stream, on_row=loader.add, on_file=enough)
    except _Enough:
        return
