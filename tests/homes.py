"""Where the server of a test keeps everything: on a laptop (one file, one folder) or for a province (two servers).

A home is made once in a run. What was saved in it is brought back for each test, which takes milliseconds.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import psycopg
from flask import Flask

from server.config import Settings
from server.db import db
from server.parts import NAME
from server.storage import open_storage
from tests.clusters import Cluster
from tests.stores import Store, empty

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

    To drop and copy a database takes 130 ms; to connect, delete all rows and insert those saved beside them, ten.
    """

    def __init__(self, folder: Path, cluster: Cluster, store: Store) -> None:
        self.cluster, self.store = cluster, store
        self.database = "tests"
        self.settings = settings_in(folder, cluster.create(self.database), store.url())
        self._scripts: dict[str, bytes] = {}
        self._copies = 0

    def save(self, app: Flask, name: str) -> None:
        """A copy of each table, in a schema of that name, and of the database, for who wants one of their own."""
        close(app)
        copies = [f"CREATE TABLE {name}.{table} AS TABLE public.{table}" for table in self._names("table")]
        self.cluster.run(f"CREATE SCHEMA {name}", *copies, database=self.database)
        self._scripts[name] = self._script(name)
        self.cluster.create(name, template=self.database)

    def renew(self, app: Flask, name: str) -> None:
        """All rows out, the saved ones in, and the numbers go on after them."""
        with app.app_context():
            db.session.remove()
        _clear(self.settings.data_dir)
        try:
            self._restore(name)
        except psycopg.Error:  # the tables are not what they were, or the server was started again
            close(app)
            self.cluster.create(self.database, template=list(self._scripts)[-1])
            self._restore(name)
        empty(app.extensions[NAME].storage)

    def copy(self, name: str, folder: Path) -> Settings:
        """Another copy of the database."""
        self._copies += 1
        return settings_in(folder, self.cluster.create(f"copy_{self._copies}", template=name), self.store.url())

    def leave(self, app: Flask) -> None:
        """Let go of everything."""
        close(app)

    def _restore(self, name: str) -> None:
        with self.cluster.connect(self.database) as keeper:
            keeper.execute(self._scripts[name])

    def _names(self, of: str) -> list[str]:
        found = self.cluster.run(f"SELECT {of}name FROM pg_{of}s WHERE schemaname = 'public'", database=self.database)
        return [name for (name,) in found]

    def _script(self, name: str) -> bytes:
        # Rows that point at each other go and come in any order.
        lines = ["SET session_replication_role = replica"]
        tables = self._names("table")
        lines += [f"DELETE FROM public.{table}" for table in tables]
        lines += [f"INSERT INTO public.{table} SELECT * FROM {name}.{table}" for table in tables]
        for sequence in self._names("sequence"):
            table = sequence.removesuffix("_id_seq")
            lines.append(f"SELECT setval('public.{sequence}', coalesce(max(id), 0) + 1, false) FROM {name}.{table}")
        return ";".join(lines).encode()


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
