"""The audit of the whole server, as clients of ODK Central read it."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.actions import purge
from server.db import db, writing
from server.models import Assignment
from tests.cast import Cast
from tests.conftest import Publish
from tests.phone import Published
from tests.server.api.conftest import Ask

WORKING = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | select_one_from_file ap.csv | where | Ở đâu? |
| settings |       |       |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 2       |
"""


def test_what_was_done_is_told_newest_first(client: FlaskClient, cast: Cast, ask: Ask, form: Published) -> None:
    client.patch(f"{form.url}/submissions/uuid:1", json={"reviewState": "approved"}, headers=cast.bob.bearer)
    newest, file, before, *_ = ask()
    assert list(newest) == ["actorId", "action", "acteeId", "details", "loggedAt", "notes"]
    assert (newest["action"], newest["actorId"], newest["notes"]) == ("submission.update", cast.bob.id, None)
    assert newest["details"]["reviewState"] == "approved" and newest["details"]["instanceId"] == "uuid:1"
    assert (before["action"], before["actorId"]) == ("submission.create", cast.device.id)
    assert set(before["details"]) == {"submissionId", "submissionDefId", "instanceId"}
    assert (file["action"], file["actorId"]) == ("submission.attachment.update", cast.device.id)
    assert set(file["details"]) == {"submissionDefId", "instanceId", "name", "newBlobId"}
    assert newest["loggedAt"] >= file["loggedAt"] >= before["loggedAt"]


def test_a_thing_has_one_name_and_others_have_others(ask: Ask, form: Published) -> None:
    named = {entry["action"]: entry["acteeId"] for entry in ask()}
    assert named["form.create"] == named["form.update.publish"] == named["submission.create"]
    assert len({named["form.create"], named["project.create"], named["user.create"]}) == 3
    assert all(UUID(name) for name in named.values())


def test_with_extended_metadata_everybody_is_named(client: FlaskClient, cast: Cast, ask: Ask, form: Published) -> None:
    client.patch(
        form.url, json={"state": "closing"}, headers=cast.bob.bearer | {"X-Action-Notes": "h%E1%BA%BFt%20h%E1%BA%A1n"}
    )
    client.patch("/v1/projects/1", json={"name": "Mới"}, headers=cast.bob.bearer)
    project, changed, *others = ask(**{"X-Extended-Metadata": "true"})
    assert (project["actor"]["displayName"], project["actee"]["name"]) == ("Bob", "Mới")
    assert (changed["action"], changed["details"]) == ("form.update", {"data": {"state": "closing"}})
    assert (changed["actee"]["xmlFormId"], changed["notes"]) == ("visit", "hết hạn")
    assert next(entry for entry in others if entry["action"] == "user.create")["actee"]["type"] == "user"


def test_the_history_of_a_form_says_which_version_was_meant(
    client: FlaskClient, cast: Cast, ask: Ask, form: Published, publish: Publish
) -> None:
    publish(WORKING, draft=True)
    url, alice = f"{form.url}/draft", cast.alice.bearer
    assert client.post(f"{url}/attachments/ap.csv", data="name\na", headers=alice).status_code == 200
    assert client.delete(f"{url}/attachments/ap.csv", headers=alice).status_code == 200
    assert client.delete(url, headers=alice).status_code == 200
    gone, cleared, filled, drafted, *_ = ask("?action=form")
    number = drafted["details"]["newDraftDefId"]
    assert drafted["details"] == {"oldDraftDefId": None, "newDraftDefId": number}
    assert filled["details"]["formDefId"] == number and filled["details"]["oldBlobId"] is None
    assert cleared["details"]["oldBlobId"] == filled["details"]["newBlobId"] and cleared["details"]["newBlobId"] is None
    assert (gone["action"], gone["details"]) == ("form.update.draft.delete", {"oldDraftDefId": number})


@pytest.mark.parametrize(
    ("word", "first", "missing"),
    [
        ("form.create", "form.create", "form.update.publish"),
        ("form", "form.update.publish", "submission.create"),
        ("submission", "submission.create", "form.create"),
        ("user", "user.", "form.create"),
        ("project", "project.create", "form.create"),
        ("nonverbose", "field_key", "submission.create"),
        ("field_key", "field_key", "user.create"),
    ],
)
def test_words_stand_for_several_actions(ask: Ask, form: Published, word: str, first: str, missing: str) -> None:
    actions = [entry["action"] for entry in ask(f"?action={word}")]
    assert actions and missing not in actions
    assert any(action.startswith(first) for action in actions)


def test_an_action_that_nobody_knows_finds_nothing(ask: Ask) -> None:
    assert ask("?action=tea.made") == []


def test_a_failure_to_sign_in_is_told_to_who_asks(client: FlaskClient, cast: Cast, ask: Ask) -> None:
    before = ask()
    sent = {"email": cast.bob.email, "password": "sai mat khau"}
    assert client.post("/v1/sessions", json=sent).status_code == 401
    assert ask() == before and ask("?action=nonverbose") == before
    (entry,) = ask("?action=user.session.failure")
    assert entry["actorId"] is None and entry["acteeId"] is not None


def test_a_span_begins_with_its_start_and_ends_before_its_end(app: Flask, ask: Ask, form: Published) -> None:
    moment = ask("?action=submission.create")[0]["loggedAt"]
    assert [entry["loggedAt"] for entry in ask(f"?action=submission.create&start={moment}")] == [moment]
    assert ask(f"?action=submission.create&end={moment}") == []
    assert ask("?start=2100-01-01") == [] == ask("?end=2000-01-01z")
    everything = ask()
    for early in ("2000-01-01", "2000-01-01z", "2000-01-01%2B07", "2000-01-01T12:12:12-08:30", "2000-01-01T12:12.5z"):
        assert ask(f"?start={early}") == everything, early


def test_pages_of_it(ask: Ask, form: Published) -> None:
    everything = ask()
    assert ask("?limit=2") == everything[:2]
    assert ask("?limit=2&offset=1") == everything[1:3]
    assert ask("?offset=3") == everything[3:]


def test_what_is_no_time_or_number_is_refused(client: FlaskClient, cast: Cast) -> None:
    for query, details in (
        ("start=yesterday", {"value": "yesterday", "expected": "timestamp with time zone"}),
        ("end=2000-13-01", {"value": "2000-13-01", "expected": "timestamp with time zone"}),
        ("start=", {"value": "", "expected": "timestamp with time zone"}),
        ("end=0001-01-01%2B23", {"value": "0001-01-01+23", "expected": "timestamp with time zone"}),
        ("limit=few", {"field": "limit", "expected": "integer"}),
        ("offset=some", {"field": "offset", "expected": "integer"}),
    ):
        answer = client.get(f"/v1/audits?{query}", headers=cast.alice.bearer)
        assert (answer.status_code, answer.get_json()["code"]) == (400, 400.11), query
        assert answer.get_json()["details"] == details


def test_only_who_may_read_all_of_it_reads_it(app: Flask, client: FlaskClient, cast: Cast, ask: Ask) -> None:
    for person in (cast.bob, cast.charlie, cast.vy):
        answer = client.get("/v1/audits", headers=person.bearer)
        assert (answer.status_code, answer.get_json()["code"]) == (403, 403.1)
    answer = client.get("/v1/audits")
    assert (answer.status_code, answer.get_json()["code"]) == (401, 401.2)
    with app.app_context(), writing():
        db.session.add(Assignment(actor_id=cast.charlie.id, role="privacy_officer"))
    assert ask(person=cast.charlie) == ask()


def test_a_form_that_is_gone_is_still_named(
    app: Flask, client: FlaskClient, cast: Cast, ask: Ask, form: Published
) -> None:
    client.delete(form.url, headers=cast.bob.bearer | {"X-Action-Notes": "Lan"})
    deleted = ask("?action=form.delete", **{"X-Extended-Metadata": "true"})[0]
    assert deleted["actee"]["deletedAt"] and deleted["actee"]["id"] and deleted["notes"] == "Lan"
    with app.app_context():
        assert (purge.forms(), purge.forms(force=True), purge.forms(force=True)) == (0, 1, 0)
    deleted = ask("?action=form.delete", **{"X-Extended-Metadata": "true"})[0]
    assert (deleted["actee"]["purgedName"], deleted["actee"]["details"]["xmlFormId"]) == ("Thăm nhà", "visit")
    assert deleted["notes"] == ""  # it might say of whom the form told


def test_the_trash_of_submissions(app: Flask, client: FlaskClient, cast: Cast, ask: Ask, form: Published) -> None:
    client.post(f"{form.url}/submissions/uuid:1/comments", json={"body": "sai"}, headers=cast.bob.bearer)
    client.delete(f"{form.url}/submissions/uuid:1", headers=cast.bob.bearer)
    with app.app_context():
        assert (purge.submissions(), purge.submissions(force=True), purge.submissions(force=True)) == (0, 1, 0)
    newest = ask()[0]
    assert (newest["action"], newest["acteeId"]) == ("submission.purge", None)
    assert (newest["actorId"], newest["details"]) == (None, {"submissions_deleted": 1})


def test_the_history_of_a_submission(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/submissions/uuid:1"
    client.patch(
        url, json={"reviewState": "rejected"}, headers=cast.bob.bearer | {"X-Action-Notes": "xem%20l%E1%BA%A1i"}
    )
    extended = cast.bob.bearer | {"X-Extended-Metadata": "true"}
    newest, first = client.get(f"{url}/audits", headers=extended).get_json()
    assert (newest["actor"]["displayName"], newest["notes"]) == ("Bob", "xem lại")
    assert (first["action"], first["actor"]["id"]) == ("submission.create", cast.device.id)
    assert "actor" not in client.get(f"{url}/audits", headers=cast.bob.bearer).get_json()[0]
