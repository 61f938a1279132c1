"""One's own account: name and language, the second factor, app passwords, the end of other sessions."""

from __future__ import annotations

import base64
import re
from html import unescape

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from server.actions import accounts, app_passwords, second_factor, sessions
from server.i18n import COOKIE
from server.permissions import CONSOLE
from tests.cast import PASSWORD, Cast
from tests.server.web.conftest import Visit, Visitor, sign_in

POSTS = [
    "/profile",
    "/profile/second-factor",
    "/profile/second-factor/confirm",
    "/profile/second-factor/off",
    "/profile/app-passwords",
    "/profile/app-passwords/1/revoke",
    "/profile/sign-out-elsewhere",
]


def _read(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found
    return unescape(found[1])


def _code(secret: str, steps_later: int = 0) -> str:
    key = base64.b32decode(secret.replace(" ", ""))
    return second_factor.code_at(key, int(second_factor.clock()) // second_factor.STEP_SECONDS + steps_later)


def _turn_on(visitor: Visitor) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    page = visitor.post("/profile/second-factor").text
    secret, ticket = _found(r"<code>([A-Z2-7 ]+)</code>", page), _found(r'name="ticket" value="([^"]+)"', page)
    done = visitor.post("/profile/second-factor/confirm", {"code": _code(secret), "ticket": ticket})
    assert done.status_code == 200
    return secret, re.findall(r"<li><code>([^<]+)</code></li>", done.text)


@pytest.mark.parametrize(("language", "title"), [("en", "Your account"), ("vi", "Tài khoản của bạn")])
def test_the_page(language: str, title: str, visit: Visit, cast: Cast) -> None:
    page = visit(cast.minh, language).get("/profile").text
    assert f"<h1>{title}</h1>" in page and cast.minh.email in page and 'href="/password"' in page
    assert 'href="/profile"' in visit(cast.minh, language).get("/?all=1").text


def test_name_and_language(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    assert visitor.post("/profile", {"name": "Trần Văn Bốp", "language": "vi"}).location == "/profile"
    page = visitor.get("/profile").text
    assert '<html lang="vi">' in page and "Trần Văn Bốp" in page and "Đã lưu." in page
    visitor.post("/profile", {"name": "Trần Văn Bốp", "language": ""})
    assert visitor.client.get_cookie(COOKIE) is None
    with app.app_context():
        assert accounts.find_user(cast.bob.id).actor.language is None


def test_a_name_that_is_too_long(visit: Visit, cast: Cast) -> None:
    answer = visit(cast.bob).post("/profile", {"name": "x" * 65})
    assert answer.status_code == 400 and "too long" in answer.text


def test_the_second_factor_from_on_to_off(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    assert "data:image/svg+xml" in visitor.post("/profile/second-factor").text
    secret, codes = _turn_on(visitor)
    assert len(codes) == second_factor.CODES
    page = visitor.get("/profile").text
    assert "10 recovery codes are left." in page and not any(code in page for code in codes)
    with app.app_context():
        sessions.sign_in(cast.bob.email, PASSWORD, code=codes[0])
    assert "9 recovery codes are left." in visitor.get("/profile").text
    again = visitor.post("/profile/second-factor")
    assert again.status_code == 409 and secret not in again.text
    refused = visitor.post("/profile/second-factor/off", {"password": "wrong"})
    assert refused.status_code == 400 and "The present password is wrong." in refused.text
    assert visitor.post("/profile/second-factor/off", {"password": PASSWORD}).location == "/profile"
    assert "The second factor is off." in visitor.get("/profile").text


def test_a_wrong_first_code_leaves_the_secret_as_it_is(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    page = visitor.post("/profile/second-factor").text
    secret, ticket = _found(r"<code>([A-Z2-7 ]+)</code>", page), _found(r'name="ticket" value="([^"]+)"', page)
    wrong = visitor.post("/profile/second-factor/confirm", {"code": "abc", "ticket": ticket})
    assert wrong.status_code == 400 and "The code is wrong." in wrong.text and secret in wrong.text
    assert visitor.post("/profile/second-factor/confirm", {"code": _code(secret), "ticket": ticket}).status_code == 200


@pytest.mark.parametrize("ticket", ["", "forged", "gAAAAABé"])
def test_a_ticket_that_we_did_not_make(ticket: str, visit: Visit, cast: Cast) -> None:
    answer = visit(cast.bob).post("/profile/second-factor/confirm", {"code": "abc", "ticket": ticket})
    assert answer.status_code == 403 and "open too long" in answer.text


def test_an_app_password_is_shown_once(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    shown = visitor.post("/profile/app-passwords", {"name": "Excel <1>", "password": PASSWORD})
    secret = _found(r"<code>([^<]+)</code>", shown.text)
    assert "Excel &lt;1&gt;" in shown.text
    page = visitor.get("/profile").text
    assert secret not in page and "never" in _read(page)
    with app.app_context():
        found = app_passwords.find(cast.bob.email, secret)
        assert found is not None and found.actor_id == cast.bob.id
    assert "never" not in _read(visitor.get("/profile").text)
    number = _found(r"/profile/app-passwords/(\d+)/revoke", page)
    assert visit(cast.dung).post(f"/profile/app-passwords/{number}/revoke").status_code == 404
    assert visitor.post(f"/profile/app-passwords/{number}/revoke").location == "/profile"
    page = visitor.get("/profile").text
    assert "Excel" not in _read(page).split("script")[1] and "It no longer works." in page


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_an_app_password_needs_a_name(name: str, visit: Visit, cast: Cast) -> None:
    answer = visit(cast.bob).post("/profile/app-passwords", {"name": name, "password": PASSWORD})
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_an_app_password_needs_the_password(visit: Visit, cast: Cast) -> None:
    answer = visit(cast.bob).post("/profile/app-passwords", {"name": "Excel", "password": "wrong"})
    assert answer.status_code == 400 and "The present password is wrong." in answer.text
    assert "Revoke" not in _read(visit(cast.bob).get("/profile").text)


def test_signed_out_everywhere_else(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    assert "You are signed in nowhere else." in visitor.get("/profile").text
    with app.app_context():
        token, session = sessions.sign_in(cast.bob.email, PASSWORD)
        sessions.sign_in(cast.dung.email, PASSWORD)
    assert "1 other place" in visitor.get("/profile").text
    assert visitor.post("/profile/sign-out-elsewhere").location == "/profile"
    assert "You are signed out everywhere else." in visitor.get("/profile").text
    elsewhere = visit()
    elsewhere.client.set_cookie("session", token)
    assert elsewhere.get("/profile").location.startswith("/login")
    assert "1 other place" in visit(cast.dung).get("/profile").text


@pytest.mark.parametrize("path", POSTS)
def test_a_forged_post_is_refused(path: str, visit: Visit, cast: Cast) -> None:
    for csrf in ("", "wrong", cast.dung.csrf):
        assert visit(cast.bob).post(path, {"csrf": csrf, "name": "x"}).status_code == 403
    assert visit().post(path).status_code == 403


def test_a_stranger_is_shown_the_way_in(visit: Visit, cast: Cast) -> None:
    assert visit().get("/profile").location == "/login?next=/profile"


def test_nothing_before_the_one_time_password_is_changed(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        accounts.create_user(CONSOLE, "moi@example.org", PASSWORD, must_change=True)
        token, _ = sessions.sign_in("moi@example.org", PASSWORD)
    visitor = visit()
    visitor.client.set_cookie("session", token)
    assert visitor.get("/profile").location == "/password"
    assert 'href="/profile"' not in visitor.get("/password").text


def test_the_second_factor_in_a_browser(screen: Page, cast: Cast) -> None:
    sign_in(screen, cast)
    screen.goto("/profile")
    screen.get_by_role("button", name="Turn it on").click()
    expect(screen.locator(".qr")).to_be_visible()
    assert screen.locator(".qr").evaluate("picture => picture.naturalWidth") > 100
    screen.get_by_label("Code", exact=True).fill(_code(screen.locator(".secret code").inner_text()))
    screen.get_by_role("button", name="Turn it on").click()
    expect(screen.locator(".secrets li")).to_have_count(second_factor.CODES)
    assert screen.pdf(format="A4").count(b"/Type /Page\n") == 1
    screen.get_by_role("link", name="I have kept them").click()
    expect(screen.get_by_text("10 recovery codes are left.")).to_be_visible()
