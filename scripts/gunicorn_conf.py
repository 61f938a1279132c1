"""How gunicorn serves. Every setting that is not a plain default says why."""

from __future__ import annotations

import ctypes
import logging
import os
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from scripts import ports
from scripts.worker import Worker

_HOST, _PORT = ports.address()
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
_ON_SERVER_DATABASE = os.environ.get("DATABASE_URL", "").startswith("postgres")

bind = f"[{_HOST}]:{_PORT}" if ":" in _HOST else f"{_HOST}:{_PORT}"
wsgi_app = "scripts.web:make()"

# SQLite has one writer at a time: a second process would only wait for the first.
workers = int(os.environ.get("WEB_CONCURRENCY") or (2 if _ON_SERVER_DATABASE else 1))

worker_class = Worker
# So many may wait for phones; `scripts.line.Limits` says how many of them work at a time.
threads = 256
# Beside them those that wait between two requests. Files are opened too: a body's long parts, the database.
worker_connections = 2000 if _FILES == resource.RLIM_INFINITY else max(min(2000, _FILES // 2), threads + 100)
# The worker sends what it has read itself, so that whoever takes it slowly does not count as work.
sendfile = False
# Each process makes its own connections and threads after the fork; none is carried over.
preload_app = False
# Nobody else on the machine reads what is stored; `on_starting` sets it for more than gunicorn's own files.
umask = 0o077

# A thread is not bound to a connection that waits between two requests, so phones may keep theirs.
keepalive = 75
# Of the process, not of a request: a body may take as long as it keeps arriving (`scripts.line.Limits`).
timeout = 60
graceful_timeout = 30
# The sign of life is a file; on a slow disk it would stall the worker.
worker_tmp_dir = str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None

# OData filters make long addresses.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# The application alone decides whose X-Forwarded-* it believes (`server.proxies`); two opinions would differ. And where
# it lies is nobody's to say in a header. As nobody may say anything, no address need be looked at.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = "*"
# The control socket, on by default since gunicorn 25, would lie in the user's home, one for all servers.
control_socket_disable = True

# The application writes one line for each request, without keys; gunicorn's would print the whole address.
accesslog = None
loglevel = "warning"

_KEYS = re.compile(r"/(key|test|st|sessions)/[^/\s'\"]+")
_QUERY = re.compile(r"\?[^\s'\"]*")


def without_keys(text: str) -> str:
    """A line for the log without app-user keys and query strings."""
    return _QUERY.sub("?…", _KEYS.sub(r"/\1/…", text))


class _NoKeys(logging.Filter):
    """gunicorn names the whole address where it cannot read a request or the application breaks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_keys(record.getMessage()), None
        if record.exc_info:
            record.exc_text = without_keys(logging.Formatter().formatException(record.exc_info))
        return True


class SafeLogger(Logger):
    """gunicorn's log with the keys taken out."""

    # Without the number of the process, which `server.logs` lets nobody find out: a line that cannot be made is printed
    # with all that it should have said, keys included.
    error_fmt = "%(asctime)s [%(levelname)s] %(message)s"

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn when it starts and when it reopens its logs."""
        super().setup(cfg)
        if not any(isinstance(each, _NoKeys) for each in self.error_log.filters):
            self.error_log.addFilter(_NoKeys())


logger_class = SafeLogger

# Threads share two heaps: with one for each, as the system has it, sixty waiting uploads keep 80 MB more.
# What is large goes back to the system when it is no longer needed. By itself the library takes the largest piece it
# has seen for the measure of what is large, and one body of 20 MB leaves holes in the heap for as long as it runs.
# And the last few megabytes of a heap stay: given back after each photo, the system must find and clear every page of
# them again for the next, which is a tenth of the work.
_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -8, -3, -1
with suppress(AttributeError, OSError):  # where the C library is another one
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 512 * 1024)
    ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, 4 * 1024 * 1024)


def on_starting(server: Any) -> None:
    """Say in one sentence that the port is taken, instead of trying five times."""
    os.umask(umask)
    if "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ:
        return  # the sockets are handed over: by the server that is being replaced, or by systemd
    try:
        ports.check()
    except ports.PortError as problem:
        sys.exit(str(problem))
