"""Units on pages: the tree, its file, merging, and who works where."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

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
    assert "What would change" in shown and "3 new, 0 changed, 0 as they are" in shown and "Commune Two" in shown
    assert "No units yet" in visitor.get("/units").text
    upload(visitor)
    page = visitor.get("/units").text
    assert "Saved: 3 new units, 0 changed." in page
    assert "Province One" in page and "Commune One" not in page  # the highest first
    assert "Tỉnh Một" in visit(cast.alice, "vi").get("/units").text
    again = visitor.post("/units/import", table(TABLE)).text
    assert "Change the units" not in again  # there is nothing to change
    assert "C2,P1,commune" in visitor.get("/units/file").text


def test_what_is_wrong_in_a_table_has_its_row(visit: Visit, cast: Cast) -> None:
    wrong = TABLE + "C3,P9,commune,xã,Xã Ba,,1/7/2025x,,,\n"
    page = visit(cast.alice).post("/units/import", table(wrong))
    assert page.status_code == 400 and "Nothing was changed" in page.text
    assert '<td data-label="Rows">5</td>' in page.text and "is no date" in page.text
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


def test_what_was_typed_stays_on_its_page(office: Visitor) -> None:
    path = number(office, "Commune One")
    page = office.get(path).text
    assert 'name="level_code"' in page and '<option value="team" selected>' in page  # of what may lie below a commune
    below = {"below": path.rpartition("/")[2], "name_vi": "Tổ Mới", "code": "C1-T1", "parent_code": "P9"}
    refused = office.post("/units", {**below, "level_code": "team", "valid_from": "1/9/2025"})
    assert (
        refused.status_code == 400
        and "Commune One" in refused.text
        and "There is no unit with the code P9" in refused.text
    )
    assert 'value="Tổ Mới"' in refused.text and 'value="1/9/2025"' in refused.text
    refused = office.post("/units", {"name_vi": "Tỉnh Mới", "code": "P2", "level_code": "province", "valid_from": "?"})
    assert refused.status_code == 400 and 'value="Tỉnh Mới"' in refused.text and "“?” is no date" in refused.text
    made = office.post("/units", {**below, "parent_code": "C1", "level_code": "team", "valid_from": "01/09/2025"})
    assert "since 01/09/2025" in office.get(made.location).text


def test_lists_are_in_the_order_of_the_alphabet_and_searching_tells_the_unit_above(office: Visitor) -> None:
    rows = "".join(f"D{at},P1,commune,xã,{name},,2020-01-01,,,\n" for at, name in enumerate(("Đào", "Em", "Dũng")))
    upload(office, TABLE + rows)
    page = office.get(number(office, "Province One")).text
    assert page.index(">Dũng<") < page.index(">Đào<") < page.index(">Em<")
    found = office.get("/units?q=dao").text
    assert "Đào" in found and "Province One" in found
    assert "Province One" in office.get("/units").text and "Đào" not in office.get("/units").text


def test_levels_by_their_names_and_yes_in_vietnamese(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice, "vi")
    head = "Mã,Mã cấp trên,Cấp,Loại,Tên,Từ ngày,Trọng điểm\n"
    rows = "P1,,Cấp tỉnh,tỉnh,Tỉnh Một,01/01/2020,\nC1,P1,commune,xã,Xã Một,01/01/2020,Có\n"
    rows += "C2,P1,XÃ,xã,Xã Hai,01/01/2020,x\n"
    upload(visitor, head + rows)
    assert "Đã lưu 3 đơn vị mới, sửa 0." in visitor.get("/units").text
    assert "C1,P1,commune,xã,Xã Một,,2020-01-01,,,true" in visitor.get("/units/file").text
    shown = visitor.post("/units/import", table(head + rows.replace("Xã Hai", "Xã Hai Mới"))).text
    assert "0 mới, sửa 1, 2 giữ nguyên" in shown and "<del>Xã Hai</del> → <ins>Xã Hai Mới</ins>" in shown


def test_what_a_column_would_say_that_is_not_there_stays(office: Visitor) -> None:
    upload(office, "code,level,name,valid_from\nC2,commune,Xã Hai Mới,2020-01-01\nP1,province,Tỉnh Một,2020-01-01\n")
    kept = office.get("/units/file").text
    assert "C2,P1,commune,xã,Xã Hai Mới,Commune Two,2020-01-01,,,true" in kept
    assert "0 new units, 1 changed" in office.get("/units").text


def test_the_same_fault_in_many_rows_is_said_once(visit: Visit, cast: Cast) -> None:
    rows = "".join(f"C{at},thôn nhỏ,Thôn {at},01/01/2020,không\n" for at in range(63))
    page = visit(cast.alice).post("/units/import", table("Mã,Cấp,Tên gọi,Từ ngày,Trọng điểm\n" + rows))
    assert page.status_code == 400 and "Tên" not in page.text.partition("What is wrong")[2].partition('type="file"')[0]
    named = "Mã đơn vị,Cấp,Tên,Từ ngày,Trọng điểm\n" + rows
    page = visit(cast.alice).post("/units/import", table(named)).text.partition('type="file"')[0]
    assert (
        page.count("There is no level") == 1
        and "Province, District, Commune" in page
        and "… (63 rows)" in page
        and ">Cấp</td>" in page
        and "C0, C1" in page
    )
    wrong = named.replace("thôn nhỏ", "province").replace("C5,", "C5,province,,x,có chứ\nC5,")
    page = visit(cast.alice).post("/units/import", table(wrong)).text.partition('type="file"')[0]
    assert ">Từ ngày</td>" in page and '<td data-label="Code">C5</td>' in page


def test_an_empty_table_in_the_words_of_the_page(visit: Visit, cast: Cast) -> None:
    head = "mã,mã cấp trên,cấp,loại,tên,tên tiếng Anh,từ ngày,đến ngày,mã kế tiếp,trọng điểm"
    assert visit(cast.alice, "vi").get("/units/import/template.csv").data.decode("utf-8-sig").strip() == head
    assert visit(cast.alice).get("/units/import/template.csv").text.lstrip("\ufeff").startswith("code,parent_code")
    book = load_workbook(io.BytesIO(visit(cast.alice, "vi").get("/units/import/template.xlsx").data))
    assert [cell.value for cell in book.worksheets[0][1]] == head.split(",")
    assert visit(cast.bob).get("/units/import/template.csv").status_code == 403
    page = visit(cast.alice, "vi").get("/units/import").text
    assert all(f"<dt>{name}</dt>" in page for name in head.split(",")) and "Cấp tỉnh" in page


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
