"""Where the server of a test keeps everything: on a laptop (one file, one folder) or for a province (two servers).

A home is made once in a run. What was saved in it is brought back for each test, which takes milliseconds.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import psycopg
from flask import Flask
from sqlalchemy import event

from server.config import Settings
from server.db import db
from server.parts import NAME
from server.storage import open_storage
from tests.clusters import Cluster
from tests.stores import Store

SECRET = "a secret key for tests alone"
LAPTOP, PROVINCE = "laptop", "province"
KINDS = (LAPTOP, PROVINCE)


def settings_in(folder: Path, database_url: str = "", storage_url: str = "") -> Settings:
    """Settings whose database and files lie in a folder, unless they are told."""
    database_url = database_url or f"sqlite:///{folder}/donghanh.sqlite"
    return Settings(folder, database_url, storage_url or f"file://{folder}/files", SECRET, testing=True)


def close(app: Flask) -> None:
    """Let go of the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def hasten(app: Flask) -> None:
    """As the cluster of a test: a power failure need not be survived, and nothing waits for the disk."""

    def connected(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    with app.app_context():
        event.listen(db.engine, "connect", connected)


class Home(Protocol):
    """A database, a store and the folder for the rest."""

    settings: Settings

    def save(self, app: Flask, name: str) -> None:
        """Remember what the database holds now."""

    def renew(self, app: Flask, name: str) -> None:
        """Bring back what was saved, with no files."""

    def copy(self, name: str, folder: Path) -> Settings:
        """A home of one's own that begins with what was saved, with a folder for its files."""

    def leave(self, app: Flask) -> None:
        """Let go of everything."""


class Laptop:
    """A file and a folder."""

    def __init__(self, folder: Path) -> None:
        self.saved = folder / "saved"
        self.settings = settings_in(folder / "data")
        self.settings.data_dir.mkdir()

    def save(self, app: Flask, name: str) -> None:
        """A copy of the file."""
        close(app)
        (self.saved / name).mkdir(parents=True)
        shutil.copy(self.settings.data_dir / "donghanh.sqlite", self.saved / name)

    def renew(self, app: Flask, name: str) -> None:
        """The copy again, in an empty folder."""
        close(app)
        _clear(self.settings.data_dir)
        shutil.copy(self.saved / name / "donghanh.sqlite", self.settings.data_dir)
        app.extensions[NAME] = replace(app.extensions[NAME], storage=open_storage(self.settings.storage_url))

    def copy(self, name: str, folder: Path) -> Settings:
        """Another copy of the file."""
        shutil.copy(self.saved / name / "donghanh.sqlite", folder)
        return settings_in(folder)

    def leave(self, app: Flask) -> None:
        """Let go of the file."""
        close(app)


class Province:
    """A database server and a store on the network.

    To drop and copy a database takes 130 ms. To delete all rows and insert those saved beside them takes three, where
    one connection does it again and again: the server knows its plans and the tables by then.
    """

    def __init__(self, folder: Path, cluster: Cluster, store: Store) -> None:
        self.cluster, self.store = cluster, store
        self.database = "tests"
        self.settings = settings_in(folder, cluster.create(self.database), store.url())
        self._saved: list[str] = []
        self._keeper: psycopg.Connection | None = None
        self._copies = 0

    def save(self, app: Flask, name: str) -> None:
        """A copy of each table, in a schema of that name, and of the database, for who wants one of their own."""
        self.leave(app)
        copies = [f"CREATE TABLE {name}.{table} AS TABLE public.{table}" for table in self._names("table")]
        self.cluster.run(f"CREATE SCHEMA {name}", *copies, database=self.database)
        self.cluster.run(self._function(name), database=self.database)
        self._saved.append(name)
        self.cluster.create(name, template=self.database)

    def renew(self, app: Flask, name: str) -> None:
        """All rows out, the saved ones in, and the numbers go on after them."""
        with app.app_context():
            db.session.remove()
        _clear(self.settings.data_dir)
        try:
            self._restore(name)
        except psycopg.Error:  # the tables are not what they were, or the server was started again
            self.leave(app)
            self.cluster.create(self.database, template=self._saved[-1])
            self._restore(name)
        self.store.clear(self.settings.storage_url)

    def copy(self, name: str, folder: Path) -> Settings:
        """Another copy of the database."""
        self._copies += 1
        return settings_in(folder, self.cluster.create(f"copy_{self._copies}", template=name), self.store.url())

    def leave(self, app: Flask) -> None:
        """Let go of everything."""
        close(app)
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _restore(self, name: str) -> None:
        if self._keeper is None:
            self._keeper = self.cluster.connect(self.database)
            # Rows that point at each other go and come in any order.
            self._keeper.execute("SET session_replication_role = replica")
        self._keeper.execute(f"SELECT {name}.renew()".encode())

    def _names(self, of: str) -> list[str]:
        found = self.cluster.run(f"SELECT {of}name FROM pg_{of}s WHERE schemaname = 'public'", database=self.database)
        return [name for (name,) in found]

    def _function(self, name: str) -> str:
        """The statement that makes the function that brings back what was saved: its plans are made once."""
        tables = self._names("table")
        lines = [f"DELETE FROM public.{table}" for table in tables]
        for table in tables:
            if self.cluster.run(f"SELECT 1 FROM {name}.{table} LIMIT 1", database=self.database):
                lines.append(f"INSERT INTO public.{table} SELECT * FROM {name}.{table}")
        for sequence in self._names("sequence"):
            query = f"SELECT coalesce(max(id), 0) + 1 FROM {name}.{sequence.removesuffix('_id_seq')}"
            ((number,),) = self.cluster.run(query, database=self.database)
            lines.append(f"PERFORM setval('public.{sequence}', {number}, false)")
        return f"CREATE FUNCTION {name}.renew() RETURNS void LANGUAGE plpgsql AS $$BEGIN {'; '.join(lines)}; END$$"


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
