"""Leases: upkeep is done by one process at a time, on whatever machine. Whoever dies loses his lease in minutes.

A lease also tells when work was done: one that has ended ended at `expires_at`.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from flask import Flask, current_app

from server import dialect
from server.db import db, end_read, now, writes
from server.models import Lease
from server.parts import settings

# The marks of daily work: when it was done, and when it was tried.
BACKUP, MAINTAIN = "backup", "maintain"
TRIED = "tried "
# The lease under which upkeep and backups are done, one at a time.
UPKEEP = "upkeep"
# After so long without a good backup people are told; a laptop that is off at night makes up for it by then.
LATE = timedelta(hours=36)
# Longer than clocks of several machines differ, and than a process sleeps that is alive.
LASTS = timedelta(minutes=5)
RENEWED = timedelta(minutes=1)

log = logging.getLogger("donghanh.leases")


class HeldError(Exception):
    """Somebody else has the lease. The message is for the operator."""


def runs(until: datetime, moment: datetime) -> bool:
    """Whether a lease has not run out. One that ends too late was taken by a clock that was wrong."""
    return moment < until <= moment + 2 * LASTS


@contextmanager
def held(name: str) -> Iterator[None]:
    """Hold a lease, renewed while this goes on. Raises HeldError."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    _take(name, holder)
    ended = threading.Event()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    thread = threading.Thread(target=_keep, args=(app, name, holder, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _end(name, holder)


def _keep(app: Flask, name: str, holder: str, ended: threading.Event) -> None:
    with app.app_context():
        while not ended.wait(RENEWED.total_seconds()):
            try:
                _take(name, holder)
            except HeldError:
                log.error("a lease was lost", extra={"lease": name})
                return
            except Exception:  # noqa: BLE001  (the database may be away for a while; the lease outlasts that)
                log.warning("a lease could not be renewed", extra={"lease": name})
            finally:
                db.session.remove()


@writes
def _take(name: str, holder: str) -> None:
    dialect.lock(db.session(), f"lease {name}")
    found, moment = db.session.get(Lease, name), now()
    if found is not None and runs(found.expires_at, moment) and found.holder != holder:
        machine, process = found.holder.split(":")[:2]
        raise HeldError(
            f"Upkeep is being done already, by process {process} on {machine}. Try again later;"
            f" if that process is dead, in {LASTS.seconds // 60} minutes."
        )
    _put(found, name, holder, moment + LASTS)


@writes
def _end(name: str, holder: str) -> None:
    dialect.lock(db.session(), f"lease {name}")
    found = db.session.get(Lease, name)
    if found is not None and found.holder == holder:
        found.expires_at = now()


def _put(found: Lease | None, name: str, holder: str, until: datetime) -> None:
    if found is None:
        db.session.add(Lease(name=name, holder=holder, expires_at=until))
    else:
        found.holder, found.expires_at = holder, until


@writes
def mark(name: str) -> None:
    """Remember that this was done now."""
    dialect.lock(db.session(), f"lease {name}")
    _put(db.session.get(Lease, name), name, f"{socket.gethostname()}:{os.getpid()}:done", now())


def marked(name: str) -> datetime | None:
    """When this was done last."""
    found = db.session.get(Lease, name, populate_existing=True)
    moment = found.expires_at if found is not None else None
    end_read()
    return moment


@dataclass(frozen=True, slots=True)
class Missed:
    """The daily backup does not succeed. `last`: when one did, None for never."""

    last: datetime | None


def missed_backup() -> Missed | None:
    """Whether the backups that a setting asks for fail, and since when."""
    if settings().backup_at is None:
        return None
    tried, done = marked(TRIED + BACKUP), marked(BACKUP)
    if tried is None or (done is not None and (done >= tried or now() - done < LATE)):
        return None
    return Missed(done)
