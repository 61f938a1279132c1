"""What went wrong once while an installation was looked after, and must not again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from scripts import daily, gunicorn_conf, keep
from scripts.backup import move as moving
from scripts.backup import shelf
from scripts.bench import processes
from server import config, dialect
from server.actions import leases, upkeep
from server.db import db, now, writing
from server.models import Lease
from tests.cast import Cast
from tests.scripts.conftest import PHOTO, Place, Places, Restore

PHOTO_NAME = hashlib.sha256(PHOTO).hexdigest()
MOVED = "this installation was moved"


def backups(place: Place) -> set[str]:
    """What lies in its backup folder."""
    return {path.name for path in (place.folder / "backups").iterdir()}


def test_a_backup_without_a_file_removes_none_that_may_have_it(used: Place, keys: tuple[str, Path]) -> None:
    old = shelf.name(now() - timedelta(days=400)), shelf.name(now() - timedelta(days=300))
    (used.folder / "backups").mkdir()
    for name in old:
        (used.folder / "backups" / name).write_text("")
    photo = used.file(PHOTO_NAME)
    photo.rename(photo.with_suffix(".away"))
    done = used("backup", fails=True, BACKUP_PUBLIC_KEY=keys[0])
    assert "Removed" not in done.stdout and PHOTO_NAME in done.stderr
    (made,) = backups(used) - set(old)
    assert made.endswith("-incomplete.tar") and made in done.stdout
    # Nor does it count as the newest whole one, later on.
    assert shelf.clear(used.folder / "backups", timedelta(days=14), now() + timedelta(days=30)) == [old[0], made]


def test_only_some_of_many_missing_files_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    keep._name_missing("GONE: {}", [f"{number:064x}" for number in range(23)])
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 21 and told[0] == f"GONE: {0:064x}" and told[-1] == "… and 3 more"


def test_a_clock_that_was_wrong_once_stops_no_daily_work(used: Place) -> None:
    moment = daily.clock()
    later = {name: moment + timedelta(days=400) for name in ("maintain", "tried maintain")}
    assert daily.due(leases.MAINTAIN, config.load(used.settings), later.get, moment)


def test_a_lease_of_a_wrong_clock_has_run_out(app: Flask) -> None:
    with app.app_context():
        with writing():
            db.session.add(Lease(name="work", holder="a:1:x", expires_at=now() + timedelta(days=400)))
            db.session.add(Lease(name="other", holder="a:1:x", expires_at=now() + leases.LASTS * 1.5))
        with leases.held("work"):
            pass
        with pytest.raises(leases.HeldError), leases.held("other"):  # another machine's clock is a little ahead
            pass


class AtLast(threading.Event):
    """Work that ends after fifty renewals."""

    waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        return self.waits > 50


def test_who_lost_a_lease_stops_renewing_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(leases.log, "error", lambda message, extra: said.append(message))
    with app.app_context():
        with writing():
            db.session.add(Lease(name="work", holder="a:1:x", expires_at=now() + leases.LASTS))

        leases._keep(app, "work", "b:2:y", AtLast())
    assert said == ["a lease was lost"]


def test_a_move_that_was_killed_leaves_the_old_place_open_in_minutes(
    used: Place, place: Places, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = place("laptop")

    def killed(*_: object, **__: object) -> None:
        with app.app_context():
            assert not upkeep.is_open(anew=True)
            # What a killed process leaves behind.
            kept.update({row["name"]: row for row in _leases(app)})
        raise OSError("killed")

    kept: dict[str, dict[str, object]] = {}
    monkeypatch.setattr(keep, "move", killed)
    to = ("--database-url", there.settings["DATABASE_URL"], "--storage-url", there.settings["STORAGE_URL"])
    used("move", *to, fails=True)
    with app.app_context():
        assert upkeep.is_open(anew=True)
        with writing():
            db.session.merge(Lease(**kept["moving"]))
        assert not upkeep.is_open(anew=True)
        told = used("check").stderr
        assert "is being moved" in told and "--open-again" in told
        moment = now()
        monkeypatch.setattr(upkeep, "now", lambda: moment + leases.LASTS + timedelta(seconds=1))
        assert upkeep.is_open(anew=True)
        monkeypatch.setattr(upkeep, "now", lambda: moment)
        assert not upkeep.is_open(anew=True)
        used("move", "--open-again")
        assert upkeep.is_open(anew=True)


def _leases(app: Flask) -> list[dict[str, object]]:
    with app.app_context(), db.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(Lease.__table__.select())]


def test_it_is_closed_for_good_after_the_commit_and_everybody_is_told(
    used: Place, place: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, settings, said = place("laptop"), config.load(used.settings), list[str]()
    monkeypatch.setattr(daily.log, "warning", lambda message, **_: said.append(message))
    monkeypatch.setattr(daily, "run", lambda work: None)
    unchanged = moving._require_unchanged

    def look(*arguments: object) -> None:
        assert "closed" not in daily._marks(settings)
        unchanged(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "_require_unchanged", look)
    urls = {f"MOVE_{name}": there.settings[name] for name in ("DATABASE_URL", "STORAGE_URL")}
    used("move", **urls)  # nothing secret on the command line
    assert there.tables() == used.tables()
    for command in ("setup", "check"):
        told = used(command).stderr
        assert MOVED in told and "move --open-again" in told
    daily.look(settings)
    assert len(said) == 1 and MOVED in said[0]
    used("move", "--open-again")
    assert MOVED not in used("check").stderr
    daily.look(settings)
    assert len(said) == 1


def test_it_is_not_opened_while_it_is_moved(used: Place) -> None:
    with (used.folder / "serving.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "is being moved" in used("move", "--open-again", fails=True).stderr


def test_no_restore_beside_a_running_server(place: Places, kept: Path, restore: Restore) -> None:
    home = place("laptop")
    home("migrate")
    before = home.tables()
    with (home.folder / "serving.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        told = restore(home, kept, fails=True).stderr
    assert "A server is running" in told and "--while-running" not in told
    assert home.tables() == before
    restore(home, kept)


def test_keys_of_volunteers_under_another_secret_key(used: Place, app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context(), writing():
        db.session.execute(text("UPDATE app_users SET key_cipher = 'gAAAAAother'"))
    answer = client.get("/v1/projects/1/app-users", headers=cast.bob.bearer)
    assert answer.status_code == 200
    assert [found["token"] for found in answer.get_json()] == [None]
    (line,) = used("check", fails=True).stdout.splitlines()
    assert line.startswith("SECRET_KEY does not open 2 of 3 stored keys")


def test_no_answer_of_a_person_gets_into_a_log(used: Place) -> None:
    url = used.settings["DATABASE_URL"]
    engine = create_engine(url, **dialect.pool(url, 1))
    with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:who)"), {"who": "Nguyễn Thị Ân"})
    engine.dispose()
    assert "Nguyễn" not in str(caught.value)


def test_the_data_folder_is_nobody_elses_to_read(place: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(processes.free_ports(1)[0]))  # a server may be running beside the tests
    home = place("laptop")
    home.folder.mkdir(mode=0o755)
    home.folder.chmod(0o755)
    before = os.umask(0o022)
    try:
        home("migrate")
        assert os.umask(0o022) == 0o077
        gunicorn_conf.on_starting(None)
        assert os.umask(0o022) == 0o077 == gunicorn_conf.umask
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.folder / "donghanh.sqlite").stat().st_mode) == 0o600


def test_a_folder_that_many_share_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    config.load({"DATA_DIR": str(tmp_path)})
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
