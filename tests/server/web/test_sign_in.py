"""Signing in and out, a one-time password, the language."""

from __future__ import annotations

import base64
import re
from email.message import EmailMessage
from html import unescape

import pytest
from flask import Flask

from server.actions import accounts, attempts, passwords, second_factor, sessions
from server.identity import COOKIE
from server.permissions import CONSOLE, Actor
from server.web import pages
from tests import relay
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
    assert "ask an administrator" in visit(cast.charlie).get("/").text


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


def test_too_many_failures_say_what_to_do(visit: Visit, cast: Cast) -> None:
    visitor = visit()
    for _ in range(attempts.MAX_FAILURES):
        _sign_in(visitor, cast.bob.email, "not the password")
    assert "ask an administrator to unlock" in _sign_in(visitor, cast.bob.email)
    visitor.client.set_cookie("language", "vi")
    assert "nhờ người quản trị mở khóa" in _sign_in(visitor, cast.bob.email)


def _code(secret: str, monkeypatch: pytest.MonkeyPatch, moment: float) -> str:
    monkeypatch.setattr(second_factor, "clock", lambda: moment)
    return second_factor.code_at(base64.b32decode(secret), int(moment) // 30)


def _turn_on(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> str:
    with app.app_context():
        secret, _ = second_factor.begin(Actor(id=cast.bob.id))
        second_factor.confirm(Actor(id=cast.bob.id), _code(secret, monkeypatch, 1_800_000_000))
    return secret


def test_the_second_step(app: Flask, visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = _turn_on(app, cast, monkeypatch)
    visitor = visit()
    page = _sign_in(visitor, cast.bob.email, back="/projects/1/volunteers")
    assert "authenticator app" in page and visitor.client.get_cookie(COOKIE) is None and PASSWORD not in page
    (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', page)
    sent = {"ticket": ticket, "next": "/projects/1/volunteers"}
    wrong = visitor.post("/login/code", sent | {"code": "000000"})
    assert wrong.status_code == 401 and "The code is wrong" in wrong.text
    right = _code(secret, monkeypatch, 1_800_000_060)
    assert visitor.post("/login/code", sent | {"code": right}).location == "/projects/1/volunteers"
    assert visitor.get("/projects/1").status_code == 200
    again = visit()
    again.csrf = _token(again)
    assert again.post("/login/code", sent | {"code": right}).status_code == 401


def test_the_second_step_does_not_wait_for_ever(
    app: Flask, visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = _turn_on(app, cast, monkeypatch)
    right = _code(secret, monkeypatch, 1_800_000_060)
    visitor = visit()
    visitor.csrf = _token(visitor)
    with app.app_context():
        old = sessions.ticket(cast.bob.email)
        passwords.reset_password(CONSOLE, cast.bob.email, "lai mot cau khac")
    for ticket in (old, "x", ""):
        answer = visitor.post("/login/code", {"ticket": ticket, "code": right})
        assert answer.status_code == 403 and "sign in once more" in answer.text
    with app.app_context():
        late = sessions.ticket(cast.bob.email)
    monkeypatch.setattr(sessions, "TICKET_SECONDS", -1)
    assert visitor.post("/login/code", {"ticket": late, "code": right}).status_code == 403


def test_a_forgotten_password_by_mail(visit: Visit, cast: Cast, letters: list[EmailMessage]) -> None:
    visitor = visit()
    assert "/account/reset" in visitor.get("/login").text
    visitor.csrf = _token(visitor, "/account/reset")
    for email in ("nobody@example.org", cast.bob.email):
        assert "If there is an account" in visitor.post("/account/reset", {"email": email}).text
    (letter,) = letters
    (path,) = re.findall(r"(/account/claim\?token=\S+)", relay.text_of(letter))
    page = visitor.get(path)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    token = unescape(re.findall(r'name="token" value="([^"]+)"', page.text)[0])
    new = {"token": token, "new": "ba bốn từ dễ nhớ", "again": "ba bốn từ dễ nhớ"}
    for wrong, said in (({"again": "khác hẳn rồi nhé"}, "not the same"), ({"new": "x", "again": "x"}, "too short")):
        assert said in visitor.post("/account/claim", new | wrong).text
    assert visitor.post("/account/claim", new).location == "/login"
    assert "Sign in with it" in visitor.get("/login").text
    assert visitor.get(path).status_code == 404 and "no longer works" in visitor.get(path).text
    assert visitor.post("/account/claim", new).status_code == 404
    assert _sign_in(visitor, cast.bob.email, "ba bốn từ dễ nhớ") == "/"


def test_without_mail_a_person_is_asked(visit: Visit) -> None:
    visitor = visit()
    assert "Ask the person who looks after this server" in visitor.get("/login").text
    assert "sends no mail" in visitor.get("/account/reset").text
