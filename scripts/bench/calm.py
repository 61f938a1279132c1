"""What one piece of work costs the server: asked by one phone, on a machine that has nothing else to do.

Where many phones ask at once, or the machine is a guest on a busy host, the same work takes up to twice the CPU time:
memory caches and the host's cores are shared, and the speed changes within milliseconds. So it is measured in small
portions, with a look at how fast the machine is between any two pieces of work. The middle portion counts, as it would
be at the speed of `REFERENCE`. The mean of the looks is taken, not the best of them: the work, too, met slow moments.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from scripts.bench.phones import Job, work
from scripts.bench.processes import HOST

# Milliseconds for a million additions in Python (`additions`), on the machine of the README when nobody disturbs it.
REFERENCE = 35.0
PORTIONS = 20
LOOKS = 15
_ADDITIONS = 20_000
_WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU for one piece of work: as they were, and at the speed of `REFERENCE`."""

    spent: float
    counted: float


def _look() -> float:
    """Seconds of CPU for some additions, now."""
    began, total = time.thread_time(), 0
    for number in range(_ADDITIONS):
        total += number
    return time.thread_time() - began


def _per_million(looks: list[float]) -> float:
    return statistics.fmean(looks) * 1000 * (1_000_000 / _ADDITIONS)


def additions() -> float:
    """Milliseconds of CPU for a million additions, now: on a busy machine every figure grows with this one."""
    return _per_million([_look() for _ in range(LOOKS)])


def costs(
    piece: Callable[[], object], pieces: int, clocks: list[Callable[[], float]], seconds: float, *, here: bool = False
) -> list[Cost]:
    """What a piece of work costs by each of some clocks, which tell seconds of CPU. At most so many seconds of work.

    `here`: the work is done by this process, whose looks at the machine are then no part of it.
    """
    portion = max(1, pieces // PORTIONS)
    found: list[list[Cost]] = []
    end = time.monotonic() + seconds
    while len(found) < PORTIONS and (len(found) < 1 or time.monotonic() < end):
        before, looks = [clock() for clock in clocks], [_look()]
        for _ in range(portion):
            piece()
            looks.append(_look())
        ours = sum(looks) if here else 0.0
        spent = [(clock() - began - ours) / portion * 1000 for clock, began in zip(clocks, before, strict=True)]
        found.append([Cost(each, each * REFERENCE / _per_million(looks)) for each in spent])
    return [median(list(column)) for column in zip(*found, strict=True)]


def median(found: list[Cost]) -> Cost:
    """The middle of some costs."""
    return Cost(statistics.median(each.spent for each in found), statistics.median(each.counted for each in found))


def of_requests(job: Job, pieces: int, clocks: list[Callable[[], float]]) -> list[Cost]:
    """The same for requests on one connection. Raises RuntimeError when one is not answered as expected."""
    with closing(http.client.HTTPConnection(HOST, job.port, timeout=60)) as connection:

        def ask() -> None:
            if work(connection, job)() != job.expect:
                raise RuntimeError(f"{job.path.partition('?')[0][-40:]} was not answered with {job.expect}")

        for _ in range(min(_WARM_UP, pieces)):
            ask()
        return costs(ask, pieces, clocks, job.seconds)
