"""The daily work of a server without cron: each of its processes looks now and then whether upkeep or a backup is due.

What is due is done by a child process, by one of all: it takes a lease. Laptops are off at night, so due means that the
last good one is older than the last moment that was meant for it: what was missed is done soon after the start.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from scripts import serving
from server import config, dialect
from server.actions import upkeep
from server.actions.leases import BACKUP, MAINTAIN, TRIED
from server.config import Settings
from server.models import Lease

FIRST_LOOK = 120.0  # seconds; phones come first after a start
LOOKS = 300.0
AGAIN = timedelta(hours=1)  # after a failure
DAY = timedelta(days=1)

log = logging.getLogger("donghanh.daily")
Marked = Callable[[str], datetime | None]


def due(work: str, settings: Settings, marked: Marked, moment: datetime) -> bool:
    """Whether the work is to be done now. `moment` has a time zone: that of the operator's clock."""
    last = _last_meant(work, settings, moment)
    if last is None:
        return False
    done, tried = (_past(marked(name), moment) for name in (work, TRIED + work))
    return (done is None or done < last) and (tried is None or tried < moment - AGAIN)


def _past(mark: datetime | None, moment: datetime) -> datetime | None:
    """A mark that lies ahead was made by a clock that was wrong: it counts for nothing."""
    return None if mark is None or mark > moment else mark


def _last_meant(work: str, settings: Settings, moment: datetime) -> datetime | None:
    """The last moment at which the work was meant to be done; None when nobody wants it."""
    if work == MAINTAIN:
        return moment - DAY
    if settings.backup_at is None:
        return None
    today = datetime.combine(moment.date(), settings.backup_at, moment.tzinfo)
    return today if today <= moment else today - DAY


def clock() -> datetime:
    """The time on the operator's clock."""
    return datetime.now(UTC).astimezone()


def start() -> None:
    """Begin to look, in a thread of its own. Called in each process of the server when it is ready to work."""
    settings = config.load()
    threading.Thread(target=_look_for_ever, args=(settings,), name="daily", daemon=True).start()


def _look_for_ever(settings: Settings) -> None:
    _say_if_closed(_marks(settings))
    serving.begin(settings.data_dir)
    waits = threading.Event()
    waits.wait(FIRST_LOOK * random.uniform(1, 2))  # noqa: S311  (so that processes do not all look at once)
    while True:
        try:
            look(settings)
        except Exception as error:  # noqa: BLE001  (the next look may go better)
            log.warning("the daily look failed", extra={"kind": type(error).__name__})
        waits.wait(LOOKS * random.uniform(0.8, 1.2))  # noqa: S311


def look(settings: Settings) -> None:
    """Do what is due."""
    marks = _marks(settings)
    _say_if_closed(marks)
    for work in (MAINTAIN, BACKUP):
        if due(work, settings, marks.get, clock()):
            run(work)


def _say_if_closed(marks: dict[str, datetime]) -> None:
    if told := upkeep.closed_by(marks, clock()):
        log.warning(told)


def _marks(settings: Settings) -> dict[str, datetime]:
    engine = create_engine(settings.database_url, **dialect.pool(settings.database_url, 1))
    dialect.prepare(engine)
    try:
        with engine.connect() as connection:
            return {row.name: row.expires_at for row in connection.execute(select(Lease.name, Lease.expires_at))}
    except SQLAlchemyError:
        return {}  # away, or not made yet: then there is nothing to do either
    finally:
        engine.dispose()


def run(work: str) -> None:
    """In a process of its own, so that the server's memory and time stay the phones'."""
    nice = [found, "-n", "10"] if (found := shutil.which("nice")) else []
    done = subprocess.run(
        [*nice, sys.executable, "-m", "scripts.manage", work, "--if-due"],
        cwd=Path(__file__).parent.parent,
        env=os.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).strip()[-2000:]
    if done.returncode:
        log.error("the daily work failed", extra={"work": work, "said": said})
    elif said:
        log.info("the daily work is done", extra={"work": work, "said": said})
