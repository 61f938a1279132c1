"""A server of the benchmark's own: started, watched through /proc, and stopped by its process ID."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `pid` is that of gunicorn's master."""

    pid: int
    port: int

    def processes(self) -> list[int]:
        """The master and all that descend from it."""
        parents = dict(_parents())
        found = [self.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu(self) -> float:
        """Seconds of CPU that the processes and the children they have waited for have used so far."""
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in self.processes()) / _TICKS

    def memory(self) -> float:
        """Resident memory in MB, pages that processes share counted once (PSS)."""
        return sum(_pss(pid) for pid in self.processes()) / 1024


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        return int(trial.getsockname()[1])


@contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[Server]:
    """Start gunicorn with our own configuration, wait until it answers, stop it and all it started afterwards."""
    port = free_port()
    configuration = str(ROOT / "scripts" / "gunicorn_conf.py")
    command = [sys.executable, "-m", "gunicorn", "-c", configuration, "server.app:create_app()"]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, "HOST": HOST, "PORT": str(port)}, stdout=errors, stderr=errors
        )
    server = Server(process.pid, port)
    try:
        _wait(process, port, log)
        yield server
    finally:
        _stop(process, server.processes())


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise RuntimeError("the server did not start:\n" + log.read_text("utf-8")[-2000:])


def _stop(process: subprocess.Popen[bytes], pids: list[int]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        for pid in reversed(pids):
            if pid == process.pid or dict(_parents()).get(pid) in pids:
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, zeros when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ["0"] * 20
    return text.rpartition(")")[2].split()


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            yield int(entry.name), int(_stat(int(entry.name))[1])


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
