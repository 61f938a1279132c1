"""A submission is edited in a real browser: answers and files, and nothing that was typed is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect
from werkzeug.test import TestResponse

from tests.cast import Cast
from tests.phone import Published, new_id
from tests.server.web import demo
from tests.server.web.conftest import FORMS, Visit, World, sign_in

Send = Callable[..., TestResponse]
# No place: ODK Web Forms shows one on a map from outside, which the page does not let in.
VISIT = """
| survey | | | |
| | type | name | label |
| | text | who | Ai? |
| | integer | minutes | Số phút |
| | image | photo | Ảnh |
| settings | | | |
| | form_title | form_id | version |
| | Thăm nhà | visit | 1 |
"""
PHOTO = ("phong.png", demo.png(), "image/png")
HERE = "/projects/1/forms/visit/submissions"
STORED = "Your version is stored. It is the present one now."


@dataclass(frozen=True)
class Visited:
    """A form, and the instance ID of its submission."""

    form: Published
    id: str

    def xml(self, minutes: int) -> bytes:
        """The submission; or, with another number of minutes, an edit of it."""
        inside = f"<who>An</who><minutes>{minutes}</minutes><photo>phong.png</photo>"
        if minutes == 45:
            return self.form.submission(inside, instance_id=self.id)
        return self.form.submission(inside, instance_id=new_id(), deprecated_id=self.id)


@pytest.fixture
def visited(publish: Callable[..., Published]) -> Visited:
    """Nothing is sent yet."""
    return Visited(publish(VISIT), new_id())


def test_who_is_offered_to_edit(visit: Visit, cast: Cast, world: World) -> None:
    page, edit = f"{FORMS}/submissions/{world.edited}", f'href="{FORMS}/submissions/{world.edited}/edit"'
    assert edit in visit(cast.bob).get(page).text
    assert edit not in visit(cast.vy).get(page).text
    assert edit not in visit(cast.bob).get(f"{page}/versions/{world.edited}").text
    visit(cast.bob).post(f"{FORMS}/state", {"state": "closing"})
    assert edit not in visit(cast.bob).get(page).text


@pytest.fixture
def opened(screen: Page, send: Send, cast: Cast, visited: Visited, node_modules: Path) -> Page:
    """The submission, opened by Bob to be edited."""
    assert send(visited.xml(45), [PHOTO]).status_code == 201
    sign_in(screen, cast)
    screen.goto(f"{HERE}/{visited.id}")
    screen.get_by_role("link", name="Edit").click()
    expect(screen.locator("#form img[src^=blob]")).to_have_js_property("naturalWidth", 240, timeout=20_000)
    return screen


def minutes(screen: Page, value: str) -> None:
    """Answer how long it took, and send it."""
    screen.get_by_role("spinbutton").click()
    screen.keyboard.press("Control+A")
    screen.keyboard.type(value)
    screen.get_by_role("button", name="Send").click()


def present(client: FlaskClient, cast: Cast, visited: Visited) -> str:
    """The XML of the present version."""
    return client.get(f"{visited.form.url}/submissions/{visited.id}.xml", headers=cast.bob.bearer).text


def test_one_answer_is_changed(client: FlaskClient, opened: Page, cast: Cast, visited: Visited) -> None:
    expect(opened.get_by_role("spinbutton")).to_have_value("45")
    with opened.expect_request(lambda request: request.method == "POST") as sent:
        minutes(opened, "55")
    expect(opened.get_by_role("status")).to_have_text(STORED)
    expect(opened.locator(".page-title .chip").first).to_have_text("Edited")
    changed = opened.get_by_role("region", name="What this version changed").get_by_role("row", name="Số phút")
    expect(changed).to_contain_text("45")
    expect(changed).to_contain_text("55")
    expect(opened.locator(".photo img")).to_have_js_property("naturalWidth", 240)
    assert f"deprecatedID>{visited.id}<" in present(client, cast, visited)
    # The files that were not changed are not sent again.
    assert "phong.png" not in (sent.value.post_data_buffer or b"").decode(errors="replace").partition("</data>")[2]


def test_a_photo_is_replaced(client: FlaskClient, opened: Page, cast: Cast, visited: Visited) -> None:
    opened.locator("#form input[type=file]").first.set_input_files(
        {"name": "moi.png", "mimeType": "image/png", "buffer": demo.png(120, 80)}
    )
    expect(opened.locator("#form img[src^=blob]")).to_have_js_property("naturalWidth", 120)
    opened.get_by_role("button", name="Send").click()
    expect(opened.get_by_role("status")).to_have_text(STORED)
    expect(opened.locator(".photo img")).to_have_js_property("naturalWidth", 120)


def test_a_connection_breaks_before_and_after_it_arrived(
    client: FlaskClient, opened: Page, cast: Cast, visited: Visited
) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    opened.context.set_offline(True)
    minutes(opened, "55")
    expect(opened.get_by_role("alert")).to_contain_text("There is no connection")
    expect(opened.get_by_role("spinbutton")).to_have_value("55")
    opened.context.set_offline(False)
    opened.route("**/edit", lose, times=1)
    opened.get_by_role("button", name="Try again").click()
    expect(opened.get_by_role("alert")).to_contain_text("There is no connection")
    # Nobody has said that it arrived, and it was changed since.
    minutes(opened, "60")
    expect(opened.get_by_role("status")).to_have_text(STORED)
    assert "<minutes>60</minutes>" in present(client, cast, visited)
    versions = client.get(f"{visited.form.url}/submissions/{visited.id}/versions", headers=cast.bob.bearer)
    assert len(versions.get_json()) == 3


def test_somebody_else_was_faster(client: FlaskClient, opened: Page, send: Send, cast: Cast, visited: Visited) -> None:
    meanwhile = send(visited.xml(50), to="/v1/projects/1/submission", headers=cast.alice.bearer)
    assert meanwhile.status_code == 201
    minutes(opened, "55")
    expect(opened.get_by_role("alert")).to_contain_text("somebody else has stored another version")
    expect(opened.get_by_role("spinbutton")).to_have_value("55")
    assert "<minutes>50</minutes>" in present(client, cast, visited)
    opened.get_by_role("button", name="Store mine").click()
    expect(opened.get_by_role("status")).to_have_text(STORED)
    assert "<minutes>55</minutes>" in present(client, cast, visited)


def test_whoever_is_signed_out_meanwhile_signs_in_again(
    client: FlaskClient, opened: Page, cast: Cast, visited: Visited
) -> None:
    opened.context.clear_cookies()
    minutes(opened, "55")
    expect(opened.get_by_role("alert")).to_contain_text("You are signed out")
    with opened.context.expect_page() as beside:
        opened.get_by_role("link", name="Sign in").click()
    sign_in(beside.value, cast)
    opened.get_by_role("button", name="Try again").click()
    expect(opened.get_by_role("status")).to_have_text(STORED)
    assert "<minutes>55</minutes>" in present(client, cast, visited)


def test_a_file_that_has_not_arrived_keeps_its_place(
    client: FlaskClient, screen: Page, send: Send, cast: Cast, visited: Visited, node_modules: Path
) -> None:
    assert send(visited.xml(45), incomplete=True).status_code == 201
    sign_in(screen, cast)
    screen.goto(f"{HERE}/{visited.id}/edit")
    expect(screen.get_by_text("1 file has not arrived yet: phong.png")).to_be_visible()
    minutes(screen, "55")
    expect(screen.get_by_role("status")).to_have_text(STORED)
    assert send(visited.xml(45), [PHOTO]).status_code == 201
    there = client.get(f"{visited.form.url}/submissions/{visited.id}/attachments/phong.png", headers=cast.bob.bearer)
    assert there.data == demo.png()
