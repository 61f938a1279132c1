"""The history of a form as clients of ODK Central read it: what each change says, in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish
from tests.phone import Published

XFORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head>
<h:title>Thăm</h:title><model><instance><data id="tham" version="1"><meta><instanceID/></meta><who/></data></instance>
<bind nodeset="/data/who" type="string"/></model></h:head>
<h:body><input ref="/data/who"><label>Ai?</label></input></h:body></h:html>"""
Entries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def entries(client: FlaskClient, cast: Cast) -> Entries:
    """What the audit says of forms, newest first."""
    url = "/v1/audits?action=form"
    return lambda: list(client.get(url, headers=cast.alice.bearer).get_json())


def test_made_and_published_at_once(client: FlaskClient, cast: Cast, entries: Entries) -> None:
    headers = cast.bob.bearer | {"X-Action-Notes": "l%E1%BA%A7n%20%C4%91%E1%BA%A7u", "Content-Type": "application/xml"}
    made = client.post("/v1/projects/1/forms?publish=true", data=XFORM, headers=headers).get_json()
    assert made["publishedAt"] == made["createdAt"] and made["updatedAt"] is None
    published, created = entries()
    assert (published["action"], created["action"]) == ("form.update.publish", "form.create")
    assert created["details"] is None and created["notes"] == published["notes"] == "lần đầu"
    assert set(published["details"]) == {"oldDefId", "newDefId"} and published["details"]["oldDefId"] is None
    extended = cast.bob.bearer | {"X-Extended-Metadata": "true"}
    assert client.get("/v1/projects/1/forms/tham", headers=extended).get_json()["publishNotes"] == "lần đầu"


def test_another_version_string_makes_another_draft(
    client: FlaskClient, cast: Cast, publish: Publish, entries: Entries
) -> None:
    form = publish(VISIT)
    assert client.post(f"{form.url}/draft", headers=cast.bob.bearer).status_code == 200
    answer = client.post(f"{form.url}/draft/publish?version=2", headers=cast.bob.bearer)
    assert answer.status_code == 200
    published, renamed, copied, before, _ = entries()
    assert [entry["action"] for entry in (published, renamed, copied)] == [
        "form.update.publish", "form.update.draft.set", "form.update.draft.set",
    ]  # fmt: skip
    first, second = copied["details"]["newDraftDefId"], renamed["details"]["newDraftDefId"]
    assert first != second and renamed["details"]["oldDraftDefId"] == first
    assert published["details"] == {"oldDefId": before["details"]["newDefId"], "newDefId": second}
    assert client.get(f"{form.url}.md", headers=cast.bob.bearer).status_code == 200
    told = client.get(form.url, headers=cast.bob.bearer).get_json()
    assert (told["version"], told["draftToken"]) == ("2", None) and told["updatedAt"] is not None


def test_a_version_string_that_is_empty_changes_nothing(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT)
    client.post(f"{form.url}/draft", headers=cast.bob.bearer)
    answer = client.post(f"{form.url}/draft/publish?version=", headers=cast.bob.bearer)
    expect.refused(answer, problems.VERSION_UNIQUENESS)


def test_a_change_of_nothing_is_an_entry_too(
    client: FlaskClient, cast: Cast, publish: Publish, entries: Entries
) -> None:
    form: Published = publish(VISIT)
    answer = client.patch(form.url, json={"name": "Tên"}, headers=cast.bob.bearer)
    assert answer.status_code == 200 and answer.get_json()["name"] != "Tên"
    assert (entries()[0]["action"], entries()[0]["details"]) == ("form.update", {"data": {}})
    url = f"{form.url}/submissions"
    client.post(url, data=form.submission(instance_id="uuid:1"), headers=cast.bob.bearer)
    answer = client.patch(f"{url}/uuid:1", json={"deviceId": "x"}, headers=cast.bob.bearer)
    assert (answer.status_code, answer.get_json()["reviewState"]) == (200, None)
    newest = client.get(f"{url}/uuid:1/audits", headers=cast.bob.bearer).get_json()[0]
    assert newest["action"] == "submission.update" and "reviewState" not in newest["details"]


def test_a_draft_is_tried_by_rest_with_its_key(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT, draft=True)
    key = client.get(f"{form.url}/draft", headers=cast.bob.bearer).get_json()["draftToken"]
    url = f"{form.url}/draft/submissions".replace("/v1/", f"/v1/test/{key}/")
    answer = client.post(url, data=form.submission(instance_id="uuid:1"))
    assert answer.status_code == 200, answer.text
    assert (answer.get_json()["instanceId"], answer.get_json()["submitterId"]) == ("uuid:1", None)
    newest = client.get("/v1/audits", headers=cast.alice.bearer).get_json()[0]
    assert (newest["action"], newest["actorId"]) == ("submission.create", None)
    assert client.get(url.replace("/submissions", ".xml")).data == form.xml
    wrong = url.replace(key, "x" * 64)
    answer = client.post(wrong, data=form.submission())
    assert (answer.status_code, answer.get_json()["code"]) == (404, 404.1)
