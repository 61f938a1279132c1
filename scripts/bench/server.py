"""A server of the benchmark's own: gunicorn with our configuration, on a loopback port."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.processes import HOST, ROOT, Tree, free_ports, stop, wait


@dataclass(frozen=True, slots=True)
class Server(Tree):
    """A running server. `pid` is that of gunicorn's master."""

    port: int


@contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[Server]:
    """Start gunicorn with our own configuration, wait until it answers, stop it and all it started afterwards."""
    (port,) = free_ports(1)
    configuration = str(ROOT / "scripts" / "gunicorn_conf.py")
    command = [sys.executable, "-m", "gunicorn", "-c", configuration]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, "HOST": HOST, "PORT": str(port)}, stdout=errors, stderr=errors
        )
    try:
        wait("the server", process, lambda: _is_healthy(port), log)
        yield Server(process.pid, port)
    finally:
        stop(process)


def _is_healthy(port: int) -> bool:
    with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
