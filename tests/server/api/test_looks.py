"""Who looked at whose rows: kept whatever way it was, with their units; and not told to clients that do not ask."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from server.actions import audits
from server.actions.audits import MOST_UNITS
from server.db import db, now, writing
from server.models import Audit, Submission, Unit
from tests.cast import Cast
from tests.conftest import Send
from tests.phone import Published
from tests.server.api.conftest import Ask


def unit(app: Flask, code: str) -> int:
    """The number of a new one."""
    with app.app_context(), writing():
        names = {"code": code, "level": "1", "type_label": "xã", "name_vi": f"Xã {code}", "name_en": code}
        made = Unit(**names, valid_from=now().date())
        db.session.add(made)
        db.session.flush()
        return made.id


ONE = {"count": 1, "firstInstanceId": "uuid:1", "lastInstanceId": "uuid:1"}
LOOKS = {
    "submissions/uuid:1": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1.xml": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/comments": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/versions": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/versions/uuid:1": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/versions/uuid:1.xml": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/attachments/f.jpg": ("submission.attachment.read", {"instanceId": "uuid:1", "name": "f.jpg"}),
    "submissions/uuid:1/findings": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/audits": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/attachments": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/versions/uuid:1/attachments": ("submission.read", {"instanceId": "uuid:1"}),
    "submissions/uuid:1/versions/uuid:1/attachments/f.jpg": (
        "submission.attachment.read", {"instanceId": "uuid:1", "name": "f.jpg"},
    ),
    "submissions": ("submission.list.read", ONE),
}  # fmt: skip


@pytest.mark.parametrize("path", LOOKS)
def test_whoever_looks_is_written_down(
    app: Flask, client: FlaskClient, cast: Cast, ask: Ask, form: Published, path: str
) -> None:
    before = ask()
    assert client.get(f"{form.url}/{path}", headers=cast.vy.bearer).status_code == 200
    action, details = LOOKS[path]
    (entry,) = ask("?action=look")
    told = {name: value for name, value in entry["details"].items() if name != "submissionId"}
    assert (entry["action"], entry["actorId"], told) == (action, cast.vy.id, details)
    assert ask(f"?action={action}") == [entry]
    assert ask() == before  # clients of the dialect know no such actions
    with app.app_context():
        assert db.session.scalar(select(Audit.source).where(Audit.action == action)) == "127.0.0.1"


def test_rows_as_a_table_make_one_entry(client: FlaskClient, cast: Cast, ask: Ask, form: Published) -> None:
    for path in ("Submissions", "Submissions?$top=0"):
        answer = client.get(f"{form.url}.svc/{path}", headers=cast.vy.bearer)
        assert answer.status_code == 200 and answer.data
    assert [entry["details"] for entry in ask("?action=look")] == [{"count": 0}, ONE]


def test_an_entry_about_many_names_the_first_the_last_and_their_units(
    app: Flask, client: FlaskClient, cast: Cast, ask: Ask, form: Published, send: Send
) -> None:
    """So that it can be said who may have seen a person."""
    for number in (2, 3):
        assert send(form.submission("<who>Lan</who>", instance_id=f"uuid:{number}")).status_code == 201
    numbers = [unit(app, code) for code in ("A", "B")]
    for instance_id, number in zip(("uuid:1", "uuid:2"), numbers, strict=True):
        with app.app_context(), writing():
            db.session.execute(update(Submission).values(unit_id=number).where(Submission.instance_id == instance_id))
    for path, first, units in (
        (".svc/Submissions", "uuid:3", numbers),
        (".svc/Submissions?$top=1", "uuid:3", []),
        ("/submissions?limit=2", "uuid:3", numbers[1:]),
        ("/submissions?offset=1", "uuid:2", numbers),
    ):
        assert client.get(f"{form.url}{path}", headers=cast.vy.bearer).data
        told = ask("?action=look")[0]["details"]
        assert told["firstInstanceId"] == first and told.get("unitIds", []) == units, path
        last = {".svc/Submissions?$top=1": "uuid:3", "/submissions?limit=2": "uuid:2"}.get(path, "uuid:1")
        assert told["lastInstanceId"] == last and "moreUnits" not in told


def test_units_beyond_a_hundred_are_not_told() -> None:
    shown = audits.Seen()
    for number in range(MOST_UNITS):
        shown.add(f"uuid:{number}", number)
    assert "moreUnits" not in shown.details()
    shown.add("uuid:x", MOST_UNITS)
    told = shown.details()
    assert told["unitIds"] == list(range(MOST_UNITS)) and told["moreUnits"] and told["count"] == MOST_UNITS + 1


def test_one_row_of_the_table_is_named_with_its_unit(
    app: Flask, client: FlaskClient, cast: Cast, ask: Ask, form: Published
) -> None:
    number = unit(app, "A")
    with app.app_context(), writing():
        db.session.execute(update(Submission).values(unit_id=number))
    assert client.get(f"{form.url}.svc/Submissions('uuid:1')", headers=cast.vy.bearer).status_code == 200
    (entry,) = ask("?action=look")
    assert (entry["action"], entry["details"]["instanceId"]) == ("submission.data.read", "uuid:1")
    with app.app_context():
        kept = db.session.scalars(select(Audit).where(Audit.action == "submission.data.read")).one()
        assert (kept.unit_id, kept.submission_id) == (number, entry["details"]["submissionId"])


def test_a_comment_is_written_down_and_not_told_to_clients(
    client: FlaskClient, cast: Cast, ask: Ask, form: Published
) -> None:
    before, url = ask(), f"{form.url}/submissions/uuid:1"
    history = client.get(f"{url}/audits", headers=cast.vy.bearer).get_json()
    assert client.post(f"{url}/comments", json={"body": "Ai vậy?"}, headers=cast.bob.bearer).status_code == 200
    (entry,) = ask("?action=submission.comment.create")
    assert (entry["actorId"], entry["details"]["instanceId"]) == (cast.bob.id, "uuid:1")
    assert "Ai vậy?" not in str(entry)
    assert ask() == before and ask("?action=nonverbose") == [each for each in before if not_verbose(each)]
    assert client.get(f"{url}/audits", headers=cast.vy.bearer).get_json() == history


def not_verbose(entry: dict[str, Any]) -> bool:
    return not entry["action"].startswith("submission.")


def test_who_is_refused_has_seen_nothing(client: FlaskClient, cast: Cast, ask: Ask, form: Published) -> None:
    for person, path in (
        (cast.charlie, "submissions/uuid:1"),
        (cast.vy, "submissions/uuid:9"),
        (cast.dung, "submissions"),
    ):
        assert client.get(f"{form.url}/{path}", headers=person.bearer).status_code in (403, 404)
    assert ask("?action=look") == []


def test_an_entry_carries_the_unit_of_its_row(app: Flask, client: FlaskClient, cast: Cast, form: Published) -> None:
    number = unit(app, "A")
    with app.app_context(), writing():
        db.session.execute(update(Submission).values(unit_id=number))
    url = f"{form.url}/submissions/uuid:1"
    client.get(url, headers=cast.vy.bearer)
    client.patch(url, json={"reviewState": "approved"}, headers=cast.bob.bearer)
    client.post(f"{url}/attachments/f.jpg", data=b"other", headers=cast.bob.bearer)
    client.delete(url, headers=cast.bob.bearer)
    with app.app_context():
        query = select(Audit.action, Audit.unit_id).where(Audit.unit_id.is_not(None)).order_by(Audit.id)
        assert [tuple(row) for row in db.session.execute(query)] == [
            ("submission.read", number),
            ("submission.update", number),
            ("submission.attachment.update", number),
            ("submission.delete", number),
        ]
