"""Structured logs: one JSON line a request, with a request ID, and never an answer, a key or a query string."""

from __future__ import annotations

import itertools
import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_app_context

from server.here import this_g, this_request

_SECRET = re.compile(r"/(key|test|st|sessions)/(?!current$)[^/]+")
# Names of files may name people, and instance names of volunteers' making may be anything.
_NAME = re.compile(r"/(attachments|files)/.+")
_ID = re.compile(r"^[\w.:-]{1,64}$")
_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

# What a line does not show need not be found out: where it was logged, and by which thread.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None  # documented in the logging HOWTO, "Optimization"

_PROCESS, _numbers = secrets.token_hex(4), itertools.count(1)
_write = json.JSONEncoder(ensure_ascii=False, default=str).encode


def request_id() -> str:
    """The ID of this request: the proxy's, else a new one. '' outside a request."""
    return str(g.get("request_id", "")) if has_app_context() else ""


def masked(path: str) -> str:
    """A path without the keys and the names of files that some addresses carry."""
    return _NAME.sub(r"/\1/…", _SECRET.sub(r"/\1/…", path))


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message and what was passed as extra."""
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request": request_id(),
        }
        entry.update({key: value for key, value in record.__dict__.items() if key not in _PLAIN})
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"] = _trace(record.exc_info[1])
        return _write(entry)


def _trace(error: BaseException | None) -> list[str]:
    """Where it happened, without the text of the error: that may hold what somebody answered."""
    lines, trace = [type(error).__name__], error.__traceback__ if error else None
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return lines


def register(app: Flask) -> None:
    """Log every request once, when its answer is ready."""
    log = logging.getLogger("donghanh")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
    access = logging.getLogger("donghanh.access")

    @app.before_request
    def begin() -> None:
        here, sent = this_g(), this_request().environ.get("HTTP_X_REQUEST_ID", "")
        here.request_id = sent if _ID.match(sent) else f"{_PROCESS}{next(_numbers):08x}"
        here.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        here, asked = this_g(), this_request()
        response.headers.add("X-Request-ID", here.get("request_id", ""))
        milliseconds = round((time.perf_counter() - here.get("began", time.perf_counter())) * 1000, 1)
        entry = {"method": asked.method, "path": masked(asked.path), "status": response.status_code}
        access.info("request", extra={**entry, "ms": milliseconds, "problem": here.get("problem")})
        return response
