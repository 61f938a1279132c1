"""The database's own shape: brought up to date, and whether it is; and whether the installation is closed."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from server import dialect
from server.actions import leases
from server.config import SettingsError
from server.db import db, now, writing
from server.models import Lease

FOLDER = Path(__file__).parent.parent / "migrations"
# What closes an installation: that it was moved, for good; and the lease of whoever moves it just now.
CLOSED, MOVING = "closed", "moving"
FOR_GOOD = timedelta(days=36_500)
# Seconds between two looks at whether the server may serve.
LOOK_EVERY = 3.0


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def migrate() -> bool:
    """Run the steps that are missing, one process at a time. Says whether there were any. Raises SettingsError."""
    if is_current():
        return False
    config = _config()
    with dialect.alone(db.engine, "migrate"):
        here = revision()
        if here == _expected():
            return False
        if here is not None and here not in _known():
            raise SettingsError(f"DATABASE_URL: this database belongs to a newer version of the server (step {here}).")
        with db.engine.connect().execution_options(writing=True) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    return True


def is_current() -> bool:
    """Whether the database has the shape this code expects."""
    return revision() == _expected()


def revision() -> str | None:
    """The shape that the database has; None for an empty one."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@functools.cache
def _expected() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _known() -> set[str]:
    return {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}


def close(reason: str) -> None:
    """Take no more requests, in all processes within seconds, until `open_again`: the installation is being moved."""
    with writing():
        db.session.merge(Lease(name=CLOSED, holder=reason, expires_at=now() + FOR_GOOD))


@contextmanager
def moving() -> Iterator[None]:
    """Take no requests while this goes on; a process that is killed meanwhile is forgotten in minutes.

    What ends well closes for good. Raises HeldError.
    """
    with leases.held(MOVING):
        yield
        close("moved")


def open_again() -> None:
    """Take requests again."""
    with writing():
        db.session.execute(delete(Lease).where(Lease.name.in_((CLOSED, MOVING))))


def closed_by(marks: Mapping[str, datetime], moment: datetime) -> str:
    """Why no requests are taken, for the operator, by the leases there are; "" while they are taken."""
    if CLOSED in marks:
        told = "was moved"
    elif MOVING in marks and leases.runs(marks[MOVING], moment):
        told = "is being moved"
    else:
        return ""
    return f"No requests are taken: this installation {told}. “manage move --open-again” opens it."


def why_closed() -> str:
    """As `closed_by`, of this installation."""
    with db.engine.connect() as connection:
        query = select(Lease.name, Lease.expires_at).where(Lease.name.in_((CLOSED, MOVING)))
        return closed_by({row.name: row.expires_at for row in connection.execute(query)}, now())


class Watch:
    """Whether requests can be served: looked up at times, for all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: bool | None = None
        self._until = 0.0

    def is_open(self, *, anew: bool = False) -> bool:
        """Whether the database has the right shape and is not closed. `anew`: as of now, not as of a moment ago."""
        must = self._known is None or anew
        # While one thread looks, which may take long, others are told what was true a moment ago.
        if (must or time.monotonic() >= self._until) and self._lock.acquire(blocking=must):
            try:
                self._known = _is_open()
                self._until = time.monotonic() + LOOK_EVERY
            finally:
                self._lock.release()
        return bool(self._known)


def _is_open() -> bool:
    try:
        return is_current() and not why_closed()
    except SQLAlchemyError:
        return True  # whoever asks it something will say what is wrong with it


def is_open(*, anew: bool = False) -> bool:
    """Whether requests can be served by the app that is running."""
    watch: Watch = current_app.extensions.setdefault("upkeep", Watch())
    return watch.is_open(anew=anew)
