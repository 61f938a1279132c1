"""The name, words and pictures that an administrator gives the server: on the page where one signs in, and on top."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import text

from server.db import db, writing
from server.i18n import LANGUAGES
from server.web import appearance
from tests.cast import PASSWORD, Cast
from tests.server.web.conftest import Visit

PAGE = "/appearance"
ENGLISH = {"Accept-Language": "en"}
# A picture of 1 × 1.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
LOGO = re.compile(r'<a class="brand"[^>]*>\s*<img (?:class="logo" )?src="([^"]*)"')
HERO = re.compile(r'<img class="hero" src="([^"]*)" alt="([^"]*)"')


def put(client: FlaskClient, cast: Cast, key: str, data: bytes = PNG, kind: str = "image/png") -> None:
    """As programs set a picture."""
    answer = client.post(f"/v1/config/{key}", data=data, headers=cast.alice.bearer | {"Content-Type": kind})
    assert answer.status_code == 200, answer.text


def words(client: FlaskClient, cast: Cast, **value: str) -> None:
    """As programs set title and description."""
    assert client.post("/v1/config/login-appearance", json=value, headers=cast.alice.bearer).status_code == 200


def src(page: str, pattern: re.Pattern[str]) -> str:
    """The address of a picture in a page."""
    found = pattern.search(page)
    assert found
    return found[1].replace("&amp;", "&")


def logged(client: FlaskClient, cast: Cast) -> list[str]:
    """What was set, newest first."""
    found = client.get("/v1/audits?action=config.set", headers=cast.alice.bearer).get_json()
    return [entry["details"]["key"] for entry in found]


def test_nothing_is_set(client: FlaskClient) -> None:
    page = client.get("/login", headers=ENGLISH).text
    assert "<h1>Đồng Hành</h1>" in page and "Đồng Hành</title>" in page
    assert "icon.svg" in src(page, LOGO) and not HERO.search(page)


def test_what_programs_set_is_seen(client: FlaskClient, cast: Cast, visit: Visit) -> None:
    words(client, cast, title="Quỹ <Thăm nhà>", description="Dòng một\nDòng hai & ba")
    put(client, cast, "logo")
    put(client, cast, "hero-image", PNG + b"\0")
    page = client.get("/login", headers=ENGLISH).text
    assert "<h1>Quỹ &lt;Thăm nhà&gt;</h1>" in page and "Quỹ &lt;Thăm nhà&gt;</title>" in page
    assert "Dòng một<br>Dòng hai &amp; ba" in page
    hero = HERO.search(page)
    assert hero and hero[2] == "Picture of Quỹ &lt;Thăm nhà&gt;"
    inside = visit(cast.bob).get("/profile").text
    assert src(inside, LOGO) == src(page, LOGO) and "<span>Quỹ &lt;Thăm nhà&gt;</span>" in inside
    assert not HERO.search(inside)
    assert "<span>Quỹ &lt;Thăm nhà&gt;</span>" in visit(cast.bob).get("/projects/99").text


def test_pictures_are_kept_by_browsers_until_they_change(client: FlaskClient, cast: Cast) -> None:
    put(client, cast, "logo")
    address = src(client.get("/login", headers=ENGLISH).text, LOGO)
    answer = client.get(address)
    assert (answer.data, answer.content_type, answer.status_code) == (PNG, "image/png", 200)
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    put(client, cast, "logo", PNG + b"\0")
    assert src(client.get("/login", headers=ENGLISH).text, LOGO) != address


def test_what_is_no_picture_is_not_shown(client: FlaskClient, cast: Cast) -> None:
    put(client, cast, "logo", b"<p>", "text/html")
    put(client, cast, "hero-image", b"<p>", "text/html")
    page = client.get("/login", headers=ENGLISH).text
    assert "icon.svg" in src(page, LOGO) and not HERO.search(page)


def test_a_page_about_what_went_wrong_does_without(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), writing():
        db.session.execute(text("DROP TABLE config"))
    answer = client.get("/assets/0/none", headers=ENGLISH)
    assert answer.status_code == 404 and "<span>Đồng Hành</span>" in answer.text


def given(**more: Any) -> dict[str, Any]:
    """What the page sends."""
    return {"title": "Thăm nhà", "description": "Cùng nhau", **more}


def file(data: bytes = PNG, name: str = "a.png", kind: str = "image/png") -> tuple[BytesIO, str, str]:
    return BytesIO(data), name, kind


def test_an_administrator_sets_it_on_a_page(client: FlaskClient, cast: Cast, visit: Visit) -> None:
    alice = visit(cast.alice)
    assert f'href="{PAGE}"' in alice.get("/profile").text
    answer = alice.post(PAGE, given(logo=file(), **{"hero-image": file(PNG + b"\0")}))
    assert answer.location == PAGE
    assert logged(client, cast) == ["hero-image", "logo", "login-appearance"]
    page = alice.get(PAGE).text
    assert 'value="Thăm nhà"' in page and "Cùng nhau</textarea>" in page and "Saved." in page
    assert client.get(src(page, LOGO)).data == PNG
    shown = client.get("/v1/config/public").get_json()
    assert shown["login-appearance"]["value"] == {"title": "Thăm nhà", "description": "Cùng nhau"}
    assert shown["logo"]["blobExists"] and shown["hero-image"]["blobExists"]


def test_what_is_as_it_was_is_not_set_again(client: FlaskClient, cast: Cast, visit: Visit) -> None:
    alice = visit(cast.alice)
    alice.post(PAGE, given())
    alice.post(PAGE, given())
    assert logged(client, cast) == ["login-appearance"]
    alice.post(PAGE, {"title": " ", "description": ""})
    assert client.get("/v1/config/public").get_json() == {}
    assert "<h1>Đồng Hành</h1>" in client.get("/login", headers=ENGLISH).text


def test_a_picture_is_taken_away(client: FlaskClient, cast: Cast, visit: Visit) -> None:
    alice = visit(cast.alice)
    assert 'name="remove"' not in alice.get(PAGE).text
    alice.post(PAGE, given(logo=file()))
    assert alice.get(PAGE).text.count('name="remove"') == 1
    alice.post(PAGE, given(remove=["logo", "hero-image", "login-appearance"]))
    assert set(client.get("/v1/config/public").get_json()) == {"login-appearance"}
    assert logged(client, cast) == ["logo", "logo", "login-appearance"]


@pytest.mark.parametrize(("name", "kind"), [("a.html", "text/html"), ("a.pdf", "application/pdf"), ("a", "")])
def test_only_pictures(client: FlaskClient, cast: Cast, visit: Visit, name: str, kind: str) -> None:
    answer = visit(cast.alice).post(PAGE, given(logo=file(b"<p>", name, kind)))
    assert answer.status_code == 400 and "Choose a picture" in answer.text
    assert 'value="Thăm nhà"' in answer.text
    assert client.get("/v1/config/public").get_json() == {}


def test_a_picture_that_is_too_large(
    client: FlaskClient, cast: Cast, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appearance, "MOST", 60)
    answer = visit(cast.alice).post(PAGE, given(logo=file()))
    assert answer.status_code == 400 and "at most 60 B" in answer.text
    assert client.get("/v1/config/public").get_json() == {}


def test_nobody_else(cast: Cast, visit: Visit) -> None:
    for person in (cast.bob, cast.vy):
        visitor = visit(person)
        assert f'href="{PAGE}"' not in visitor.get("/profile").text
        assert visitor.get(PAGE).status_code == 403
        assert visitor.post(PAGE, given()).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_a_browser(screen: Page, cast: Cast, client: FlaskClient, language: str) -> None:
    words(client, cast, title="Trung tâm hỗ trợ người cao tuổi tỉnh Thừa Thiên Huế", description="Cùng nhau " * 20)
    put(client, cast, "logo")
    put(client, cast, "hero-image")
    screen.goto("/login")
    screen.context.add_cookies([{"name": "language", "value": language, "url": screen.url}])
    for width in (390, 1280):
        screen.set_viewport_size({"width": width, "height": 844})
        screen.goto("/login")
        expect(screen.locator("img.hero")).to_be_visible()
        for picture in ("img.hero", ".brand img", ".welcome img"):
            assert screen.locator(picture).first.evaluate("picture => picture.naturalWidth") == 1
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for field, typed in (("email", cast.alice.email), ("password", PASSWORD)):
        screen.fill(f"[name={field}]", typed)
    screen.click("main button")
    expect(screen.locator(".menu-name")).to_have_text("Alice")
    for width in (390, 1280):
        screen.set_viewport_size({"width": width, "height": 844})
        screen.goto(PAGE)
        expect(screen.get_by_role("heading", level=1)).to_be_visible()
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
