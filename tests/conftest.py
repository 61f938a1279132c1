"""The app on a database of its own, the cast, and forms and submissions in the words of the trade."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
from server.permissions import CONSOLE
from server.uploads import of_bytes
from tests import phone
from tests.cast import Cast, Device, assemble
from tests.clusters import cluster  # noqa: F401
from tests.homes import KINDS, LAPTOP, PROVINCE, SECRET, Home, Laptop, Province, close, hasten, settings_in  # noqa: F401
from tests.parts import ROOT, pytest_terminal_summary, require_part  # noqa: F401
from tests.phone import File, Published
from tests.relay import letters  # noqa: F401
from tests.stores import store  # noqa: F401

# Pages ask the same actions as the other doors, which are tried on both.
ON_LAPTOP = ("tests/server/web/", "tests/scripts/", "tests/server/api/test_description.py")
# A world of all roles, servers for cases, the real server of each kind.
FIRST = ("tests/server/test_matrix.py", "tests/scripts/test_testserver.py", "tests/server/live/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts the most first: one process gets it whole, and no other makes the same again at the end."""
    items.sort(key=lambda item: next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What keeps something is tried in both kinds of home."""
    if "home_kind" in metafunc.fixturenames:
        here = metafunc.definition.path.relative_to(ROOT).as_posix()
        kinds = [LAPTOP] if here.startswith(ON_LAPTOP) else KINDS
        metafunc.parametrize("home_kind", [PROVINCE] if "province" in metafunc.fixturenames else kinds)


@dataclass(frozen=True)
class House:
    """A home, the one app that lives there in all tests since making it takes as long as several of them, its cast."""

    home: Home
    app: Flask
    cast: Cast


Houses = Callable[[str], House]


@pytest.fixture(scope="session")
def houses(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The house of each kind, built when it is first asked for. Two states are saved there: `empty` and `peopled`."""

    @functools.cache
    def build(kind: str) -> House:
        folder = tmp_path_factory.mktemp(kind)
        servers = [] if kind == LAPTOP else [request.getfixturevalue(name) for name in ("cluster", "store")]
        home = Province(folder, *servers) if servers else Laptop(folder)
        app = create_app(home.settings)
        if kind == LAPTOP:
            hasten(app)
        built.append((home, app))
        with app.app_context():
            upkeep.migrate()
            home.save(app, "empty")
            cast = assemble()
        home.save(app, "peopled")
        return House(home, app, cast)

    built: list[tuple[Home, Flask]] = []
    yield build
    for home, app in built:
        home.leave(app)


@pytest.fixture(scope="session")
def migrated(houses: Houses) -> Path:
    """A database file that was migrated and is empty: copied, never written to."""
    return houses(LAPTOP).home.saved / "empty" / "donghanh.sqlite"


@pytest.fixture(scope="session")
def assembled(houses: Houses) -> tuple[Path, Cast]:
    """A database file with the cast in it: copied, never written to."""
    house = houses(LAPTOP)
    return house.home.saved / "peopled" / "donghanh.sqlite", house.cast


@pytest.fixture
def house(home_kind: str, houses: Houses) -> House:
    """That of the kind that is tried."""
    return houses(home_kind)


@pytest.fixture
def province(house: House, app: Flask) -> Province:
    """The home with servers: what asks for it is tried there alone."""
    assert isinstance(house.home, Province)
    return house.home


@pytest.fixture
def the_app(house: House) -> Flask:
    """The app, whatever its database holds."""
    return house.app


@pytest.fixture
def settings(house: House) -> Settings:
    """The settings of the app. All files it keeps are in `data_dir`, unless they are in a store."""
    return house.home.settings


@pytest.fixture
def app(house: House) -> Flask:
    """The app, with the cast and their projects in its database."""
    house.home.renew(house.app, "peopled")
    return house.app


@pytest.fixture
def empty_app(house: House) -> Flask:
    """The app on a migrated database in which nobody is."""
    house.home.renew(house.app, "empty")
    return house.app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that keeps no cookies: who asks is in the headers of each request."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def cast(house: House) -> Cast:
    """Everybody."""
    return house.cast


@pytest.fixture
def device(cast: Cast) -> Device:
    """The phone of project 1."""
    return cast.device


@functools.cache
def converted(markdown: str, form_id: str) -> Conversion:
    """A Markdown XLSForm, really converted, once in a run; without the Java validator, which takes a second."""
    return xlsform.convert(dedent(markdown).encode(), f"{form_id}.md", validate=False)


# The form that most tests of the intake fill.
VISIT = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | image | photo | Ảnh?  |
| settings |       |       |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
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
