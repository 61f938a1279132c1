"""The workloads: what is asked of the server, how often, and which bar it is held against."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from forms import checks, xform
from forms import instance as instances
from forms.odata.rows import Rows
from scripts.bench import calm, data
from scripts.bench.calm import Cost
from scripts.bench.phones import Job, Outcome, Phones, ask
from scripts.bench.processes import HOST, Tree
from scripts.bench.report import Row
from scripts.bench.server import Server

PAGE = 250
PHOTO_BYTES = 200_000
PROJECT = "/v1/projects/1"


@dataclass(frozen=True, slots=True)
class Target:
    """A server that has been set up: the phones' key, the administrator's token, and the form they fill.

    `database`: the processes of its PostgreSQL, where they can be watched.
    """

    server: Server
    key: str
    token: str
    form: xform.Form
    database: Tree | None = None

    def clocks(self) -> list[Callable[[], float]]:
        """What tells the seconds of CPU of the server, and of its PostgreSQL: for short spans."""
        return [self.server.clock, *([self.database.clock] if self.database else [])]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done: pieces of work, at most so many seconds for each workload, and phones in all."""

    count: int
    seconds: float
    processes: int = 2
    connections: int = 2


FULL = Effort(1000, 10)
QUICK = Effort(60, 5)


def pure(form: xform.Form, effort: Effort) -> Row:
    """Parse, check and flatten, in this process."""
    xml = data.filled(form).encode()
    table = Rows(form.fields)

    def piece() -> None:
        checked = checks.find(form, instances.read(xml))
        table.of("uuid:1", checked.answers, {})
        if checked.findings:
            raise RuntimeError(f"the filled form has findings: {checked.findings}")

    piece()
    (cost,) = calm.costs(piece, effort.count, [time.process_time], effort.seconds, here=True)
    return Row("parse, check, flatten: 25 questions, in process", effort.count, cost, 1.0)


def submissions(target: Target, effort: Effort) -> list[Row]:
    """A submission of 25 questions: alone, after the HEAD that Collect sends first, and with a photo."""
    kinds: tuple[tuple[str, bool, int, float | None], ...] = (
        ("POST, 25 questions", False, 0, 2.4),
        ("POST, 25 questions and a photo of 200 KB", False, PHOTO_BYTES, 4.0),
        ("HEAD + POST, 25 questions", True, 0, None),
        ("HEAD + POST, 25 questions and a photo of 200 KB", True, PHOTO_BYTES, None),
    )
    rows = []
    for name, head, photo, bar in kinds:
        share = max(1, effort.count // (effort.processes * effort.connections))
        job = Job(
            target.server.port, submission_path(target.key), 201, share, effort.seconds, effort.connections,
            xml=data.filled(target.form), head=head, photo=photo,
        )  # fmt: skip
        rows.append(_measured(target, name, job, effort, bar, whole=True))
    return rows


def submission_path(key: str) -> str:
    """Where a phone sends to."""
    return f"/v1/key/{key}/projects/1/submission?deviceID=collect%3Abench"


def reads(target: Target, effort: Effort) -> list[Row]:
    """What phones ask again and again, unchanged and new, and a page of data."""
    key, form_id = f"/v1/key/{target.key}/projects/1", target.form.form_id
    wanted = (("formList", f"{key}/formList"), ("manifest", f"{key}/forms/{form_id}/manifest"))
    rows = []
    share = max(1, effort.count // (effort.processes * effort.connections))
    for name, path in wanted:
        for expect in (304, 200):
            headers = {"If-None-Match": _etag(target, path)} if expect == 304 else {}
            job = Job(target.server.port, path, expect, share, effort.seconds, effort.connections, headers)
            rows.append(_measured(target, f"{name}, {expect}", job, effort, 0.6))
    table = f"{PROJECT}/forms/{form_id}.svc/Submissions?$top={PAGE}"
    bearer = {"Authorization": f"Bearer {target.token}"}
    job = Job(target.server.port, table, 200, max(1, share // 10), effort.seconds, effort.connections, bearer)
    rows.append(_measured(target, f"OData page of {PAGE}", job, effort, 15))
    return rows


def publish(target: Target, effort: Effort, *, java: bool) -> list[Row]:
    """XLSForms uploaded and published, one after the other."""
    label = "with Java" if java else "without Java"
    several, few = max(1, min(20, effort.count // 20)), max(1, min(5, effort.count // 100))
    rows = []
    for size, count, bar in ((28, several, None if java else 100.0), (300, few, 3000.0 if java else 1000.0)):
        name = f"form_{'j' if java else 'n'}{size}"
        made = [data.home_visit(f"{name}_{n}") if size == 28 else data.long_form(f"{name}_{n}", size)
                for n in range(count + 1)]  # fmt: skip
        books = [data.workbook(each) for each in made]
        rows.append(_published(target, f"XLSForm of {size} questions to published, {label}", books, bar))
    return rows


def _published(target: Target, name: str, books: list[bytes], bar: float | None) -> Row:
    connection = http.client.HTTPConnection(HOST, target.server.port, timeout=120)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": kind}
    path = f"{PROJECT}/forms?ignoreWarnings=true&publish=true"
    failed = int(ask(connection, "POST", path, headers, books[0]) != 200)  # starts the converter
    times, costs, began = [], [], time.perf_counter()
    for book in books[1:]:
        speed, before, start = calm.additions(), target.server.cpu(), time.perf_counter()
        failed += ask(connection, "POST", path, headers, book) != 200
        times.append(time.perf_counter() - start)
        spent = (target.server.cpu() - before) * 1000
        costs.append(Cost(spent, spent * calm.REFERENCE / ((speed + calm.additions()) / 2)))
    elapsed = time.perf_counter() - began
    connection.close()
    return _row(name, Outcome(times, failed, elapsed), calm.median(costs), bar)


def _measured(target: Target, name: str, job: Job, effort: Effort, bar: float | None, *, whole: bool = False) -> Row:
    """What it costs, asked by one phone; then how many are served, and how fast, when all of them ask."""
    cost, *database = calm.of_requests(
        job, max(1, job.count * effort.processes * effort.connections // 2), target.clocks()
    )
    phones = Phones(job, effort.processes)
    try:
        outcome = phones.go()
    finally:
        phones.close()
    return _row(name, outcome, cost, bar, database[0] if database else None, whole=whole)


def _row(
    name: str, outcome: Outcome, cost: Cost, bar: float | None, database: Cost | None = None, *, whole: bool = False
) -> Row:
    times = sorted(outcome.times) or [0.0]
    return Row(
        name,
        len(outcome.times),
        cost,
        bar,
        rate=len(outcome.times) / outcome.elapsed,
        p50_ms=statistics.median(times) * 1000,
        p95_ms=times[int(len(times) * 0.95)] * 1000,
        failed=outcome.failed,
        database=database,
        whole=whole,
    )


def _etag(target: Target, path: str) -> str:
    connection = http.client.HTTPConnection(HOST, target.server.port, timeout=30)
    connection.request("GET", path, headers={"X-OpenRosa-Version": "1.0"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers.get("ETag", "")


def sign_in(server: Server, email: str, password: str) -> str:
    """A session's token."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
    body = json.dumps({"email": email, "password": password})
    connection.request("POST", "/v1/sessions", body, {"Content-Type": "application/json"})
    token = str(json.loads(connection.getresponse().read())["token"])
    connection.close()
    return token
