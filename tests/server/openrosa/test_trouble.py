"""What a server cannot store just now: phones are told to keep it, nothing is half kept, and the repeat succeeds."""

from __future__ import annotations

import errno
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from schemas import problems
from server.actions import upkeep
from server.api.system import PROBES
from server.db import db
from server.errors import PROBE
from server.parts import NAME
from server.space import NAME as SPACE
from server.space import Space, trouble
from tests import expect
from tests.cast import Cast
from tests.conftest import House, Publish, Send
from tests.homes import Home, Laptop, Province, close
from tests.outages import cut_off
from tests.phone import Published, new_id

FORM = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | image | photo | Ảnh?  |
"""
PHOTO = ("a.jpg", b"\xff\xd8" * 500_000, "image/jpeg")
FULL, BUSY, UPDATING = "Ổ đĩa", "chưa lưu được", "đang được cập nhật"


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that the device may fill."""
    return publish(FORM)


@pytest.fixture
def home(house: House, app: Flask) -> Home:
    """Where everything is kept."""
    return house.home


@pytest.fixture(autouse=True)
def forgetful(app: Flask) -> None:
    """The app serves many tests, and what it remembers of the one before is no longer so."""
    app.extensions.pop(PROBES, None)
    app.extensions.pop(PROBE, None)


@pytest.fixture
def photo(app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send) -> Iterator[Callable[[str], None]]:
    """`photo(reason)`: a submission that is answered 503 with that reason. At the end it was not stored, and now is."""
    instance_id = new_id()
    xml = form.submission("<photo>a.jpg</photo>", instance_id=instance_id)

    def refused(reason: str) -> None:
        answer = send(xml, [PHOTO])
        assert reason in expect.told(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

    yield refused
    assert listed(client, cast, form) == []
    expect.told(send(xml, [PHOTO]), 201)
    assert listed(client, cast, form) == [instance_id]
    url = f"{form.url}/submissions/{instance_id}/attachments/a.jpg"
    assert client.get(url, headers=cast.bob.bearer).data == PHOTO[1]


def listed(client: FlaskClient, cast: Cast, form: Published) -> list[str]:
    """The instance IDs that Bob is shown."""
    return [each["instanceId"] for each in client.get(f"{form.url}/submissions", headers=cast.bob.bearer).get_json()]


def kept(app: Flask) -> set[str]:
    """All files in the store."""
    return {file.sha256 for file in app.extensions[NAME].storage.walk()}


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


# Disks.


@contextmanager
def least_room(app: Flask, least: int) -> Iterator[None]:
    """So many bytes are to stay free."""
    was = app.extensions[SPACE]
    app.extensions[SPACE] = Space(was.incoming, [was.incoming.parent], least)
    try:
        yield
    finally:
        app.extensions[SPACE] = was


def test_a_disk_that_is_nearly_full_takes_nothing(
    app: Flask, client: FlaskClient, cast: Cast, form: Published, photo: Callable[[str], None]
) -> None:
    before = kept(app)
    with least_room(app, 10**18):
        photo(FULL)
        upload = client.post(f"{form.url}/submissions", data=form.submission(), headers=cast.bob.bearer)
        expect.refused(upload, problems.DISK_FULL)
        health = client.get("/health")
        assert (health.status_code, health.get_json()["disk"]) == (503, False)
        # Who tidies up must still be able to; and phones do not listen to what the HEAD says.
        assert client.post("/v1/projects", json={"name": "Dự án"}, headers=cast.alice.bearer).status_code == 200
        assert client.head(cast.device.url("submission")).status_code == 204
    assert kept(app) == before


def test_what_is_announced_counts(app: Flask) -> None:
    with least_room(app, 0), app.app_context():
        space = app.extensions[SPACE]
        assert space.enough(1_000_000) and not space.enough(10**18)


def test_a_disk_that_runs_full_while_a_body_comes(app: Flask, photo: Callable[[str], None]) -> None:
    """The system refuses to write more than so much into a file, as where there is no room."""
    before, old = kept(app), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, old[1]))
    try:
        photo(FULL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert kept(app) == before


def test_bodies_are_kept_on_the_disk_that_is_watched(
    app: Flask, form: Published, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = app.extensions[SPACE].incoming
    for left in incoming.parent.glob("incoming"):
        left.rmdir()
    expect.told(send(form.submission(), [PHOTO]), 201)
    assert incoming.is_dir() and list(incoming.iterdir()) == []


def test_full_disks_are_told_from_broken_ones() -> None:
    kinds = [trouble(OSError(number, "")).kind for number in (errno.ENOSPC, errno.EDQUOT, errno.EIO)]
    assert kinds == [problems.DISK_FULL, problems.DISK_FULL, problems.BUSY]


# While the database has another shape, or the installation is being moved.


@contextmanager
def changed(app: Flask, there: Sequence[str], back: Sequence[str], *, at_once: bool = False) -> Iterator[None]:
    """Something in the database is otherwise, and back again; each time the server has looked, unless `at_once`."""

    def run(statements: Sequence[str]) -> None:
        with app.app_context(), db.engine.connect().execution_options(writing=True) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()

    def look() -> None:
        with app.app_context():
            upkeep.is_open(anew=True)

    run(there)
    try:
        if not at_once:
            look()
        yield
    finally:
        run(back)
        look()


def test_an_installation_that_is_closed(app: Flask, client: FlaskClient, photo: Callable[[str], None]) -> None:
    with app.app_context():
        upkeep.close("moved")
    with changed(app, [], ["DELETE FROM leases"]):
        photo(UPDATING)
        answer = client.get("/v1/projects")
        assert (answer.status_code, answer.get_json()["code"]) == (503, 503.3)
        assert client.get("/health").get_json()["migrated"] is False


def test_it_can_be_opened_again(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        upkeep.close("moved")
        assert not upkeep.is_open(anew=True)
        upkeep.close("moved")
        upkeep.open_again()
        assert upkeep.is_open(anew=True)


OTHER_VERSION = "UPDATE alembic_version SET version_num = '9999'"


@pytest.fixture
def own_version(app: Flask) -> str:
    """What makes the version this code's own again."""
    with app.app_context():
        return f"UPDATE alembic_version SET version_num = '{upkeep.revision()}'"


def test_a_database_of_another_version(
    app: Flask, client: FlaskClient, photo: Callable[[str], None], own_version: str
) -> None:
    with changed(app, [OTHER_VERSION], [own_version]):
        photo(UPDATING)
        page = client.get("/", headers={"Accept-Language": "en"})
        assert page.status_code == 503 and "brought up to date" in page.text
        with client.get("/favicon.ico") as icon:
            assert icon.status_code == 200


def test_a_column_that_is_missing_is_seen_at_once(
    app: Flask, client: FlaskClient, cast: Cast, own_version: str
) -> None:
    assert client.get("/v1/projects", headers=cast.bob.bearer).status_code == 200
    there = ["ALTER TABLE projects RENAME COLUMN name TO title", OTHER_VERSION]
    back = ["ALTER TABLE projects RENAME COLUMN title TO name", own_version]
    with changed(app, there, back, at_once=True):
        answer = client.get("/v1/projects", headers=cast.bob.bearer)
        assert (answer.status_code, answer.get_json()["code"]) == (503, 503.3)
    assert client.get("/v1/projects", headers=cast.bob.bearer).status_code == 200
