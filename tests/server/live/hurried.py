"""A real server of a test's own: with less patience than is usual, so that nobody waits for minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cast import Cast
from tests.homes import SECRET
from tests.parts import ROOT
from tests.server.live.conftest import Server, free_port, wait_for

CONFIG = """
from scripts import line
from scripts.gunicorn_conf import *

line.LIMITS = line.Limits(read={patience}, write={patience}, head={patience}, window={patience}, farewell=2)
graceful_timeout = {patience}
"""
# Settings of whoever runs the tests.
UNSET = ("DATABASE_URL", "STORAGE_URL", "PUBLIC_URL", "HOST", "WEB_CONCURRENCY", "LAN_URL", "MIN_FREE_DISK")


@dataclass(frozen=True)
class Running:
    """A server, the process, and who uses it."""

    server: Server
    process: subprocess.Popen[bytes]
    cast: Cast


def environment(folder: Path, port: int, **settings: str) -> dict[str, str]:
    """What a server on this folder and port is told."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return inherited | {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SECRET_KEY": SECRET,
        "PYTHONPATH": str(ROOT),
        **settings,
    }


@contextmanager
def running(folder: Path, assembled: tuple[Path, Cast], *, patience: int = 8, port: int = 0) -> Iterator[Running]:
    """A server on a data folder with the cast, that waits this many seconds for phones, not a minute."""
    if not (folder / assembled[0].name).exists():
        shutil.copy(assembled[0], folder)
    config = folder / "gunicorn_conf.py"
    config.write_text(CONFIG.format(patience=patience))
    server = Server(port or free_port(), folder, folder / "log")
    command = [sys.executable, "-m", "gunicorn", "-c", str(config)]
    with server.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(folder, server.port), stdout=log, stderr=log)
        try:
            wait_for(lambda: process.poll() is not None or server.healthy())
            assert process.poll() is None, server.log.read_text()
            yield Running(server, process, assembled[1])
        finally:
            process.terminate()
            process.wait(60)
