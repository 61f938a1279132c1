"""What a server cannot store just now: phones are told to keep it, nothing is half kept, and the repeat succeeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from server.api.system import PROBES
from server.db import db
from server.parts import NAME
from tests import expect
from tests.cast import Cast
from tests.conftest import Send
from tests.homes import Home, Laptop, Province, close
from tests.outages import cut_off
from tests.phone import Published, new_id
from tests.server.openrosa.conftest import PHOTO, kept, listed

pytestmark = pytest.mark.usefixtures("forgetful")
BUSY = "chưa lưu được"


@contextmanager
def said(app: Flask, statement: str) -> Iterator[None]:
    """So much is told to every connection of the server to its database."""

    def tell(connection: Any, *_: object) -> None:
        connection.execute(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", tell)
    try:
        yield
    finally:
        event.remove(engine, "checkout", tell)
        close(app)


@contextmanager
def locked(app: Flask, home: Home) -> Iterator[None]:
    """Somebody else holds what is written to, and the server does not wait long."""
    patience = "PRAGMA busy_timeout=10" if isinstance(home, Laptop) else "SET lock_timeout = '10ms'"
    lock = "SELECT 1" if isinstance(home, Laptop) else "LOCK TABLE submission_versions"
    with said(app, patience):
        with app.app_context():
            other = db.engine.connect().execution_options(writing=True)
        with other:
            other.exec_driver_sql(lock)
            yield


@contextmanager
def gone(app: Flask, home: Home) -> Iterator[None]:
    """The database is not where it was."""
    with ExitStack() as afterwards:
        close(app)
        afterwards.callback(close, app)
        if isinstance(home, Laptop):
            file = home.settings.data_dir / "donghanh.sqlite"
            afterwards.callback(file.rename(file.with_suffix(".kept")).rename, file)
            file.mkdir()
            afterwards.callback(file.rmdir)
        else:
            assert isinstance(home, Province)
            allow = f"ALTER DATABASE {home.database} ALLOW_CONNECTIONS"
            home.cluster.run(f"{allow} false")
            afterwards.callback(home.cluster.run, f"{allow} true")
        yield


@contextmanager
def full(app: Flask, home: Home) -> Iterator[None]:
    """The database can be read, and its disk has no room for a row more."""
    with ExitStack() as afterwards:
        if isinstance(home, Laptop):
            # A number far below what it has means what it has: not a page more.
            afterwards.enter_context(said(app, "PRAGMA max_page_count=1"))
        else:
            assert isinstance(home, Province)
            refuse = "BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END"
            make = f"CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $${refuse}$$"
            use = "CREATE TRIGGER refuse BEFORE INSERT ON submission_versions EXECUTE FUNCTION public.refuse()"
            home.cluster.run(make, use, database=home.database)
            undo = partial(home.cluster.run, "DROP FUNCTION public.refuse() CASCADE", database=home.database)
            afterwards.callback(undo)
        yield


Trouble = Callable[[Flask, Home], Any]


@pytest.mark.parametrize("happens", [locked, gone, cut_off])
def test_phones_are_told_to_send_again(app: Flask, home: Home, photo: Callable[[str], None], happens: Trouble) -> None:
    with happens(app, home):
        photo(BUSY)


def test_a_database_without_room(
    app: Flask, client: FlaskClient, cast: Cast, home: Home, form: Published, send: Send
) -> None:
    xml = form.submission(f"<who>{'An' * 1_000_000}</who>")
    with full(app, home):
        expect.told(send(xml), 503)
    assert listed(client, cast, form) == []
    expect.told(send(xml), 201)


def test_a_file_that_is_no_database(app: Flask, home: Home, photo: Callable[[str], None]) -> None:
    if isinstance(home, Laptop):
        file = home.settings.data_dir / "donghanh.sqlite"
        close(app)
        was = file.read_bytes()
        file.write_bytes(was[:100] + b"?" * (len(was) - 100))
        photo(BUSY)
        close(app)
        file.write_bytes(was)


def test_a_file_that_the_store_has_lost(
    app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(instance_id=instance_id), [PHOTO]), 201)
    for sha256 in kept(app):
        app.extensions[NAME].storage.delete(sha256)
    url = f"{form.url}/submissions/{instance_id}/attachments/a.jpg"
    assert client.get(url, headers=cast.bob.bearer).status_code == 503


def test_health_names_what_does_not_work(app: Flask, client: FlaskClient, home: Home) -> None:
    for happens, names in ((gone, {"database", "migrated"}), (cut_off, {"files"})):
        with happens(app, home):
            app.extensions.pop(PROBES, None)
            answer = client.get("/health")
            assert answer.status_code == 503
            assert {name for name, works in answer.get_json().items() if works is False} == names
    app.extensions.pop(PROBES)
    assert client.get("/health").status_code == 200


def test_the_store_is_not_written_to_each_time_somebody_asks_for_health(
    app: Flask, client: FlaskClient, home: Home
) -> None:
    assert client.get("/health").status_code == 200
    with cut_off(app, home):
        assert client.get("/health").status_code == 200
