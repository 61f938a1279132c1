"""Findings on the page of a submission: dismissed with a reason, folded, brought back; and the list by their kind."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, ViewportSize, expect

from server.db import db
from server.models import FindingRow, Submission
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import submission
from tests.server.web.conftest import FORMS, Visit, World, instance_id, sign_in

NARROW = ViewportSize(width=390, height=844)
PLACE = "/projects/1/forms/family/submissions"
LOGIC = """
| survey | | | | | | | | |
| | type | name | label::vi | label::en | required | relevant | constraint | constraint_message::vi | repeat_count |
| | integer | age | Tuổi | Age | yes | | . < 120 | LONG | |
| | text | school | Trường đang học | School | | ${age} < 20 | | | |
| | integer | kids | Số người con | Children | | | | | |
| | begin_repeat | child | Con | Child | | | | | ${kids} |
| | text | name | Tên | Name | yes | | | | |
| | integer | years | Tuổi của con | Years | | | . < 60 | Tuổi không hợp lệ | |
| | end_repeat | | | | | | | | |
| settings | | | | |
| | form_title | form_id | version | default_language |
| | Gia đình | family | 1 | vi |
""".replace("LONG", "Tuổi phải nhỏ hơn 120; nếu người được thăm không nhớ năm sinh, hãy hỏi người nhà " * 3)


def words(html: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html.split("<main", 1)[1])))


def number(html: str) -> str:
    """Of the first finding that can be dismissed."""
    found = re.search(r"/findings/(\d+)/dismiss", html)
    assert found
    return found[1]


@pytest.fixture
def family(publish: Publish, send: Send) -> str:
    """The page of a submission that breaks the logic of its form."""
    publish(LOGIC)
    inside = "<age>130</age><school>Tiểu học</school><kids>2</kids><child><years>70</years></child>"
    xml = submission("family", inside, version="1")
    assert send(xml).status_code == 201
    return f"{PLACE}/{instance_id(xml)}"


def test_dismissed_and_brought_back(visit: Visit, cast: Cast, world: World, client: FlaskClient) -> None:
    visitor, place = visit(cast.bob), f"{FORMS}/submissions/{world.bad}"
    before = visitor.get(place).text
    assert "3 problems to look at" in words(before) and "dismissed problem" not in words(before)
    of_it = f"{place}/findings/{number(before)}"
    answer = visitor.post(f"{of_it}/dismiss", {"reason": "Đã gọi <điện>"})
    assert (answer.status_code, answer.location) == (303, f"{place}#notices")
    after = words(visitor.get(place).text)
    assert "The problem is dismissed." in after and "2 problems to look at" in after
    folded = after[after.index("1 dismissed problem") :]
    assert re.search(r"Dismissed by Bob · \d\d/\d\d/\d{4} \d\d:\d\d Đã gọi <điện> Bring back", folded)
    visitor.post(f"{of_it}/bring-back")
    assert "3 problems to look at" in words(visitor.get(place).text)


def test_without_a_reason(visit: Visit, cast: Cast, world: World) -> None:
    visitor, place = visit(cast.bob, "vi"), f"{FORMS}/submissions/{world.bad}"
    answer = visitor.post(f"{place}/findings/{number(visitor.get(place).text)}/dismiss", {"reason": "  "})
    assert answer.status_code == 400
    assert "Hãy ghi lý do" in words(answer.text) and "3 vấn đề cần xem" in words(answer.text)


def test_who_only_looks_is_not_offered_it(visit: Visit, cast: Cast, world: World) -> None:
    place = f"{FORMS}/submissions/{world.bad}"
    of_it = f"{place}/findings/{number(visit(cast.bob).get(place).text)}"
    visitor = visit(cast.vy)
    assert "/dismiss" not in visitor.get(place).text
    assert visitor.post(f"{of_it}/dismiss", {"reason": "x"}).status_code == 403
    assert visit(cast.bob).client.post(f"{of_it}/dismiss", data={"reason": "x"}).status_code == 403
    assert visit(cast.bob).post(f"{place}/findings/999/dismiss", {"reason": "x"}).status_code == 404


def test_an_older_version_is_not_judged(visit: Visit, cast: Cast, world: World, send: Send) -> None:
    xml = submission("point_visit", "<point_code/>", version="2026112301", deprecated_id=world.bad)
    assert send(xml).status_code == 201
    visitor, place = visit(cast.bob), f"{FORMS}/submissions/{world.bad}"
    assert "/dismiss" in visitor.get(place).text
    assert "/dismiss" not in visitor.get(f"{place}/versions/{world.bad}").text


def test_each_stands_at_its_question(visit: Visit, cast: Cast, family: str) -> None:
    page = visit(cast.bob).get(family).text
    text = words(page)
    anchors = set(re.findall(r'href="#(q-[^"]+)"', page))
    in_the_repeat = {"q-data-child", "q-data-child-1--name", "q-data-child-1--years"}
    assert anchors == {"q-data-age", "q-data-school"} | in_the_repeat
    assert all(f'id="{anchor}"' in page for anchor in anchors)
    sheet = text[text.index("Answers") :].replace(" Dismiss : ", " Dismiss: ")
    assert "Child The form expects 2 of these by the other answers." in sheet
    assert "School Tiểu học Answered, but by the other answers the form does not ask this." in sheet
    assert "Name no answer An answer is required, and the question was not sent at all." in sheet
    assert "Years 70 The form does not allow this answer. Tuổi không hợp lệ" in sheet


@pytest.mark.parametrize(
    ("kind", "names"),
    [("type", "02"), ("choice", "02"), ("structure", "02"), ("required", ""), ("origin", ""), ("x", "01 02 03")],
)
def test_the_list_by_kind(kind: str, names: str, visit: Visit, cast: Cast, world: World) -> None:
    page = visit(cast.bob).get(f"{FORMS}/submissions?findings={kind}").text
    assert sorted(set(re.findall(r"VP-TD-(\d\d)", page))) == names.split()


def test_what_was_dismissed_is_in_no_list(visit: Visit, cast: Cast, world: World) -> None:
    visitor, place = visit(cast.bob), f"{FORMS}/submissions/{world.bad}"
    for kind in ("type", "choice", "structure"):
        assert "VP-TD-02" in visitor.get(f"{FORMS}/submissions?findings={kind}").text
        with visitor.client.application.app_context():
            query = db.session.query(FindingRow.id).filter(FindingRow.code.startswith(kind))
            found = query.scalar()
        visitor.post(f"{place}/findings/{found}/dismiss", {"reason": "Đúng"})
        assert "VP-TD-02" not in visitor.get(f"{FORMS}/submissions?findings={kind}").text
    assert "VP-TD-02" not in visitor.get(f"{FORMS}/submissions?findings=yes").text
    assert "VP-TD-02" in visitor.get(f"{FORMS}/submissions?findings=no").text
    with visitor.client.application.app_context():
        assert {row.findings for row in db.session.query(Submission)} == {0}


@pytest.mark.parametrize("language", ["vi-VN", "en-GB"])
@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone(scripts: bool, language: str, browser: Browser, live: str, cast: Cast, family: str) -> None:
    context = browser.new_context(base_url=live, java_script_enabled=scripts, locale=language, viewport=NARROW)
    screen = context.new_page()
    sign_in(screen, cast)
    screen.goto(family)
    screen.locator("#q-data-age .dismiss summary").click()
    screen.locator("#q-data-age textarea").fill("Cụ có giấy khai sinh. " * 12 + "x" * 80)
    screen.locator("#q-data-age button").click()
    expect(screen.get_by_role("status")).to_be_in_viewport()
    screen.locator("#dismissed summary").click()
    if scripts:
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert screen.evaluate(wide) == 0
    screen.locator("#dismissed button").click()
    expect(screen.locator("#q-data-age .dismiss")).to_be_visible()
    context.close()
