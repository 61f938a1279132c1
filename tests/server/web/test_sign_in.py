"""Signing in and out, a one-time password, the language."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from server.actions import accounts
from server.identity import COOKIE
from server.permissions import CONSOLE
from server.web import pages
from tests.cast import PASSWORD, Cast
from tests.server.web.conftest import Visit, Visitor


def _token(visitor: Visitor, path: str = "/login") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', visitor.get(path).text)
    assert found
    return found[1]


def _sign_in(visitor: Visitor, email: str, password: str = PASSWORD, back: str = "") -> str:
    visitor.csrf = _token(visitor)
    answer = visitor.post("/login", {"email": email, "password": password, "next": back})
    return answer.location or answer.text


def test_sign_in_and_out(visit: Visit, cast: Cast) -> None:
    visitor = visit()
    assert _sign_in(visitor, cast.bob.email) == "/"
    cookie = visitor.client.get_cookie(COOKIE)
    assert cookie and cookie.http_only and cookie.same_site == "Lax" and not cookie.secure
    assert visitor.get("/").location == "/projects/1"
    visitor.csrf = _token(visitor, "/projects/1")
    assert visitor.post("/logout").location == "/login"
    assert visitor.client.get_cookie(COOKIE) is None
    assert "You are signed out." in visitor.get("/login").text
    assert visitor.get("/projects/1").location.startswith("/login")


def test_a_wrong_password_says_no_more_than_that(visit: Visit, cast: Cast) -> None:
    for email in (cast.bob.email, "nobody@example.org"):
        assert "E-mail or password is wrong." in _sign_in(visit(), email, "not the password")


def test_back_to_the_page_that_was_wanted(visit: Visit, cast: Cast) -> None:
    assert visit().get("/projects/1/volunteers?x=1").location == "/login?next=/projects/1/volunteers?x%3D1"
    assert _sign_in(visit(), cast.bob.email, back="/projects/1/volunteers") == "/projects/1/volunteers"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/%5cevil.example",
        "javascript:x",
        "/%2f/evil",
        "/\n/x",
    ],
)
def test_never_back_to_another_server(elsewhere: str, visit: Visit, cast: Cast) -> None:
    assert _sign_in(visit(), cast.bob.email, back=elsewhere) == "/"


def test_the_sign_in_form_cannot_be_forged(visit: Visit, cast: Cast) -> None:
    other = visit()
    for csrf in ("", "x", _token(other)):
        visitor = visit()
        visitor.get("/login")
        answer = visitor.post("/login", {"email": cast.bob.email, "password": PASSWORD, "csrf": csrf})
        assert answer.status_code == 403


def test_a_one_time_password_must_be_changed_first(app: Flask, visit: Visit) -> None:
    with app.app_context():
        user, secret = accounts.create_user(CONSOLE, "moi@example.org")
        accounts.promote(CONSOLE, user.email)
    visitor = visit()
    _sign_in(visitor, "moi@example.org", secret)
    for path in ("/", "/projects/1", "/projects/1/volunteers"):
        assert visitor.get(path).location == "/password"
    visitor.csrf = _token(visitor, "/password")
    assert visitor.post("/projects", {"name": "x"}).location == "/password"
    new = {"old": secret, "new": "ba bốn từ dễ nhớ", "again": "ba bốn từ dễ nhớ"}
    for wrong, said in (
        ({"again": "khác hẳn rồi nhé"}, "not the same"),
        ({"old": "x"}, "present password is wrong"),
        ({"new": "ngắn", "again": "ngắn"}, "too short"),
    ):
        assert said in visitor.post("/password", new | wrong).text
    assert visitor.post("/password", new).location == "/"
    assert "Your new password is saved." in visitor.get("/?all=1").text


def test_the_language_stays(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob, "vi")
    assert "Biểu mẫu" in visitor.get("/projects/1").text
    assert visitor.post("/language", {"language": "en", "next": "/projects/1"}).location == "/projects/1"
    assert "Forms" in visitor.get("/projects/1").text
    fresh = visit(cast.bob)
    fresh.client.delete_cookie("language")
    assert '<html lang="en">' in fresh.get("/projects/1", headers={"Accept-Language": "vi"}).text


def test_a_browser_that_says_nothing_is_spoken_to_in_vietnamese(visit: Visit) -> None:
    visitor = visit()
    visitor.client.delete_cookie("language")
    assert '<html lang="vi">' in visitor.get("/login").text
    assert '<html lang="en">' in visitor.get("/login", headers={"Accept-Language": "en-GB"}).text


def test_home_lists_several_projects(visit: Visit, cast: Cast) -> None:
    page = visit(cast.alice).get("/").text
    assert "Hỗ trợ cộng đồng" in page and "Dự án khác" in page
    assert "Ask an administrator" in visit(cast.charlie).get("/").text


def test_an_administrator_makes_a_project(visit: Visit, cast: Cast) -> None:
    assert visit(cast.alice).post("/projects", {"name": "Dự án mới"}).location == "/projects/3"
    assert visit(cast.bob).post("/projects", {"name": "Dự án mới"}).status_code == 403


def test_two_sign_in_pages_side_by_side(visit: Visit, cast: Cast) -> None:
    visitor = visit()
    first = _token(visitor)
    assert _token(visitor) == first


def test_an_old_sign_in_page_is_refused(visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = visit()
    visitor.csrf = _token(visitor)
    monkeypatch.setattr(pages, "PRE_SESSION_SECONDS", 0)
    assert visitor.post("/login", {"email": cast.bob.email, "password": PASSWORD}).status_code == 403
