"""Steps of the database meet data: what was there stays, and means what it meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, text

from server.actions import unit_levels, units, upkeep
from server.app import create_app
from server.db import Base, db
from server.models import AppUser, User
from server.permissions import CONSOLE
from tests.conftest import House
from tests.homes import Province, close, settings_in

THERE = """
INSERT INTO actors (id, type, display_name, properties, created_at)
    VALUES (5, 'user', 'Alice', '{}', '2026-01-01'), (6, 'field_key', 'Lan', '{}', '2026-01-01');
INSERT INTO users (actor_id, email, email_key, must_change_password, failed_logins, preferences)
    VALUES (5, 'Alice@example.org', 'alice@example.org', false, 3, '{}');
INSERT INTO projects (id, name, language, time_zone, archived, created_at)
    VALUES (1, 'Dự án', 'vi', 'Asia/Ho_Chi_Minh', false, '2026-01-01');
INSERT INTO app_users (actor_id, project_id, key_hash, created_by) VALUES (6, 1, 'x', 5);
INSERT INTO units (id, code, parent_id, level, type_label, name_vi, name_en, valid_from, successors, is_hotspot)
    VALUES (1, 'P', NULL, 'province', '', 'Tỉnh', '', '2010-01-01', '[]', false),
           (2, 'H', 1, 'district', '', 'Huyện', '', '2010-01-01', '[]', false),
           (3, 'T', 1, 'team', '', 'Tổ', '', '2010-01-01', '[]', false);
"""


@pytest.fixture
def before_levels(house: House, tmp_path: Path) -> Iterator[Flask]:
    """An installation as it was before levels were rows."""
    home = house.home
    app = create_app(settings_in(tmp_path, home.cluster.create("before") if isinstance(home, Province) else ""))
    with app.app_context(), db.engine.connect().execution_options(writing=True) as connection:
        config = upkeep._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for statement in THERE.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
        connection.commit()
    yield app
    close(app)


def test_levels_become_rows_and_nothing_changes(before_levels: Flask) -> None:
    with before_levels.app_context():
        assert upkeep.migrate() and not upkeep.migrate()
        with db.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert {"failed_logins", "locked_until"}.isdisjoint(
            each["name"] for each in inspect(db.engine).get_columns("users")
        )
        assert db.session.get_one(User, 5).email == "Alice@example.org"
        phone = db.session.get_one(AppUser, 6)
        assert (phone.key_hash, phone.created_by, phone.replaces) == ("x", 5, None)
        assert [level.code for level in unit_levels.list_all(CONSOLE)] == ["province", "district", "commune", "team"]
        assert units.change(CONSOLE, 3, {"parent_code": "H"}).parent_id == 2


def test_numbers_of_rows_go_on_for_ever(empty_app: Flask, home_kind: str) -> None:
    """A step that makes a table anew must say so again, or a file gives numbers of rows that are gone once more."""
    numbered = {table.name for table in Base.metadata.sorted_tables if table.primary_key.columns.keys() == ["id"]}
    with empty_app.app_context():
        if home_kind == "laptop":
            made = text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
        else:
            made = text(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'id'"
                " AND table_schema = current_schema() AND pg_get_serial_sequence(table_name, 'id') IS NOT NULL"
            )
        assert set(db.session.scalars(made)) == numbered
