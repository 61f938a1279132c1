"""A connection that waits outside the gate, and no longer than the limits say.

A thread belongs to a request from its first byte to its last, and phones are slow. So threads are many, and a thread
has one of the few slots only while it works: it gives the slot back before it waits for the network, and takes one
when bytes are there. Sixty uploads that stand still cost sixty sleeping threads, and delay nobody.
"""

from __future__ import annotations

import errno
import math
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gunicorn import util


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the server waits, in seconds of waiting."""

    slots: int = 16
    # So long nothing at all may arrive, or be taken.
    read: float = 30
    write: float = 60
    # From the first byte of a request to the end of its head.
    head: float = 30
    # So many bytes a second must arrive on average of so many seconds: a weak signal does, one byte now and then not.
    rate: float = 200
    window: float = 60
    # While more threads than this wait for bodies, each of these must come faster: the others are needed.
    crowd: int = 192
    crowded_rate: float = 2000
    crowded_window: float = 10
    # What still comes on a connection that is being closed is read so long, or the client might lose the answer.
    linger: float = 2
    # After an answer, so many threads wait so long for the next request on the same connection.
    stay: float = 0.5
    staying: int = 64
    # Before the process that stops is killed, bodies that are still awaited are answered 408.
    farewell: float = 5


LIMITS = Limits()


class HeadTooSlowError(Exception):
    """The head of a request did not arrive. Not an OSError, which gunicorn would write into the log at length."""


class Gate:
    """A number of slots, given out in the order in which they were asked for."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        # Whose body is waited for.
        self.awaiting: set[Line] = set()
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Take a slot, or wait for one."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def leave(self) -> None:
        """Hand the slot on."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class Line:
    """A connection, to gunicorn a blocking socket: it waits outside the gate, and no longer than the limits say.

    The socket itself never blocks: what is there already is read without giving the slot away.
    """

    def __init__(self, sock: socket.socket, gate: Gate) -> None:
        self._sock = sock
        self._gate = gate
        self._working = False
        self._cut = False
        self._timeout: float | None = None
        self._request: Any = None
        self._head_ends = 0.0
        self._left = math.inf
        self._waited = 0.0
        self._arrived = 0
        self._head: bytes | None = None
        sock.setblocking(False)

    def begin(self) -> None:
        """The first bytes of a request are there."""
        self._gate.enter()
        self._working = True
        self._request, self._waited, self._arrived, self._head = None, 0.0, 0, b""
        self._head_ends, self._left = time.monotonic() + LIMITS.head, math.inf

    def head_is_read(self, request: Any) -> None:
        """What arrives from now on is the body of this request."""
        self._request = request

    def end(self) -> None:
        """The request is answered."""
        if self._working:
            self._working = False
            self._gate.leave()

    def is_followed(self, seconds: float) -> bool:
        """Whether the next request, or the end, comes within so many seconds."""
        return self._wait(select.POLLIN, seconds)

    def is_gone(self) -> bool:
        """Whether the client has hung up while its answer is being made. Takes nothing away of what it sent."""
        try:
            return not self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def hurry(self, seconds: float) -> None:
        """Wait no longer than this for what is left of the body, all pauses taken together."""
        self._left = seconds

    def close_after_this(self) -> None:
        """Say in the answer that no further request is taken on this connection."""
        if self._request is not None:
            self._request.force_close()

    def cut(self) -> None:
        """Wait no longer for what should arrive; an answer can still be sent. From any thread."""
        self._give_up()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)  # wakes the thread that waits

    def _give_up(self) -> None:
        self._cut = True
        self.close_after_this()

    def hang_up(self) -> None:
        """Close it. What the client is still sending is read for a moment: otherwise it may never see the answer."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            ends = time.monotonic() + LIMITS.linger
            while (left := ends - time.monotonic()) > 0 and self._wait(select.POLLIN, left):
                if not self._sock.recv(65536):
                    break
        util.close(self._sock)

    def recv(self, size: int) -> bytes:
        """What has arrived, b"" at the end. Raises TimeoutError, and in the head HeadTooSlowError."""
        while True:
            if self._cut:
                raise TimeoutError(errno.ETIMEDOUT, "cut off")
            try:
                data = self._sock.recv(size)
            except BlockingIOError:
                self._await_bytes()
            else:
                self._arrived += len(data)
                return data

    def _await_bytes(self) -> None:
        limit = LIMITS.read if self._timeout is None else min(self._timeout, LIMITS.read)
        if self._request is None:
            limit = min(limit, self._head_ends - time.monotonic())
        else:
            self._gate.awaiting.add(self)
            limit = min(limit, self._left, LIMITS.crowded_window if self._in_a_crowd() else math.inf)
        began = time.monotonic()
        try:
            came = limit > 0 and self._wait(select.POLLIN, limit, lambda: self._passed(time.monotonic() - began))
        finally:
            self._gate.awaiting.discard(self)
        if self._cut or (came and not self._too_slow()):
            return
        self._give_up()
        if self._request is None:
            raise HeadTooSlowError

    def _passed(self, seconds: float) -> None:
        self._waited += seconds
        self._left -= seconds

    def _in_a_crowd(self) -> bool:
        return len(self._gate.awaiting) > LIMITS.crowd

    def _too_slow(self) -> bool:
        """Whether over the last minute of waiting less came than the least; in a crowd, over the last seconds."""
        crowded = self._request is not None and self._in_a_crowd()
        if self._waited < (LIMITS.crowded_window if crowded else LIMITS.window):
            return False
        slow = self._arrived < (LIMITS.crowded_rate if crowded else LIMITS.rate) * self._waited
        self._waited, self._arrived = 0.0, 0
        return slow

    def _wait(self, what: int, seconds: float, then: Callable[[], None] = lambda: None) -> bool:
        """Wait outside the gate. Whether it happened. `then` is called before the thread waits for a slot."""
        poll = select.poll()
        poll.register(self._sock, what)
        if self._working:
            self._gate.leave()
        try:
            return bool(poll.poll(max(seconds, 0) * 1000))
        finally:
            then()
            if self._working:
                self._gate.enter()

    def sendall(self, data: bytes) -> None:
        """Send all of it; the head of an answer waits for the first bytes behind it, or for `flush`.

        Sent alone it would wake the client for nothing, and cost the system as much as the whole answer.
        Raises ConnectionResetError when the client takes nothing for a minute.
        """
        if self._head == b"":
            self._head = bytes(data)
            return
        if self._head:
            data = self._head + data
        self._head = None
        self.send(data)

    def flush(self) -> None:
        """Send the head that had nothing behind it."""
        head, self._head = self._head, None
        if head:
            self.send(head)

    def send(self, data: bytes) -> int:
        """Send all of it at once: an answer as above, or the word that the client may go on."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._sock.send(left) :]
            except BlockingIOError:
                if not self._wait(select.POLLOUT, LIMITS.write):
                    self._give_up()
                    # What was not taken is thrown away: the system would keep and offer it for many minutes.
                    self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    util.close(self._sock)
                    raise ConnectionResetError(errno.ECONNRESET, "the client takes nothing") from None
        return len(data)

    def settimeout(self, seconds: float | None) -> None:
        """A nearer limit for reading."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        """What `settimeout` set."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """Nothing: it always seems to block, and never does."""

    def fileno(self) -> int:
        """For the selector that waits for the next request."""
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        """As of a socket."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """As of a socket."""
        self._sock.close()
