"""Installations that commands look after: one with data in it, and empty places of both kinds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from scripts import console, manage
from scripts.backup import rows
from server import dialect
from server.app import create_app
from server.config import Settings
from server.db import db, now, writing
from server.models import Comment, Unit
from server.storage import open_storage
from tests.conftest import SECRET, Publish, Send, close
from tests.phone import Published, submission

FORM = """
| survey   |          |         |            |
|          | type     | name    | label      |
|          | text     | who     | Ai?        |
|          | integer  | age     | Bao nhiêu? |
|          | decimal  | weight  | Nặng?      |
|          | geopoint | place   | Ở đâu?     |
|          | image    | picture | Ảnh?       |
| settings |          |         |            |
|          | form_title | form_id | version |
|          | Thăm nhà | visit   | 1          |
"""
PHOTO = bytes(range(256)) * 900


@dataclass(frozen=True)
class Place:
    """Where an installation is, by its settings; commands are run there."""

    settings: dict[str, str]
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    def __call__(self, *arguments: str, fails: bool = False, **settings: str) -> Result:
        """`place("backup", …)`: a command, which must succeed unless `fails`."""
        made: list[Flask] = []

        def remember() -> Flask:
            made.append(create_app())
            return made[-1]

        self.monkeypatch.setattr(console, "create_app", remember)
        done = CliRunner().invoke(manage.manage, arguments, env={**self.settings, **settings})
        for app in made:
            close(app)
        assert done.exit_code == (1 if fails else 0), f"{done.output}{done.exception!r}"
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    def with_settings(self, **settings: str) -> Place:
        """The same, told more."""
        return replace(self, settings={**self.settings, **settings})

    @property
    def folder(self) -> Path:
        """Its data folder."""
        return Path(self.settings["DATA_DIR"])

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table."""
        engine = create_engine(self.settings["DATABASE_URL"], poolclass=NullPool)
        dialect.prepare(engine)
        with dialect.snapshot(engine) as connection:
            return {table.name: list(rows.read(connection, table)) for table in rows.tables(connection)}

    def run(self, *statements: str) -> None:
        """Change rows behind the program's back; foreign keys or not."""
        engine = create_engine(self.settings["DATABASE_URL"], poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def files(self) -> dict[str, str]:
        """What is stored, by name, with the hash of what it really holds."""
        storage = open_storage(self.settings["STORAGE_URL"])
        found = {}
        for stored in storage.walk():
            with storage.open(stored.sha256) as stream:
                found[stored.sha256] = hashlib.sha256(stream.read()).hexdigest()
        return found

    def file(self, sha256: str) -> Path:
        """Where a folder keeps it."""
        return self.folder / "files" / sha256[:2] / sha256


Places = Callable[[str], Place]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Places:
    """`place("laptop")`, `place("province")`: somewhere empty. What the tests' own environment says is forgotten."""
    for name in ("PUBLIC_URL", "HOST", "PORT", "SECRET_KEY", "BACKUP_AT", "BACKUP_PUBLIC_KEY", "BACKUP_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("BACKUP_DIR", raising=False)
    numbers = count(1)

    def make(kind: str) -> Place:
        number = next(numbers)
        folder = tmp_path / f"{kind}-{number}"
        database, storage = f"sqlite:///{folder}/donghanh.sqlite", f"file://{folder}/files"
        if kind == "province":
            database = request.getfixturevalue("cluster").create(f"place{number}")
            storage = request.getfixturevalue("store").url()
        settings = {"DATA_DIR": str(folder), "DATABASE_URL": database, "STORAGE_URL": storage}
        return Place(settings, monkeypatch)

    return make


@pytest.fixture
def visit(publish: Publish) -> Published:
    """A form about a visit."""
    return publish(FORM)


@pytest.fixture
def used(
    app: Flask, settings: Settings, visit: Published, send: Send, place: Places, publish: Publish
) -> Iterator[Place]:
    """An installation with volunteers, forms, submissions, edits in any order, findings, photos and a comment."""
    inside = "<who>Nguyễn Thị Ân</who><age>71</age><weight>50.0</weight><place>10.5 106.25 0 0</place>"
    photo = ("ảnh nhà.jpg", PHOTO, "image/jpeg")
    for body, files in (
        (visit.submission(f"{inside}<picture>ảnh nhà.jpg</picture>", instance_id="uuid:a"), [photo]),
        (visit.submission("<who>Lan</who><age>nhiều</age>", instance_id="uuid:b"), []),
        (visit.submission("<who>Lan</who><age>60</age>", instance_id="uuid:c", deprecated_id="uuid:b"), []),
        (visit.submission("<who>x</who><weight>1e16</weight>", instance_id="uuid:d", deprecated_id="uuid:gone"), []),
        (submission("visit", "<who>y</who>", version="99", instance_id="uuid:e"), []),
    ):
        assert send(body, files).status_code == 201
    publish(FORM.replace("| 1          |", "| 2          |"), draft=True)
    with app.app_context(), writing():
        db.session.add(Comment(project_id=1, submission_id=1, body="Gọi lại\nngày mai", created_at=now()))
        levels = {
            "level": "xã",
            "type_label": "xã",
            "name_vi": "Xã",
            "name_en": "Commune",
            "valid_from": date(2026, 1, 1),
        }
        # The first belongs to the second: rows may point to later ones.
        db.session.add(Unit(id=2, code="79", **levels))
        db.session.flush()
        db.session.add(Unit(id=1, code="79001", parent_id=2, **levels))
    home = {"DATABASE_URL": settings.database_url, "STORAGE_URL": settings.storage_url, "SECRET_KEY": SECRET}
    yield place("laptop").with_settings(DATA_DIR=str(settings.data_dir), **home)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A public key, and the file with the secret one. A passphrase would cost seconds each time, on purpose."""
    secret = tmp_path_factory.mktemp("keys") / "backup.key"
    printed = CliRunner().invoke(manage.manage, ["backup-key", str(secret)]).stdout
    return printed.strip().partition("=")[2], secret


@pytest.fixture
def kept(used: Place, keys: tuple[str, Path], tmp_path: Path) -> Path:
    """A backup of the used installation."""
    used("backup", "--to", str(tmp_path / "kept.tar"), "--public-key", keys[0])
    return tmp_path / "kept.tar"


Restore = Callable[..., Result]


@pytest.fixture
def restore(keys: tuple[str, Path]) -> Restore:
    """`restore(place, path)`: with the right key."""

    def command(place: Place, path: Path, *, fails: bool = False) -> Result:
        return place("restore", str(path), "--identity", str(keys[1]), fails=fails)

    return command
