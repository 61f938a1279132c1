"""The main job in a real browser: wide and narrow, with scripts and without, and no policy broken on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, ViewportSize, expect
from werkzeug.test import TestResponse

from forms import library
from tests.cast import PASSWORD, Cast
from tests.phone import Published
from tests.server.web import demo
from tests.server.web.conftest import FORMS, World, instance_id, sign_in

NARROW = ViewportSize(width=390, height=844)


def _fits(screen: Page) -> bool:
    return bool(screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_from_sign_in_to_approved(screen: Page, cast: Cast, world: World, node_modules: Path) -> None:
    sign_in(screen, cast)
    screen.get_by_role("link", name="Thăm điểm tư vấn").click()
    screen.get_by_label("Problems").select_option("yes")
    expect(screen.get_by_text("1 submission found")).to_be_visible()
    assert screen.url.endswith("findings=yes&volunteer=&since=&until=")
    screen.get_by_role("link", name="Điểm VP-TD-02").click()
    screen.get_by_role("button", name="Return with the comment").click()
    expect(screen.get_by_text("Write a comment first")).to_be_visible()
    screen.get_by_label("Comment", exact=False).first.fill("Ghi số phút bằng chữ số.")
    screen.get_by_role("button", name="Return with the comment").click()
    expect(screen.get_by_role("status")).to_have_text("Returned with your comment.")
    screen.get_by_role("button", name="Approve").click()
    expect(screen.get_by_role("status")).to_have_text("Approved.")
    expect(screen.locator(".page-title .chip").first).to_have_text("Approved")
    assert screen.url.endswith(f"/submissions/{world.bad}")


def test_the_same_without_scripts(browser: Browser, live: str, cast: Cast, world: World) -> None:
    context = browser.new_context(base_url=live, java_script_enabled=False, locale="en-GB")
    screen = context.new_page()
    sign_in(screen, cast)
    screen.goto(f"{FORMS}/submissions/{world.good}")
    screen.get_by_role("button", name="Approve").click()
    expect(screen.get_by_role("status")).to_have_text("Approved.")
    screen.goto(f"{FORMS}/submissions")
    screen.get_by_text("Filters").click()
    screen.get_by_label("State").select_option("approved")
    screen.get_by_role("button", name="Show").click()
    expect(screen.get_by_text("1 submission found")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_said_is_seen_on_a_phone(
    scripts: bool, browser: Browser, live: str, cast: Cast, world: World, node_modules: Path
) -> None:
    context = browser.new_context(base_url=live, java_script_enabled=scripts, locale="en-GB", viewport=NARROW)
    screen = context.new_page()
    sign_in(screen, cast)
    screen.goto(f"{FORMS}/submissions/{world.bad}")
    screen.get_by_role("link", name="Your decision").click()
    screen.get_by_role("button", name="Return with the comment").click()
    expect(screen.get_by_role("alert")).to_be_in_viewport(ratio=1)
    screen.get_by_role("button", name="Reject").click()
    expect(screen.get_by_role("status")).to_be_in_viewport(ratio=1)
    context.close()


def test_a_photo_is_really_shown(screen: Page, cast: Cast, world: World) -> None:
    sign_in(screen, cast)
    screen.goto(f"{FORMS}/submissions/{world.good}")
    photo = screen.locator(".photo img")
    photo.scroll_into_view_if_needed()
    expect(photo).to_have_js_property("naturalWidth", 240)
    assert screen.locator("audio").evaluate("player => (player.load(), player.src)").endswith("bien-ban.wav")


def test_a_file_from_outside_cannot_run(
    screen: Page, cast: Cast, publish: Callable[..., Published], send: Callable[..., TestResponse]
) -> None:
    publish(demo.FORM)
    xml = demo.filled(demo.answers(photo="x.svg", note="&lt;img src=x onerror=alert(1)&gt;"))
    picture = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "run"</script></svg>'
    send(xml, [("x.svg", picture, "image/svg+xml")])
    sign_in(screen, cast)
    screen.goto(f"{FORMS}/submissions/{instance_id(xml)}")
    expect(screen.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    with screen.expect_download() as download:
        screen.get_by_role("link", name="x.svg").click()
    assert Path(download.value.path()).read_bytes() == picture


def test_xml_from_outside_cannot_run(
    browser: Browser,
    live: str,
    client: FlaskClient,
    cast: Cast,
    publish: Callable[..., Published],
    send: Callable[..., TestResponse],
) -> None:
    script = "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>document.documentElement.id = 'ran'</h:script>"
    form = publish(demo.FORM)
    xml = demo.filled(demo.answers()).replace(b"<meta>", script.encode() + b"<meta>")
    assert send(xml).status_code == 201
    screen = browser.new_context(base_url=live, locale="en-GB").new_page()
    sign_in(screen, cast)
    with screen.expect_download() as download:
        screen.evaluate("to => { location = to }", f"{form.url}/submissions/{instance_id(xml)}.xml")
    assert Path(download.value.path()).read_bytes() == xml
    evil = form.xml.replace(b"</h:head>", script.encode() + b"</h:head>")
    url = f"{form.url}/draft?ignoreWarnings=true"
    assert client.post(url, data=evil, headers=cast.bob.bearer, content_type="text/xml").status_code == 200
    screen.goto(f"{form.url}/draft.xml")
    assert "document.documentElement.id" in screen.content()
    assert screen.locator("#ran").count() == 0
    screen.context.close()


def test_upload_preview_and_publish(screen: Page, cast: Cast, node_modules: Path) -> None:
    sign_in(screen, cast)
    screen.get_by_role("link", name="Add a form").click()
    screen.set_input_files("[name=form]", {"name": "broken.md", "mimeType": "", "buffer": demo.BROKEN.encode()})
    screen.get_by_role("button", name="Upload and check").click()
    expect(screen.get_by_role("alert")).to_contain_text("The form could not be read")
    screen.set_input_files("[name=form]", {"name": "good.md", "mimeType": "", "buffer": demo.BARE.encode()})
    expect(screen.locator("[data-drop-names]")).to_have_text("good.md")
    screen.get_by_role("button", name="Upload and check").click()
    screen.set_input_files("[name=file]", {"name": "places.csv", "mimeType": "", "buffer": b"name,label\na,Alpha\n"})
    screen.get_by_role("button", name="Upload the files").click()
    screen.get_by_role("link", name="Preview").click()
    expect(screen.get_by_text("Alpha")).to_be_visible(timeout=20_000)
    screen.locator("#form input[type=text]").first.fill("Lan")
    screen.get_by_role("button", name="Send").click()
    expect(screen.get_by_text("Nothing was stored or sent.")).to_be_visible()
    screen.get_by_role("link", name="Back to the draft").click()
    screen.get_by_label("I have read the warnings.").check()
    screen.get_by_role("button", name="Publish").click()
    expect(screen.get_by_role("status")).to_contain_text("Published.")


def test_a_volunteer_and_her_card(screen: Page, cast: Cast, world: World, tmp_path: Path) -> None:
    sign_in(screen, cast)
    screen.get_by_role("link", name="Volunteers").click()
    screen.get_by_label("Name", exact=True).fill("Phạm Thị Lan")
    screen.get_by_role("button", name="Add and show the QR code").click()
    expect(screen.locator(".qr")).to_be_visible()
    assert screen.locator(".qr").evaluate("picture => picture.naturalWidth") > 100
    screen.get_by_role("link", name="Print the card").click()
    expect(screen.get_by_role("heading", name="Phạm Thị Lan")).to_be_visible()
    printed = screen.pdf(format="A6", print_background=True)
    assert printed.count(b"/Type /Page\n") == 1
    screen.goto("/projects/1/volunteers/print")
    assert screen.pdf(format="A6").count(b"/Type /Page\n") == 2
    assert screen.pdf(format="A4").count(b"/Type /Page\n") == 1
    screen.go_back()
    screen.go_back()
    screen.get_by_role("link", name="Revoke the code").click()
    screen.get_by_role("button", name="Revoke the code").click()
    expect(screen.get_by_role("status")).to_contain_text("revoked")


def test_a_lost_phone_and_a_new_card(screen: Page, cast: Cast, world: World) -> None:
    sign_in(screen, cast)
    screen.goto(f"/projects/1/volunteers/{cast.device.id}")
    screen.get_by_role("link", name="Phone lost").click()
    screen.get_by_role("button", name="Phone lost: revoke the code now").click()
    expect(screen.get_by_role("status")).to_contain_text("no longer works on any phone")
    expect(screen.get_by_role("heading", name="3 submissions of this phone wait for a review")).to_be_visible()
    screen.get_by_role("link", name="Điểm VP-TD-02").click()
    screen.get_by_role("button", name="Reject").click()
    expect(screen.get_by_role("status")).to_have_text("Rejected.")
    screen.goto(f"/projects/1/volunteers/{cast.device.id}/lost")
    expect(screen.get_by_role("heading", name="2 submissions of this phone wait for a review")).to_be_visible()
    screen.get_by_role("button", name="Make a new card").click()
    expect(screen.locator(".qr")).to_be_visible()
    expect(screen.get_by_role("heading", name="Máy của Lan")).to_be_visible()


def test_a_public_link_and_its_address(screen: Page, cast: Cast, world: World) -> None:
    sign_in(screen, cast)
    screen.goto(FORMS)
    screen.get_by_role("link", name="Public links").click()
    screen.get_by_label("Name", exact=True).fill("Bảng tin xã")
    screen.get_by_role("button", name="Make the link").click()
    expect(screen.locator(".qr")).to_be_visible()
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for address in ("web", "server"):
        button = screen.locator(f"[data-copy={address}]")
        button.click()
        expect(button).to_have_text("Copied")
        assert screen.evaluate("navigator.clipboard.readText()") == screen.locator(f"#{address}").inner_text()
    screen.get_by_text("Revoke the link").click()
    screen.get_by_role("button", name="Revoke it now").click()
    expect(screen.get_by_role("cell", name="Revoked")).to_be_visible()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_sticks_out_on_a_phone(language: str, screen: Page, cast: Cast, world: World) -> None:
    screen.set_viewport_size(NARROW)
    sign_in(screen, cast)
    screen.context.add_cookies([{"name": "language", "value": language, "url": screen.url}])
    paths = [
        "/projects/1",
        "/projects/1/add-form",
        "/projects/1/volunteers",
        f"/projects/1/volunteers/{cast.device.id}",
        f"/projects/1/volunteers/{cast.device.id}/lost",
        FORMS,
        f"{FORMS}/links",
        f"{FORMS}/draft",
        f"{FORMS}/submissions",
        f"{FORMS}/submissions/{world.bad}",
        f"{FORMS}/submissions/{world.edited}",
        f"/projects/1/volunteers/{cast.device.id}/print",
        "/password",
    ]
    wide = []
    for path in paths:
        screen.goto(path)
        if not _fits(screen):
            wide.append(path)
    assert wide == []


def test_keyboard_alone_is_enough(screen: Page, cast: Cast, world: World) -> None:
    screen.goto("/login")
    screen.keyboard.type(cast.bob.email)
    screen.keyboard.press("Tab")
    screen.keyboard.type(PASSWORD)
    screen.keyboard.press("Enter")
    screen.wait_for_url("**/projects/1")
    screen.keyboard.press("Tab")
    assert screen.evaluate("document.activeElement.className") == "skip"
    screen.keyboard.press("Enter")
    assert screen.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("name", library.names())
def test_every_bundled_form_opens_in_the_preview(name: str, screen: Page, cast: Cast, node_modules: Path) -> None:
    sign_in(screen, cast)
    screen.get_by_role("link", name="Add a form").click()
    workbook = library.source(name)
    screen.set_input_files("[name=form]", {"name": f"{name}.md", "mimeType": "", "buffer": workbook})
    screen.get_by_role("button", name="Upload and check").click()
    screen.get_by_role("link", name="Preview").click()
    expect(screen.locator("#form input").first).to_be_visible(timeout=20_000)
    expect(screen.locator("#said")).to_be_hidden()
