"""Users: list and search, invite, roles, unlock, new password, delete; and who may not."""

from __future__ import annotations

import base64
import re
from email.message import EmailMessage
from html import unescape

import pytest
from flask import Flask
from playwright.sync_api import Page

from schemas.problems import Problem
from server.actions import accounts, attempts, held_roles, second_factor, unit_roles
from server.permissions import CONSOLE, Actor
from tests.cast import PASSWORD, Cast
from tests.relay import text_of
from tests.server.web.conftest import FORMS, Visit, Visitor, World

NEW = {"name": "Nguyễn Thị Hoa", "email": "hoa@example.org"}


def _read(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def _rows(visitor: Visitor, path: str = "/users") -> dict[str, str]:
    """What the list says of each, by name."""
    body = visitor.get(path).text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [_read(row).strip() for row in body.split("<tr>")[1:]]
    return {row.split(" ")[0]: row for row in rows}


def _roles(app: Flask, actor_id: int) -> dict[str, int]:
    """Role and project with the number of the assignment."""
    with app.app_context():
        held = held_roles.of(CONSOLE, [actor_id]).get(actor_id, [])
        return {f"{one.role.system} {one.project.id if one.project else '*'}": one.id for one in held}


@pytest.mark.parametrize(
    ("language", "title", "role"), [("en", "Users", "Project manager"), ("vi", "Người dùng", "Quản lý dự án")]
)
def test_the_list(language: str, title: str, role: str, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice, language)
    assert f"<h1>{title}</h1>" in visitor.get("/users").text
    rows = _rows(visitor)
    assert list(rows) == ["Alice", "Bob", "Charlie", "Dung", "Minh", "Vy"]
    assert f"{role} · Hỗ trợ cộng đồng" in rows["Bob"] and cast.bob.email in rows["Bob"]
    assert f"{role} · Dự án khác" in rows["Dung"]


def test_states_in_the_list(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        for _ in range(attempts.MAX_FAILURES):
            attempts.failed(cast.vy.email, "203.0.113.9")
    rows = _rows(visit(cast.alice))
    assert "Locked" in rows["Vy"] and "Locked" not in rows["Bob"]


def test_search_stays_out_of_the_address(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    assert visitor.post("/users/search", {"search": "min"}).location == "/users"
    page = visitor.get("/users").text
    assert list(_rows(visitor)) == ["Minh"] and "Found for “min”" in page
    visitor.post("/users/search", {"search": "không ai cả"})
    assert "Nobody found" in visitor.get("/users").text
    visitor.post("/users/search")
    assert len(_rows(visitor)) == 6


def test_pages_of_fifty(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        for number in range(50):
            accounts.create_user(CONSOLE, f"z{number:02}@example.org", PASSWORD, f"Z{number:02}")
    visitor = visit(cast.alice)
    assert len(_rows(visitor)) == 50 and "/users?page=2" in visitor.get("/users").text
    assert list(_rows(visitor, "/users?page=2")) == [f"Z{number}" for number in range(44, 50)]


def test_an_invitation_by_mail(app: Flask, visit: Visit, cast: Cast, letters: list[EmailMessage]) -> None:
    visitor = visit(cast.alice)
    assert "gets a mail" in visitor.get("/users/invite").text
    done = visitor.post("/users/invite", NEW | {"role": "viewer", "project": "2"})
    assert done.location.startswith("/users/")
    assert "a mail with a link" in visitor.get(done.location).text
    assert [letter["To"] for letter in letters] == [NEW["email"]] and "/account/claim?token=" in text_of(letters[0])
    assert set(_roles(app, int(done.location.rpartition("/")[2]))) == {"viewer 2"}


def test_an_invitation_to_hand_over(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    shown = visitor.post("/users/invite", NEW | {"role": "admin", "project": "1"})
    link = re.search(r"<code>http[^<]*(/account/claim\?token=[^<]+)</code>", shown.text)
    assert shown.status_code == 200 and link
    stranger = visit()
    page = stranger.get(unescape(link[1])).text
    csrf, token = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("csrf", "token"))
    assert csrf and token
    stranger.csrf = csrf[1]
    new = {"token": unescape(token[1]), "new": "ba bốn từ dễ nhớ", "again": "ba bốn từ dễ nhớ"}
    assert stranger.post("/account/claim", new).location == "/login"
    with app.app_context():
        user = accounts.verify_password(NEW["email"], "ba bốn từ dễ nhớ")
        assert user.must_change_password is False
        actor_id = user.actor_id
    assert set(_roles(app, actor_id)) == {"admin *"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "bob@example.org"}, "There is a user with this address already."),
        ({"email": "no address"}, "This is no e-mail address."),
        ({"email": ""}, "This is no e-mail address."),
        ({"role": "viewer", "project": ""}, "Project"),
        ({"role": "app-user", "project": "1"}, "Project"),
        ({"role": "viewer", "project": "99"}, "Could not find"),
    ],
)
def test_an_invitation_that_cannot_be(given: dict[str, str], said: str, app: Flask, visit: Visit, cast: Cast) -> None:
    answer = visit(cast.alice).post("/users/invite", NEW | given)
    assert answer.status_code in (400, 404, 409)
    alert = answer.text.partition('role="alert"')[2].partition("</p>")[0]
    assert said in alert and 'value="Nguyễn Thị Hoa"' in answer.text
    with app.app_context(), pytest.raises(Problem, match="Could not find"):
        accounts.find_by_email(NEW["email"])


def test_name_and_address(app: Flask, visit: Visit, cast: Cast, letters: list[EmailMessage]) -> None:
    visitor, path = visit(cast.alice), f"/users/{cast.bob.id}"
    assert visitor.post(path, {"name": "Bốp", "email": cast.bob.email}).location == path
    assert "<h1>Bốp</h1>" in visitor.get(path).text and letters == []
    assert visitor.post(path, {"name": "Bốp", "email": "bop@example.org"}).location == path
    assert [letter["To"] for letter in letters] == [cast.bob.email]
    taken = visitor.post(path, {"name": "Bốp", "email": cast.vy.email})
    assert taken.status_code == 409 and "There is a user with this address already." in taken.text
    assert "bop@example.org" in visitor.get(path).text


def test_roles_come_and_go(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor, path = visit(cast.alice), f"/users/{cast.charlie.id}"
    assert "No roles:" in visitor.get(path).text
    for given in ({"role": "manager", "project": "2"}, {"role": "privacy_officer"}, {"role": "admin"}):
        assert visitor.post(f"{path}/roles", given).location == path
    held = _roles(app, cast.charlie.id)
    assert set(held) == {"manager 2", "privacy_officer *", "admin *"}
    assert visitor.post(f"{path}/roles", {"role": "viewer", "project": "99"}).status_code == 404
    again = visitor.post(f"{path}/roles", {"role": "manager", "project": "2"})
    assert again.status_code == 409 and "This role is held there already." in again.text
    for number in held.values():
        assert visitor.post(f"{path}/roles/{number}/remove").location == path
    assert _roles(app, cast.charlie.id) == {}
    assert visitor.post(f"{path}/roles/{held['admin *']}/remove").status_code == 404


@pytest.mark.parametrize("role", ["pwreset", "app-user", "area_supervisor", "nonsense", ""])
def test_roles_that_are_not_given_here(role: str, app: Flask, visit: Visit, cast: Cast) -> None:
    for given in ({"role": role}, {"role": role, "project": "1"}):
        assert visit(cast.alice).post(f"/users/{cast.charlie.id}/roles", given).status_code == 404
    assert _roles(app, cast.charlie.id) == {}


def test_nobody_takes_a_role_of_somebody_else_by_this_address(app: Flask, visit: Visit, cast: Cast) -> None:
    number = _roles(app, cast.bob.id)["manager 1"]
    assert visit(cast.alice).post(f"/users/{cast.vy.id}/roles/{number}/remove").status_code == 404
    assert _roles(app, cast.bob.id) == {"manager 1": number}


def test_not_on_oneself(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor, path = visit(cast.alice), f"/users/{cast.alice.id}"
    page = visitor.get(path).text
    assert "Take away" not in page and "Delete the user" not in page
    number = _roles(app, cast.alice.id)["admin *"]
    assert visitor.post(f"{path}/roles/{number}/remove").status_code == 403
    assert visitor.get(f"{path}/delete").status_code == 403
    assert visitor.post(f"{path}/delete").status_code == 403
    assert visitor.get(path).status_code == 200 and _roles(app, cast.alice.id) == {"admin *": number}


def test_unlock(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        for _ in range(attempts.MAX_FAILURES):
            attempts.failed(cast.vy.email, "203.0.113.9")
    visitor, path = visit(cast.alice), f"/users/{cast.vy.id}"
    assert "Unlock now" in visitor.get(path).text
    assert visitor.post(f"{path}/unlock").location == path
    assert "Unlock now" not in visitor.get(path).text


def test_a_new_password_by_mail_or_by_hand(visit: Visit, cast: Cast, letters: list[EmailMessage]) -> None:
    visitor, path = visit(cast.alice), f"/users/{cast.vy.id}"
    assert "Mail the link" in visitor.get(path).text
    assert visitor.post(f"{path}/password", {"way": "mail"}).location == path
    assert [letter["To"] for letter in letters] == [cast.vy.email]
    shown = visitor.post(f"{path}/password", {"way": "link"})
    assert "/account/claim?token=" in shown.text and shown.headers["Cache-Control"] == "no-store"
    assert len(letters) == 1


def test_without_mail_the_link_is_shown(visit: Visit, cast: Cast) -> None:
    visitor, path = visit(cast.alice), f"/users/{cast.vy.id}"
    assert "Mail the link" not in visitor.get(path).text
    assert "/account/claim?token=" in visitor.post(f"{path}/password", {"way": "mail"}).text


def test_a_lost_second_factor(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        who = Actor(id=cast.vy.id, type="user")
        secret, _ = second_factor.begin(who)
        step = int(second_factor.clock()) // second_factor.STEP_SECONDS
        second_factor.confirm(who, second_factor.code_at(base64.b32decode(secret), step))
    visitor, path = visit(cast.alice), f"/users/{cast.vy.id}"
    assert "Second factor" in _rows(visitor)["Vy"]
    assert visitor.post(f"{path}/second-factor").location == path
    assert "Phone lost?" not in visitor.get(path).text
    assert visitor.post(f"{path}/second-factor").status_code == 409


def test_delete_asks_once_more(visit: Visit, cast: Cast) -> None:
    visitor, path = visit(cast.alice), f"/users/{cast.vy.id}"
    assert "Delete Vy?" in visitor.get(f"{path}/delete").text and "Vy" in _rows(visitor)
    assert visitor.post(f"{path}/delete").location == "/users"
    assert "The user is deleted." in visitor.get("/users").text and "Vy" not in _rows(visitor)
    assert visitor.get(path).status_code == 404
    assert visit(cast.vy).get("/profile").location.startswith("/login")


PAGES = ["/users", "/users/invite", "/users/{}", "/users/{}/delete"]
POSTS = [
    "/users/search",
    "/users/invite",
    "/users/{}",
    "/users/{}/roles",
    "/users/{}/roles/1/remove",
    "/users/{}/unlock",
    "/users/{}/password",
    "/users/{}/second-factor",
    "/users/{}/delete",
]


@pytest.mark.parametrize("who", ["bob", "charlie", "vy", "minh"])
@pytest.mark.parametrize("path", PAGES)
def test_others_are_refused(path: str, who: str, visit: Visit, cast: Cast) -> None:
    visitor = visit(getattr(cast, who))
    answer = visitor.get(path.format(cast.vy.id))
    assert answer.status_code == 403 and cast.alice.email not in answer.text
    assert 'href="/users"' not in visitor.get("/?all=1").text


@pytest.mark.parametrize("path", POSTS)
def test_others_do_nothing(path: str, app: Flask, visit: Visit, cast: Cast) -> None:
    given = NEW | {"role": "admin"}
    assert visit(cast.bob).post(path.format(cast.bob.id), given).status_code == 403
    assert set(_roles(app, cast.bob.id)) == {"manager 1"}


@pytest.mark.parametrize("path", POSTS)
def test_a_forged_post_is_refused(path: str, visit: Visit, cast: Cast) -> None:
    for csrf in ("", "wrong"):
        answer = visit(cast.alice).post(path.format(cast.vy.id), NEW | {"csrf": csrf})
        assert answer.status_code == 403 and "open too long" in answer.text
    assert list(_rows(visit(cast.alice)))[-1] == "Vy"


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_shown_the_way_in(path: str, visit: Visit, cast: Cast) -> None:
    assert visit().get(path.format(cast.vy.id)).location.startswith("/login")


def test_who_looks_after_the_server_gives_no_roles(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        unit_roles.grant(CONSOLE, "sysadmin", cast.charlie.id, None)
    visitor, path = visit(cast.charlie), f"/users/{cast.vy.id}"
    page = visitor.get(path).text
    assert "Name and address" in page
    for word in ("Take away", "/roles", "Show the link", "Delete the user", "/audit"):
        assert word not in page
    for refused in ("roles", "password", "second-factor", "delete"):
        assert visitor.post(f"{path}/{refused}", {"role": "admin"}).status_code == 403
    assert visitor.post("/users/invite", NEW | {"role": "admin"}).status_code == 403
    assert visitor.post("/users/invite", NEW).status_code == 200
    assert 'name="role"' not in visitor.get("/users/invite").text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_sticks_out_on_a_phone(
    language: str, app: Flask, screen: Page, live: str, cast: Cast, world: World
) -> None:
    with app.app_context():
        accounts.create_user(CONSOLE, f"{'rat-dai-' * 7}@example.org", PASSWORD, "Nguyễn Thị Thanh Hương Giang")
    cookies = {"session": cast.alice.token, "language": language}
    screen.context.add_cookies([{"name": name, "value": value, "url": live} for name, value in cookies.items()])
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto(f"{FORMS}/submissions/{world.good}")
    wide = []
    for path in (
        "/users",
        "/users/invite",
        f"/users/{cast.vy.id}",
        f"/users/{cast.vy.id}/delete",
        "/audit",
        "/profile",
    ):
        screen.goto(path)
        assert screen.locator("h1").count() == 1
        if screen.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []
