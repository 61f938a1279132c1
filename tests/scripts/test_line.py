"""A connection that waits no longer than the limits say, however cleverly the other side sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from scripts import line as lines
from scripts.line import Gate, Limits, Line


class Request:
    """The head that was read."""

    def force_close(self) -> None:
        """Nothing to do."""


@contextmanager
def sending(sock: socket.socket, pause: float) -> Iterator[threading.Thread]:
    """Somebody sends on and on, until it is closed."""
    done = threading.Event()

    def send() -> None:
        with suppress(OSError):
            while not done.wait(pause):
                sock.send(b"a" * 1000)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield thread
    finally:
        done.set()
        thread.join(60)


def opened(stack: ExitStack, gate: Gate) -> tuple[Line, socket.socket]:
    """A connection whose head was read, and its other end."""
    here, there = socket.socketpair()
    stack.callback(here.close)
    stack.callback(there.close)
    there.settimeout(60)
    line = Line(here, gate)
    line.begin()
    line.head_is_read(Request())
    return line, there


def read(line: Line) -> Any:
    """All of a body that never ends."""
    while line.recv(65536):
        pass


def limits(monkeypatch: pytest.MonkeyPatch, **values: float) -> None:
    """So long the server waits."""
    monkeypatch.setattr(lines, "LIMITS", Limits(**values))  # type: ignore[arg-type]


def test_who_is_hurried_is_cut_off_though_bytes_come() -> None:
    with ExitStack() as stack:
        line, there = opened(stack, Gate(1))
        with sending(there, 0.02):
            line.hurry(0.3)
            with pytest.raises(TimeoutError):
                read(line)
        line.end()
        line.begin()
        line.head_is_read(Request())


def test_it_is_known_that_a_client_has_hung_up() -> None:
    with ExitStack() as stack:
        line, there = opened(stack, Gate(1))
        assert not line.is_gone()
        there.send(b"next")
        assert not line.is_gone() and line.recv(9) == b"next"
        there.close()
        assert line.is_gone()


def test_in_a_crowd_the_slow_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three send enough for quiet hours; when a fourth body is awaited, they are too slow."""
    limits(monkeypatch, slots=8, crowd=3, crowded_rate=1_000_000, crowded_window=0.3)
    gate = Gate(8)
    with ExitStack() as stack:
        slow = [opened(stack, gate) for _ in range(5)]
        cut = threading.Semaphore(0)

        def serve(line: Line) -> None:
            with suppress(TimeoutError):
                read(line)
                return
            cut.release()

        threads = [threading.Thread(target=serve, args=(line,)) for line, _ in slow]
        for _, there in slow:
            stack.enter_context(sending(there, 0.05))
        for thread in threads[:3]:
            thread.start()
        assert not cut.acquire(timeout=1), "nobody is cut off while there is room"
        for thread in threads[3:]:
            thread.start()
        assert cut.acquire(timeout=30)
        for line, _ in slow:
            line.cut()
        for thread in threads:
            thread.join(30)
