"""`manage restore`: a backup onto an empty machine of either kind. The rows come last and at once: all or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from scripts.backup import contents, sealed
from scripts.backup.contents import Summary
from scripts.backup.loader import Loader, require_empty, require_known, shape
from server.storage import Storage


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
