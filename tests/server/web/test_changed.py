"""What changed since the published version, as administrators see it before they publish, and later."""

from __future__ import annotations

import io
from html import unescape

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.cast import Cast
from tests.server.web import demo
from tests.server.web.conftest import FORMS, Visit, World, sign_in

CHANGED = (
    demo.FORM.replace("| | text | note | Ghi chú | Note | | |\n", "| | text | plan | Kế hoạch | Plan | | |\n")
    .replace("| | integer | minutes |", "| | text | minutes |")
    .replace("| Quãng đường (km) | Distance (km) |", "| Quãng đường | Distance (km) |")
    .replace("| | mode | by_phone | Qua điện thoại | By phone |", "| | mode | online | Qua mạng | Online |")
    .replace("| | text | thing | Tên thiết bị | Thing | yes |", "| | text | thing | Tên thiết bị | Thing | |")
)
WORDS = {
    "en": (
        "6 changes since the published version (2026112301)",
        "Added (1)",
        "Removed: what was sent for it stays readable under the version it came with (1)",
        "Answered in another way (1)",
        "Worded anew (1)",
        "Other choices (1)",
        "Other logic (1)",
        "Whether it must be answered (required)",
    ),
    "vi": (
        "6 thay đổi so với phiên bản đã phát hành (2026112301)",
        "Đã thêm (1)",
        "Đã bỏ: dữ liệu đã gửi vẫn đọc được theo phiên bản của nó (1)",
        "Trả lời theo cách khác (1)",
        "Đổi cách hỏi (1)",
        "Đổi lựa chọn (1)",
        "Đổi điều kiện, công thức (1)",
    ),
}
BOTH = (
    "<del>integer</del> → <ins>text</ins>",
    "<del>Quãng đường (km)</del> → <ins>Quãng đường</ins>",
    "<del>Qua điện thoại / By phone</del>",
    "<ins>Qua mạng / Online</ins>",
    "/g_visit/minutes",
)


def upload(markdown: str) -> dict[str, object]:
    """A workbook, as a page sends it."""
    return {"form": (io.BytesIO(markdown.encode()), "point_visit.md")}


@pytest.mark.parametrize("language", WORDS)
def test_before_publishing_and_after(language: str, visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob, language)
    assert visitor.post(f"{FORMS}/draft", upload(CHANGED)).location == f"{FORMS}/draft"
    page = unescape(visitor.get(f"{FORMS}/draft").text)
    for word in (*WORDS[language], *BOTH):
        assert word in page, word
    assert visitor.post(f"{FORMS}/draft/publish", {"version": "2", "accepted": "1"}).location == FORMS
    assert f'href="{FORMS}/versions/2/changes"' in visitor.get(FORMS).text
    page = unescape(visitor.get(f"{FORMS}/versions/2/changes").text)
    for word in (*WORDS[language][1:], *BOTH, "2026112301"):
        assert word in page, word


def test_nothing_changed(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    visitor.post(f"{FORMS}/draft")
    assert "No question, choice or expression changed since" in visitor.get(f"{FORMS}/draft").text
    visitor.post(f"{FORMS}/draft/publish", {"version": "2"})
    assert "No question, choice or expression changed." in visitor.get(f"{FORMS}/versions/2/changes").text


def test_the_first_version_has_none_before_it(visit: Visit, cast: Cast, world: World) -> None:
    assert visit(cast.bob).get(f"{FORMS}/versions/2026112301/changes").status_code == 404
    assert f"{FORMS}/versions/2026112301/changes" not in visit(cast.bob).get(FORMS).text
    assert visit(cast.charlie).get(f"{FORMS}/versions/2026112301/changes").status_code in (403, 404)


def test_a_language_that_comes_is_told_beside_the_questions(visit: Visit, cast: Cast, world: World) -> None:
    more = demo.FORM.replace("label::English (en)", "label::Khmer (km)")
    visitor = visit(cast.bob)
    visitor.post(f"{FORMS}/draft", upload(more))
    page = visitor.get(f"{FORMS}/draft").text
    assert "Languages added: Khmer (km)" in page and "Languages removed: English (en)" in page


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_on_a_screen(width: int, screen: Page, visit: Visit, cast: Cast, world: World) -> None:
    visit(cast.bob).post(f"{FORMS}/draft", upload(CHANGED))
    sign_in(screen, cast)
    screen.set_viewport_size(ViewportSize(width=width, height=844))
    for address in (f"{FORMS}/draft", f"{FORMS}/versions/2/changes"):
        screen.goto(address)
        expect(screen.get_by_text("Worded anew (1)")).to_be_visible()
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        visit(cast.bob).post(f"{FORMS}/draft/publish", {"version": "2", "accepted": "1"})
