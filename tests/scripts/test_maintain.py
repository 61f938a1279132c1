"""`manage maintain`: what nobody needs goes away, in days, and nothing else; by one process at a time."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from server.actions import leases, maintain
from server.db import now
from tests.conftest import Send
from tests.phone import Published
from tests.scripts.conftest import PHOTO, Place

PHOTO_NAME = hashlib.sha256(PHOTO).hexdigest()
DAY = 24 * 3600


def stray(used: Place, content: bytes, *, days: float) -> Path:
    """A stored file that no row knows, since so many days."""
    path = used.file(hashlib.sha256(content).hexdigest())
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    age(path, days)
    return path


def age(path: Path, days: float) -> None:
    """As if it had been stored so many days ago."""
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))


def aside(used: Place) -> list[Path]:
    """What was set aside."""
    return [path for path in (used.folder / "files" / "aside").rglob("*") if path.is_file()]


def test_nothing_that_is_needed_goes(used: Place) -> None:
    before = used.tables(), used.files()
    for name in before[1]:
        age(used.file(name), 100)
    used.run("UPDATE blobs SET created_at = '2020-01-01 00:00:00.000000'")
    wanted = used.tables()
    told = used("maintain").stdout
    assert "0 set aside, 0 removed for good" in told
    assert (used.tables(), used.files()) == (wanted, before[1])
    assert used("maintain").stdout == told


def test_a_stray_file_is_set_aside_and_days_later_removed(used: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    old, young = stray(used, b"old", days=2), stray(used, b"young", days=0.5)
    assert "1 set aside, 0 removed for good" in used("maintain").stdout
    assert not old.exists() and young.exists() and len(aside(used)) == 1
    young.unlink()
    monkeypatch.setattr(maintain, "datetime", Later)
    assert "0 set aside, 1 removed for good" in used("maintain").stdout
    assert aside(used) == []


class Later(datetime):
    """Eight days from now."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + timedelta(days=8)


def test_what_was_set_aside_and_is_needed_comes_back(used: Place) -> None:
    path = used.file(PHOTO_NAME)
    used.run("PRAGMA foreign_keys=OFF", f"DELETE FROM blobs WHERE sha256 = '{PHOTO_NAME}'")
    age(path, 2)
    assert "1 set aside" in used("maintain").stdout and not path.exists()
    used.run(f"INSERT INTO blobs VALUES ('{PHOTO_NAME}', 'x', {len(PHOTO)}, '2026-11-23 00:00:00.000000')")
    assert "1 brought back" in used("maintain").stdout
    assert path.read_bytes() == PHOTO and aside(used) == []


def test_a_file_that_rows_name_and_that_is_nowhere_is_told(used: Place) -> None:
    used.file(PHOTO_NAME).unlink()
    assert "1 that rows name ARE MISSING" in used("maintain").stdout


def test_a_file_that_nothing_points_to_any_more(used: Place, send: Send, visit: Published) -> None:
    used.run("UPDATE submission_files SET blob_sha256 = NULL")
    assert "0 forgotten" in used("maintain").stdout  # it may be just arriving
    used.run("UPDATE blobs SET created_at = '2020-01-01 00:00:00.000000'")
    age(used.file(PHOTO_NAME), 2)
    told = used("maintain").stdout
    assert "1 forgotten" in told and "1 set aside" in told
    assert PHOTO_NAME not in {row["sha256"] for row in used.tables()["blobs"]}
    assert len(used.tables()["blobs"]) == 2  # the workbooks of the form stay
    photo = ("ảnh nhà.jpg", PHOTO, "image/jpeg")
    assert send(visit.submission("<picture>ảnh nhà.jpg</picture>"), [photo]).status_code == 201
    assert used("check").stdout == ""


def test_sign_ins_that_ran_out(used: Place) -> None:
    sessions = used.tables()["sessions"]
    used.run(f"UPDATE sessions SET expires_at = '2020-01-01 00:00:00.000000' WHERE id = {sessions[0]['id']}")
    assert "sign-ins that ran out: 1 removed" in used("maintain").stdout
    assert used.tables()["sessions"] == sessions[1:]


def test_by_one_process_at_a_time(used: Place, app: Flask) -> None:
    with app.app_context(), leases.held(leases.UPKEEP):
        assert f"process {os.getpid()}" in used("maintain", fails=True).stderr
        assert used("maintain", "--if-due").output == ""
    used("maintain")


def test_a_lease_of_the_dead_runs_out(used: Place, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    held = leases.held(leases.UPKEEP)
    with app.app_context():
        held.__enter__()
        moment = now()
        monkeypatch.setattr(leases, "now", lambda: moment + leases.LASTS + timedelta(seconds=1))
        used("maintain")
        held.__exit__(None, None, None)


def test_a_lease_is_renewed_while_it_is_held(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWED", timedelta(milliseconds=20))
    with app.app_context(), leases.held("work"):
        first = leases.marked("work")
        assert first is not None
        for _ in range(500):
            renewed = leases.marked("work")
            if renewed is not None and renewed > first:
                break
            time.sleep(0.01)
        assert renewed is not None and renewed > first
