"""Who holds which role, everywhere, on a project and on a form; who may hand on what."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import access, accounts
from server.db import db
from server.models import Audit
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import Publish
from tests.phone import Published

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
ACTOR = {"id", "type", "displayName", "createdAt", "updatedAt", "deletedAt"}
APP_USER, MANAGER, VIEWER = 2, 5, 6


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that nobody was given."""
    return publish(FORM, offer=False)


def get(client: FlaskClient, url: str, headers: Headers) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def latest(app: Flask) -> Audit:
    """The newest entry of the audit."""
    with app.app_context():
        found = db.session.scalars(select(Audit).order_by(Audit.id.desc()).limit(1)).one()
        db.session.expunge(found)
        return found


def test_on_a_form_it_works(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/assignments/app-user/{cast.device.id}"
    assert client.post(url, headers=cast.bob.bearer).get_json() == {"success": True}
    assert form.xml_form_id in client.get(cast.device.url("formList")).text
    assert get(client, f"{form.url}/assignments", cast.bob.bearer) == [{"actorId": cast.device.id, "roleId": APP_USER}]
    (entry,) = get(client, f"{form.url}/assignments", cast.bob.bearer | EXTENDED)
    assert entry["actor"].keys() == ACTOR and entry["roleId"] == APP_USER
    (actor,) = get(client, f"{form.url}/assignments/2", cast.bob.bearer)
    assert (actor["id"], actor["type"]) == (cast.device.id, "field_key")
    assert client.delete(f"{form.url}/assignments/2/{cast.device.id}", headers=cast.bob.bearer).status_code == 200
    assert form.xml_form_id not in client.get(cast.device.url("formList")).text


def test_of_all_forms_of_a_project(client: FlaskClient, cast: Cast, form: Published) -> None:
    client.post(f"{form.url}/assignments/app-user/{cast.device.id}", headers=cast.bob.bearer)
    url = "/v1/projects/1/assignments/forms"
    told = {"actorId": cast.device.id, "roleId": APP_USER, "xmlFormId": form.xml_form_id}
    assert get(client, url, cast.bob.bearer) == [told]
    assert get(client, f"{url}/app-user", cast.bob.bearer) == [told]
    assert get(client, f"{url}/2", cast.bob.bearer) == [told]
    assert get(client, f"{url}/manager", cast.bob.bearer) == []
    (entry,) = get(client, url, cast.bob.bearer | EXTENDED)
    assert entry["actor"]["displayName"] == "Máy của Lan"


def test_on_a_project_and_everywhere(client: FlaskClient, cast: Cast) -> None:
    held = [(entry["actorId"], entry["roleId"]) for entry in get(client, "/v1/projects/1/assignments", cast.bob.bearer)]
    assert held == [(cast.bob.id, MANAGER), (cast.vy.id, VIEWER), (cast.minh.id, 8)]
    (manager,) = get(client, "/v1/projects/1/assignments/manager", cast.bob.bearer)
    assert (manager["id"], manager["displayName"]) == (cast.bob.id, "Bob")
    assert get(client, "/v1/assignments", cast.alice.bearer) == [{"actorId": cast.alice.id, "roleId": 1}]
    assert get(client, "/v1/assignments/viewer", cast.alice.bearer) == []


def test_refusals(client: FlaskClient, cast: Cast, form: Published) -> None:
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for url in ("/v1/assignments", "/v1/projects/1/assignments", f"{form.url}/assignments"):
            expect.refused(client.get(url, headers=headers), problems.INSUFFICIENT_RIGHTS)
            expect.refused(client.get(f"{url}/manager", headers=headers), problems.INSUFFICIENT_RIGHTS)
            target = f"{url}/manager/{cast.charlie.id}"
            expect.refused(client.post(target, headers=headers), problems.INSUFFICIENT_RIGHTS)
            expect.refused(client.delete(target, headers=headers), problems.INSUFFICIENT_RIGHTS)
        for url in ("/v1/projects/1/assignments/forms", "/v1/projects/1/assignments/forms/app-user"):
            expect.refused(client.get(url, headers=headers), problems.INSUFFICIENT_RIGHTS)


def test_what_is_not_there(client: FlaskClient, cast: Cast, form: Published) -> None:
    bob = cast.bob.bearer
    for base in ("/v1/projects/1/assignments", f"{form.url}/assignments"):
        for wrong in (f"{base}/99/{cast.vy.id}", f"{base}/viewer/999", f"{base}/4/{cast.vy.id}"):
            expect.refused(client.post(wrong, headers=bob), problems.NOT_FOUND)
            expect.refused(client.delete(wrong, headers=bob), problems.NOT_FOUND)
        expect.refused(client.get(f"{base}/none", headers=bob), problems.NOT_FOUND)
    for place in ("/v1/projects/99", "/v1/projects/1/forms/none"):
        expect.refused(client.get(f"{place}/assignments", headers=bob), problems.NOT_FOUND)
        expect.refused(client.post(f"{place}/assignments/viewer/{cast.vy.id}", headers=bob), problems.NOT_FOUND)
    # What is not there is said before who may.
    unknown = client.post("/v1/projects/1/assignments/none/999", headers=cast.charlie.bearer)
    expect.refused(unknown, problems.NOT_FOUND)


def test_what_is_held_twice_or_not_at_all(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/assignments/2/{cast.device.id}"
    expect.refused(client.delete(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    client.post(url, headers=cast.bob.bearer)
    details = expect.refused(client.post(url, headers=cast.bob.bearer), problems.UNIQUENESS)
    assert details["fields"] == ["actorId", "roleId", "acteeId"] and details["table"] == "assignments"
    assert details["values"][:2] == [str(cast.device.id), "2"]
    again = client.post(f"/v1/assignments/admin/{cast.alice.id}", headers=cast.alice.bearer)
    assert expect.refused(again, problems.UNIQUENESS)["values"] == [str(cast.alice.id), "1", "*"]


def test_nobody_hands_on_more_than_there_is(client: FlaskClient, cast: Cast, form: Published) -> None:
    bob, charlie = cast.bob.bearer, cast.charlie.id
    for role in ("viewer", "formfill", "manager", "app-user", "pub-link", "formview"):
        assert client.post(f"/v1/projects/1/assignments/{role}/{charlie}", headers=bob).status_code == 200, role
    for url in ("/v1/projects/1/assignments/admin", "/v1/projects/1/assignments/pwreset", f"{form.url}/assignments/1"):
        expect.refused(client.post(f"{url}/{charlie}", headers=bob), problems.INSUFFICIENT_RIGHTS)
    for url in (f"/v1/projects/2/assignments/manager/{cast.bob.id}", f"/v1/assignments/admin/{cast.bob.id}"):
        expect.refused(client.post(url, headers=bob), problems.INSUFFICIENT_RIGHTS)
    # Not even an administrator may reset a password without its token.
    expect.refused(
        client.post(f"/v1/assignments/pwreset/{charlie}", headers=cast.alice.bearer), problems.INSUFFICIENT_RIGHTS
    )
    assert client.post(f"/v1/assignments/admin/{charlie}", headers=cast.alice.bearer).status_code == 200
    assert len(get(client, "/v1/projects", cast.charlie.bearer)) == 2


def test_what_is_written_into_the_audit(app: Flask, client: FlaskClient, cast: Cast, form: Published) -> None:
    client.post(f"/v1/assignments/viewer/{cast.charlie.id}", headers=cast.alice.bearer)
    entry = latest(app)
    assert (entry.action, entry.actor_id, entry.subject_id) == (
        "user.assignment.create",
        cast.alice.id,
        cast.charlie.id,
    )
    assert entry.details == {"roleId": VIEWER, "grantedActeeId": "*"}
    client.delete(f"/v1/assignments/viewer/{cast.charlie.id}", headers=cast.alice.bearer)
    entry = latest(app)
    assert (entry.action, entry.details) == ("user.assignment.delete", {"roleId": VIEWER, "revokedActeeId": "*"})
    client.post(f"{form.url}/assignments/2/{cast.device.id}", headers=cast.bob.bearer)
    entry = latest(app)
    assert (entry.action, entry.subject_id) == ("field_key.assignment.create", cast.device.id)
    assert len(entry.details["grantedActeeId"]) == 36


def test_who_was_deleted_holds_nothing(app: Flask, client: FlaskClient, cast: Cast, form: Published) -> None:
    with app.app_context():
        made, _ = accounts.create_user(CONSOLE, "tam@example.org", "mot mat khau dai khac", "Tâm")
        for role in ("viewer", "formfill"):
            access.grant(CONSOLE, made.actor_id, role, project_id=1)
    client.delete(f"/v1/projects/1/app-users/{cast.device.id}", headers=cast.bob.bearer)
    url = f"{form.url}/assignments/2/{cast.device.id}"
    expect.refused(client.post(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.delete(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert len(get(client, "/v1/projects/1/assignments", cast.bob.bearer)) == 5
    assert client.delete(f"/v1/users/{made.actor_id}", headers=cast.alice.bearer).status_code == 200
    assert len(get(client, "/v1/projects/1/assignments", cast.bob.bearer)) == 3


def test_why_something_is_done(app: Flask, client: FlaskClient, cast: Cast) -> None:
    url = f"/v1/projects/1/assignments/viewer/{cast.charlie.id}"
    for broken in ("50%", "%zz", "%E0%A4"):
        refused = client.post(url, headers=cast.bob.bearer | {"X-Action-Notes": broken})
        assert expect.refused(refused, problems.INVALID_HEADER) == {"field": "x-action-notes"}
        assert client.get("/v1/roles", headers=cast.bob.bearer | {"X-Action-Notes": broken}).status_code == 200
    told = {"X-Action-Notes": "xin%20%C4%91%C6%B0%E1%BB%A3c%20xem"}
    assert client.post(url, headers=cast.bob.bearer | told).status_code == 200
    assert latest(app).notes == "xin được xem"


@pytest.mark.parametrize(
    ("role", "kind"), [("1.5", problems.INVALID_DATA_TYPE), ("99999999999", problems.OUT_OF_RANGE)]
)
def test_what_is_no_number_of_a_role(client: FlaskClient, cast: Cast, role: str, kind: problems.Kind) -> None:
    for url in (f"/v1/roles/{role}", f"/v1/projects/1/assignments/{role}"):
        expect.refused(client.get(url, headers=cast.bob.bearer), kind)
    expect.refused(client.post(f"/v1/projects/1/assignments/{role}/{cast.vy.id}", headers=cast.bob.bearer), kind)
