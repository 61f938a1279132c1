"""What the page of a user asks for before it changes one's own account, and how machines of others are shut out."""

from __future__ import annotations

from flask import Flask

from server.actions import app_passwords
from server.permissions import Actor
from tests.cast import PASSWORD, Cast
from tests.server.web.conftest import Visit


def test_another_address_of_ones_own_needs_the_password(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor, moved = visit(cast.alice), {"name": "Alice", "email": "a@example.net"}
    url = f"/users/{cast.alice.id}"
    assert "for another address" in visitor.get(url).text
    for wrong in ({}, {"password": "wrong"}):
        answer = visitor.post(url, moved | wrong)
        assert answer.status_code == 400 and "The present password is wrong." in answer.text
    assert visitor.post(url, {"name": "Alíp", "email": cast.alice.email}).status_code == 303
    assert visitor.post(url, moved | {"password": PASSWORD}).status_code == 303
    assert "a@example.net" in visitor.get(url).text
    assert visitor.post(f"/users/{cast.vy.id}", {"name": "Vy", "email": "v@example.net"}).status_code == 303


def test_app_passwords_of_who_lost_a_machine(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        vy = Actor(id=cast.vy.id, type="user", session_id=1)
        made, _ = app_passwords.create(vy, "Excel <1>", PASSWORD)
        number = made.id
    visitor, url = visit(cast.alice), f"/users/{cast.vy.id}"
    assert "Excel &lt;1&gt;" in visitor.get(url).text
    assert visit(cast.bob).post(f"{url}/app-passwords/{number}/revoke").status_code == 403
    assert visitor.post(f"/users/{cast.bob.id}/app-passwords/{number}/revoke").status_code == 404
    assert visitor.post(f"{url}/app-passwords/{number}/revoke").location == url
    assert "Excel" not in visitor.get(url).text
