"""The two kinds of installation: a file and a folder in one process; PostgreSQL and S3 with two."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from scripts.bench import postgres, store
from scripts.bench.processes import PartMissing, Tree
from scripts.bench.report import LAPTOP_MEMORY, PROVINCE_MEMORY
from server import config
from server.config import SettingsError
from server.storage import open_storage

T = TypeVar("T")

LAPTOP, PROVINCE = "laptop", "province"
NAMES = {LAPTOP: "SQLite + folder, one process", PROVINCE: "PostgreSQL + S3, two processes"}
_PASSED_ON = ("HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where a server keeps everything. `environment` is the server's, whole.

    `memory_bar`: MB. `database`: PostgreSQL's processes, and `sockets` the folder of its socket, where it is our own.
    """

    name: str
    folder: Path
    environment: dict[str, str] = field(repr=False)
    memory_bar: float
    database: Tree | None = None
    sockets: Path | None = None


def laptop(folder: Path) -> Installation:
    """SQLite and a folder."""
    return Installation(NAMES[LAPTOP], folder, _environment(folder, {"WEB_CONCURRENCY": "1"}), LAPTOP_MEMORY)


@dataclass(frozen=True, slots=True)
class Servers:
    """What the kind `province` runs on: addresses that were given, else programs of ours."""

    database_url: str
    storage_url: str
    keys: dict[str, str] = field(repr=False)
    postgres: Path | None
    store: str | None

    @contextmanager
    def running(self, folder: Path) -> Iterator[Installation]:
        """Start what is ours, stop it afterwards. Raises PartMissing."""
        with ExitStack() as stack:
            url, sockets, database, storage, keys = self.database_url, None, None, self.storage_url, self.keys
            if self.postgres:
                url, sockets, database = stack.enter_context(postgres.running(self.postgres))
            if self.store:
                storage, keys = stack.enter_context(store.running(self.store, folder / "store"))
            settings = {"DATABASE_URL": url, "STORAGE_URL": storage, "WEB_CONCURRENCY": "2", **keys}
            yield Installation(
                NAMES[PROVINCE], folder, _environment(folder, settings), PROVINCE_MEMORY, database, sockets
            )


def servers(folder: Path, database_url: str = "", storage_url: str = "") -> Servers:
    """Look for them. Raises PartMissing, or SettingsError for what was given and is not empty or not there."""
    if database_url and not database_url.startswith("postgres"):
        raise SettingsError("--database-url: must be postgresql://user:password@host/database.")
    if storage_url and not storage_url.startswith("s3://"):
        raise SettingsError("--storage-url: must be s3://bucket?endpoint=https://…")
    missing: list[str] = []
    programs = None if database_url else _found(postgres.find, missing)
    program = None if storage_url else _found(store.find, missing)
    if missing:
        raise PartMissing("; ".join(missing))
    given = {"DATA_DIR": str(folder), "DATABASE_URL": database_url, "STORAGE_URL": storage_url}
    settings = config.load(given)
    if database_url:
        _refuse_tables(settings.database_url)
    if storage_url:
        _refuse_files(settings.storage_url)
    keys = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return Servers(settings.database_url, settings.storage_url, keys, programs, program)


def _found(find: Callable[[], T], missing: list[str]) -> T | None:
    try:
        return find()
    except PartMissing as problem:
        missing.append(str(problem))
        return None


def describe(installation: Installation) -> str:
    """The database with its version, and whether its commits last."""
    engine = create_engine(config.load(installation.environment).database_url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar()}"
        names = ("server_version", "fsync", "synchronous_commit")
        version, fsync, commit = (connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names)
    return f"PostgreSQL {str(version).split()[0]} (fsync {fsync}, synchronous_commit {commit})"


def _environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """No programs are to be found, so that no Java is started unless it is wanted."""
    mine = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    return mine | {"DATA_DIR": str(folder / "data"), "PATH": str(folder / "no-programs")} | settings


def _refuse_tables(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            there = inspect(connection)
            tables = [name for schema in there.get_schema_names() if schema != "information_schema"
                      for name in there.get_table_names(schema)]  # fmt: skip
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise SettingsError(f"--database-url: the database cannot be used ({reason}).") from error
    if tables:
        raise SettingsError(f"--database-url: the database is not empty ({len(tables)} tables). Give an empty one.")


def _refuse_files(url: str) -> None:
    try:
        there = next(open_storage(url).walk(), None)
    except OSError as error:
        raise SettingsError(f"--storage-url: the store cannot be used ({error}).") from error
    if there is not None:
        raise SettingsError("--storage-url: there are files. Give an empty place: s3://bucket/bench?endpoint=…")
