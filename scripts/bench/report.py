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

from scripts.bench.calm import REFERENCE, Cost

_BYTES = b"\0" * 4096
# The bars of design, section 7, that are no milliseconds.
LAPTOP_MEMORY, PROVINCE_MEMORY = 150, 250  # MB
TRIPS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One workload. `bar`: the most milliseconds of CPU it should take (design, section 7), None without one.

    `cost` is the server's own, `database` PostgreSQL's where it is known. The bar of a `whole` row is for both.
    """

    name: str
    count: int
    cost: Cost
    bar: float | None = None
    rate: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    failed: int = 0
    database: Cost | None = None
    whole: bool = False

    @property
    def counted_ms(self) -> float:
        """What is held against the bar."""
        return self.cost.counted + (self.database.counted if self.database and self.whole else 0.0)


@dataclass(slots=True)
class Result:
    """All that was measured of one installation.

    `memory`: resident megabytes of the whole server at moments of the run. `trips`: round trips to the database.
    `calibration`: what `additions` said before and after.
    """

    name: str
    machine: dict[str, Any]
    memory_bar: float
    watched: bool = False  # whether PostgreSQL's share is known
    rows: list[Row] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    trips: dict[str, float] = field(default_factory=dict)
    calibration: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)

    def table(self) -> str:
        """For people: Markdown."""
        machine = ", ".join(f"{key} {value}" for key, value in self.machine.items())
        head = ["work", "times", "rate /s", "p50 ms", "p95 ms", "CPU ms, as it was", "CPU ms"]
        head += ["+ PostgreSQL", "bar", ""] if self.watched else ["bar", ""]
        lines = [f"**{self.name}** ({machine})", "", _cells(head)]
        lines.append("|---|" + "--:|" * (len(head) - 2) + "---|")
        lines += [_cells(self._row(row)) for row in self.rows]
        for name, trips in self.trips.items():
            lines.append(self._extra(f"round trips to PostgreSQL, {name}", f"{trips:g}", f"{TRIPS}", trips / TRIPS))
        for moment, size in self.memory.items():
            share = size / self.memory_bar
            lines.append(
                self._extra(f"resident memory, {moment}", f"{size:.0f} MB", f"{self.memory_bar:.0f} MB", share)
            )
        return "\n".join([*lines, "", *self._footnotes()])

    def _row(self, row: Row) -> list[str]:
        cells = [row.name, str(row.count), *map(_number, (row.rate, row.p50_ms, row.p95_ms)), f"{row.cost.spent:.2f}"]
        cells.append(f"{row.cost.counted:.2f}")
        if self.watched:
            cells.append("" if row.database is None else f"{row.database.counted:.2f}")
        verdict = "" if row.bar is None else _verdict(row.counted_ms / row.bar)
        verdict += f" {row.failed} failed" if row.failed else ""
        return [*cells, "" if row.bar is None else f"{row.bar:g}", verdict.strip()]

    def _extra(self, name: str, value: str, bar: str, share: float) -> str:
        return _cells([name, "", "", "", "", "", value, *([""] if self.watched else []), bar, _verdict(share)])

    def _footnotes(self) -> list[str]:
        notes = [
            "CPU and memory are those of all processes of the server."
            " CPU: for one phone at a time, at the speed of a machine that makes a million additions in Python in"
            f" {REFERENCE:.0f} ms; rate and times: with all phones at once."
        ]
        if self.watched:
            notes.append("The bars of the POST rows hold for PostgreSQL's CPU too, the others for the server's alone.")
            notes.append("The CPU of S3 is not counted.")
        elif self.memory_bar == PROVINCE_MEMORY:
            notes.append("The CPU of PostgreSQL and S3 is not counted: they were given.")
        before, after = self.calibration
        made = f"calibration: {before:.0f} ms before, {after:.0f} ms after, for a million additions in Python"
        return [" ".join(notes), f"{made} (CPU time of one thread, on average)."]


def _cells(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _verdict(share: float) -> str:
    return "within" if share <= 1 else f"× {share:.1f}"


def machine(folder: Path, database: str) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "Python": platform.python_version(),
        "kernel": platform.release(),
        "disk": _disk(folder),
        "database": database,
        "load": round(os.getloadavg()[0], 1),
    }


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
