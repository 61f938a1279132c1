"""The first pages: what an administrator must know before anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from flask import Flask

from server.actions import leases
from server.app import NAME
from server.db import now
from tests.cast import Cast
from tests.server.web.conftest import Visit

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
