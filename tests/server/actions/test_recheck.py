"""What is stored is checked again: findings follow the rules, and what people decided stays."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from schemas import problems
from server.actions import recheck
from server.actions.recheck import Place, Told
from server.db import db, end_read, now, writing
from server.models import Audit, FindingRow, Project, Submission, SubmissionVersion
from server.permissions import ANONYMOUS, CONSOLE
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published, submission

FORM = """
| survey |         |       |       |                |          |
|        | type    | name  | label | constraint     | required |
|        | text    | who   | Ai?   |                | yes      |
|        | integer | age   | Tuổi? | . < 120        |          |
|        | date    | day   | Ngày? | . <= today()   |          |
| settings |       |       |
|        | form_id | version |
|        | visit   | 1       |
"""
BAD = "<who/><age>150</age><day>2020-01-01</day>"


@pytest.fixture
def form(publish: Publish) -> Published:
    return publish(FORM)


def run(form: Published, **options: Any) -> Told:
    """Check the form again."""
    told = Told()
    zone = db.session.get_one(Project, form.project_id).time_zone
    place = Place(form.project_id, form.id, form.xml_form_id, zone)
    recheck.recheck(CONSOLE, place, told, lambda _number: None, **options)
    end_read()
    return told


def codes(instance_id: str) -> list[tuple[str, bool]]:
    """The findings of a version, and whether each is dismissed."""
    query = select(FindingRow).join(SubmissionVersion, SubmissionVersion.id == FindingRow.version_id)
    rows = db.session.scalars(query.where(SubmissionVersion.instance_id == instance_id).order_by(FindingRow.code)).all()
    end_read()
    return [(row.code, row.dismissed_at is not None) for row in rows]


def counted(instance_id: str) -> int:
    """What the list says."""
    number = db.session.scalar(select(Submission.findings).where(Submission.instance_id == instance_id))
    end_read()
    assert number is not None
    return number


def forget(*wanted: str) -> None:
    """As if the rules had not found these when it came."""
    with writing():
        db.session.execute(delete(FindingRow).where(FindingRow.code.in_(wanted)))
        db.session.execute(update(Submission).values(findings=0))


def test_what_rules_find_now_is_there(app: Flask, form: Published, send: Send) -> None:
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    with app.app_context():
        forget("required.empty", "constraint.broken")
        told = run(form)
        assert codes("uuid:1") == [("constraint.broken", False), ("required.empty", False)]
        assert counted("uuid:1") == 2
    assert (told.looked, told.changed, told.left_out) == (1, 1, 0)
    assert dict(told.before) == {} and dict(told.after) == {"constraint.broken": 1, "required.empty": 1}


def test_what_rules_find_no_more_goes(app: Flask, form: Published, send: Send) -> None:
    assert send(form.submission("<who>Lan</who><age>1</age>", instance_id="uuid:1")).status_code == 201
    with app.app_context():
        with writing():
            version_id = db.session.scalar(select(SubmissionVersion.id))
            row = {"code": "calculate.differs", "path": "/data/age", "label": "", "args": {"computed": "2"}}
            db.session.add(FindingRow(project_id=1, version_id=version_id, value="1", **row))
            db.session.execute(update(Submission).values(findings=1))
        told = run(form)
        assert (codes("uuid:1"), counted("uuid:1")) == ([], 0)
    assert dict(told.before) == {"calculate.differs": 1} and dict(told.after) == {}


def test_what_was_dismissed_stays_dismissed(app: Flask, cast: Cast, form: Published, send: Send) -> None:
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    with app.app_context():
        with writing():
            dismissed = {"dismissed_at": now(), "dismissed_by_id": cast.bob.id, "dismissal": "Cụ 150 tuổi thật."}
            db.session.execute(update(FindingRow).where(FindingRow.code == "constraint.broken").values(**dismissed))
            db.session.execute(delete(FindingRow).where(FindingRow.code == "required.empty"))
            # A sentence that reads better since.
            db.session.execute(update(FindingRow).values(label="", args={"said": {"": "Old."}}))
        number = db.session.scalar(select(FindingRow.id))
        run(form)
        assert codes("uuid:1") == [("constraint.broken", True), ("required.empty", False)]
        assert counted("uuid:1") == 1
        kept = db.session.get_one(FindingRow, number)
        assert (kept.dismissal, kept.label, kept.args) == ("Cụ 150 tuổi thật.", "Tuổi?", {})


def test_how_it_arrived_stays(app: Flask, form: Published, send: Send) -> None:
    body = submission("visit", BAD, version="99", instance_id="uuid:1", deprecated_id="uuid:gone")
    assert send(body).status_code == 201
    with app.app_context():
        before = codes("uuid:1")
        assert {"origin.version", "origin.orphan"} < {code for code, _ in before}
        forget("required.empty")
        run(form)
        assert codes("uuid:1") == before and counted("uuid:1") == len(before)


def test_only_the_current_version_unless_asked(app: Flask, form: Published, send: Send) -> None:
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    later = form.submission(BAD, instance_id="uuid:2", deprecated_id="uuid:1")
    assert send(later).status_code == 201
    with app.app_context():
        forget("required.empty")
        run(form)
        assert [code for code, _ in codes("uuid:1")] == ["constraint.broken"]
        assert [code for code, _ in codes("uuid:2")] == ["constraint.broken", "required.empty"]
        told = run(form, all_versions=True)
        assert told.looked == 2 and told.changed == 1
        assert [code for code, _ in codes("uuid:1")] == ["constraint.broken", "required.empty"]
        assert counted("uuid:1") == 2


def test_today_is_the_day_on_which_it_came(app: Flask, form: Published, send: Send) -> None:
    body = "<who>Lan</who><day>2020-06-01</day>"
    assert send(form.submission(body, instance_id="uuid:1")).status_code == 201
    with app.app_context():
        assert run(form).changed == 0
        with writing():
            arrived = datetime(2020, 1, 1, tzinfo=UTC)
            db.session.execute(update(SubmissionVersion).values(created_at=arrived))
        run(form)
        assert codes("uuid:1") == [("constraint.broken", False)]


def test_what_cannot_be_seen_is_left_out(app: Flask, form: Published, send: Send) -> None:
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    assert send(form.submission(BAD, instance_id="uuid:2")).status_code == 201
    assert send(form.submission(BAD, instance_id="uuid:3")).status_code == 201
    with app.app_context():
        before = [codes(f"uuid:{number}") for number in (1, 2, 3)]
        with writing():
            db.session.execute(update(FindingRow).values(label="as it was"))
            for number, values in ((1, {"encrypted": True}), (2, {"xml": b""}), (3, {"xml": b"<broken"})):
                which = SubmissionVersion.instance_id == f"uuid:{number}"
                db.session.execute(update(SubmissionVersion).where(which).values(**values))
        told = run(form)
        assert (told.looked, told.changed, told.left_out) == (0, 0, 3)
        assert [codes(f"uuid:{number}") for number in (1, 2, 3)] == before


def test_tries_of_a_draft_are_nobody_s(app: Flask, publish: Publish, form: Published, send: Send) -> None:
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    with app.app_context():
        with writing():
            for model in (Submission, SubmissionVersion):
                db.session.execute(update(model).values(draft=True))
        assert run(form).looked == 0


def test_the_audit_tells_it_once_for_a_form(app: Flask, form: Published, send: Send) -> None:
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    with app.app_context():
        forget("required.empty")
        run(form)
        entries = db.session.scalars(select(Audit).where(Audit.action == "submission.recheck")).all()
        assert [(entry.form_id, entry.details) for entry in entries] == [(form.id, {"looked": 1, "changed": 1})]


def test_nobody_else_may(app: Flask, form: Published) -> None:
    with app.app_context(), pytest.raises(problems.Problem) as refused:
        recheck.recheck(ANONYMOUS, Place(1, form.id, "visit", "UTC"), Told(), lambda _number: None)
    assert refused.value.kind is problems.INSUFFICIENT_RIGHTS


def test_phones_send_meanwhile(app: Flask, form: Published, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes between the reading of a page and its writing is not lost, and counted once."""
    assert send(form.submission(BAD, instance_id="uuid:1")).status_code == 201
    write = recheck._write

    def late(*page: Any) -> int:
        edit = form.submission("<who/><age>3</age>", instance_id="uuid:2", deprecated_id="uuid:1")
        answers = []
        phone = threading.Thread(target=lambda: answers.append(send(edit).status_code))
        phone.start()
        phone.join()
        assert answers == [201]
        return write(*page)

    with app.app_context():
        forget("required.empty", "constraint.broken")
        monkeypatch.setattr(recheck, "_write", late)
        run(form)
        assert codes("uuid:2") == [("required.empty", False)]
        assert counted("uuid:1") == 1
        assert [code for code, _ in codes("uuid:1")] == ["constraint.broken", "required.empty"]
