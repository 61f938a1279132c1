"""The audit: what is told in it and what never, filters, pages, the table to download, and who may read it."""

from __future__ import annotations

import ast
import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.actions import audit_trail, audits, sessions, unit_roles
from server.db import writing
from server.permissions import CONSOLE, Actor, Grant
from server.web import audit_words
from tests.cast import Cast
from tests.parts import ROOT
from tests.server.web.conftest import FORMS, Visit, Visitor, World

LATER = datetime(2031, 5, 6, 17, 30, tzinfo=UTC)  # past midnight of the 7th in Vietnam


def _read(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page))).strip()


def _rows(visitor: Visitor, path: str = "/audit") -> list[str]:
    """The entries, as they are read."""
    body = visitor.get(path).text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [_read(row) for row in body.split("<tr>")[1:]]


def _table(visitor: Visitor, path: str = "/audit.csv") -> list[list[str]]:
    answer = visitor.get(path)
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def _entry(action: str, actor: Actor = CONSOLE, project_id: int | None = None) -> None:
    with writing():
        audits.log(actor, action, project_id=project_id)


@pytest.mark.parametrize(
    ("language", "looked", "arrived"),
    [("en", "Looked at a submission", "Sent a submission"), ("vi", "Xem một phiếu", "Gửi một phiếu")],
)
def test_who_sent_and_who_looked(
    language: str, looked: str, arrived: str, visit: Visit, cast: Cast, world: World
) -> None:
    visit(cast.bob).get(f"{FORMS}/submissions/{world.good}")
    rows = _rows(visit(cast.alice, language))
    assert "Bob" in rows[0] and looked in rows[0] and "127.0.0.1" in rows[0]
    assert "Hỗ trợ cộng đồng Thăm điểm tư vấn" in rows[0] and world.good in rows[0]
    sent = next(row for row in rows if arrived in row)
    assert "Máy của Lan" in sent and world.bad in sent


def test_a_submission_is_a_link_for_who_may_open_it(app: Flask, visit: Visit, cast: Cast, world: World) -> None:
    with app.app_context():
        unit_roles.grant(CONSOLE, "privacy_officer", cast.charlie.id, None)
    visit(cast.bob).get(f"{FORMS}/submissions/{world.good}")
    address = f'href="{FORMS}/submissions/{world.good}"'
    assert address in visit(cast.alice).get("/audit").text
    officer = visit(cast.charlie)
    page = officer.get("/audit").text
    assert world.good in page and f"{FORMS}/submissions" not in page and 'href="/users/' not in page
    assert 'href="/audit"' in officer.get("/?all=1").text


def test_never_an_answer_or_a_name_of_a_file(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.alice)
    visitor.get(f"{FORMS}/submissions/{world.bad}")
    page = visitor.get("/audit").text + visitor.get("/audit.csv").text
    for answer in ("VP-TD-02", "by_drone", "mat.jpg", "bien-ban.wav", "Điểm"):
        assert answer not in page


def test_roles_have_their_names(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    visitor.post(f"/users/{cast.charlie.id}/roles", {"role": "viewer", "project": "2"})
    visitor.post(f"/users/{cast.charlie.id}/roles", {"role": "privacy_officer"})
    rows = _rows(visitor, "/audit?kind=user")
    assert "Gave the role “Project viewer” Dự án khác Charlie" in rows[0]
    assert "Gave the role “Privacy officer” Charlie" in _rows(visitor, "/audit?kind=unit")[0]
    assert f'href="/users/{cast.charlie.id}"' in visitor.get("/audit").text


def test_why_is_told(client: FlaskClient, visit: Visit, cast: Cast) -> None:
    headers = cast.alice.bearer | {"X-Action-Notes": "Thay%20<m%C3%A1y>"}
    assert client.patch("/v1/projects/2", json={"name": "Mới"}, headers=headers).status_code == 200
    assert "Changed a project Mới 127.0.0.1 Thay <máy>" in _rows(visit(cast.alice))[0]


def test_what_is_not_known_is_told_by_its_code(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        _entry("comet.observe")
    assert "comet.observe" in _rows(visit(cast.alice))[0]


def test_filters(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.alice)
    visit(cast.bob).get(f"{FORMS}/submissions/{world.good}")
    visit(cast.vy).get(f"{FORMS}/submissions/{world.bad}")
    looks = _rows(visitor, "/audit?kind=look")
    assert len(looks) == 2 and "Vy" in looks[0] and "Bob" in looks[1]
    assert [world.bad in row for row in _rows(visitor, f"/audit?kind=look&person={cast.vy.id}")] == [True]
    assert all("Máy của Lan" in row for row in _rows(visitor, f"/audit?person={cast.device.id}"))
    device = f'<option value="{cast.device.id}" selected>Máy của Lan</option>'
    assert device in visitor.get(f"/audit?person={cast.device.id}").text
    everything = len(_rows(visitor))
    for odd in ("kind=odd", "person=x", "since=yesterday", "until=9999-12-31", "page=x", "page=0"):
        assert len(_rows(visitor, f"/audit?{odd}")) == everything


def test_days_are_those_of_vietnam(app: Flask, visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), monkeypatch.context() as patch:
        patch.setattr(audits, "now", lambda: LATER)
        _entry("backup.run")
    visitor = visit(cast.alice)
    for path, number in (
        ("since=2031-05-07", 1),
        ("since=2031-05-07&until=2031-05-07", 1),
        ("since=07/05/2031&kind=server", 1),
        ("since=2031-05-08", 0),
        ("since=2031-05-06&until=2031-05-06", 0),
    ):
        assert len(_rows(visitor, f"/audit?{path}")) == number, path
    assert "07/05/2031 00:30 The server Made a backup" in _rows(visitor)[0]
    assert "No entry fits these filters." in visitor.get("/audit?since=2031-05-08").text


def test_pages_of_fifty(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        for _ in range(51):
            _entry("backup.run")
    visitor = visit(cast.alice)
    first = visitor.get("/audit?kind=server").text
    assert len(_rows(visitor, "/audit?kind=server")) == 50 and "/audit?page=2&amp;kind=server" in first
    assert len(_rows(visitor, "/audit?kind=server&page=2")) == 1
    assert "/audit?page=3" not in visitor.get("/audit?kind=server&page=2").text


def test_the_table_to_download(app: Flask, visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "BATCH", 2)
    evil = Actor(id=cast.bob.id, type="user", source="203.0.113.9", notes="=HYPERLINK(1)")
    with app.app_context():
        for _ in range(4):
            _entry("project.update", evil, project_id=1)
        _entry("form.create", evil)
    visitor = visit(cast.alice)
    rows = _table(visitor, f"/audit.csv?kind=project&person={cast.bob.id}")
    assert rows[0] == ["When", "Who", "What", "Code of the action", "On what", "From where", "Why"]
    told = ["Bob", "Changed a project", "project.update", "Hỗ trợ cộng đồng", "203.0.113.9", "'=HYPERLINK(1)"]
    assert [row[1:] for row in rows[1:]] == [told] * 4
    everything = _table(visitor)
    assert len(everything) == len(_table(visit(cast.alice, "vi"))) - 1 > 5  # the first download is told in the second
    assert _table(visit(cast.alice, "vi"))[0][:3] == ["Khi nào", "Ai", "Việc gì"]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_computed(cell: str, visit: Visit, app: Flask, cast: Cast) -> None:
    with app.app_context():
        _entry("backup.run", Actor(id=cast.bob.id, type="user", notes=cell))
    assert _table(visit(cast.alice), "/audit.csv?kind=server")[2][-1] == f"'{cell}"


@pytest.mark.parametrize("path", ["/audit", "/audit.csv"])
def test_others_are_refused(path: str, visit: Visit, cast: Cast) -> None:
    for person in (cast.bob, cast.vy, cast.minh, cast.charlie):
        assert visit(person).get(path).status_code == 403
        assert 'href="/audit"' not in visit(person).get("/?all=1").text
    assert visit().get(path).location.startswith("/login")
    for headers in (cast.alice.bearer, cast.alice.basic):
        assert visit().get(path, headers=headers).location.startswith("/login")


def _logged() -> set[str]:
    """The actions that stand in the code as they are."""
    found = set()
    for path in (ROOT / "server" / "actions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audits.log":
                found |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
    return found


def test_every_action_has_a_sentence() -> None:
    assert len(_logged()) > 30
    assert _logged() - set(audit_words.SENTENCES) == set()


def test_every_action_with_a_sentence_is_found_by_a_kind() -> None:
    quiet = {"user.preference.update", "user.preference.delete"}
    found = set().union(*audit_trail.KINDS.values())
    assert set(audit_words.SENTENCES) - found - quiet == set()
    assert set(audit_words.KINDS) == set(audit_trail.KINDS)


def test_who_takes_it_along_and_who_ends_sessions_is_told(visit: Visit, app: Flask, cast: Cast) -> None:
    with app.app_context():
        alice = Actor(id=cast.alice.id, type="user", grants=(Grant("admin"),))
        sessions.end(alice, cast.bob.token)
        sessions.end(Actor(id=cast.vy.id, type="user"), cast.vy.token)
    visitor = visit(cast.alice)
    told = [row[2] for row in _table(visitor, "/audit.csv")[1:4]]
    assert told == ["Downloaded the audit", "Signed out", "Ended a session of a user"]
    assert "Downloaded the audit" in visitor.get("/audit?kind=server").text
