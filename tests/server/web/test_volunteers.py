"""The list of volunteers: units, filter, search, pages; and it asks no more for many than for few."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import event

from server.actions import access, unit_files, unit_roles, units
from server.db import db, writing
from server.permissions import CONSOLE
from server.web import people
from tests.cast import Cast
from tests.server.web.conftest import Visit, Visitor
from tests.server.web.test_imports import TABLE, add
from tests.server.web.test_units import TABLE as UNITS

VOLUNTEERS = "/projects/1/volunteers"


def numbers(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {each.unit.code: each.id for each in units.list_all(CONSOLE)}


def office(app: Flask, visit: Visit, cast: Cast) -> Visitor:
    """A manager with volunteers in two communes."""
    with app.app_context():
        unit_files.load(CONSOLE, UNITS.encode())
    add(visit(cast.alice), TABLE)
    return visit(cast.bob)


def test_each_stands_with_her_unit(app: Flask, visit: Visit, cast: Cast) -> None:
    page = office(app, visit, cast).get(VOLUNTEERS).text
    assert page.index("Phạm Văn Mận") < page.index("Commune Two", page.index("Phạm Văn Mận"))
    assert "TV-01" in page and "no unit" in page
    assert "Xã Một" in visit(cast.bob, "vi").get(VOLUNTEERS).text


def test_by_unit_and_by_all_below_one(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor, codes = office(app, visit, cast), numbers(app)
    one = visitor.get(f"{VOLUNTEERS}?unit={codes['C1']}").text
    assert "Lê Thị Đào" in one and "Phạm Văn Mận" not in one and "1 volunteer found" in one
    all_below = visitor.get(f"{VOLUNTEERS}?unit={codes['P1']}").text
    assert "2 volunteers found" in all_below and "Người Ba" not in all_below
    cards = visitor.get(f"{VOLUNTEERS}/print?unit={codes['C1']}").text
    assert "Lê Thị Đào" in cards and "Phạm Văn Mận" not in cards and f"sheet=8&amp;unit={codes['C1']}" in cards
    assert visitor.get(f"{VOLUNTEERS}?unit=999").status_code == 404
    assert visitor.get(f"{VOLUNTEERS}?unit=x").status_code == 200


def test_searching_by_name_and_code(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = office(app, visit, cast)
    assert visitor.post(f"{VOLUNTEERS}/search", {"search": "le dao"}).location == VOLUNTEERS
    page = visitor.get(VOLUNTEERS).text
    assert "Lê Thị Đào" in page and "Phạm Văn Mận" not in page and "for “le dao”" in page
    visitor.post(f"{VOLUNTEERS}/search", {"search": "tv-02"})
    assert "Phạm Văn Mận" in visitor.get(VOLUNTEERS).text
    visitor.post(f"{VOLUNTEERS}/search", {"search": "nobody"})
    assert "Nobody found" in visitor.get(VOLUNTEERS).text
    visitor.post(f"{VOLUNTEERS}/search", {"search": ""})
    assert "Người Ba" in visitor.get(VOLUNTEERS).text
    back = visitor.post(f"{VOLUNTEERS}/search", {"search": "a", "codes": "revoked", "other": "x"}).location
    assert back == f"{VOLUNTEERS}?codes=revoked"


def test_revoked_codes_are_apart(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    assert "Máy của Lan" in visitor.get(VOLUNTEERS).text
    visitor.post(f"{VOLUNTEERS}/{cast.device.id}/revoke")
    assert "Máy của Lan" not in visitor.get(VOLUNTEERS).text
    assert "Máy của Lan" in visitor.get(f"{VOLUNTEERS}?codes=revoked").text
    assert "Make a new card" in visitor.get(f"{VOLUNTEERS}/{cast.device.id}").text


def test_many_come_in_pages_and_cost_no_more_questions(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor, asked = visit(cast.bob), list[str]()
    with app.app_context():
        unit_files.load(CONSOLE, UNITS.encode())
        event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    visitor.get(VOLUNTEERS)  # what is remembered from then on
    asked.clear()
    few = visitor.get(VOLUNTEERS).text
    questions = len(asked)
    commune = numbers(app)["C1"]
    with app.app_context(), writing():
        for number in range(people.PAGE + 5):
            made = access.create_app_user(CONSOLE, 1, f"Người {number:03}")
            unit_roles.grant(CONSOLE, "volunteer", made.actor_id, commune)
    asked.clear()
    first = visitor.get(VOLUNTEERS).text
    assert len(asked) <= questions + 1
    second = visitor.get(f"{VOLUNTEERS}?page=2").text
    assert (few.count("<tr>"), first.count("<tr>"), second.count("<tr>")) == (2, people.PAGE + 1, 7)
    assert "page=2" in first and "page=1" in second
