"""Which rows of two lists are the same ones: as few as possible are taken out or put in. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

# Beyond so many pairs they are not all held against each other: what is between the equal ends is one change.
MOST_PAIRS = 1_000_000
# So many changed rows are paired by likeness, all with all; more are paired in their order.
MOST_WEIGHED = 2_500
# So many steps are taken for all lists that are compared together, those within rows of others included.
MOST_WORK = 2_000_000
Hunk = tuple[range, range]


class Work:
    """What may still be done to find out which rows are the same ones. When it is spent, their order says it."""

    def __init__(self, left: int = MOST_WORK) -> None:
        self.left = left

    def take(self, steps: int) -> bool:
        """Whether so many steps may be taken, which then are."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def hunks(old: Sequence[bytes], new: Sequence[bytes], work: Work) -> Iterator[Hunk]:
    """The stretches in which two lists differ: where in the old one, where in the new one. Either may be empty."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    same = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    a, b = range(start, len(old) - same), range(start, len(new) - same)
    if not a or not b or len(a) * len(b) > MOST_PAIRS or not work.take(len(a) * len(b)):
        if a or b:
            yield a, b
        return
    yield from _gaps(a, b, _common(old, new, a, b))


def _common(old: Sequence[bytes], new: Sequence[bytes], a: range, b: range) -> list[tuple[int, int]]:
    """A longest common subsequence, as pairs of places."""
    longest = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        row, below = longest[i], longest[i + 1]
        for j in reversed(range(len(b))):
            row[j] = below[j + 1] + 1 if old[a[i]] == new[b[j]] else max(below[j], row[j + 1])
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if old[a[i]] == new[b[j]]:
            pairs.append((a[i], b[j]))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _gaps(a: range, b: range, pairs: list[tuple[int, int]]) -> Iterator[Hunk]:
    i, j = a.start, b.start
    for next_i, next_j in [*pairs, (a.stop, b.stop)]:
        if next_i > i or next_j > j:
            yield range(i, next_i), range(j, next_j)
        i, j = next_i + 1, next_j + 1


def matched(
    a: range, b: range, weight: Callable[[int, int], int], may_weigh: Callable[[], bool]
) -> list[tuple[int, int]]:
    """Which rows of a stretch became which. Of the longer side, those that are like no other are left out.

    `weight`: how much differs between a row of the old list and one of the new. `may_weigh`: asked once,
    whether all may be weighed.
    """
    if len(a) == len(b) or not a or not b or len(a) * len(b) > MOST_WEIGHED or not may_weigh():
        return list(zip(a, b, strict=False))
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    likest = [min(weight(i, j) if longer is a else weight(j, i) for j in shorter) for i in longer]
    left_out = _worst(likest, len(longer) - len(shorter))
    kept = [place for number, place in enumerate(longer) if number not in left_out]
    return list(zip(kept, shorter, strict=True)) if longer is a else list(zip(shorter, kept, strict=True))


def _worst(weights: list[int], count: int) -> set[int]:
    """The places of so many of the heaviest, of equal ones the later."""
    chosen = list(range(count))
    for number in range(count, len(weights)):
        for place, held in enumerate(chosen):
            if weights[held] <= weights[number]:
                chosen[place] = number
                break
    return set(chosen)
