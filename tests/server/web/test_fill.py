"""Forms that are filled in a browser: who may, what the page may, and that what is sent arrives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from server.actions import forms, links, unit_roles
from server.db import writing
from server.permissions import CONSOLE
from server.secrets import new_token
from tests import phone
from tests.cast import Cast
from tests.conftest import Send
from tests.phone import Published
from tests.server.web import demo
from tests.server.web.conftest import Visit, sign_in

Publish = Callable[..., Published]
FORM = "/projects/1/forms/draft_form"
REST = "/v1/projects/1/forms/draft_form"


@pytest.fixture
def web_id(app: Flask, publish: Publish) -> str:
    """The ID of a form that is published."""
    publish(demo.BARE, media={"places.csv": b"name,label\na,Alpha\n"})
    with app.app_context():
        return forms.find(1, "draft_form").web_id or ""


@pytest.fixture
def link(app: Flask, web_id: str, cast: Cast) -> str:
    """The key of a public link of the form."""
    with app.app_context():
        made = links.create(CONSOLE, 1, "draft_form", "Áp phích")
        return links.access.key_of(made) or ""


def ids(app: Flask) -> tuple[str, str, str]:
    """Of the form, of the form once, of its draft."""
    with app.app_context():
        form = forms.find(1, "draft_form")
        return form.web_id or "", form.web_once_id or "", (form.draft.web_id if form.draft else "") or ""


def test_who_fills_it(visit: Visit, cast: Cast, web_id: str) -> None:
    for person in (cast.bob, cast.minh):
        page = visit(person).get(f"/f/{web_id}")
        assert page.status_code == 200 and 'data-send="/v1/projects/1/submission"' in page.text
    assert visit(cast.charlie).get(f"/f/{web_id}").status_code == 403
    assert visit(cast.vy).get(f"/f/{web_id}").status_code == 403
    assert visit(cast.vy).get(f"/f/{web_id}/preview").status_code == 200
    for path in (f"/f/{web_id}", f"/f/{web_id}/preview"):
        assert visit().get(path).location == f"/login?next={quote(path)}"
    assert visit(cast.bob).get("/f/nothing").status_code == 404


def test_a_link_opens_its_form_to_everybody(app: Flask, visit: Visit, web_id: str, link: str) -> None:
    page = visit().get(f"/f/{web_id}?st={link}")
    assert page.status_code == 200
    assert f'data-form="/v1/key/{link}/projects/1/forms/draft_form.xml"' in page.text
    assert 'data-once=""' in page.text
    once = ids(app)[1]
    assert f'data-once="{once}"' in visit().get(f"/f/{once}?st={link}").text
    assert (
        page.headers["Referrer-Policy"] == "no-referrer" and "geolocation=(self)" in page.headers["Permissions-Policy"]
    )
    assert "'wasm-unsafe-eval'" in page.headers["Content-Security-Policy"]
    assert visit().get(f"/f/{web_id}?st={new_token()}").status_code == 403


def test_a_link_opens_no_other_form(app: Flask, visit: Visit, publish: Publish, link: str) -> None:
    publish(demo.FORM)
    with app.app_context():
        other = forms.find(1, "point_visit").web_id
    assert visit().get(f"/f/{other}?st={link}").status_code == 403


def test_a_form_that_is_closed(visit: Visit, cast: Cast, web_id: str, link: str) -> None:
    for state, status in (("closing", 200), ("closed", 409)):
        visit(cast.bob).post(f"{FORM}/state", {"state": state})
        assert visit(cast.bob).get(f"/f/{web_id}").status_code == status
    assert visit().get(f"/f/{web_id}?st={link}").status_code == 403


def test_a_draft_is_tried_by_who_may_publish_it(app: Flask, visit: Visit, cast: Cast, web_id: str) -> None:
    visit(cast.bob).post(f"{FORM}/draft")
    draft = ids(app)[2]
    page = visit(cast.bob).get(f"/f/{draft}").text
    assert f'data-send="{REST}/draft/submission"' in page and "A draft, to try it" in page
    assert visit(cast.minh).get(f"/f/{draft}").status_code == 403


def test_who_looks_after_forms_alone_tries_her_draft(
    app: Flask, visit: Visit, cast: Cast, publish: Publish, send: Send, web_id: str
) -> None:
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "form_admin", cast.charlie.id, None)
    publish(demo.BARE.replace("| 1 |", "| 2 |"), draft=True)
    draft = ids(app)[2]
    assert f'data-send="{REST}/draft/submission"' in visit(cast.charlie).get(f"/f/{draft}").text
    xml = phone.submission("draft_form", "<name>Lan</name>", version="2")
    assert send(xml, to=f"{REST}/draft/submission", headers=cast.charlie.bearer).status_code == 201
    # What is published is filled by who collects data.
    assert visit(cast.charlie).get(f"/f/{web_id}").status_code == 403
    published = phone.submission("draft_form", "<name>Lan</name>", version="1")
    assert send(published, to="/v1/projects/1/submission", headers=cast.charlie.bearer).status_code == 401


def test_addresses_in_the_manner_of_enketo(visit: Visit, web_id: str, link: str) -> None:
    client = visit()
    assert client.get(f"/-/{web_id}?st={link}").location == f"/f/{web_id}?st={quote(link, safe='!$')}"
    assert client.get(f"/-/single/{web_id}").location == f"/f/{web_id}"
    assert client.get(f"/-/preview/{web_id}").location == f"/f/{web_id}/preview"


def test_a_form_that_encrypts_is_left_to_the_phone(app: Flask, visit: Visit, cast: Cast, web_id: str) -> None:
    key = app.test_client().post("/v1/projects/1/key", json={"passphrase": "mot mat khau dai"}, headers=cast.bob.bearer)
    assert key.status_code == 200, key.text
    page = visit(cast.bob).get(f"/f/{web_id}").text
    assert "fill it with ODK Collect" in page and "data-send" not in page


def test_the_pages_lead_there(app: Flask, visit: Visit, cast: Cast, web_id: str) -> None:
    assert f'href="/f/{web_id}"' in visit(cast.bob).get(FORM).text
    with app.app_context():
        often, once = (links.create(CONSOLE, 1, "draft_form", "L", once=each) for each in (False, True))
        numbers = often.actor_id, once.actor_id
    for number, shown in zip(numbers, ids(app), strict=False):
        assert f"/f/{shown}?st=" in visit(cast.bob).get(f"{FORM}/links/{number}").text


def test_filled_and_sent_once(app: Flask, screen: Page, cast: Cast, web_id: str, link: str, node_modules: Path) -> None:
    once = ids(app)[1]
    screen.goto(f"/f/{once}?st={link}")
    expect(screen.get_by_text("Alpha")).to_be_visible(timeout=20_000)
    screen.locator("#form input[type=text]").first.fill("Lan")
    screen.get_by_role("button", name="Send").click()
    expect(screen.get_by_text("Thank you: it was sent.")).to_be_visible()
    screen.reload()
    expect(screen.get_by_text("You have filled this form already.")).to_be_visible()
    told = app.test_client().get(f"{REST}/submissions", headers=cast.bob.bearer).get_json()
    assert len(told) == 1 and told[0]["reviewState"] is None


WITH_PICTURE = """
| survey | | | | |
| | type | name | label | media::image |
| | text | name | Tên | a~b.png |
| settings | | |
| | form_title | form_id | version |
| | Phiếu nháp | draft_form | 1 |
"""


@pytest.mark.parametrize("place", ["fill", "preview", "draft"])
def test_a_picture_of_the_form_is_shown_whatever_its_name(
    app: Flask, screen: Page, cast: Cast, publish: Publish, node_modules: Path, place: str
) -> None:
    publish(WITH_PICTURE, media={"a~b.png": demo.png()}, draft=place == "draft")
    with app.app_context():
        web_id = forms.find(1, "draft_form").web_id
    sign_in(screen, cast)
    screen.goto({"fill": f"/f/{web_id}", "preview": f"/f/{web_id}/preview", "draft": f"{FORM}/draft/preview"}[place])
    expect(screen.locator("#form img[src^=blob]")).to_have_js_property("naturalWidth", 240, timeout=20_000)


def test_sent_by_who_is_signed_in(app: Flask, screen: Page, cast: Cast, web_id: str, node_modules: Path) -> None:
    sign_in(screen, cast)
    screen.goto(f"/f/{web_id}")
    expect(screen.get_by_text("Alpha")).to_be_visible(timeout=20_000)
    screen.locator("#form input[type=text]").first.fill("Lan")
    screen.get_by_role("button", name="Send").click()
    expect(screen.get_by_text("Thank you: it was sent.")).to_be_visible()
    (told,) = app.test_client().get(f"{REST}/submissions", headers=cast.bob.bearer).get_json()
    assert told["submitterId"] == cast.bob.id
