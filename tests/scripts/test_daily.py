"""When daily work is due, who does it, and how long backups are kept."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scripts import daily, serving
from scripts.backup import shelf
from server import config
from server.actions import leases
from tests.conftest import settings_in
from tests.scripts.conftest import Place

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=HERE)


@pytest.mark.parametrize(
    ("done", "tried", "moment", "due"),
    [
        # BACKUP_AT is 12:30; in hours before noon.
        (None, None, NOON, True),
        (1, None, NOON, False),
        (24, None, NOON, True),  # yesterday at noon: half an hour too early
        (23, None, NOON, False),
        (23, None, NOON + timedelta(minutes=29), False),
        (23, None, NOON + timedelta(minutes=30), True),
        (24 * 9, None, NOON - timedelta(hours=5), True),  # after a week without power, at once
        (None, 0.5, NOON, False),  # it failed just now
        (None, 1.5, NOON, True),
    ],
)
def test_when_a_backup_is_due(
    done: float | None, tried: float | None, moment: datetime, due: bool, tmp_path: Path
) -> None:
    settings = replace(settings_in(tmp_path), backup_at=time(12, 30))
    times = {"backup": done, "tried backup": tried}

    def marked(name: str) -> datetime | None:
        hours = times[name]
        return None if hours is None else (NOON - timedelta(hours=hours)).astimezone(UTC)

    assert daily.due(leases.BACKUP, settings, marked, moment) is due


def test_no_backup_is_due_unless_somebody_wants_one(tmp_path: Path) -> None:
    assert not daily.due(leases.BACKUP, settings_in(tmp_path), lambda _: None, NOON)
    assert daily.due(leases.MAINTAIN, settings_in(tmp_path), lambda _: None, NOON)
    assert not daily.due(leases.MAINTAIN, settings_in(tmp_path), lambda _: NOON - timedelta(hours=23), NOON)


def test_a_look_does_what_is_due_once(used: Place, keys: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    plan = {**used.settings, "BACKUP_AT": "12:30", "BACKUP_PUBLIC_KEY": keys[0]}
    for name, value in plan.items():
        monkeypatch.setenv(name, value)
    ran: list[str] = []
    run = daily.run
    monkeypatch.setattr(daily, "run", lambda work: (ran.append(work), run(work)))
    daily.look(config.load())
    assert ran == ["maintain", "backup"]
    (made,) = (used.folder / "backups").glob("*.tar")
    daily.look(config.load())
    assert ran == ["maintain", "backup"]
    assert used("backup", "--if-due", BACKUP_AT="12:30", BACKUP_PUBLIC_KEY=keys[0]).output == ""
    assert list((used.folder / "backups").iterdir()) == [made]


def test_what_fails_is_an_error_in_the_log_and_tried_again_later(
    used: Place, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    plan = {"BACKUP_AT": "12:30", "BACKUP_PUBLIC_KEY": keys[0], "BACKUP_DIR": str(tmp_path / "file" / "x")}
    for name, value in {**used.settings, **plan}.items():
        monkeypatch.setenv(name, value)
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(daily.log, "error", lambda message, extra: told.append((message, extra["said"])))
    daily.run(leases.BACKUP)
    ((message, said),) = told
    assert message == "the daily work failed" and "Error: " in str(said)
    assert not daily.due(leases.BACKUP, config.load(), daily._marks(config.load()).get, daily.clock())


def test_how_long_backups_are_kept(tmp_path: Path) -> None:
    names = [shelf.name(NOON - timedelta(days=days)) for days in (40, 20, 15, 13, 1)]
    names += [
        shelf.name(NOON - timedelta(days=30), "0002"),
        "donghanh-other.tar",
        "donghanh-99999999-000000.tar",
        "x.txt",
    ]
    for name in names:
        (tmp_path / name).write_text("")
    removed = shelf.clear(tmp_path, timedelta(days=14), NOON.astimezone(UTC))
    assert sorted(removed) == sorted([*names[:3], names[5]])
    assert {path.name for path in tmp_path.iterdir()} == {*names[3:5], *names[6:]}


def test_the_newest_is_kept_however_old(tmp_path: Path) -> None:
    old, newest = (tmp_path / shelf.name(NOON - timedelta(days=days)) for days in (400, 300))
    before = tmp_path / shelf.name(NOON - timedelta(days=200), "0002")
    for path in (old, newest, before):
        path.write_text("")
    shelf.clear(tmp_path, timedelta(days=14), NOON)
    assert list(tmp_path.iterdir()) == [newest]


def test_the_rest_of_a_killed_backup_goes(tmp_path: Path) -> None:
    part = tmp_path / f"{shelf.name(NOON)}.part"
    part.write_text("")
    assert shelf.clear(tmp_path, timedelta(days=14), datetime.now(UTC)) == []
    assert shelf.clear(tmp_path, timedelta(days=14), datetime.now(UTC) + timedelta(days=2)) == [part.name]


def test_a_server_holds_the_lock_that_a_move_looks_at(tmp_path: Path) -> None:
    code = "import sys, pathlib, scripts.serving as s; s.begin(pathlib.Path(sys.argv[1])); print(1, flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()", str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None and server.stdout.readline() == b"1\n"
        with pytest.raises(serving.BackupError, match="A server is running"), serving.nobody(tmp_path, None):  # type: ignore[arg-type]
            pass
        server.communicate(b"\n")
