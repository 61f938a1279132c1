"""Many volunteers from one table: looked at first, added once."""

from __future__ import annotations

import io
import re
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import Workbook

from server.actions import unit_files
from server.db import db
from server.models import AppUser, Assignment
from server.permissions import CONSOLE
from server.web import imports
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.server.web.conftest import Visit, Visitor
from tests.server.web.test_units import TABLE as UNITS

IMPORT = "/projects/1/volunteers/import"
TABLE = "Họ tên,mã,đơn vị,vai trò\nLê Thị Đào,TV-01,C1,\nPhạm Văn Mận,TV-02,C2,peer_leader\nNgười Ba,,,\n"


def table(data: str | bytes) -> dict[str, object]:
    return {"table": (io.BytesIO(data if isinstance(data, bytes) else data.encode()), "volunteers")}


def kept(page: str) -> str:
    found = re.search(r'name="table" value="([^"]+)"', page)
    assert found
    return found[1]


def with_units(app: Flask) -> None:
    with app.app_context():
        unit_files.load(CONSOLE, UNITS.encode())


def add(visitor: Visitor, data: str | bytes) -> None:
    shown = visitor.post(IMPORT, table(data))
    assert shown.status_code == 200
    assert visitor.post(f"{IMPORT}/add", {"table": kept(shown.text)}).location == "/projects/1/volunteers"


def test_a_table_is_shown_and_then_added(app: Flask, visit: Visit, cast: Cast) -> None:
    with_units(app)
    visitor = visit(cast.alice)
    shown = visitor.post(IMPORT, table(TABLE)).text
    assert "Add 3 volunteers" in shown and "Lê Thị Đào" in shown and "TV-02" in shown
    assert "Lê Thị Đào" not in visitor.get("/projects/1/volunteers").text
    add(visitor, TABLE)
    page = visitor.get("/projects/1/volunteers").text
    assert "The volunteers are added." in page
    assert all(name in page for name in ("Lê Thị Đào", "Phạm Văn Mận", "Người Ba"))
    with app.app_context():
        people = {one.actor.display_name: one.actor for one in db.session.query(AppUser)}
        assert people["Lê Thị Đào"].properties == {"worker_code": "TV-01"} and people["Người Ba"].properties == {}
        on_units = db.session.query(Assignment).filter(Assignment.unit_id.is_not(None))
        assert {(row.actor_id, row.role) for row in on_units} == {
            (people["Lê Thị Đào"].id, "volunteer"),
            (people["Phạm Văn Mận"].id, "peer_leader"),
        }


def test_the_same_table_again_adds_only_who_is_new(app: Flask, visit: Visit, cast: Cast) -> None:
    with_units(app)
    visitor = visit(cast.alice)
    add(visitor, TABLE)
    shown = visitor.post(IMPORT, table(TABLE.replace("Người Ba,,,\n", "Người Tư,TV-04,C1,\n"))).text
    assert "2 volunteers are there already" in shown and "Add 1 volunteer<" in shown.replace("</button>", "<")
    assert "Người Tư" in shown


def test_a_workbook(visit: Visit, cast: Cast) -> None:
    book = Workbook()
    for row in (["Họ tên", "mã"], ["Lê Thị Đào", 12]):
        book.worksheets[0].append(row)
    file = BytesIO()
    book.save(file)
    add(visit(cast.alice), file.getvalue())
    assert "Lê Thị Đào" in visit(cast.alice).get("/projects/1/volunteers").text


def test_what_is_wrong_is_said_and_nothing_added(visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_TABLE", 1000)
    visitor = visit(cast.alice, "vi")
    shown = visitor.post(IMPORT, table("name,unit\nLê Thị Đào,C1\n,\nPhạm Văn Mận,\n"))
    assert "Hôm nay không có đơn vị nào mang mã này." in shown.text and "1 dòng không thêm được" in shown.text
    assert 'name="table"' not in shown.text
    for data, said in (
        ("", "bảng"),
        ("code\n1\n", "name"),
        (b"%PDF-1.7 \xff\xfe", "Không đọc được"),
        ("name\n" + "x" * 1000, ""),
    ):
        answer = visitor.post(IMPORT, table(data))
        assert answer.status_code == 400 and said in answer.text
    before = visitor.get("/projects/1/volunteers").text
    assert visitor.post(f"{IMPORT}/add", {"table": "bmFtZSx1bml0Ckzhu6ssQzkK"}).status_code == 400
    assert visitor.post(f"{IMPORT}/add", {"table": "*"}).status_code == 400
    assert visitor.get("/projects/1/volunteers").text == before


def test_a_template_for_excel(visit: Visit, cast: Cast) -> None:
    answer = visit(cast.alice).get(f"{IMPORT}/template")
    assert answer.data.startswith(b"\xef\xbb\xbfname,language,worker_code,unit,role,forms")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_who_may_not(visit: Visit, cast: Cast) -> None:
    for person in (cast.charlie, None):
        assert visit(person).get(IMPORT).status_code in (303, 403)
        assert visit(person).post(f"{IMPORT}/add", {"table": ""}).status_code in (303, 403)


def test_their_cards_eight_to_a_page(app: Flask, visit: Visit, cast: Cast) -> None:
    with_units(app)
    visitor = visit(cast.alice)
    add(visitor, TABLE)
    large, small = (visitor.get(f"/projects/1/volunteers/print{query}").text for query in ("", "?sheet=8"))
    assert 'class="a7"' not in large and "?sheet=8" in large
    assert small.count('class="a7"') == large.count('class="a6"') > 3
    assert "TV-01" in small and "Phạm Văn Mận" in small


def test_the_list_tells_of_which_app_the_last_one_came(publish: Publish, send: Send, visit: Visit, cast: Cast) -> None:
    form = publish(VISIT)
    agents = {"User-Agent": "org.odk.collect.android/v2026.3.1 Dalvik/2.1.0 (Linux; U; Android 13)"}
    expect.told(send(form.submission(), headers=agents), 201)
    assert "Collect v2026.3.1" in visit(cast.alice).get("/projects/1/volunteers").text
    expect.told(send(form.submission(), headers={"User-Agent": "<b>curl</b>"}), 201)
    page = visit(cast.alice).get("/projects/1/volunteers").text
    assert "Collect v2026.3.1" not in page and "<b>curl" not in page
