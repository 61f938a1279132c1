"""How often a server waits for its PostgreSQL, counted by what stands between the two.

One round trip: the server says something after the database has answered. How many statements or packets that are
does not matter.
"""

from __future__ import annotations

import http.client
import select
import socket
import statistics
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scripts.bench.kinds import Installation
from scripts.bench.phones import Job, work
from scripts.bench.processes import HOST
from scripts.bench.server import running
from scripts.bench.workloads import PHOTO_BYTES, submission_path
from server.config import SettingsError

_SOCKET = ".s.PGSQL.5432"
# Until connections are there and statements are prepared.
_WARM_UP, _COUNTED = 15, 15


class Counter:
    """Passes on everything between whoever connects and the database."""

    def __init__(self, database: Path) -> None:
        self.count = 0
        self._database = str(database)
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, path: Path) -> Iterator[None]:
        """On a socket of that name."""
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(path))
            door.listen()
            thread = threading.Thread(target=self._serve, args=(door,), daemon=True)
            thread.start()
            try:
                yield
            finally:
                door.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                caller, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        with caller, socket.socket(socket.AF_UNIX) as database:
            database.connect(self._database)
            answered = True
            while True:
                for side in select.select([caller, database], [], [])[0]:
                    said = side.recv(65_536)
                    if not said:
                        return
                    if side is caller and answered:
                        with self._lock:
                            self.count += 1
                    answered = side is database
                    (caller if answered else database).sendall(said)


def of_posts(installation: Installation, key: str, xml: str) -> dict[str, float]:
    """Round trips for a submission, when everything is warm: the median, so that other work does not count."""
    if installation.sockets is None:
        return {}
    counter = Counter(installation.sockets / _SOCKET)
    between = installation.folder / "trips"
    between.mkdir()
    address = installation.environment["DATABASE_URL"]
    through = address.replace(f"host={installation.sockets}", f"host={between}")
    if through == address:
        raise SettingsError("DATABASE_URL: names no folder of a socket.")
    environment = installation.environment | {"DATABASE_URL": through, "WEB_CONCURRENCY": "1"}
    found = {}
    with counter.listening(between / _SOCKET), running(environment, installation.folder / "server.log") as server:
        for name, photo in (("POST, 25 questions", 0), ("POST, 25 questions and a photo of 200 KB", PHOTO_BYTES)):
            job = Job(server.port, submission_path(key), 201, 1, 1, xml=xml, photo=photo)
            found[name] = _median(counter, job)
    return found


def _median(counter: Counter, job: Job) -> float:
    counts = []
    with closing(http.client.HTTPConnection(HOST, job.port, timeout=60)) as connection:
        for _ in range(_WARM_UP + _COUNTED):
            before = counter.count
            if work(connection, job)() != job.expect:
                raise RuntimeError("a submission was refused while round trips were counted")
            counts.append(counter.count - before)
    return statistics.median(counts[_WARM_UP:])
