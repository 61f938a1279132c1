"""A migration makes a backup first; one that cannot be made stops it."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from scripts.backup import loader
from server.actions import upkeep
from tests.scripts.conftest import Place, Places

STEP = """
import sqlalchemy as sa
from alembic import op
revision = "next"
down_revision = "{before}"
branch_labels = depends_on = None
def upgrade():
    op.add_column("projects", sa.Column("colour", sa.String(), nullable=True))
"""


@pytest.fixture
def newer(used: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A version of the program that has one more step."""
    folder = shutil.copytree(upkeep.FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "next.py").write_text(STEP.format(before=loader.head()))
    monkeypatch.setattr(upkeep, "FOLDER", folder)
    upkeep._expected.cache_clear()
    yield
    monkeypatch.undo()
    upkeep._expected.cache_clear()


def test_the_database_is_kept_first(newer: None, used: Place, place: Places, keys: tuple[str, Path]) -> None:
    before = used.tables()
    told = used("migrate", BACKUP_PUBLIC_KEY=keys[0]).stdout
    (path,) = (used.folder / "backups").glob("donghanh-*-before-next.tar")
    assert f"the database was kept: {path}" in told and "was brought up to date" in told
    assert used.tables() == before and used("migrate").stdout == "The database is up to date.\n"
    home = place("laptop").with_settings(STORAGE_URL=used.settings["STORAGE_URL"])
    done = home("restore", str(path), "--identity", str(keys[1]))  # of an older shape: brought up to date
    assert "The database was brought up to date." in done.stdout and "database alone" in done.stderr
    assert home.tables() == before


def test_without_a_key_of_the_operator(newer: None, used: Place, place: Places) -> None:
    told = used("setup").stdout
    key = used.folder / "backup.key"
    assert f"made {key}" in told and stat.S_IMODE(key.stat().st_mode) == 0o600
    (path,) = (used.folder / "backups").glob("*.tar")
    home = place("laptop").with_settings(STORAGE_URL=used.settings["STORAGE_URL"])
    home("restore", str(path), "--identity", str(key))
    assert home.tables()["submissions"] == used.tables()["submissions"]


def test_a_backup_that_fails_stops_the_migration(newer: None, used: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = used("migrate", BACKUP_DIR=str(tmp_path / "file" / "x"), fails=True).stderr
    assert "so nothing was changed" in told
    with pytest.raises(OperationalError, match="colour"):
        used.run("SELECT colour FROM projects")


def test_where_nothing_is_there_is_nothing_to_keep(place: Places) -> None:
    home = place("laptop")
    assert home("migrate").stdout == "The database was brought up to date.\n"
    assert not (home.folder / "backups").exists() and not (home.folder / "backup.key").exists()
