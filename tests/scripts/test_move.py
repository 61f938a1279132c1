"""Moving an installation to a place of the other kind, and back."""

from __future__ import annotations

import fcntl

import pytest
from flask.testing import FlaskClient

from scripts.backup.loader import Loader
from tests.conftest import Send
from tests.phone import Published
from tests.scripts.conftest import Place, Places


def move(here: Place, there: Place, *options: str, fails: bool = False) -> str:
    """The command, and what it says."""
    to = ["--database-url", there.settings["DATABASE_URL"], "--storage-url", there.settings["STORAGE_URL"]]
    done = here("move", *to, *options, fails=fails)
    return done.stdout + done.stderr


def test_to_the_other_kind_and_back(used: Place, place: Places) -> None:
    key = {"SECRET_KEY": used.settings["SECRET_KEY"]}
    province, laptop = (place(kind).with_settings(**key) for kind in ("province", "laptop"))
    before = used.tables(), used.files()
    told = move(used, province)
    assert "Moved and compared" in told and f"STORAGE_URL={province.settings['STORAGE_URL']}" in told
    assert (province.tables(), province.files()) == before == (used.tables(), used.files())
    assert "nothing wrong" in province("check", "-v").stderr
    move(province, laptop)
    assert (laptop.tables(), laptop.files()) == before
    assert "nothing wrong" in laptop("check", "-v").stderr


def test_phones_are_told_to_wait_until_the_old_place_is_opened_again(
    used: Place, place: Places, client: FlaskClient, send: Send, visit: Published
) -> None:
    move(used, place("laptop"))
    client.application.extensions.pop("upkeep", None)
    assert send(visit.submission("<who>z</who>")).status_code == 503
    used("move", "--open-again")
    client.application.extensions.pop("upkeep", None)
    assert send(visit.submission("<who>z</who>")).status_code == 201


def test_not_beside_a_running_server_unless_it_is_tried_out(used: Place, place: Places) -> None:
    there = place("laptop")
    with (used.folder / "serving.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert "A server is running" in move(used, there, fails=True)
        assert there.tables() == {}
        assert "rehearsal" in move(used, there, "--while-running")
    assert there.tables() == used.tables()


def test_into_what_is_not_empty(used: Place, place: Places) -> None:
    there = place("laptop")
    there("migrate")
    there("project", "create", "Đã có")
    before = there.tables()
    assert "is not empty" in move(used, there, fails=True)
    assert there.tables() == before
    assert "The new place is the old one" in move(used, used, fails=True)


def test_what_comes_meanwhile_stops_it(
    used: Place, place: Places, monkeypatch: pytest.MonkeyPatch, client: FlaskClient, send: Send, visit: Published
) -> None:
    there, finish = place("laptop"), Loader.finish

    def late(self: Loader, numbers: dict[str, int]) -> None:
        finish(self, numbers)
        used.run("UPDATE projects SET name = 'Tên khác' WHERE id = 1")

    monkeypatch.setattr(Loader, "finish", late)
    assert "something changed in the old place (table projects)" in move(used, there, fails=True)
    assert there.tables() == {}
    client.application.extensions.pop("upkeep", None)
    assert send(visit.submission("<who>z</who>")).status_code == 201
