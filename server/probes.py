"""Questions that may take long: one thread at a time asks, and all are told what it found for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# Seconds that an answer holds good.
REMEMBERED = 5.0
# Seconds after which a question without an answer is answered for those who did not ask it.
PATIENCE = 3.0


class Probe:
    """A question with yes or no for an answer.

    While one thread asks, others are told what was found last. Only where nothing was yet do they wait, for a moment.
    """

    def __init__(self, otherwise: bool, remembered: float = REMEMBERED) -> None:
        self._otherwise = otherwise
        self._remembered = remembered
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._found = threading.Event()
        self._known = otherwise
        self._until = 0.0

    def ask(self, question: Callable[[], bool]) -> bool:
        """The answer; `otherwise` when a thread has been asking for too long."""
        with self._lock:
            moment = time.monotonic()
            if self._found.is_set() and moment < self._until:
                return self._known
            asked = self._asked
            if asked is None:
                self._asked = moment
        if asked is None:
            return self._ask(question)
        left = asked + PATIENCE - moment
        return self._known if left > 0 and self._found.wait(left) else self._otherwise

    def _ask(self, question: Callable[[], bool]) -> bool:
        known = self._otherwise
        try:
            known = question()
        finally:
            with self._lock:
                self._known, self._asked = known, None
                self._until = time.monotonic() + self._remembered
                self._found.set()
        return known
