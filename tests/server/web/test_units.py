"""Units on pages: the tree, its file, merging, and who works where."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from flask import Flask
from openpyxl import Workbook

from server.actions import unit_roles, units
from server.permissions import CONSOLE
from tests.cast import Cast
from tests.server.web.conftest import Visit, Visitor

TABLE = """code,parent_code,level_code,type_label,name_vi,name_en,valid_from,valid_to,successor_codes,is_hotspot
P1,,province,tỉnh,Tỉnh Một,Province One,2020-01-01,,,
C1,P1,commune,xã,Xã Một,Commune One,2020-01-01,,,
C2,P1,commune,xã,Xã Hai,Commune Two,2020-01-01,,,yes
"""


def table(text: str) -> dict[str, object]:
    return {"table": (io.BytesIO(text.encode()), "units.csv")}


def upload(visitor: Visitor, text: str = TABLE) -> None:
    """Look at a table, and agree."""
    shown = visitor.post("/units/import", table(text)).text
    kept = re.search(r'name="table" value="([^"]+)"', shown)
    assert kept
    assert visitor.post("/units/import/now", {"table": kept[1]}).location == "/units"


def number(visitor: Visitor, name: str) -> str:
    """The page of a unit."""
    found = re.search(rf'href="(/units/\d+)">{name}<', visitor.get("/units?q=" + name.rsplit(maxsplit=1)[-1]).text)
    assert found, name
    return found[1]


@pytest.fixture
def office(visit: Visit, cast: Cast) -> Visitor:
    """An administrator in front of a tree."""
    visitor = visit(cast.alice)
    upload(visitor)
    return visitor


def test_a_table_is_shown_before_it_counts(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    assert "No units yet" in visitor.get("/units").text
    shown = visitor.post("/units/import", table(TABLE)).text
    assert "What would change" in shown and "3: P1, C1, C2" in shown
    assert "No units yet" in visitor.get("/units").text
    upload(visitor)
    page = visitor.get("/units").text
    assert "The units are changed as the table says." in page
    assert "Province One" in page and "Commune One" not in page  # the highest first
    assert "Tỉnh Một" in visit(cast.alice, "vi").get("/units").text
    again = visitor.post("/units/import", table(TABLE)).text
    assert "Change the units" not in again  # there is nothing to change
    assert "C2,P1,commune" in visitor.get("/units/file").text


def test_what_is_wrong_in_a_table_has_its_row(visit: Visit, cast: Cast) -> None:
    wrong = TABLE + "C3,P9,commune,xã,Xã Ba,,1/7/2025x,,,\n"
    page = visit(cast.alice).post("/units/import", table(wrong))
    assert page.status_code == 400 and "Nothing was changed" in page.text
    assert '<td data-label="Row">5</td>' in page.text and "is no date" in page.text
    assert "không phải" in visit(cast.alice, "vi").post("/units/import", table(wrong)).text.lower()


def test_one_unit_and_what_lies_below(office: Visitor) -> None:
    page = office.get(number(office, "Province One")).text
    assert "Commune One" in page and "Commune Two" in page
    page = office.get(number(office, "Commune Two")).text
    assert "Province One" in page and "Hotspot" in page and "Nothing lies below" in page
    assert office.get("/units/999").status_code == 404


def test_changing_a_unit(office: Visitor) -> None:
    path = number(office, "Commune One")
    new = {"name_vi": "Xã Mới", "code": "C1", "level_code": "commune", "parent_code": "P1", "valid_from": "2020-01-01"}
    assert office.post(path, new).location == path
    assert "Xã Mới" in office.get(path).text
    refused = office.post(path, {**new, "parent_code": "P7"})
    assert refused.status_code == 400 and "There is no unit with the code P7" in refused.text
    refused = office.post(path, {**new, "valid_to": "soon"})
    assert refused.status_code == 400 and "“soon” is no date" in refused.text


def test_two_communes_become_one(office: Visitor) -> None:
    first = number(office, "Commune One")
    given = {"others": "C2", "on": "2025-07-01", "code": "C9", "name_vi": "Xã Chín", "level_code": "commune"}
    moved = office.post(f"{first}/merge", {**given, "parent_code": "P1"})
    assert moved.status_code == 303 and moved.location != first
    assert "Xã Chín" in office.get(moved.location).text
    page = office.get(first).text
    assert "until 30/06/2025" in page and "It went into: C9" in page
    refused = office.post(f"{number(office, 'Xã Chín')}/merge", {**given, "others": "C7"})
    assert refused.status_code == 400 and "C7" in refused.text


def test_one_commune_becomes_two(office: Visitor) -> None:
    first = number(office, "Commune One")
    assert "Split it" in office.get(first).text and "Split it" not in office.get(number(office, "Province One")).text
    names = {"code": ["C7", "C8", "", ""], "name_vi": ["Xã Bảy", "Xã Tám", "", ""], "name_en": ["", "", "", ""]}
    refused = office.post(f"{first}/split", {**names, "on": "2025-07-01", "code": ["C7", "", "", ""]})
    assert refused.status_code == 400 and "to split takes two" in refused.text
    assert office.post(f"{first}/split", {**names, "on": "2025-07-01", "parent_code": "P1"}).location == first
    page = office.get(first).text
    assert "It went into: C7, C8" in page and "The unit is split." in page and "Split it" not in page
    assert "Xã Tám" in office.get("/units?q=tam").text


def test_a_workbook(visit: Visit, cast: Cast) -> None:
    book, file = Workbook(), io.BytesIO()
    for row in (("Mã", "Cấp", "Tên", "Từ ngày"), ("P1", "province", "Tỉnh Một", date(2020, 1, 1))):
        book.worksheets[0].append(row)
    book.save(file)
    visitor = visit(cast.alice)
    shown = visitor.post("/units/import", {"table": (io.BytesIO(file.getvalue()), "units.xlsx")}).text
    kept = re.search(r'name="table" value="([^"]+)"', shown)
    assert kept and visitor.post("/units/import/now", {"table": kept[1]}).location == "/units"
    assert "Tỉnh Một" in visitor.get("/units").text


def test_who_works_where(app: Flask, office: Visitor, visit: Visit, cast: Cast) -> None:
    path = number(office, "Commune One")
    given = {"person": cast.charlie.id, "role": "team_lead"}
    assert office.post(f"{path}/people", given).location == path
    assert office.post(f"{path}/people", given).location == path  # twice is as once
    page = office.get(path).text
    assert "Team lead" in page and "Saved. It holds from now on." in page
    seen = visit(cast.charlie).get("/units").text
    assert "Commune One" in seen and "Province One" not in seen and "Commune Two" not in seen
    assert visit(cast.charlie).get(number(office, "Commune Two")).status_code == 404
    assert visit(cast.charlie).get(path).status_code == 200
    assert office.post(f"{path}/people/remove", given).location == path
    with app.app_context():
        (commune,) = [each for each in units.list_all(CONSOLE) if each.unit.code == "C1"]
        assert unit_roles.assignments(CONSOLE, commune.id) == []


def test_who_may_not_change_the_tree(office: Visitor, visit: Visit, cast: Cast) -> None:
    path, other = number(office, "Commune One"), visit(cast.bob)
    assert "No units found" not in office.get("/units").text
    for address, data in (
        ("/units/import", table(TABLE)),
        ("/units/import/now", {"table": ""}),
        ("/units", {"code": "X", "name_vi": "X", "level_code": "commune"}),
    ):
        assert other.post(address, data).status_code == 403, address
    assert other.get("/units/import").status_code == 403
    assert other.post(path, {"code": "C1"}).status_code in (403, 404)
    assert visit().get("/units").status_code == 303
    office.csrf = "stale"
    assert office.post("/units", {"code": "X"}).status_code == 403
