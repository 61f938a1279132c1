"""The first pages: what an administrator must know before anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from flask import Flask

from server.actions import leases, unit_files, unit_roles, units
from server.app import NAME
from server.db import now
from server.permissions import CONSOLE
from tests.cast import Cast
from tests.server.web.conftest import Visit
from tests.server.web.test_units import TABLE

FAILS = "The daily backup fails."


@pytest.fixture
def daily(app: Flask) -> None:
    """Backups are wanted at two every night."""
    parts = app.extensions[NAME]
    app.extensions[NAME] = replace(parts, settings=replace(parts.settings, backup_at=time(2)))


@pytest.mark.usefixtures("daily")
def test_an_administrator_hears_of_backups_that_fail(
    app: Flask, visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FAILS not in visit(cast.alice).get("/?all=1").text  # it was never its time yet
    with app.app_context():
        leases.mark(leases.TRIED + leases.BACKUP)
    for path in ("/?all=1", "/projects/1"):
        page = visit(cast.alice).get(path).text
        assert FAILS in page and "The last good one: never." in page
        assert FAILS not in visit(cast.bob).get(path).text
    with app.app_context():
        leases.mark(leases.BACKUP)
    assert FAILS not in visit(cast.alice).get("/projects/1").text
    later = now() + timedelta(days=3)
    monkeypatch.setattr(leases, "now", lambda: later)
    assert FAILS not in visit(cast.alice).get("/projects/1").text  # nothing was tried since: it was off
    with app.app_context():
        leases.mark(leases.TRIED + leases.BACKUP)
    assert FAILS in visit(cast.alice).get("/projects/1").text


def test_everyone_begins_where_there_is_something_for_her(app: Flask, visit: Visit, cast: Cast) -> None:
    with app.app_context():
        unit_files.load(CONSOLE, TABLE.encode())
        commune = next(each.id for each in units.list_all(CONSOLE) if each.unit.code == "C1")
    begins = [("privacy_officer", None, "/audit"), ("sysadmin", None, "/users")]
    begins += [(role, commune, "/units") for role in ("board", "custodian")]
    begins += [("team_lead", commune, "/projects/1"), ("form_admin", None, "")]
    for role, unit_id, where in begins:
        with app.app_context():
            unit_roles.grant(CONSOLE, role, cast.charlie.id, unit_id, project_id=1 if where == "/projects/1" else None)
        visitor = visit(cast.charlie)
        first = visitor.get("/")
        assert (first.location or "") == where, role
        assert visitor.get(first.location or "/").status_code == 200
        everything = visitor.get("/?all=1").text  # the menu's way, which goes round in no circle
        assert ("You see the forms of no project" in everything) == (where in ("/audit", "/users", "/units"))
        with app.app_context():
            limit = 1 if where == "/projects/1" else None
            unit_roles.revoke(CONSOLE, role, cast.charlie.id, unit_id, project_id=limit)


def test_without_any_role_one_is_told_whom_to_ask(visit: Visit, cast: Cast) -> None:
    page = visit(cast.charlie).get("/")
    assert page.status_code == 200 and "ask an administrator for a role" in page.text
    assert 'href="/"' in visit(cast.charlie).get("/projects/1").text
    assert "đề nghị quản trị viên" in visit(cast.charlie, "vi").get("/").text
