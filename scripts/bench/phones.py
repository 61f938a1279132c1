"""Phones: a process that keeps some connections busy. `python -m scripts.bench.phones` reads a job and reports back.

The job is one line of JSON on standard input. When all connections are open the process says so and waits for a
line; then it works until the count or the time is reached, and prints how long each request took.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.bench.processes import HOST, ROOT

# Where its own instance ID belongs in a submission, and what its photo is called.
INSTANCE_ID = "@instance-id@"
PHOTO = "photo.jpg"
_BOUNDARY = "a-boundary-of-the-phones"
_OPENROSA = {"X-OpenRosa-Version": "1.0", "User-Agent": "org.odk.collect.android/bench"}
_PATIENCE = 60
WARM_UP = 3  # by each connection, before anything is counted


@dataclass(frozen=True, slots=True)
class Job:
    """What one process of phones does: GET `path`, or with `xml` submit to it. `expect` is the status of success."""

    port: int
    path: str
    expect: int
    count: int
    seconds: float
    connections: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    xml: str = ""
    head: bool = False
    photo: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long each piece of work took in seconds, and how often the answer was another than expected."""

    times: list[float]
    failed: int
    elapsed: float


class Phones:
    """Processes of phones that are connected and wait."""

    def __init__(self, job: Job, processes: int) -> None:
        command = [sys.executable, "-m", "scripts.bench.phones"]
        pipe = subprocess.PIPE
        self._processes = [
            subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(processes)
        ]
        for process in self._processes:
            self._tell(process, json.dumps(asdict(job)))
        for process in self._processes:
            self._hear(process)

    def go(self) -> Outcome:
        """Let them work, and add up what they report."""
        began = time.perf_counter()
        for process in self._processes:
            self._tell(process, "go")
        reports = [self._hear(process) for process in self._processes]
        elapsed = time.perf_counter() - began
        times = [each for report in reports for each in report["times"]]
        return Outcome(times, sum(report["failed"] for report in reports), elapsed)

    def close(self) -> None:
        """End them."""
        for process in self._processes:
            process.kill()
            process.communicate()

    @staticmethod
    def _tell(process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    @staticmethod
    def _hear(process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        return dict(json.loads(process.stdout.readline() or '{"times": [], "failed": 1}'))


def submission(xml: str, photo: int) -> bytes:
    """The multipart body that Collect sends, with an instance ID and a photo of its own."""
    parts = [
        ("xml_submission_file", "visit.xml", "text/xml", xml.replace(INSTANCE_ID, f"uuid:{uuid.uuid4()}").encode())
    ]
    if photo:
        parts.append((PHOTO, PHOTO, "image/jpeg", os.urandom(photo)))
    chunks = []
    for name, filename, content_type, data in parts:
        disposition = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        chunks += [f"--{_BOUNDARY}\r\n{disposition}\r\nContent-Type: {content_type}\r\n\r\n".encode(), data, b"\r\n"]
    return b"".join([*chunks, f"--{_BOUNDARY}--\r\n".encode()])


def work(connection: http.client.HTTPConnection, job: Job) -> Callable[[], int]:
    """The next piece of work. A submission is made before the clock starts."""
    if not job.xml:
        return lambda: ask(connection, "GET", job.path, job.headers)
    body = submission(job.xml, job.photo)

    def send() -> int:
        if job.head and ask(connection, "HEAD", job.path, job.headers) != 204:
            return 0
        content = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        return ask(connection, "POST", job.path, job.headers | content, body)

    return send


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> int:
    """One request on a connection that stays open; the status of the answer, which is read whole."""
    connection.request(method, path, body, _OPENROSA | headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _phone(job: Job, start: threading.Barrier, report: Outcome, failures: list[int]) -> None:
    connection = http.client.HTTPConnection(HOST, job.port, timeout=_PATIENCE)
    for _ in range(WARM_UP):
        work(connection, job)()
    start.wait()
    start.wait()
    end = time.monotonic() + job.seconds
    for _ in range(job.count):
        send = work(connection, job)
        began = time.perf_counter()
        if time.monotonic() > end:
            break
        try:
            status = send()
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        report.times.append(time.perf_counter() - began)
        if status != job.expect:
            failures.append(status)


def main() -> None:
    """One process of phones."""
    job = Job(**json.loads(sys.stdin.readline()))
    start = threading.Barrier(job.connections + 1)
    report, failures = Outcome([], 0, 0), []  # type: tuple[Outcome, list[int]]
    threads = [
        threading.Thread(target=_phone, args=(job, start, report, failures), daemon=True)
        for _ in range(job.connections)
    ]
    for thread in threads:
        thread.start()
    start.wait()
    print("{}", flush=True)
    sys.stdin.readline()
    start.wait()
    for thread in threads:
        thread.join()
    print(json.dumps({"times": report.times, "failed": len(failures)}), flush=True)


if __name__ == "__main__":
    main()
