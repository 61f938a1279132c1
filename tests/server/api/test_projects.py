"""/v1/projects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import access
from server.db import db, writing
from server.models import Audit, Dataset, Entity
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast, Person
from tests.conftest import Publish, Send

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
COUNTS = {"forms", "appUsers", "datasets", "lastSubmission", "lastEntity"}
PROJECT = {"id", "name", "description", "archived", "keyId", "createdAt", "updatedAt", "deletedAt"}


def names(client: FlaskClient, headers: dict[str, str]) -> list[str]:
    """The projects somebody sees."""
    answer = client.get("/v1/projects", headers=headers)
    assert answer.status_code == 200
    return [project["name"] for project in answer.get_json()]


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    both = ["Dự án khác", "Hỗ trợ cộng đồng"]
    assert names(client, cast.alice.bearer) == both
    for person in (cast.bob, cast.vy, cast.minh):
        assert names(client, person.bearer) == [both[1]]
    assert names(client, cast.dung.bearer) == [both[0]]
    project = client.get("/v1/projects/1", headers=cast.bob.bearer).get_json()
    assert project.keys() == PROJECT
    assert (project["id"], project["name"], project["keyId"]) == (1, both[1], None)


def test_a_stranger_sees_none(client: FlaskClient, cast: Cast) -> None:
    assert names(client, cast.charlie.bearer) == []
    expect.refused(client.get("/v1/projects"), problems.AUTHENTICATION_FAILED)
    for headers in (cast.charlie.bearer, {}):
        expect.refused(client.get("/v1/projects/1", headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/1", headers=cast.dung.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/99", headers=cast.alice.bearer), problems.NOT_FOUND)


def test_extended(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    send(form.submission())
    project = client.get("/v1/projects/1", headers=cast.bob.bearer | EXTENDED).get_json()
    assert project.keys() == PROJECT | COUNTS | {"verbs"}
    assert (project["forms"], project["appUsers"], project["datasets"]) == (1, 1, 0)
    assert project["lastSubmission"].endswith("Z") and project["lastEntity"] is None
    assert len(project["verbs"]) == 41
    for person, verbs in ((cast.alice, 56), (cast.vy, 10), (cast.minh, 4)):
        told = client.get("/v1/projects/1", headers=person.bearer | EXTENDED).get_json()
        assert told == project | {"verbs": told["verbs"]} and len(told["verbs"]) == verbs


def test_a_list_tells_verbs_and_when_asked_counts(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(FORM)
    (plain,) = client.get("/v1/projects", headers=cast.vy.bearer).get_json()
    assert plain.keys() == PROJECT | {"verbs"}
    assert "form.list" in plain["verbs"] and "submission.update" not in plain["verbs"]
    (extended,) = client.get("/v1/projects", headers=cast.vy.bearer | EXTENDED).get_json()
    assert extended.keys() == PROJECT | COUNTS | {"verbs"}
    assert (extended["forms"], extended["appUsers"]) == (1, 1)


def test_counts_leave_out_what_is_deleted(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    publish(FORM, form_id="other", draft=True)
    send(form.submission())
    client.delete(form.url, headers=cast.bob.bearer)
    client.delete(f"/v1/projects/1/app-users/{cast.device.id}", headers=cast.bob.bearer)
    project = client.get("/v1/projects/1", headers=cast.bob.bearer | EXTENDED).get_json()
    assert (project["forms"], project["appUsers"], project["lastSubmission"]) == (1, 0, None)


def test_a_role_on_a_form_does_not_show_the_project(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish
) -> None:
    form = publish(FORM)
    with app.app_context():
        for role in ("viewer", "app-user"):
            access.grant(CONSOLE, cast.charlie.id, role, project_id=1, form_id=form.id)
    assert names(client, cast.charlie.bearer) == []
    expect.refused(client.get("/v1/projects/1", headers=cast.charlie.bearer), problems.INSUFFICIENT_RIGHTS)
    assert client.get(form.url, headers=cast.charlie.bearer).status_code == 200


def test_with_forms(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    publish(FORM, form_id="shut")
    publish(FORM, form_id="later", draft=True)
    client.patch("/v1/projects/1/forms/shut", json={"state": "closed"}, headers=cast.bob.bearer)
    send(form.submission())

    def seen(person: Person) -> list[str]:
        (project,) = client.get("/v1/projects?forms=true", headers=person.bearer).get_json()
        assert project.keys() == PROJECT | {"verbs", "formList", "forms", "lastSubmission"}
        assert project["forms"] == len(project["formList"])
        return [entry["xmlFormId"] for entry in project["formList"]]

    assert sorted(seen(cast.bob)) == ["later", "shut", "visit"]
    assert sorted(seen(cast.vy)) == ["shut", "visit"]
    assert seen(cast.minh) == ["visit"]
    (project,) = client.get("/v1/projects?forms=true", headers=cast.bob.bearer).get_json()
    counts = {entry["xmlFormId"]: entry["submissions"] for entry in project["formList"]}
    assert counts == {"visit": 1, "shut": 0, "later": 0}
    assert project["lastSubmission"] is not None
    both = client.get("/v1/projects?forms=true", headers=cast.alice.bearer).get_json()
    assert [(one["id"], one["forms"], one["formList"] == []) for one in both] == [(1, 3, False), (2, 0, True)]
    both = client.get("/v1/projects?datasets=true", headers=cast.alice.bearer).get_json()
    assert [one["id"] for one in both] == [1, 2]  # in the order they were made, and not by name


def test_with_entity_lists(app: Flask, client: FlaskClient, cast: Cast) -> None:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    with app.app_context(), writing():
        for name, published in (("trees", moment), ("people", moment), ("unpublished", None)):
            dataset = Dataset(project_id=1, name=name, created_at=moment, published_at=published)
            db.session.add(dataset)
            db.session.flush()
            db.session.add(Entity(project_id=1, dataset_id=dataset.id, uuid=f"{name}-1", created_at=moment))
    (project,) = client.get("/v1/projects?datasets=true", headers=cast.vy.bearer).get_json()
    assert project.keys() == PROJECT | {"verbs", "datasetList", "datasets", "lastEntity"}
    assert [entry["name"] for entry in project["datasetList"]] == ["people", "trees"]
    assert (project["datasets"], project["lastEntity"]) == (2, "2026-11-01T00:00:00.000Z")
    first = project["datasetList"][0]
    assert (first["entities"], first["conflicts"], first["projectId"], first["approvalRequired"]) == (1, 0, 1, False)
    (hers,) = client.get("/v1/projects?datasets=true", headers=cast.minh.bearer).get_json()
    assert (hers["datasetList"], hers["datasets"]) == ([], 0)
    extended = client.get("/v1/projects/1", headers=cast.bob.bearer | EXTENDED).get_json()
    assert (extended["datasets"], extended["lastEntity"]) == (2, "2026-11-01T00:00:00.000Z")


def test_creating_is_for_administrators(client: FlaskClient, cast: Cast) -> None:
    body = {"name": "Mới", "description": "Một dự án", "archived": True, "id": 99, "keyId": 1}
    made = client.post("/v1/projects", json=body, headers=cast.alice.bearer)
    assert made.status_code == 200 and made.get_json().keys() == PROJECT
    told = made.get_json()
    assert (told["name"], told["description"], told["archived"]) == ("Mới", "Một dự án", True)
    assert told["id"] == 3 and told["keyId"] is None and told["updatedAt"] is None
    for headers in (cast.charlie.bearer, cast.bob.bearer, {}):
        expect.refused(client.post("/v1/projects", json={"name": "x"}, headers=headers), problems.INSUFFICIENT_RIGHTS)
    for body in ({}, {"name": None}, {"name": ""}):
        refused = client.post("/v1/projects", json=body, headers=cast.alice.bearer)
        assert expect.refused(refused, problems.MISSING_PARAMETER) == {"field": "name"}


def test_archived_ones_come_last(client: FlaskClient, cast: Cast) -> None:
    client.patch("/v1/projects/2", json={"archived": True}, headers=cast.alice.bearer)
    assert names(client, cast.alice.bearer) == ["Hỗ trợ cộng đồng", "Dự án khác"]
    client.patch("/v1/projects/2", json={"archived": None}, headers=cast.alice.bearer)
    assert names(client, cast.alice.bearer) == ["Dự án khác", "Hỗ trợ cộng đồng"]


def test_what_is_written_into_the_audit(app: Flask, client: FlaskClient, cast: Cast) -> None:
    client.post("/v1/projects", json={"name": "Mới"}, headers=cast.alice.bearer)
    client.patch("/v1/projects/3", json={"name": "Tên", "archived": True}, headers=cast.alice.bearer)
    client.delete("/v1/projects/3", headers=cast.alice.bearer)
    with app.app_context():
        entries = list(db.session.scalars(select(Audit).where(Audit.project_id == 3).order_by(Audit.id)))
    assert [(entry.action, entry.details) for entry in entries] == [
        ("project.create", {"data": {"name": "Mới"}}),
        ("project.update", {"data": {"name": "Tên", "archived": True}}),
        ("project.delete", entries[2].details),
    ]


def test_changing(client: FlaskClient, cast: Cast) -> None:
    changed = client.patch("/v1/projects/1", json={"archived": True, "name": "Cũ"}, headers=cast.bob.bearer).get_json()
    assert (changed["name"], changed["archived"]) == ("Cũ", True)
    assert changed["updatedAt"] is not None
    for body in ({"name": None}, {"name": " "}):
        refusal = client.patch("/v1/projects/1", json=body, headers=cast.bob.bearer)
        assert expect.refused(refusal, problems.MISSING_PARAMETER) == {"field": "name"}
    refusal = client.patch("/v1/projects/1", json={"archived": "maybe"}, headers=cast.bob.bearer)
    assert expect.refused(refusal, problems.INVALID_DATA_TYPE) == {"value": "maybe", "expected": "type boolean"}
    for headers in (cast.charlie.bearer, cast.vy.bearer, {}):
        refusal = client.patch("/v1/projects/1", json={"name": "x"}, headers=headers)
        expect.refused(refusal, problems.INSUFFICIENT_RIGHTS)


def test_a_deleted_project_is_gone_by_every_door(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    send(form.submission(instance_id="uuid:1"))
    for headers in (cast.charlie.bearer, cast.vy.bearer, {}):
        expect.refused(client.delete("/v1/projects/1", headers=headers), problems.INSUFFICIENT_RIGHTS)
    assert client.delete("/v1/projects/1", headers=cast.alice.bearer).get_json() == {"success": True}
    assert names(client, cast.alice.bearer) == ["Dự án khác"]
    expect.told(send(form.submission()), 404)
    paths: list[Any] = ["", "/forms", "/app-users", "/assignments", "/formList", "/forms/visit", "/forms/visit.xml"]
    paths += ["/forms/visit.svc/Submissions", "/forms/visit/submissions", "/forms/visit/submissions/uuid:1.xml"]
    for person in (cast.alice, cast.bob):
        for path in paths:
            assert client.get(f"/v1/projects/1{path}", headers=person.bearer).status_code == 404, path
    assert client.get(cast.device.url("forms/visit.xml")).status_code == 404
