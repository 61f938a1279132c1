"""Brings the database up to date while the server answers already: phones are told to send again a little later."""

from __future__ import annotations

import atexit
import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from flask import Flask
from gunicorn.arbiter import Arbiter
from sqlalchemy.exc import SQLAlchemyError

from server.actions import upkeep
from server.parts import settings

ROOT = Path(__file__).parent.parent
# Seconds until a database that does not answer is asked again.
PAUSE = 5.0

_steps: subprocess.Popen[bytes] | None = None


def start(app: Flask) -> None:
    """Called in each process that serves, before its first request. Returns at once."""
    threading.Thread(target=_work, args=(app,), name="updating", daemon=True).start()


@atexit.register
def _stop() -> None:
    """What the steps have not finished is undone by the database."""
    if _steps is not None and _steps.poll() is None:
        _steps.terminate()


def _work(app: Flask) -> None:
    with app.app_context():
        while not _is_current():
            if not _update():
                # The one exit of a process that also stops the server that would start it again.
                sys.stderr.write("The database could not be brought up to date (see above). The server stops.\n")
                sys.stderr.flush()
                os._exit(Arbiter.WORKER_BOOT_ERROR)
        upkeep.is_open(anew=True)


def _is_current() -> bool:
    while True:
        try:
            return upkeep.is_current()
        except SQLAlchemyError:
            time.sleep(PAUSE)  # requests are answered meanwhile, and told that it is not there


def _update() -> bool:
    """Run `manage migrate`, in one of the processes that share the folder; the others wait. Whether it worked."""
    global _steps  # noqa: PLW0603
    with (settings().data_dir / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_current():
            return True
        command = [sys.executable, "-m", "scripts.manage", "migrate"]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Holding the lock, it goes on alone should this process be killed, and a new one waits for it.
        _steps = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, pass_fds=(lock.fileno(),))
        return _steps.wait() == 0
