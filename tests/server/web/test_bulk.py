"""Several submissions decided on at once, ticked in the list."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from server.i18n import LANGUAGES
from tests.cast import Cast
from tests.server.web.conftest import FORMS, Visit, Visitor, World, sign_in

LIST = f"{FORMS}/submissions"
FILTERED = {"state": "", "since": "2020-01-01", "page": "1"}


def states(visitor: Visitor) -> list[str]:
    """Those of the list."""
    return re.findall(r'data-label="State"><span class="chip chip-(\w+)">', visitor.get(LIST).text)


def decide(visitor: Visitor, decision: str, *ids: str, comment: str = "") -> tuple[int, str]:
    """Tick some and decide; the status, and the page one is on then."""
    sent = {**FILTERED, "decision": decision, "ids": list(ids), "comment": comment}
    answer = visitor.post(f"{LIST}/decide", sent)
    return answer.status_code, answer.text if answer.status_code != 303 else visitor.get(answer.location).text


def test_some_are_approved(visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    answer = bob.post(f"{LIST}/decide", {**FILTERED, "decision": "approved", "ids": [world.good, world.bad]})
    assert answer.location == f"{LIST}?since=2020-01-01&page=1"
    assert "Done. Submissions decided on: 2." in bob.get(answer.location).text
    assert sorted(states(bob)) == ["approved", "approved", "edited"]
    assert decide(bob, "received", world.good)[0] == 303
    assert sorted(states(bob)) == ["approved", "edited", "received"]


def test_they_are_returned_with_one_comment(visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    status, page = decide(bob, "hasIssues", world.good, world.bad)
    assert status == 400 and "Write a comment first" in page
    assert page.count(" checked>") == 2 and re.search(r'value="hasIssues" selected', page)
    decide(bob, "hasIssues", world.good, world.bad, comment="Ghi lại số phút.")
    for instance_id in (world.good, world.bad):
        assert "Ghi lại số phút." in bob.get(f"{LIST}/{instance_id}").text


@pytest.mark.parametrize("decision", ["", "deleted"])
def test_nothing_chosen_and_nothing_ticked(decision: str, visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    status, page = decide(bob, decision, world.good)
    assert status == 400 and "Choose what to do" in page and page.count(" checked>") == 1
    status, page = decide(bob, "approved")
    assert status == 400 and "Tick at least one submission." in page


def test_all_or_none(visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    before = states(bob)
    status, page = decide(bob, "approved", world.good, "uuid:none")
    assert status == 400 and "Nothing was changed" in page
    assert states(bob) == before


def test_who_only_looks_ticks_nothing(visit: Visit, cast: Cast, world: World) -> None:
    assert 'name="ids"' in visit(cast.bob).get(LIST).text
    vy = visit(cast.vy)
    assert 'name="ids"' not in vy.get(LIST).text
    assert decide(vy, "approved", world.good)[0] == 403


def _on_a_page(screen: Page, language: str, width: int) -> None:
    screen.set_viewport_size({"width": width, "height": 844})
    screen.goto(LIST)
    words = {"en": "Do it", "vi": "Thực hiện"}
    expect(screen.get_by_role("button", name=words[language])).to_be_visible()
    assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_a_browser(screen: Page, cast: Cast, world: World, language: str) -> None:
    sign_in(screen, cast)
    screen.context.add_cookies([{"name": "language", "value": language, "url": screen.url}])
    for width in (390, 1280):
        _on_a_page(screen, language, width)
    boxes = screen.locator("[name=ids]")
    screen.locator("[data-tick-all] input").check()
    assert [boxes.nth(number).is_checked() for number in range(3)] == [True] * 3
    screen.locator("[data-tick-all] input").uncheck()
    boxes.first.check()
    screen.locator("[name=decision]").select_option("approved")
    screen.locator(".for-ticked button").click()
    expect(screen.get_by_role("status")).to_contain_text("1")
    expect(screen.locator("tbody .chip-approved")).to_have_count(1)


def test_without_scripts(browser: Browser, live: str, cast: Cast, world: World) -> None:
    context = browser.new_context(base_url=live, java_script_enabled=False, locale="en-GB")
    screen = context.new_page()
    sign_in(screen, cast)
    screen.goto(LIST)
    expect(screen.locator("[data-tick-all]")).to_be_hidden()
    screen.locator("[name=ids]").first.check()
    screen.locator("[name=decision]").select_option("rejected")
    screen.get_by_role("button", name="Do it").click()
    expect(screen.get_by_role("status")).to_have_text("Done. Submissions decided on: 1.")
    context.close()
