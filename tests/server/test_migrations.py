"""Steps of the database meet data: what was there stays, and means what it meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from server.actions import findings, unit_levels, units, upkeep
from server.app import create_app
from server.db import Base, db, writing
from server.models import AppUser, FindingRow, Form, FormVersion, Submission, User
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


FINDING = """
INSERT INTO forms (id, project_id, xml_form_id, state, strip_metadata, created_at)
    VALUES (1, 1, 'visit', 'open', false, '2026-01-01');
INSERT INTO form_versions (id, project_id, form_id, number, version, title, md5, sha1, sha256, validated, warnings,
    datasets, created_at)
    VALUES (1, 1, 1, 1, '1', 'Thăm', '', '', '', true, '[]', '[]', '2026-01-01');
INSERT INTO submissions (id, project_id, form_id, draft, instance_id, findings, created_at)
    VALUES (1, 1, 1, false, 'uuid:1', 1, '2026-01-01');
INSERT INTO submission_versions (id, project_id, form_id, submission_id, form_version_id, draft, current, instance_id,
    xml, xml_sha256, answers, encrypted, created_at)
    VALUES (1, 1, 1, 1, 1, false, true, 'uuid:1', '', '', '{}', false, '2026-01-01');
INSERT INTO findings (id, project_id, version_id, code, path, label, value, args)
    VALUES (7, 1, 1, 'type.integer', '/data/a', 'A', 'x', '{}');
"""


SAVES = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title>Nhà</h:title>
 <model entities:entities-version="2024.1.0"><instance><data id="visit" version="1"><a/><meta><instanceID/>
 <entity dataset="houses" id="" create="1"><label/></entity></meta></data></instance>
 <bind nodeset="/data/a" entities:saveto="a"/></model></h:head><h:body/></h:html>"""


@pytest.fixture
def before_levels(house: House, tmp_path: Path) -> Iterator[Flask]:
    """An installation as it was before levels were rows."""
    home = house.home
    app = create_app(settings_in(tmp_path, home.cluster.create("before") if isinstance(home, Province) else ""))
    with app.app_context(), db.engine.connect().execution_options(writing=True) as connection:
        config = upkeep._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for statement in (THERE + FINDING).split(";\n"):
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


def test_findings_are_those_that_they_were_and_can_be_dismissed(before_levels: Flask) -> None:
    with before_levels.app_context():
        assert upkeep.migrate()
        kept = db.session.get_one(FindingRow, 7)
        assert (kept.code, kept.path, kept.value) == ("type.integer", "/data/a", "x")
        assert (kept.dismissed_at, kept.dismissed_by_id, kept.dismissal) == (None, None, None)
        form = db.session.get_one(Form, 1)
        findings.dismiss(CONSOLE, form, "uuid:1", 7, "Đúng")
        assert db.session.get_one(Submission, 1).findings == 0
        db.session.rollback()
        with writing(), pytest.raises(IntegrityError):
            db.session.execute(update(FindingRow).values(dismissed_by_id=999))
            db.session.commit()


def test_old_versions_tell_what_they_save_to(before_levels: Flask) -> None:
    sealed = SAVES.replace("<bind ", '<submission base64RsaPublicKey="abc"/><bind ')
    texts = (SAVES, SAVES.replace("<entity ", "<thing ").replace("</entity>", "</thing>"), "entities, no form", sealed)
    query = """INSERT INTO form_versions (id, project_id, form_id, number, version, title, md5, sha1, sha256, validated,
        warnings, datasets, created_at, xml)
        VALUES (:id, 1, 1, :id, '', '', '', '', '', true, '[]', '[]', '2026-01-01', :xml)"""
    with before_levels.app_context():
        with db.engine.connect().execution_options(writing=True) as connection:
            connection.execute(text(query), [{"id": n, "xml": xml.encode()} for n, xml in enumerate(texts, 2)])
            connection.commit()
        assert upkeep.migrate()
        versions = db.session.scalars(select(FormVersion).order_by(FormVersion.number))
        assert [version.datasets for version in versions] == [[], ["houses"], [], [], []]


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
