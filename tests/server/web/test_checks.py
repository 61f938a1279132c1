"""The administrator sees what of a form the server checks, what not, and why: on the draft, and of each version."""

from __future__ import annotations

import re
from html import unescape

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.cast import Cast
from tests.conftest import Publish
from tests.server.web.conftest import Visit, sign_in

FORM = """
| survey | | | | | | |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | relevant | calculation |
| | integer | age | Bao nhiêu tuổi? | How old? | | |
| | text | job | Nghề gì? | Which job? | ${age} > 15 | |
| | calculate | made | | | | uuid() |
| | text | who | Gặp ai? | Who was met? | nonsense(${age}) = 1 | |
| settings | | | | |
| | form_title | form_id | version | default_language |
| | Thăm hỏi | checks | 1 | Tiếng Việt (vi) |
"""
BASE = "/projects/1/forms/checks"
MANY = "".join(f"| | calculate | made{number} | | | | uuid() |\n" for number in range(40))


def text(page: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def test_the_draft_says_what_is_not_checked_and_why(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(FORM, draft=True)
    page = visit(cast.bob).get(f"{BASE}/draft").text
    shown = text(page)
    assert "1 of 3 expressions are checked in every submission; 2 not." in shown
    assert "because chance decides what it gives: made /data/made What is calculated (calculation): uuid()" in shown
    assert "because the function nonsense() is not supported: Who was met? /data/who" in shown
    assert "When it is asked (relevant): nonsense(${age}) = 1" in shown
    assert '<details id="checks" open>' in page


def test_in_vietnamese(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(FORM, draft=True)
    shown = text(visit(cast.bob, "vi").get(f"{BASE}/draft").text)
    assert "Máy chủ kiểm tra 1 trong 3 biểu thức" in shown
    assert "Không kiểm tra vì máy chủ chưa hiểu hàm nonsense(): Gặp ai? /data/who" in shown


def test_what_the_phone_puts_in_is_told_apart(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(
        FORM.replace("calculation |", "calculation | default |").replace("${age} > 15 | |", "${age} > 15 | | 1 + 1 |")
    )
    shown = text(visit(cast.bob).get(f"{BASE}/versions/1/checks").text)
    assert (
        "because the phone puts it in when something happens, and people may change it: Which job? /data/job" in shown
    )
    assert "What the phone puts in (default, trigger): 1 + 1" in shown


def test_all_is_well(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(FORM.replace("uuid()", "${age} + 1").replace("nonsense(${age}) = 1", "${age} = 1"), draft=True)
    page = visit(cast.bob).get(f"{BASE}/draft").text
    assert "All 3 expressions are checked in every submission." in text(page)
    assert '<details id="checks"' not in page


def test_a_form_without_expressions(visit: Visit, cast: Cast, publish: Publish) -> None:
    plain = re.sub(r"\| \| calculate .*\n", "", FORM).replace("nonsense(${age}) = 1", "").replace("${age} > 15", "")
    publish(plain, draft=True)
    assert "The form has no expressions" in text(visit(cast.bob).get(f"{BASE}/draft").text)


def test_a_long_list_is_folded(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(FORM.replace("| settings", MANY + "| settings"), draft=True)
    page = visit(cast.bob).get(f"{BASE}/draft").text
    assert '<details id="checks" >' in page and "41 of 43" not in page and "1 of 43" in page


def test_each_version_has_a_page(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(FORM)
    publish(FORM.replace("| 1 |", "| 2 |").replace("uuid()", "${age} + 1"))
    viewer = visit(cast.vy)
    page = viewer.get(BASE).text
    assert f"{BASE}/versions/1/checks" in page and f"{BASE}/versions/2/checks" in page
    assert "Expressions that the server checks 2 of 3" in text(page)
    assert "1 of 3 expressions" in text(viewer.get(f"{BASE}/versions/1/checks").text)
    assert "2 of 3 expressions" in text(viewer.get(f"{BASE}/versions/2/checks").text)
    assert viewer.get(f"{BASE}/versions/3/checks").status_code == 404
    assert visit(cast.charlie).get(f"{BASE}/versions/1/checks").status_code == 403


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits(screen: Page, cast: Cast, publish: Publish, width: int) -> None:
    long = "concat(" + ", ".join(["${age}"] * 60) + ", uuid())"
    publish(FORM)
    publish(FORM.replace("uuid()", long).replace("| 1 |", "| 2 |"), draft=True)
    sign_in(screen, cast)
    screen.set_viewport_size(ViewportSize(width=width, height=844))
    for path in ("", "/draft", "/versions/1/checks"):
        screen.goto(BASE + path)
        expect(screen.get_by_role("heading", level=1)).to_be_visible()
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
