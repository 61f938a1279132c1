"""Public links: a form that whoever has the address may fill."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.db import db
from server.models import Audit, Submission
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import OPENROSA, Published

FORM = """
| survey |          |      |       |
|        | type     | name | label |
|        | text     | who  | Ai?   |
|        | select_one_from_file a.csv | where | Đâu? |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
ACTOR = {"id", "type", "displayName", "createdAt", "updatedAt", "deletedAt"}
LINK = ACTOR | {"once", "token"}


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form with a file, that no phone was given."""
    return publish(FORM, offer=False, media={"a.csv": b"name,label\na,A\n"})


def make(client: FlaskClient, cast: Cast, form: Published, **more: Any) -> Any:
    """A new link of Bob's."""
    answer = client.post(f"{form.url}/public-links", json={"displayName": "Áp phích", **more}, headers=cast.bob.bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_it_works(client: FlaskClient, cast: Cast, form: Published) -> None:
    made = make(client, cast, form)
    assert made.keys() == LINK
    assert (made["displayName"], made["type"], made["once"]) == ("Áp phích", "public_link", None)
    assert len(made["token"]) == 64
    made["once"] = False  # as it is told when it is asked for
    second = make(client, cast, form, once=True)
    assert second["once"] is True
    assert client.get(f"{form.url}/public-links", headers=cast.bob.bearer).get_json() == [second, made]
    assert client.get(f"{form.url}/public-links/{made['id']}", headers=cast.bob.bearer).get_json() == made
    extended = client.get(f"{form.url}/public-links", headers=cast.bob.bearer | EXTENDED).get_json()[0]
    assert extended.keys() == LINK | {"createdBy", "properties"}
    assert extended["createdBy"]["displayName"] == "Bob" and extended["properties"] is None
    told = client.get(form.url, headers=cast.bob.bearer | EXTENDED).get_json()
    assert told["publicLinks"] == 2


def test_whoever_has_the_link_fills_the_form(
    app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send
) -> None:
    made = make(client, cast, form)
    key, tail = made["token"], f"/projects/1/forms/{form.xml_form_id}"
    for base, query in ((f"/v1/key/{key}", {}), ("/v1", {"st": key})):
        assert client.get(f"{base}{tail}.xml", query_string=query).data == form.xml
        assert client.get(f"{base}{tail}", query_string=query).get_json()["xmlFormId"] == form.xml_form_id
        manifest = client.get(f"{base}{tail}/manifest", query_string=query, headers=OPENROSA)
        assert f"/v1/key/{key}{tail}/attachments/a.csv" in manifest.text
        assert client.get(f"{base}{tail}/attachments/a.csv", query_string=query).status_code == 200
        listed = client.get(f"{base}/projects/1/formList", query_string=query, headers=OPENROSA)
        assert form.xml_form_id in listed.text
    expect.told(send(form.submission(), to=f"/v1/key/{key}/projects/1/submission"), 201)
    expect.told(send(form.submission(), to=f"/v1/projects/1/submission?st={key}"), 201)
    rest = client.post(f"/v1/key/{key}{tail}/submissions", data=form.submission(), content_type="text/xml")
    assert rest.status_code == 200, rest.text
    with app.app_context():
        assert list(db.session.scalars(select(Submission.submitter_id))) == [made["id"]] * 3


def test_a_link_opens_nothing_else(client: FlaskClient, cast: Cast, form: Published, publish: Publish) -> None:
    other = publish(FORM.replace("who", "whom"), form_id="other", media={"a.csv": b"name,label\na,A\n"})
    key = make(client, cast, form)["token"]
    for tail in ("", "/forms", "/app-users", f"/forms/{other.xml_form_id}", f"/forms/{other.xml_form_id}.xml"):
        expect.refused(client.get(f"/v1/key/{key}/projects/1{tail}"), problems.INSUFFICIENT_RIGHTS)
    for tail in ("/submissions", ".svc/Submissions", "/draft", "/public-links"):
        refused = client.get(f"/v1/key/{key}/projects/1/forms/{form.xml_form_id}{tail}")
        expect.refused(refused, problems.INSUFFICIENT_RIGHTS)
    assert other.xml_form_id not in client.get(f"/v1/key/{key}/projects/1/formList", headers=OPENROSA).text
    assert client.get(f"/v1/key/{key}/projects").get_json() == []


def test_of_a_closed_form(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    key = make(client, cast, form)["token"]
    submit = f"/v1/key/{key}/projects/1/submission"
    client.patch(form.url, json={"state": "closing"}, headers=cast.bob.bearer)
    expect.told(send(form.submission(), to=submit), 201)
    assert form.xml_form_id not in client.get(f"/v1/key/{key}/projects/1/formList", headers=OPENROSA).text
    client.patch(form.url, json={"state": "closed"}, headers=cast.bob.bearer)
    expect.told(send(form.submission(), to=submit), 409)
    closed = client.get(f"/v1/key/{key}/projects/1/forms/{form.xml_form_id}.xml")
    expect.refused(closed, problems.INSUFFICIENT_RIGHTS)


def test_refusals(client: FlaskClient, cast: Cast, form: Published) -> None:
    made = make(client, cast, form)
    url, one = f"{form.url}/public-links", f"{form.url}/public-links/{made['id']}"
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for answer in (
            client.get(url, headers=headers),
            client.post(url, json={"displayName": "x"}, headers=headers),
            client.get(one, headers=headers),
            client.patch(one, json={"properties": {}}, headers=headers),
            client.delete(one, headers=headers),
        ):
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_what_is_not_there(client: FlaskClient, cast: Cast, form: Published, publish: Publish) -> None:
    made, bob = make(client, cast, form), cast.bob.bearer
    other = publish(FORM.replace("who", "whom"), form_id="other")
    for url in (f"{form.url}/public-links/{cast.device.id}", f"{other.url}/public-links/{made['id']}"):
        for answer in (
            client.get(url, headers=bob),
            client.patch(url, json={"properties": {}}, headers=bob),
            client.delete(url, headers=bob),
        ):
            expect.refused(answer, problems.NOT_FOUND)
    for place in ("/v1/projects/99/forms/visit", "/v1/projects/1/forms/none"):
        expect.refused(client.get(f"{place}/public-links", headers=bob), problems.NOT_FOUND)


@pytest.mark.parametrize("body", [{}, {"displayName": " "}, {"displayName": None}])
def test_one_needs_a_name(client: FlaskClient, cast: Cast, form: Published, body: dict[str, str]) -> None:
    answer = client.post(f"{form.url}/public-links", json=body, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.MISSING_PARAMETER) == {"field": "displayName"}


def test_how_long_a_name_may_be(client: FlaskClient, cast: Cast, form: Published) -> None:
    make(client, cast, form, displayName="đ" * 64)
    answer = client.post(f"{form.url}/public-links", json={"displayName": "đ" * 65}, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.VALUE_TOO_LONG) == {"maxLength": "64"}
    answer = client.post(f"{form.url}/public-links", json={"displayName": "x", "once": "?"}, headers=cast.bob.bearer)
    assert expect.refused(answer, problems.INVALID_DATA_TYPE) == {"value": "?", "expected": "type boolean"}


def test_no_form_has_a_web_form_link_yet(client: FlaskClient, cast: Cast) -> None:
    expect.refused(client.get("/v1/form-links/abc/form", headers=cast.alice.bearer), problems.NOT_FOUND)
    expect.refused(client.get("/v1/form-links/abc/form"), problems.AUTHENTICATION_FAILED)


def test_properties(client: FlaskClient, cast: Cast, form: Published) -> None:
    client.post("/v1/projects/1/actor-properties", json={"name": "region"}, headers=cast.bob.bearer)
    made = make(client, cast, form, properties={"region": "Bắc"})
    one = f"{form.url}/public-links/{made['id']}"
    assert client.get(one, headers=cast.bob.bearer | EXTENDED).get_json()["properties"] == {"region": "Bắc"}
    changed = client.patch(one, json={"properties": {"region": "Nam"}}, headers=cast.bob.bearer).get_json()
    assert changed.keys() == LINK | {"createdBy", "properties"} and changed["properties"] == {"region": "Nam"}
    unknown = client.patch(one, json={"properties": {"none": "x"}}, headers=cast.bob.bearer)
    assert expect.refused(unknown, problems.UNEXPECTED_VALUE)["value"] == "none"


def test_a_deleted_link_is_gone(app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    made = make(client, cast, form)
    one = f"{form.url}/public-links/{made['id']}"
    assert client.delete(one, headers=cast.bob.bearer).get_json() == {"success": True}
    expect.refused(client.get(one, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert client.get(f"{form.url}/public-links", headers=cast.bob.bearer).get_json() == []
    expect.told(send(form.submission(), to=f"/v1/key/{made['token']}/projects/1/submission"), 403)
    gone = client.get(f"/v1/key/{made['token']}/projects/1/forms/{form.xml_form_id}.xml")
    expect.refused(gone, problems.INSUFFICIENT_RIGHTS)
    assert client.get(f"{form.url}/assignments", headers=cast.bob.bearer).get_json() == []


def test_a_revoked_link_stays_on_the_list(client: FlaskClient, cast: Cast, form: Published) -> None:
    first, second = make(client, cast, form), make(client, cast, form)
    assert client.delete(f"/v1/sessions/{second['token']}", headers=cast.bob.bearer).status_code == 200
    listed = client.get(f"{form.url}/public-links", headers=cast.bob.bearer).get_json()
    assert [(entry["id"], entry["token"] is None) for entry in listed] == [(first["id"], False), (second["id"], True)]
    gone = client.get(f"/v1/key/{second['token']}/projects/1/forms/{form.xml_form_id}.xml")
    expect.refused(gone, problems.INSUFFICIENT_RIGHTS)


def test_who_manages_the_form_alone_may_revoke_its_links(client: FlaskClient, cast: Cast, form: Published) -> None:
    made, minh = make(client, cast, form), cast.minh
    expect.refused(client.delete(f"/v1/sessions/{made['token']}", headers=minh.bearer), problems.INSUFFICIENT_RIGHTS)
    client.post(f"{form.url}/assignments/manager/{minh.id}", headers=cast.bob.bearer)
    phone = client.delete(f"/v1/sessions/{cast.device.key}", headers=minh.bearer)
    expect.refused(phone, problems.INSUFFICIENT_RIGHTS)
    assert client.delete(f"/v1/sessions/{made['token']}", headers=minh.bearer).status_code == 200


def test_what_is_written_into_the_audit(app: Flask, client: FlaskClient, cast: Cast, form: Published) -> None:
    made = make(client, cast, form, once=True)
    assert client.delete(f"/v1/sessions/{made['token']}", headers=cast.bob.bearer).status_code == 200
    client.delete(f"{form.url}/public-links/{made['id']}", headers=cast.bob.bearer)
    with app.app_context():
        query = select(Audit).where(Audit.subject_id == made["id"]).order_by(Audit.id)
        entries = list(db.session.scalars(query))
    assert [entry.action for entry in entries] == [
        "public_link.assignment.create",
        "public_link.create",
        "public_link.session.end",
        "public_link.delete",
    ]
    data = {"actorId": made["id"], "createdBy": cast.bob.id, "formId": form.id, "once": True}
    assert entries[1].details == {"data": data}
    assert entries[0].details["roleId"] == 9
