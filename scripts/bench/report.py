"""The result: rows, the machine they were measured on, and the one table that is printed."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_BYTES = b"\0" * 4096


@dataclass(frozen=True, slots=True)
class Row:
    """One workload. `bar`: the most milliseconds of CPU it should take (design, section 7), None without one."""

    name: str
    count: int
    cpu_ms: float
    bar: float | None = None
    rate: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    failed: int = 0


@dataclass(slots=True)
class Result:
    """All that was measured. `memory`: resident megabytes of the whole server at moments of the run."""

    machine: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    memory_bar: float = 150

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)

    def table(self) -> str:
        """For people: Markdown."""
        machine = ", ".join(f"{key} {value}" for key, value in self.machine.items())
        lines = [
            f"Measured on: {machine}.",
            "",
            "| work | times | rate /s | p50 ms | p95 ms | CPU ms of the server | bar | |",
            "|---|--:|--:|--:|--:|--:|--:|---|",
        ]
        lines += [_line(row) for row in self.rows]
        for moment, size in self.memory.items():
            verdict = _verdict(size, self.memory_bar)
            lines.append(
                f"| resident memory, {moment} | | | | | {size:.0f} MB | {self.memory_bar:.0f} MB | {verdict} |"
            )
        return "\n".join(lines)


def _line(row: Row) -> str:
    shown = [_number(value) for value in (row.rate, row.p50_ms, row.p95_ms)]
    bar = "" if row.bar is None else f"{row.bar:g}"
    verdict = "" if row.bar is None else _verdict(row.cpu_ms, row.bar)
    verdict += f" {row.failed} failed" if row.failed else ""
    return f"| {row.name} | {row.count} | {' | '.join(shown)} | {row.cpu_ms:.2f} | {bar} | {verdict.strip()} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _verdict(value: float, bar: float) -> str:
    return "within" if value <= bar else f"× {value / bar:.1f}"


def machine(folder: Path, database: str) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "Python": platform.python_version(),
        "kernel": platform.release(),
        "disk": _disk(folder),
        "database": database,
        "load": round(os.getloadavg()[0], 1),
        "ms of CPU for a million additions": f"{_additions():.0f}",
    }


def _additions() -> float:
    """How fast a core is now: on a busy machine every figure grows with this one."""
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - began) * 1000


def _disk(folder: Path) -> str:
    """The kind of file system, and how long it takes to make 4 KB durable."""
    place, kind = "", "?"
    for line in Path("/proc/mounts").read_text("utf-8").splitlines():
        _, mount, type_, *_ = line.split()
        if len(mount) >= len(place) and folder.resolve().is_relative_to(mount):
            place, kind = mount, type_
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(20):
            began = time.perf_counter()
            file.write(_BYTES)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return f"{kind} (fsync {statistics.median(times) * 1000:.1f} ms)"
