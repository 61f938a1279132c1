"""The real server: gunicorn on a port of this machine, as `manage serve` starts it, on a home with the cast."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from server.config import Settings
from tests.conftest import Houses
from tests.homes import SECRET
from tests.parts import ROOT


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    folder: Path
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> HTTPConnection:
        """A connection of one's own."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def healthy(self) -> bool:
        """Whether it answers."""
        connection = self.connect()
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], bool]) -> None:
    """Ask again and again, for half a minute at most."""
    for _ in range(300):
        if what():
            return
        time.sleep(0.1)
    pytest.fail("it did not come")


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """The server as `manage serve` starts it."""
    made = Server(free_port(), settings.data_dir, settings.data_dir / "log")
    unset = ("PUBLIC_URL", "HOST", "WEB_CONCURRENCY", "LAN_URL")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"DATABASE_URL": settings.database_url, "STORAGE_URL": settings.storage_url}
    environment |= {"DATA_DIR": str(settings.data_dir), "PORT": str(made.port), "SECRET_KEY": SECRET}
    command = [sys.executable, "-m", "scripts.manage", "serve"]
    with made.log.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: process.poll() is not None or made.healthy())
            assert process.poll() is None, made.log.read_text()
            yield made
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def servers(houses: Houses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """One server of each kind for all live tests, started when it is first asked for: they use forms of their own."""
    with ExitStack() as running:

        @functools.cache
        def start(kind: str) -> Server:
            return running.enter_context(serving(houses(kind).home.copy("peopled", tmp_path_factory.mktemp("live"))))

        yield start


@pytest.fixture
def server(home_kind: str, servers: Callable[[str], Server]) -> Server:
    """That of the kind that is tried."""
    return servers(home_kind)
