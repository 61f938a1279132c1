"""Pages: visitors who are signed in, a form with submissions, a live server and a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server
from werkzeug.test import TestResponse
from werkzeug.wsgi import LimitedStream

from server import identity
from tests.cast import PASSWORD, Cast, Person
from tests.parts import require_browser_packages, require_part
from tests.phone import Published
from tests.server.web import demo

FORMS = "/projects/1/forms/point_visit"


class Visitor:
    """A browser without a screen: keeps cookies, sends the token that forms carry."""

    def __init__(self, app: Flask, person: Person | None = None, language: str = "en") -> None:
        self.client: FlaskClient = app.test_client()
        self.csrf = person.csrf if person else ""
        self.client.set_cookie("language", language)
        if person:
            self.client.set_cookie(identity.COOKIE, person.token)

    def get(self, path: str, **options: object) -> TestResponse:
        """A page."""
        return self.client.get(path, buffered=True, **options)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, object] | None = None, **options: object) -> TestResponse:
        """A form, sent with its token."""
        sent = {"csrf": self.csrf, **(data or {})}
        return self.client.post(path, data=sent, buffered=True, **options)  # type: ignore[arg-type]


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(app: Flask) -> Visit:
    """`visit(cast.bob)`: that person's browser, in English unless told."""
    return lambda person=None, language="en": Visitor(app, person, language)


@dataclass(frozen=True)
class World:
    """The form of `demo` with three submissions."""

    form: Published
    good: str
    bad: str
    edited: str


def instance_id(xml: bytes) -> str:
    """The instance ID in the XML of a submission."""
    found = re.search(rb"<instanceID>(.*?)</instanceID>", xml)
    assert found
    return found[1].decode()


@pytest.fixture
def world(publish: Callable[..., Published], send: Callable[..., TestResponse]) -> World:
    """A form, a submission without fault, one with findings and a missing photo, one that was edited."""
    form = publish(demo.FORM)
    good = demo.filled(demo.answers())
    bad = demo.filled(
        demo.answers("VP-TD-02", mode="by_drone", minutes="nhiều", photo="mat.jpg", more="<lost>?</lost>"),
        name="Điểm VP-TD-02",
    )
    first = demo.filled(demo.answers("VP-TD-03"), name="Điểm VP-TD-03")
    second = demo.filled(demo.answers("VP-TD-03", minutes="60"), name="Điểm VP-TD-03", deprecated_id=instance_id(first))
    assert [send(xml, demo.FILES).status_code for xml in (first, good, second)] == [201] * 3
    assert send(bad, demo.FILES[1:]).status_code == 201
    return World(form, instance_id(good), instance_id(bad), instance_id(first))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    program = require_part("chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


def _bounded(app: Flask) -> Callable[..., Iterable[bytes]]:
    """The app behind a server whose bodies end where they say they do, as gunicorn's."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return app.wsgi_app(environ | {"wsgi.input": LimitedStream(environ["wsgi.input"], length)}, start_response)

    return serve


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of the app, served in a thread."""
    server = make_server("127.0.0.1", 0, _bounded(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def node_modules() -> Path:
    """The browser packages."""
    return require_browser_packages()


@pytest.fixture
def screen(browser: Browser, live: str) -> Iterator[Page]:
    """A page of 1280 × 800 in English. What the browser complains of, a broken policy above all, fails the test."""
    context = browser.new_context(base_url=live, viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def sign_in(screen: Page, cast: Cast, name: str = "bob") -> None:
    """By the form, as people do."""
    screen.goto("/login")
    screen.fill("[name=email]", getattr(cast, name).email)
    screen.fill("[name=password]", PASSWORD)
    screen.click("main button")
    screen.wait_for_url("**/projects/*")
