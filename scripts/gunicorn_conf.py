"""How gunicorn serves. Every setting that is not a plain default says why."""

from __future__ import annotations

import logging
import os
import re
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from scripts import ports

_HOST, _PORT = ports.address()
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_ON_SERVER_DATABASE = os.environ.get("DATABASE_URL", "").startswith("postgres")

bind = f"[{_HOST}]:{_PORT}" if ":" in _HOST else f"{_HOST}:{_PORT}"
wsgi_app = "server.app:create_app()"

# SQLite has one writer at a time: a second process would only wait for the first.
workers = int(os.environ.get("WEB_CONCURRENCY") or (2 if _ON_SERVER_DATABASE else 1))


class CalmWorker(ThreadWorker):
    """gthread, with a sign of life once a second instead of several for each request: each is a system call."""

    _notified = 0.0

    def notify(self) -> None:
        """Called by gunicorn at every turn of its loop; `timeout` is a minute."""
        moment = time.monotonic()
        if moment - self._notified >= 1:
            self._notified = moment
            super().notify()


worker_class = CalmWorker
threads = 16
# Each process makes its own connections and threads after the fork; none is carried over.
preload_app = False

# A thread is not bound to a connection that waits between two requests, so phones may keep theirs.
keepalive = 75
# Of the process, not of a request: a body may take as long as it keeps arriving.
timeout = 60
graceful_timeout = 30
# The sign of life is a file; on a slow disk it would stall the worker.
worker_tmp_dir = str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None

# OData filters make long addresses.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

# X-Forwarded-* is believed from this machine only. Elsewhere: FORWARDED_ALLOW_IPS, which gunicorn reads itself.
# The control socket, on by default since gunicorn 25, would lie in the user's home, one for all servers.
control_socket_disable = True

# The application writes one line for each request, without keys; gunicorn's would print the whole address.
accesslog = None
loglevel = "warning"

# A phone that falls silent gives its thread back: the kernel ends a read or a write that makes no headway.
SILENT_READ_SECONDS = 30
SILENT_WRITE_SECONDS = 60

_KEYS = re.compile(r"/(key|test|st|sessions)/[^/\s'\"]+")
_QUERY = re.compile(r"\?[^\s'\"]*")


def without_keys(text: str) -> str:
    """A line for the log without app-user keys and query strings."""
    return _QUERY.sub("?…", _KEYS.sub(r"/\1/…", text))


class _NoKeys(logging.Filter):
    """gunicorn names the whole address where it cannot read a request or the application breaks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_keys(record.getMessage()), None
        if record.exc_info and isinstance(record.exc_info[1], BlockingIOError):  # what a silent read ends with
            record.msg, record.exc_info = "A connection fell silent in the middle of a request.", None
        return True


class SafeLogger(Logger):
    """gunicorn's log with the keys taken out."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn when it starts and when it reopens its logs."""
        super().setup(cfg)
        if not any(isinstance(each, _NoKeys) for each in self.error_log.filters):
            self.error_log.addFilter(_NoKeys())


logger_class = SafeLogger


def on_starting(server: Any) -> None:
    """Say in one sentence that the port is taken, instead of trying five times."""
    if "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ:
        return  # the sockets are handed over: by the server that is being replaced, or by systemd
    try:
        ports.check()
    except ports.PortError as problem:
        sys.exit(str(problem))


def when_ready(server: Any) -> None:
    """Connections take these limits over from the socket they arrive on."""
    for listener in server.LISTENERS:
        sock = listener.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENT_READ_SECONDS, 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SILENT_WRITE_SECONDS, 0))
