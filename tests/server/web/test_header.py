"""The bar above each page, in a real browser."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, ViewportSize

from server.actions import accounts
from server.permissions import CONSOLE
from tests.cast import Cast
from tests.server.web.conftest import sign_in

NAME = "Nguyễn Hoàng Thị Phương Thảo Uyên"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_when_the_menu_opens(width: int, screen: Page, cast: Cast) -> None:
    sign_in(screen, cast)
    screen.set_viewport_size(ViewportSize(width=width, height=800))
    before = screen.locator(".top").bounding_box()
    screen.click(".menu summary")
    assert screen.locator(".menu-box").is_visible() and screen.locator(".top").bounding_box() == before


def test_a_long_name_is_shown_where_there_is_room(app: Flask, screen: Page, cast: Cast) -> None:
    with app.app_context():
        accounts.update_user(CONSOLE, cast.bob.id, accounts.Changes(display_name=NAME))
    sign_in(screen, cast)
    name = screen.locator(".menu-name")
    assert name.inner_text() == NAME and name.evaluate("one => one.scrollWidth <= one.clientWidth")
    screen.set_viewport_size(ViewportSize(width=780, height=800))
    assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
