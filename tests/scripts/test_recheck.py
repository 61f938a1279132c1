"""`manage recheck`: the command, what it prints, and which forms it takes."""

from __future__ import annotations

from typing import Any

import pytest

from server.actions import recheck
from tests.conftest import Publish, Send
from tests.scripts.conftest import Place

FINDINGS = "UPDATE findings SET code = 'constraint.broken' WHERE code = 'type.integer'"
TOLD = """\
Looked at 5 versions of submissions: 1 have other findings now.
  constraint.broken: 1 before, 0 now
  type.integer: 0 before, 1 now
"""


def findings(place: Place) -> list[tuple[Any, ...]]:
    """What is kept of them, whatever their numbers."""
    rows = place.tables()["findings"]
    return sorted((row["version_id"], row["code"], row["path"], row.get("value") or "") for row in rows)


def test_findings_are_made_anew_and_nothing_else(used: Place) -> None:
    before, right = used.tables(), findings(used)
    used.run(FINDINGS)
    assert used("recheck", "--all-versions").stdout == TOLD
    assert findings(used) == right
    after = used.tables()
    ours = {"findings", "audits"}
    assert {name: rows for name, rows in after.items() if name not in ours} == {
        name: rows for name, rows in before.items() if name not in ours
    }
    assert used("check").stdout == ""


def test_it_can_be_repeated(used: Place) -> None:
    used("recheck")
    before = used.tables()["findings"]
    assert "0 have other findings now." in used("recheck").stdout
    assert used.tables()["findings"] == before


def test_older_versions_if_asked(used: Place) -> None:
    assert "Looked at 4 versions" in used("recheck").stdout
    assert "Looked at 5 versions" in used("recheck", "--all-versions").stdout


def test_one_form_or_project(used: Place, publish: Publish, send: Send) -> None:
    other = publish("| survey | | |\n| | type | name | label |\n| | text | who | Ai? |", form_id="other")
    assert send(other.submission("<who>Lan</who>")).status_code == 201
    assert "Looked at 5 versions" in used("recheck").stdout
    assert "Looked at 1 versions" in used("recheck", "--form", "other").stdout
    assert "Looked at 4 versions" in used("recheck", "--project", "1", "--form", "visit").stdout
    assert "Looked at 0 versions" not in used("recheck", "--project", "1").stdout
    assert "no such form" in used("recheck", "--project", "2", "--form", "other", fails=True).stderr
    assert used("recheck", "--project", "77", fails=True).exit_code == 1


def test_progress_in_plain_lines(used: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "AT_ONCE", 1)
    told = used("recheck").stderr.splitlines()
    assert told[0] == "visit (project 1): 1 of 4 submissions"
    assert told[-1] == "visit (project 1): 4 of 4 submissions"


def test_what_was_done_is_kept_when_it_is_stopped(used: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    used.run("UPDATE findings SET code = 'constraint.broken'")
    wrong = sum(row["code"] == "constraint.broken" for row in used.tables()["findings"])
    monkeypatch.setattr(recheck, "AT_ONCE", 1)
    steps: list[Any] = []

    def stop(*page: Any) -> None:
        if len(steps) == 2:
            raise KeyboardInterrupt
        steps.append(page)
        go_on(*page)

    go_on = recheck._page
    with monkeypatch.context() as patch:
        patch.setattr(recheck, "_page", stop)
        done = used("recheck", "--all-versions", fails=True)
    assert "Looked at 3 versions" in done.stdout and "run it again" in done.stderr
    left = sum(row["code"] == "constraint.broken" for row in used.tables()["findings"])
    assert 0 < left < wrong
    used("recheck", "--all-versions")
    assert [row for row in used.tables()["findings"] if row["code"] == "constraint.broken"] == []
    told = [row["details"] for row in used.tables()["audits"] if row["action"] == "submission.recheck"]
    assert [entry["looked"] for entry in told] == [3, 5]


def test_a_database_that_is_not_up_to_date(used: Place) -> None:
    used.run("UPDATE alembic_version SET version_num = '0005'")
    assert "migrate" in used("recheck", fails=True).stderr
