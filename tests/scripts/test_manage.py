"""The command line: the same verbs as the pages and the API, said in sentences."""

from __future__ import annotations

import base64
import json
import re
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from forms import converter, xlsform
from schemas import problems
from scripts import console, manage, starter
from server.app import create_app
from tests.conftest import SECRET, close, converted

FORM = """
| survey   |                             |        |         |
|          | type                        | name   | label   |
|          | text                        | who    | Ai?     |
|          | select_one_from_file xã.csv | xa     | Xã?     |
| settings |                             |        |         |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def unvalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the Java validator, which takes seconds and has tests of its own."""
    monkeypatch.setattr(xlsform.validator, "validate", lambda _xml: xlsform.validator.Verdict(False))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that commands find in the environment."""
    for name in ("DATABASE_URL", "STORAGE_URL", "PUBLIC_URL", "HOST", "PORT", "ADMIN_EMAIL", "ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SECRET_KEY", SECRET)
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`run("user", "create", …)`: a command, which must succeed unless `fails`."""
    apps: list[Flask] = []

    def make() -> Flask:
        """One for all commands of a test: making it takes longer than most of them."""
        if not apps:
            apps.append(create_app())
        return apps[0]

    monkeypatch.setattr(console, "create_app", make)

    def command(*arguments: str, fails: bool = False) -> Result:
        done = CliRunner().invoke(manage.manage, arguments)
        assert done.exit_code == (1 if fails else 0), done.output
        assert "Traceback" not in done.output
        return done

    yield command
    for app in apps:
        close(app)


@pytest.fixture
def there(folder: Path, migrated: Path, run: Run) -> Path:
    """A database that is migrated, with a project in it."""
    folder.mkdir()
    shutil.copy(migrated, folder)
    run("project", "create", "Hỗ trợ")
    return folder


def rows(folder: Path, query: str) -> list[Any]:
    """What the database holds."""
    database = sqlite3.connect(folder / "donghanh.sqlite")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def everything(folder: Path) -> dict[str, list[Any]]:
    """All rows of all tables."""
    tables = rows(folder, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name: rows(folder, f"SELECT * FROM {name}") for (name,) in tables}


def test_the_first_start_and_the_second(run: Run, folder: Path) -> None:
    first = run("setup").output
    assert "Administrator: admin@donghanh.example" in first
    assert re.search(r"^One-time password: (\w{4}-){3}\w{4}$", first, re.MULTILINE)
    assert "Address: http://127.0.0.1:8000" in first and f"Data: {folder}" in first
    assert starter.VOLUNTEER in first and "█" in first
    assert rows(folder, "SELECT name FROM projects") == [(starter.PROJECT,)]
    assert rows(folder, "SELECT f.xml_form_id FROM forms f WHERE f.current_version_id IS NOT NULL") == [("home_visit",)]
    assert rows(folder, "SELECT must_change_password FROM users") == [(1,)]
    assert rows(folder, "SELECT role FROM assignments ORDER BY id") == [("admin",), ("app-user",)]
    assert rows(folder, "SELECT key, value FROM config") == [("analytics", '{"enabled": false}')]
    before = everything(folder)
    second = run("setup").output
    assert everything(folder) == before
    assert "password" not in second.lower() and "█" not in second
    assert "Address: http://127.0.0.1:8000" in second


def test_a_first_start_that_failed_is_made_up_for(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(starter.access, "create_app_user", _raise)
        failed = run("setup", fails=True).output
    assert re.search(r"^One-time password: ", failed, re.MULTILINE)
    assert rows(folder, "SELECT id FROM projects") == []
    again = run("setup").output
    assert "password" not in again.lower() and starter.VOLUNTEER in again
    assert rows(folder, "SELECT xml_form_id FROM forms") == [("home_visit",)]


def test_several_first_starts_at_once(
    folder: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.mkdir()
    shutil.copy(migrated, folder)
    app, together, done = create_app(), threading.Barrier(3), []
    with app.app_context():
        made = starter.definitions.from_workbook(starter.library.source("home_visit"), "home_visit.md", "home_visit")

    def slowly(*_: object) -> Any:
        with suppress(threading.BrokenBarrierError):
            together.wait(1)
        return made

    def start() -> None:
        with app.app_context():
            starter.prepare(lan=False)
            done.append(True)

    monkeypatch.setattr(starter.definitions, "from_workbook", slowly)
    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close(app)
    assert done == [True] * 3
    assert capsys.readouterr().out.count("One-time password: ") == 1
    assert rows(folder, "SELECT name FROM projects") == [(starter.PROJECT,)]
    assert rows(folder, "SELECT count(*) FROM app_users") == [(1,)]


def _raise(*_: object, **__: object) -> None:
    raise problems.BUSY()


def test_a_first_start_without_a_person(
    run: Run, folder: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_EMAIL", "an@example.org")
    monkeypatch.setenv("ADMIN_PASSWORD", "a password of one's own")
    monkeypatch.setattr(starter, "_starter_project", lambda: None)
    output = run("setup").output
    assert "Administrator: an@example.org" in output and "a password of one's own" not in output
    assert rows(folder, "SELECT email, must_change_password FROM users") == [("an@example.org", 0)]


def test_on_the_network_it_says_trial_only(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "_starter_project", lambda: None)
    assert "TRIAL ONLY" in run("setup", "--lan").output
    monkeypatch.setenv("HOST", "192.0.2.7")
    assert "Address: http://192.0.2.7:8000" in run("setup", "--lan").output


def test_migrate(run: Run, folder: Path) -> None:
    assert run("migrate").output == "The database was brought up to date.\n"
    assert run("migrate").output == "The database is up to date.\n"


def test_a_setting_that_cannot_work_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "nowhere")
    assert run("migrate", fails=True).output.startswith("Error: PUBLIC_URL: ")


def test_users(run: Run, there: Path) -> None:
    made = run("user", "create", "an@example.org", "--name", "Ân", "--admin").output
    assert "Created an@example.org." in made and "One-time password: " in made
    assert rows(there, "SELECT display_name FROM actors WHERE type = 'user'") == [("Ân",)]
    assert rows(there, "SELECT role, project_id FROM assignments") == [("admin", None)]
    run("user", "create", "ba@example.org", "--password", "a password of one's own")
    assert "is an administrator" in run("user", "promote", "ba@example.org").output
    (before,) = rows(there, "SELECT password_hash FROM users WHERE email = 'ba@example.org'")
    assert "One-time password: " in run("user", "reset-password", "BA@example.org").output
    assert rows(there, "SELECT password_hash FROM users WHERE email = 'ba@example.org'") != [before]
    assert rows(there, "SELECT must_change_password FROM users WHERE email = 'ba@example.org'") == [(1,)]
    assert "exists already" in run("user", "create", "ba@example.org", fails=True).output
    assert "too short" in run("user", "create", "cu@example.org", "--password", "x", fails=True).output
    run("user", "promote", "nobody@example.org", fails=True)
    assert "is an administrator" in run("user", "promote", "ba@example.org").output


def test_ways_back_in(run: Run, there: Path) -> None:
    run("user", "create", "an@example.org", "--password", "a password of one's own")
    link = run("user", "reset-link", "An@example.org").output
    assert re.fullmatch(r"http://127.0.0.1:8000/account/claim\?token=[A-Za-z0-9$!]{64}\n", link)
    assert rows(there, "SELECT used_at FROM password_resets") == [(None,)]
    assert "may sign in again" in run("user", "unlock", "an@example.org").output
    assert rows(there, "SELECT action FROM audits ORDER BY id DESC LIMIT 1") == [("user.session.unlock",)]
    assert "not on" in run("user", "reset-second-factor", "an@example.org", fails=True).output
    for command in ("reset-link", "unlock", "reset-second-factor"):
        run("user", command, "nobody@example.org", fails=True)


def test_a_supervisor_of_one_project(run: Run, there: Path) -> None:
    run("user", "create", "dao@example.org", "--project", "1")
    run("user", "create", "em@example.org", "--project", "1", "--role", "viewer")
    assert rows(there, "SELECT role, project_id FROM assignments ORDER BY id") == [("manager", 1), ("viewer", 1)]
    run("user", "create", "gia@example.org", "--project", "99", fails=True)
    assert rows(there, "SELECT 1 FROM users WHERE email = 'gia@example.org'") == []


def test_projects(run: Run, there: Path) -> None:
    assert run("project", "create", "Dự án", "--language", "en").output == "Created project 2: Dự án\n"
    assert run("project", "list").output == "2\tDự án\n1\tHỗ trợ\n"


def test_an_app_user_gets_every_form_and_a_code(
    run: Run, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "visit.xml").write_bytes(converted(FORM, "visit").xml)
    run("form", "publish", str(tmp_path / "visit.xml"))
    shown: list[str] = []
    make = starter.segno.make
    monkeypatch.setattr(starter.segno, "make", lambda text, **options: shown.append(text) or make(text, **options))
    png = tmp_path / "code.png"
    output = run("app-user", "create", "Lan", "--url", "https://dh.example.vn/", "--png", str(png)).output
    assert "█" in output and png.read_bytes().startswith(b"\x89PNG")
    assert rows(there, "SELECT a.role, f.xml_form_id FROM assignments a JOIN forms f ON f.id = a.form_id") == [
        ("app-user", "visit")
    ]
    settings = json.loads(zlib.decompress(base64.b64decode(shown[0])))
    url = settings["general"]["server_url"]
    assert re.fullmatch(r"https://dh\.example\.vn/v1/key/[A-Za-z0-9$!]{64}/projects/1", url)
    assert settings["project"]["name"] == "Hỗ trợ"
    run("app-user", "create", "Lan", "--project", "9", fails=True)


def test_publishing_a_form_with_its_files_and_then_a_further_version(run: Run, there: Path, tmp_path: Path) -> None:
    path = tmp_path / "visit.md"
    path.write_text(FORM)
    done = run("form", "publish", str(path))
    assert "Published visit, version “1”." in done.output and "Still missing: xã.csv" in done.output
    (tmp_path / "visit-media").mkdir()
    (tmp_path / "visit-media" / "xã.csv").write_text("name,label\n1,A\n")
    done = run("form", "publish", str(path), "--version", "2")
    assert "Published visit, version “2”." in done.output and "missing" not in done.output
    assert rows(there, "SELECT version FROM form_versions ORDER BY id") == [("1",), ("2",)]
    again = run("form", "publish", str(path), "--version", "2", fails=True)
    assert "has already been published with version “2”" in again.output


def test_a_form_that_is_none(run: Run, there: Path, tmp_path: Path) -> None:
    path = tmp_path / "visit.md"
    path.write_text(FORM.replace("| text  ", "| txet  "))
    assert "txet" in run("form", "publish", str(path), fails=True).output
    (tmp_path / "visit.xml").write_text("<x")
    run("form", "publish", str(tmp_path / "visit.xml"), fails=True)
    assert rows(there, "SELECT id FROM forms") == []


@pytest.fixture(autouse=True, scope="module")
def no_converters_left() -> Iterator[None]:
    """Converter processes end with the module that started them."""
    yield
    converter.close()
