"""The worker of gunicorn: many threads may wait for phones, few work at a time (see `scripts.line`)."""

from __future__ import annotations

import errno
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import _DEFER, ThreadWorker

from schemas import problems
from scripts import line as lines
from scripts.line import Gate, HeadTooSlowError, Line

# No connection can be accepted at this moment; those that there are go on.
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# The names under which the application finds them (`server.uploads`, `server.api.backup`: not loaded before the fork).
_HURRY, _GONE = "donghanh.hurry", "donghanh.gone"
# So long a thread waits for the first byte of a new connection before the loop does.
_FIRST_BYTE = 0.05


class Body:
    """The body of a request. What is wrong with its chunks is the client's fault, and nothing can follow it."""

    def __init__(self, body: Any, line: Line) -> None:
        self._body = body
        self._line = line

    def _try(self, read: Callable[..., Any], *size: int) -> Any:
        try:
            return read(*size)
        except ParseException:
            self._line.close_after_this()
            raise problems.MULTIPART_BROKEN() from None

    def read(self, *size: int) -> bytes:
        """As of a file."""
        return bytes(self._try(self._body.read, *size))

    def readline(self, *size: int) -> bytes:
        """As of a file."""
        return bytes(self._try(self._body.readline, *size))

    def readlines(self, *size: int) -> list[bytes]:
        """As of a file."""
        return list(self._try(self._body.readlines, *size))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


class Worker(ThreadWorker):
    """gthread with a gate, and with a sign of life once a second instead of several for each request."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gate = Gate(lines.LIMITS.slots)
        self._busy: set[Line] = set()
        self._staying = 0
        self._notified = 0.0
        self._farewell: float | None = None

    def init_process(self) -> None:
        """Called by gunicorn after the fork. Spooled bodies are files, and connections are."""
        highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))
        # Every request asks for some of them, each time through a look-up written in Python.
        for name, setting in self.cfg.settings.items():
            if not hasattr(type(self.cfg), name):
                object.__setattr__(self.cfg, name, setting.get())
        super().init_process()

    def load_wsgi(self) -> None:
        """Called by gunicorn. It drops an application's `Connection: close`, which is honoured here."""
        super().load_wsgi()
        served = self.wsgi  # type: ignore[has-type]

        def honest(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                wanted = any(name.lower() == "connection" and value.lower() == "close" for name, value in headers)
                if wanted or not self.alive:
                    environ["gunicorn.socket"].close_after_this()
                return start_response(status, headers, *error)

            environ["wsgi.input"] = Body(environ["wsgi.input"], environ["gunicorn.socket"])
            environ[_HURRY], environ[_GONE] = environ["gunicorn.socket"].hurry, environ["gunicorn.socket"].is_gone
            return served(environ, start)

        self.wsgi = honest

    def notify(self) -> None:
        """Called by gunicorn at every turn of its loop; the sign of life is a system call."""
        moment = time.monotonic()
        if moment - self._notified >= 1:
            self._notified = moment
            super().notify()
        if not self.alive and self._farewell is None:
            self._farewell = moment + max(self.cfg.graceful_timeout - lines.LIMITS.farewell, 0)
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, moment + lines.LIMITS.linger)
        if self._farewell is not None and moment >= self._farewell:
            for line in list(self._busy):
                line.cut()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Called by gunicorn. A process that stops takes whom it has let in, and closes the door for the next one."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            before = -1
            while before < self.nr_conns:
                before = self.nr_conns
                self.accept(listener)
            listener.close()

    def accept(self, listener: Any) -> None:
        """Called by gunicorn for a new connection."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            time.sleep(0.05)  # they wait in the kernel; without a pause this would be tried without end

    def handle(self, conn: Any) -> Any:
        """Called by gunicorn in a thread: one request, or a connection on which nothing has come yet."""
        if not isinstance(conn.sock, Line):
            conn.sock = Line(conn.sock, self.gate)
        line: Line = conn.sock
        # Whoever only connects is watched by the loop, and gets a thread with the first byte.
        first = _FIRST_BYTE if self.alive else lines.LIMITS.linger
        if not conn.initialized and not conn.wait_for_data(first):
            return _DEFER
        kept = self._serve(conn, line)
        while kept and self._more(conn, line):
            kept = self._serve(conn, line)
        if not kept:
            line.hang_up()  # here, and not in the loop, which others need
        return kept

    def _serve(self, conn: Any, line: Line) -> Any:
        """One request, in one of the slots."""
        line.begin()
        self._busy.add(line)
        try:
            kept = super().handle(conn)
            line.flush()
        except OSError:  # the client is gone
            return False
        else:
            return kept
        finally:
            line.end()
            self._busy.discard(line)

    def _more(self, conn: Any, line: Line) -> bool:
        """Whether the next request comes at once: a phone asks HEAD, POST, HEAD, POST, and to hand its connection
        back to the loop each time costs as much as a small request."""
        if not self.alive or self._staying >= lines.LIMITS.staying:
            return False
        if conn.parser.unreader.buf.getvalue():
            return True
        self._staying += 1  # two threads that count at once may both stay: the number is no promise
        try:
            return line.is_followed(lines.LIMITS.stay)
        finally:
            self._staying -= 1

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Called by gunicorn when the head of a request has been read."""
        conn.sock.head_is_read(req)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Called by gunicorn for what is no request, and for what the application let through."""
        if isinstance(exc, HeadTooSlowError):
            with suppress(OSError):
                util.write_error(client, 408, "Request Timeout", "")
            return
        super().handle_error(req, client, addr, exc)
