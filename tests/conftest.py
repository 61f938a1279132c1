"""The app on a database of its own, the cast, and forms and submissions in the words of the trade."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forms import xlsform
from forms.xlsform import Conversion
from server.actions import access, drafts, files, forms, upkeep
from server.actions.drafts import Definition
from server.app import create_app
from server.config import Settings
from server.db import db
from server.parts import NAME, Parts
from server.permissions import CONSOLE
from server.storage import open_storage
from server.uploads import of_bytes
from tests import phone
from tests.cast import Cast, Device, assemble
from tests.parts import pytest_terminal_summary, require_part  # noqa: F401
from tests.phone import File, Published

SECRET = "a secret key for tests alone"


def settings_in(folder: Path) -> Settings:
    """Settings whose database and files lie in a folder."""
    return Settings(folder, f"sqlite:///{folder}/donghanh.sqlite", f"file://{folder}/files", SECRET, testing=True)


def close(app: Flask) -> None:
    """Let go of the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated and is empty: copied, never written to."""
    settings = settings_in(tmp_path_factory.mktemp("migrated"))
    app = create_app(settings)
    with app.app_context():
        upkeep.migrate()
    close(app)
    return settings.data_dir / "donghanh.sqlite"


@pytest.fixture(scope="session")
def assembled(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A database with the cast in it: copied, never written to."""
    settings = settings_in(tmp_path_factory.mktemp("assembled"))
    shutil.copy(migrated, settings.data_dir)
    app = create_app(settings)
    with app.app_context():
        cast = assemble()
    close(app)
    return settings.data_dir / "donghanh.sqlite", cast


@pytest.fixture(scope="session")
def the_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One app for all tests, since making it takes as long as several of them; what it keeps is renewed for each."""
    made = create_app(settings_in(tmp_path_factory.mktemp("data")))
    yield made
    close(made)


@pytest.fixture
def settings(the_app: Flask) -> Settings:
    """The settings of the app. Everything it keeps is in `data_dir`."""
    parts: Parts = the_app.extensions[NAME]
    return parts.settings


def renew(app: Flask, settings: Settings, database: Path) -> Flask:
    """Give the app a copy of a database and no files."""
    close(app)
    shutil.rmtree(settings.data_dir)
    settings.data_dir.mkdir()
    shutil.copy(database, settings.data_dir)
    app.extensions[NAME] = replace(app.extensions[NAME], storage=open_storage(settings.storage_url))
    return app


@pytest.fixture
def app(the_app: Flask, settings: Settings, assembled: tuple[Path, Cast]) -> Flask:
    """The app, with the cast and their projects in its database."""
    return renew(the_app, settings, assembled[0])


@pytest.fixture
def empty_app(the_app: Flask, settings: Settings, migrated: Path) -> Flask:
    """The app on a migrated database in which nobody is."""
    return renew(the_app, settings, migrated)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that keeps no cookies: who asks is in the headers of each request."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def cast(assembled: tuple[Path, Cast]) -> Cast:
    """Everybody."""
    return assembled[1]


@pytest.fixture
def device(cast: Cast) -> Device:
    """The phone of project 1."""
    return cast.device


@functools.cache
def converted(markdown: str, form_id: str) -> Conversion:
    """A Markdown XLSForm, really converted, once in a run; without the Java validator, which takes a second."""
    return xlsform.convert(dedent(markdown).encode(), f"{form_id}.md", validate=False)


Publish = Callable[..., Published]


@pytest.fixture
def publish(app: Flask, cast: Cast) -> Publish:
    """`publish("| survey | … |")`: a form, new or in a further version. `draft`: not published; `offer`: to the device.

    `media` are files by name. The form ID is that of the settings sheet, else `form_id`.
    """

    def make(
        markdown: str,
        *,
        form_id: str = "visit",
        project_id: int = 1,
        draft: bool = False,
        media: dict[str, bytes] | None = None,
        offer: bool = True,
    ) -> Published:
        made = converted(markdown, form_id)
        book = of_bytes(dedent(markdown).encode(), f"{form_id}.md")
        definition = Definition(made.xml, made.form, workbook=book, workbook_type="md", warnings=made.warnings)
        with app.app_context():
            known = {form.xml_form_id: form for form in forms.list_all(CONSOLE, project_id)}
            old = known.get(made.form.form_id)
            form = drafts.replace(CONSOLE, old, definition) if old else drafts.create(CONSOLE, project_id, definition)
            for name, data in (media or {}).items():
                files.put_form_file(CONSOLE, form, forms.draft_of(form), name, of_bytes(data, name, "text/csv"))
            if not draft:
                form = drafts.publish(CONSOLE, project_id, form.xml_form_id)
            if offer and old is None:
                phone_id = (cast.device if project_id == 1 else cast.other_device).id
                access.grant(CONSOLE, phone_id, "app-user", project_id=project_id, form_id=form.id)
            version = forms.shown_version(form) if not draft else forms.draft_of(form)
            return Published(project_id, form.id, form.xml_form_id, version.version, version.xml, made.form.root)

    return make


Send = Callable[..., TestResponse]


@pytest.fixture
def send(client: FlaskClient, device: Device) -> Send:
    """A phone sends: XML and files in one multipart body. `to` is another address than the device's own."""

    def post(
        xml: bytes | None,
        files: Iterable[File] = (),
        *,
        incomplete: bool = False,
        to: str = "",
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        return client.post(
            to or device.url("submission"),
            data=phone.body(xml, files, incomplete=incomplete),
            content_type=phone.CONTENT_TYPE,
            headers=phone.OPENROSA | (headers or {}),
        )

    return post
