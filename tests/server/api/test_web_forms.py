"""Forms as browsers fill them: their own IDs, and what leads from these to a form."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import VISIT, Publish


def told(client: FlaskClient, url: str, headers: Headers) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ids(client: FlaskClient, url: str, headers: Headers) -> tuple[str | None, str | None]:
    """The two IDs of a form, a draft or a version."""
    found = told(client, url, headers)
    return found["enketoId"], found["enketoOnceId"]


def link(web_id: str | None, query: str = "") -> str:
    """The address that tells of the form behind an ID."""
    return f"/v1/form-links/{web_id}/form{query}"


def test_what_is_published_keeps_its_ids_and_every_draft_has_its_own(
    client: FlaskClient, cast: Cast, publish: Publish
) -> None:
    form, bob = publish(VISIT, draft=True), cast.bob.bearer
    draft = f"{form.url}/draft"
    first, no_once = ids(client, draft, bob)
    assert first and no_once is None and ids(client, form.url, bob) == (first, None)
    assert client.post(f"{draft}/publish", headers=bob).status_code == 200
    web_id, once_id = ids(client, form.url, bob)
    assert web_id and once_id and len({first, web_id, once_id}) == 3
    client.post(draft, headers=bob)
    second = ids(client, draft, bob)[0]
    client.post(draft, headers=bob)
    assert ids(client, draft, bob) == (second, None) and second not in (first, web_id)
    client.post(f"{draft}/publish?version=2", headers=bob)
    assert ids(client, form.url, bob) == (web_id, once_id)
    newest, oldest = told(client, f"{form.url}/versions", bob)
    assert (newest["enketoId"], oldest["enketoId"], oldest["enketoOnceId"]) == (web_id, None, None)


def test_an_id_leads_to_its_form(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form, bob = publish(VISIT), cast.bob.bearer
    web_id, once_id = ids(client, form.url, bob)
    for person in (cast.bob, cast.vy, cast.minh):
        one = told(client, form.url, person.bearer)
        assert told(client, link(web_id), person.bearer) == told(client, link(once_id), person.bearer) == one
    client.post(f"{form.url}/draft", headers=bob)
    draft_id = ids(client, f"{form.url}/draft", bob)[0]
    assert told(client, link(draft_id), bob) == told(client, f"{form.url}/draft", bob)
    for person in (cast.vy, cast.minh, cast.charlie):
        expect.refused(client.get(link(draft_id), headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
    client.delete(f"{form.url}/draft", headers=bob)
    expect.refused(client.get(link(draft_id), headers=bob), problems.NOT_FOUND)
    client.delete(form.url, headers=bob)
    expect.refused(client.get(link(web_id), headers=bob), problems.NOT_FOUND)


def test_who_has_a_link_is_told_of_its_form_alone(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form, other, bob = publish(VISIT), publish(VISIT.replace("| visit ", "| other ")), cast.bob.bearer
    assert form.url != other.url
    made = client.post(f"{form.url}/public-links", json={"displayName": "Áp phích"}, headers=bob).get_json()
    for web_id in ids(client, form.url, bob):
        assert told(client, link(web_id, f"?st={made['token']}"), {})["xmlFormId"] == "visit"
    elsewhere = ids(client, other.url, bob)[0]
    expect.refused(client.get(link(elsewhere, f"?st={made['token']}")), problems.INSUFFICIENT_RIGHTS)
    here = link(ids(client, form.url, bob)[0], f"?st={made['token']}")
    client.patch(form.url, json={"state": "closed"}, headers=bob)
    expect.refused(client.get(here), problems.INSUFFICIENT_RIGHTS)


def test_a_form_says_how_browsers_fill_it(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form, bob = publish(VISIT), cast.bob.bearer
    assert told(client, form.url, bob)["webformsEnabled"] is False
    changed = client.patch(form.url, json={"webformsEnabled": True, "hash": "x"}, headers=bob).get_json()
    assert changed["webformsEnabled"] is True and changed["state"] == "open"
    (entry,) = told(client, "/v1/audits?action=form.update", cast.alice.bearer)
    assert entry["details"] == {"data": {"webformsEnabled": True}}
    refused = client.patch(form.url, json={"webformsEnabled": None}, headers=bob)
    assert expect.refused(refused, problems.MISSING_PARAMETER) == {"field": "webformsEnabled"}
