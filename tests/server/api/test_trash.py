"""What was deleted is listed, and brought back as it was: forms and submissions, in the dialect of ODK Central."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import purge
from tests import expect
from tests.cast import Cast, Person
from tests.conftest import VISIT, Publish, Send
from tests.phone import Published

FORMS = "/v1/projects/1/forms"


@pytest.fixture
def form(publish: Publish, send: Send) -> Published:
    """A published form with one submission."""
    made = publish(VISIT)
    expect.told(send(made.submission("<who>Lan</who>", instance_id="uuid:1")), 201)
    return made


def get(client: FlaskClient, url: str, person: Person) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=person.bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def deleted(client: FlaskClient, cast: Cast, url: str) -> Any:
    """What lies in the trash, once this was put there."""
    assert client.delete(url, headers=cast.bob.bearer).status_code == 200
    return get(client, f"{url.rpartition('/')[0]}?deleted=true", cast.bob)


def test_a_form_comes_back_with_what_was_sent(client: FlaskClient, cast: Cast, form: Published) -> None:
    before = get(client, form.url, cast.bob)
    (found,) = deleted(client, cast, form.url)
    assert found | {"deletedAt": None} == before | {"deletedAt": None, "id": found["id"]}
    assert found["deletedAt"].endswith("Z")
    assert get(client, FORMS, cast.bob) == []
    answer = client.post(f"{FORMS}/{found['id']}/restore", headers=cast.bob.bearer)
    assert (answer.status_code, answer.get_json()) == (200, {"success": True})
    assert get(client, form.url, cast.bob) == before
    assert get(client, f"{FORMS}?deleted=true", cast.bob) == []
    assert [row["instanceId"] for row in get(client, f"{form.url}/submissions", cast.bob)] == ["uuid:1"]
    newest = get(client, "/v1/audits?action=form", cast.alice)
    assert [entry["action"] for entry in newest[:2]] == ["form.restore", "form.delete"]
    assert (newest[0]["details"], newest[0]["acteeId"]) == (None, newest[1]["acteeId"])
    assert newest[1]["details"] == {"targetDatasets": [], "linkedDatasets": []}


def test_who_restores_a_form(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{FORMS}/{deleted(client, cast, form.url)[0]['id']}/restore"
    for person in (cast.vy, cast.minh, cast.dung):
        expect.refused(client.post(url, headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.post(url.replace("/1/", "/2/", 1), headers=cast.alice.bearer), problems.NOT_FOUND)
    expect.refused(client.post(f"{FORMS}/999/restore", headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.post(f"{FORMS}/visit/restore", headers=cast.bob.bearer), problems.INVALID_DATA_TYPE)
    assert client.post(url, headers=cast.bob.bearer).status_code == 200
    expect.refused(client.post(url, headers=cast.bob.bearer), problems.NOT_FOUND)


def test_a_form_whose_place_is_taken_stays_in_the_trash(client: FlaskClient, cast: Cast, form: Published) -> None:
    number = deleted(client, cast, form.url)[0]["id"]
    sent = {"data": form.xml, "content_type": "application/xml", "headers": cast.bob.bearer}
    details = expect.refused(client.post(FORMS, **sent), problems.FORM_WARNINGS)
    warning = {"type": "deletedFormExists", "details": {"xmlFormId": "visit"}}
    assert details["warnings"]["workflowWarnings"] == [warning]
    assert client.post(f"{FORMS}?ignoreWarnings=true", **sent).status_code == 200
    details = expect.refused(client.post(f"{FORMS}/{number}/restore", headers=cast.bob.bearer), problems.UNIQUENESS)
    assert details == {"fields": ["projectId", "xmlFormId"], "values": ["1", "visit"], "table": "forms"}


def test_who_sees_the_trash(client: FlaskClient, cast: Cast, form: Published) -> None:
    deleted(client, cast, form.url)
    assert len(get(client, f"{FORMS}?deleted=true", cast.vy)) == 1
    expect.refused(client.get(f"{FORMS}?deleted=true", headers=cast.dung.bearer), problems.INSUFFICIENT_RIGHTS)


def test_what_was_purged_does_not_come_back(app: Flask, client: FlaskClient, cast: Cast, form: Published) -> None:
    number = deleted(client, cast, form.url)[0]["id"]
    with app.app_context():
        assert purge.forms(force=True) == 1
    expect.refused(client.post(f"{FORMS}/{number}/restore", headers=cast.bob.bearer), problems.NOT_FOUND)
    newest = client.get("/v1/audits", headers=cast.alice.bearer | {"X-Extended-Metadata": "true"}).get_json()[0]
    assert (newest["action"], newest["actorId"], newest["details"]) == ("form.purge", None, None)
    assert newest["actee"]["details"]["xmlFormId"] == "visit"


def test_a_form_that_was_never_published_is_remembered_by_its_title(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish
) -> None:
    deleted(client, cast, publish(VISIT, draft=True).url)
    with app.app_context():
        assert purge.forms(force=True) == 1
    newest = client.get("/v1/audits", headers=cast.alice.bearer | {"X-Extended-Metadata": "true"}).get_json()[0]
    assert (newest["actee"]["purgedName"], newest["actee"]["details"]["version"]) == ("Thăm nhà", "1")


def test_a_submission_comes_back(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/submissions/uuid:1"
    before = get(client, url, cast.bob)
    (found,) = deleted(client, cast, url)
    assert found["deletedAt"].endswith("Z") and found | {"deletedAt": None} == before
    for person in (cast.vy, cast.dung, cast.minh):
        expect.refused(client.post(f"{url}/restore", headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    answer = client.post(f"{url}/restore", headers=cast.bob.bearer)
    assert (answer.status_code, answer.get_json()) == (200, {"success": True})
    assert get(client, url, cast.bob) == before
    expect.refused(client.post(f"{url}/restore", headers=cast.bob.bearer), problems.NOT_FOUND)
    back, gone, *_ = get(client, f"{url}/audits", cast.bob)
    assert (back["action"], gone["action"]) == ("submission.restore", "submission.delete")
    assert back["details"] == gone["details"] and set(back["details"]) == {"submissionId", "instanceId"}
