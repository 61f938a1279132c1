"""Processes that the benchmark starts: watched through /proc, waited for, and stopped by their process IDs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS, _STOP_SECONDS = 60.0, 20.0


class PartMissing(Exception):
    """A program that is needed is not there, or does not start. The message is for people."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A process and all that descend from it."""

    pid: int

    def processes(self) -> list[int]:
        """Their process IDs, the first one's first."""
        parents = dict(_parents())
        found = [self.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu(self) -> float:
        """Seconds of CPU that the processes and the children they have waited for have used so far."""
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in self.processes()) / _TICKS

    def clock(self) -> float:
        """Seconds of CPU of the processes that live now, to the microsecond: for short spans in which none ends."""
        return sum(_clock(pid) for pid in self.processes())

    def memory(self) -> float:
        """Resident memory in MB, pages that processes share counted once (PSS)."""
        return sum(_pss(pid) for pid in self.processes()) / 1024


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody uses now."""
    with ExitStack() as stack:
        trials = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [int(trial.getsockname()[1]) for trial in trials]


def wait(name: str, process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    """Until it answers; an OSError means not yet. Raises PartMissing with the end of its log."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if answers():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise PartMissing(f"{name} does not start:\n" + log.read_text("utf-8", "replace")[-2000:])


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Stop it and all that it started: in good order, else at once."""
    pids = Tree(process.pid).processes() if process.poll() is None else []
    process.send_signal(how)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        parents = dict(_parents())
        for pid in reversed(pids):
            if pid == process.pid or parents.get(pid) in pids:
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, zeros when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ["0"] * 20
    return text.rpartition(")")[2].split()


def _clock(pid: int) -> float:
    try:
        # What clock_getcpuclockid(3) gives for another process on Linux.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


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
