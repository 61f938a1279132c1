"""Asking the converter process. Two of them at most, so that a rush of uploads cannot take the machine.

A process is started when it is needed, kept for the next workbook (importing pyxform takes half a second) and ends by
itself when idle. One that does not answer in time is killed together with its fork.
"""

from __future__ import annotations

import atexit
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from forms import pipes
from schemas.problems import BUSY

PROCESSES = 2
IDLE = 120.0
MEMORY = 1 << 30
READ_CPU = 8
CPU = 20
DEADLINE = 30.0
QUEUE_FOR = 60.0

_ROOT = str(Path(__file__).resolve().parent.parent)

Answer = tuple[dict[str, Any], bytes]


class Converter:
    """One converter process, for one job at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""

    def ask(self, job: dict[str, Any], data: bytes, deadline: float) -> Answer:
        """Have one workbook converted. A process that ended while idle is replaced, once."""
        for attempt in (1, 2):
            process = self._running()
            try:
                return self._exchange(process, job, data, deadline)
            except pipes.Silent:
                self.stop()
                return _failed("slow")
            except (pipes.Closed, BrokenPipeError):
                self.stop()
                if attempt == 2:
                    return _failed("died")
            except BaseException:
                self.stop()  # a late answer must never meet the next question
                raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """End the process and its fork, and remove its folder."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    @staticmethod
    def _exchange(process: subprocess.Popen[bytes], job: dict[str, Any], data: bytes, deadline: float) -> Answer:
        assert process.stdin is not None and process.stdout is not None
        pipes.send(process.stdin.fileno(), job, data)
        return pipes.receive(process.stdout.fileno(), deadline)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        self._folder = tempfile.mkdtemp(prefix="xlsform-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "forms.convert", str(IDLE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=_environment(self._folder),
            start_new_session=True,
        )
        return self._process


def _environment(folder: str) -> dict[str, str]:
    """What the child needs and no more: no secrets of the server, the same answer on every machine."""
    kept = {name: os.environ[name] for name in ("PYTHONHOME", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH")))),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": folder,
    }


def _failed(kind: str) -> Answer:
    return {"failure": {"kind": kind, "code": "", "text": ""}, "warnings": []}, b""


class Pool:
    """The converters. The one used last is taken first, so that the second is started only when it is needed."""

    def __init__(self) -> None:
        self._free: queue.LifoQueue[Converter] = queue.LifoQueue()
        self.refill()

    def refill(self) -> None:
        """Begin with new converters: at the start, and after a fork, which must not use its parent's pipes."""
        self._free = queue.LifoQueue()
        for _ in range(PROCESSES):
            self._free.put(Converter())

    def run(self, job: dict[str, Any], data: bytes, deadline: float) -> Answer:
        """Wait for a converter and have a workbook converted."""
        free = self._free
        try:
            converter = free.get(timeout=QUEUE_FOR)
        except queue.Empty:
            raise BUSY() from None
        try:
            return converter.ask(job, data, deadline)
        finally:
            free.put(converter)

    def close(self) -> None:
        """End the processes that are not at work."""
        idle = []
        while not self._free.empty():
            idle.append(self._free.get_nowait())
        for converter in idle:
            converter.stop()
            self._free.put(converter)


_pool = Pool()
close = _pool.close
atexit.register(close)
os.register_at_fork(after_in_child=_pool.refill)


def run(suffix: str, stem: str, data: bytes, *, deadline: float | None = None) -> Answer:
    """Convert a workbook in a limited process. The answer has `failure` where it did not work."""
    job = {"suffix": suffix, "stem": stem, "cpu": CPU, "read_cpu": READ_CPU, "memory": MEMORY}
    return _pool.run(job, data, DEADLINE if deadline is None else deadline)
