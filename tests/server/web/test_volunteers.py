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

    def questions() -> list[str]:
        """But those that every request asks again after a while: the shape of the database, leases."""
        return [each for each in asked if each != "BEGIN" and "alembic" not in each and "leases" not in each]

    visitor.get(VOLUNTEERS)  # what is remembered from then on
    asked.clear()
    few = visitor.get(VOLUNTEERS).text
    of_few = len(questions())
    commune = numbers(app)["C1"]
    with app.app_context(), writing():
        for number in range(people.PAGE + 5):
            made = access.create_app_user(CONSOLE, 1, f"Người {number:03}")
            unit_roles.grant(CONSOLE, "volunteer", made.actor_id, commune)
    asked.clear()
    first = visitor.get(VOLUNTEERS).text
    assert 0 < len(questions()) <= of_few + 1
    second = visitor.get(f"{VOLUNTEERS}?page=2").text
    assert (few.count("<tr>"), first.count("<tr>"), second.count("<tr>")) == (2, people.PAGE + 1, 7)
    assert "page=2" in first and "page=1" in second


def test_a_volunteer_is_added_with_a_unit_and_changes_it(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = office(app, visit, cast)
    page = visitor.get(VOLUNTEERS).text
    assert '<option value="C1" >Commune One (C1)</option>' in page
    path = visitor.post(VOLUNTEERS, {"name": "Mới", "language": "vi", "unit": "C1"}).location
    page = visitor.get(path).text
    assert '<option value="C1" selected>Commune One' in page and "Commune One" in page.partition("</header>")[2]
    assert visitor.post(f"{path}/unit", {"unit": "C2"}).location == path
    page = visitor.get(path).text
    assert "belongs to Commune Two." in page and '<option value="C2" selected>' in page and "C1" in page
    refused = visitor.post(f"{path}/unit", {"unit": "C9"})
    assert refused.status_code == 400 and "No unit with the code “C9” is there today." in refused.text
    assert visitor.post(f"{path}/unit", {"unit": ""}).location == path
    assert "belongs to no unit" in visitor.get(path).text
    for person in (cast.vy, cast.charlie, cast.dung):
        assert visit(person).post(f"{path}/unit", {"unit": "C1"}).status_code == 403


def test_the_role_stays_when_the_unit_changes(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor, codes = office(app, visit, cast), numbers(app)
    with app.app_context():
        unit_roles.grant(CONSOLE, "peer_leader", cast.device.id, codes["C1"])
    visitor.post(f"{VOLUNTEERS}/{cast.device.id}/unit", {"unit": "C2"})
    with app.app_context():
        assert unit_roles.assignments(CONSOLE, codes["C1"], role_name="peer_leader") == []
        held = unit_roles.assignments(CONSOLE, codes["C2"], role_name="peer_leader")
        assert cast.device.id in {person.id for _, person in held}


def test_what_was_typed_stays_when_the_unit_is_none(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = office(app, visit, cast)
    refused = visitor.post(VOLUNTEERS, {"name": "Người Năm", "language": "en", "unit": "C9"})
    assert refused.status_code == 400 and "No unit with the code “C9”" in refused.text
    assert 'value="Người Năm"' in refused.text and '<option value="en" selected>' in refused.text
    assert "Người Năm" not in visitor.get(VOLUNTEERS).text


def test_of_many_units_one_is_typed(app: Flask, visit: Visit, cast: Cast) -> None:
    rows = "".join(f"D{at},P1,commune,xã,Xã {at},,2020-01-01,,,\n" for at in range(70))
    with app.app_context():
        unit_files.load(CONSOLE, (UNITS + rows).encode())
    page = visit(cast.bob).get(VOLUNTEERS).text
    assert 'list="units-open"' in page and '<option value="D69">Xã 69</option>' in page


def test_cards_speak_the_language_of_who_reads_them(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = office(app, visit, cast)
    visitor.post(VOLUNTEERS, {"name": "Mary", "language": "en", "unit": "C1"})
    visitor.post(VOLUNTEERS, {"name": "Mận", "language": "vi", "unit": "C1"})
    page = visitor.get(f"{VOLUNTEERS}/print?sheet=8").text
    assert "Cards to print" in page and "works on this computer only" in page or "Trial only: without https" in page
    english, vietnamese = (
        page.partition(f'aria-label="{name}"')[2].partition("</section>")[0] for name in ("Mary", "Mận")
    )
    assert "Commune One" in english and "This card is a key" in english
    assert "Xã Một" in vietnamese and "Commune One" not in vietnamese and "This card is a key" not in vietnamese
    large = visitor.get(f"{VOLUNTEERS}/print").text.partition('aria-label="Phạm Văn Mận"')[2].partition("</section>")[0]
    assert "TV-02" in large and "Xã Hai" in large
    listed = visitor.get(VOLUNTEERS).text
    assert listed.index("print?sheet=8") < listed.index('volunteers/print"')
