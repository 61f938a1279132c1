"""Several submissions taken away at once, after a question how many; and brought back from the trash."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from server.i18n import LANGUAGES
from tests.cast import Cast
from tests.server.web.conftest import FORMS, Visit, Visitor, World, sign_in

LIST = f"{FORMS}/submissions"
TRASH = f"{FORMS}/trash"
BACK = {"since": "2020-01-01", "page": "1"}


def names(page: str) -> list[str]:
    """The instance IDs that are ticked, or can be."""
    return re.findall(r'name="ids" value="([^"]*)"', page)


def ask(visitor: Visitor, *ids: str) -> tuple[int, str]:
    """Tick some, and choose to delete them."""
    answer = visitor.post(f"{LIST}/decide", {**BACK, "decision": "delete", "ids": list(ids), "comment": ""})
    return answer.status_code, answer.text


def logged(client: FlaskClient, cast: Cast, action: str) -> list[str]:
    """Of which submissions the audit tells it."""
    found = client.get(f"/v1/audits?action={action}", headers=cast.alice.bearer).get_json()
    return sorted(entry["details"]["instanceId"] for entry in found)


def test_it_asks_first_and_says_how_many(visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    status, page = ask(bob, world.good, world.bad)
    assert status == 200
    assert "Delete 2 submissions?" in page and "Điểm VP-TD-02" in page
    assert sorted(names(page)) == sorted([world.good, world.bad])
    assert len(names(bob.get(LIST).text)) == 3
    assert "Delete 1 submission?" in ask(bob, world.good)[1]
    assert "Xóa 2 phiếu?" in ask(visit(cast.bob, "vi"), world.good, world.bad)[1]


def test_deleting_and_bringing_back(visit: Visit, cast: Cast, world: World, client: FlaskClient) -> None:
    bob = visit(cast.bob)
    answer = bob.post(f"{LIST}/delete", {**BACK, "ids": [world.good, world.bad]})
    assert answer.location == f"{LIST}?since=2020-01-01&page=1"
    assert "Deleted: 2. They lie in the trash" in bob.get(answer.location).text
    assert names(bob.get(LIST).text) == [world.edited]
    assert logged(client, cast, "submission.delete") == sorted([world.good, world.bad])
    page = bob.get(TRASH).text
    assert sorted(names(page)) == sorted([world.good, world.bad]) and "Điểm VP-TD-02" in page
    answer = bob.post(f"{TRASH}/restore", {"ids": [world.bad]})
    assert answer.location == TRASH
    assert "Restored: 1." in (page := bob.get(TRASH).text) and names(page) == [world.good]
    assert len(names(bob.get(LIST).text)) == 2
    assert logged(client, cast, "submission.restore") == [world.bad]


def test_the_trash_is_found_from_the_list(visit: Visit, cast: Cast, world: World) -> None:
    assert f'href="{TRASH}"' in visit(cast.bob).get(LIST).text
    assert f'href="{TRASH}"' not in visit(cast.vy).get(LIST).text
    bob = visit(cast.bob)
    assert "The trash is empty" in bob.get(TRASH).text
    bob.post(f"{LIST}/delete", {"ids": [world.good, world.bad, world.edited]})
    assert f'href="{TRASH}"' in bob.get(LIST).text


def test_nothing_ticked(visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    for status, page in (ask(bob), ((answer := bob.post(f"{LIST}/delete", {})).status_code, answer.text)):
        assert status == 400 and "Tick at least one submission." in page
    answer = bob.post(f"{TRASH}/restore", {})
    assert answer.status_code == 400 and "Tick at least one submission." in answer.text


def test_all_or_none(visit: Visit, cast: Cast, world: World) -> None:
    bob = visit(cast.bob)
    for status, page in (ask(bob, world.good, "uuid:none"),):
        assert status == 400 and "Nothing was changed" in page
    answer = bob.post(f"{LIST}/delete", {"ids": [world.good, "uuid:none"]})
    assert answer.status_code == 400 and "Nothing was changed" in answer.text
    bob.post(f"{LIST}/delete", {"ids": [world.good]})
    answer = bob.post(f"{TRASH}/restore", {"ids": [world.good, world.bad]})
    assert answer.status_code == 400 and "Nothing was changed" in answer.text
    assert names(bob.get(TRASH).text) == [world.good]


def test_who_may_not_is_not_offered_it(visit: Visit, cast: Cast, world: World) -> None:
    assert 'value="delete"' in visit(cast.bob).get(LIST).text
    for person in (cast.vy, cast.charlie):
        visitor = visit(person)
        assert 'value="delete"' not in visitor.get(LIST).text
        assert ask(visitor, world.good)[0] == 403
        assert visitor.post(f"{LIST}/delete", {"ids": [world.good]}).status_code == 403
        assert visitor.get(TRASH).status_code == 403
        assert visitor.post(f"{TRASH}/restore", {"ids": [world.good]}).status_code == 403


def test_who_looked_through_the_trash(visit: Visit, cast: Cast, world: World, client: FlaskClient) -> None:
    bob = visit(cast.bob)
    bob.post(f"{LIST}/delete", {"ids": [world.good]})
    before = client.get("/v1/audits?action=submission.list.read", headers=cast.alice.bearer).get_json()
    bob.get(TRASH)
    after = client.get("/v1/audits?action=submission.list.read", headers=cast.alice.bearer).get_json()
    assert len(after) == len(before) + 1


def _fits(screen: Page, path: str) -> None:
    for width in (390, 1280):
        screen.set_viewport_size({"width": width, "height": 844})
        if path:
            screen.goto(path)
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts(browser: Browser, live: str, cast: Cast, world: World, language: str) -> None:
    context = browser.new_context(base_url=live, java_script_enabled=False, locale="en-GB")
    screen = context.new_page()
    sign_in(screen, cast)
    context.add_cookies([{"name": "language", "value": language, "url": screen.url}])
    screen.goto(LIST)
    for box in range(2):
        screen.locator("[name=ids]").nth(box).check()
    screen.locator("[name=decision]").select_option("delete")
    screen.locator(".for-ticked button").click()
    expect(screen.get_by_role("heading", level=1)).to_contain_text("2")
    _fits(screen, "")
    screen.locator("main button.bad").click()
    expect(screen.get_by_role("status")).to_contain_text("2")
    expect(screen.locator("[name=ids]")).to_have_count(1)
    _fits(screen, TRASH)
    screen.locator("[name=ids]").first.check()
    screen.locator("main form button").click()
    expect(screen.get_by_role("status")).to_contain_text("1")
    expect(screen.locator("[name=ids]")).to_have_count(1)
    context.close()
