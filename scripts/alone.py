"""A door to the app of the test server: what changes the whole of it waits until nothing else goes on.

A request that waits for its client does not count: an upload that nobody finishes, or a download that nobody reads,
would hold up the next case. What comes of its body when another case has begun is not read any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from schemas import problems

# Answers below it change the whole server, and this one begins another case.
PATH = "/-/testing/"
RESET = f"{PATH}reset"
PATIENCE = 20.0
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Alone:
    """Requests below PATH wait until all others are answered or wait themselves, and keep them out meanwhile."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app
        self.case = 0
        self._changed = threading.Condition()
        self._running = 0
        self._alone = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a request."""
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(PATH):
            with self._nobody_else():
                self.case += path == RESET
                return list(self.app(environ, start_response))
        self.enter()
        try:
            visit = Visit(self)
            environ["wsgi.input"] = Body(environ["wsgi.input"], visit)
            return Answer(self.app(environ, start_response), visit)
        finally:
            self.leave()

    def enter(self) -> None:
        """One more goes on."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone, PATIENCE)
            self._running += 1

    def leave(self) -> None:
        """One less does."""
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    @contextmanager
    def _nobody_else(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone, PATIENCE)
            self._alone = True
            self._changed.wait_for(lambda: not self._running, PATIENCE)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()


class Visit:
    """A request that goes on, and belongs to the case in which it began."""

    def __init__(self, door: Alone) -> None:
        self._door = door
        self._case = door.case

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While it goes on after it has waited: to be answered, and to clear up."""
        self._door.enter()
        try:
            yield
        finally:
            self._door.leave()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """While it waits for its client. Raises TIMED_OUT when its case is over by then."""
        self._door.leave()
        try:
            yield
        finally:
            self._door.enter()
        if self._door.case != self._case:
            raise problems.TIMED_OUT()


class Body:
    """The body of a request, whose client may keep one waiting."""

    def __init__(self, body: Any, visit: Visit) -> None:
        self._body = body
        self._visit = visit

    def read(self, *size: int) -> bytes:
        """As of a file."""
        with self._visit.outside():
            return bytes(self._body.read(*size))

    def readline(self, *size: int) -> bytes:
        """As of a file."""
        with self._visit.outside():
            return bytes(self._body.readline(*size))

    def readlines(self, *size: int) -> list[bytes]:
        """As of a file."""
        with self._visit.outside():
            return list(self._body.readlines(*size))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


class Answer:
    """What is sent: while a part of it is on its way, it waits."""

    def __init__(self, parts: Iterable[bytes], visit: Visit) -> None:
        self._parts = parts
        self._visit = visit

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._parts)
        while True:
            with self._visit.inside():
                part = next(parts, None)
            if part is None:
                return
            yield part

    def close(self) -> None:
        """Called by the server at the end, however it came."""
        with self._visit.inside():
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
