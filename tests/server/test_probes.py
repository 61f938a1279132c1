"""Questions that may take long: one thread asks, and nobody else waits for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from server import probes
from server.probes import Probe


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """That of the probes."""
    made = Clock()
    monkeypatch.setattr(probes, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def test_what_was_found_is_remembered_for_a_while(clock: Clock) -> None:
    probe = Probe(otherwise=False)
    assert probe.ask(lambda: True)
    clock.now += probes.REMEMBERED - 1
    assert probe.ask(lambda: False)
    clock.now += 2
    assert not probe.ask(lambda: False)


def test_nobody_waits_for_a_question_that_has_no_answer(clock: Clock) -> None:
    probe, asked, answered = Probe(otherwise=False), threading.Event(), threading.Event()

    def question() -> bool:
        asked.set()
        return answered.wait(60)

    assert probe.ask(lambda: True)
    clock.now += probes.REMEMBERED + 1
    with ThreadPoolExecutor() as pool:
        first = pool.submit(probe.ask, question)
        try:
            assert asked.wait(60)
            assert probe.ask(lambda: False), "what was known last"
            clock.now += probes.PATIENCE + 1
            assert not probe.ask(lambda: True), "it takes too long"
        finally:
            answered.set()
        assert first.result(60)
    assert probe.ask(lambda: False), "what the first found"


def test_a_question_that_breaks_is_asked_again(clock: Clock) -> None:
    probe = Probe(otherwise=True)
    with pytest.raises(ZeroDivisionError):
        probe.ask(lambda: bool(1 / 0))
    clock.now += probes.REMEMBERED + 1
    assert not probe.ask(lambda: False)
