"""/v1/projects."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import access
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
    for headers in (cast.charlie.bearer, {}):
        assert names(client, headers) == []
        expect.refused(client.get("/v1/projects/1", headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/1", headers=cast.dung.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/99", headers=cast.alice.bearer), problems.NOT_FOUND)


def test_extended(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    send(form.submission())
    project = client.get("/v1/projects/1", headers=cast.bob.bearer | EXTENDED).get_json()
    assert project.keys() == PROJECT | {"forms", "appUsers", "datasets", "lastSubmission", "lastEntity", "verbs"}
    assert (project["forms"], project["appUsers"], project["datasets"]) == (1, 1, 0)
    assert project["lastSubmission"].endswith("Z") and project["lastEntity"] is None
    assert "submission.update" in project["verbs"] and "project.create" not in project["verbs"]
    (listed,) = client.get("/v1/projects", headers=cast.vy.bearer | EXTENDED).get_json()
    assert "submission.update" not in listed["verbs"]
    assert (listed["appUsers"], listed["lastSubmission"]) == (None, project["lastSubmission"])
    (hers,) = client.get("/v1/projects", headers=cast.minh.bearer | EXTENDED).get_json()
    assert hers.keys() == project.keys()
    assert (hers["appUsers"], hers["lastSubmission"]) == (None, None)


def test_counts_are_of_what_one_may_list(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish, send: Send
) -> None:
    form = publish(FORM)
    publish(FORM, form_id="other")
    expect.told(send(form.submission()), 201)

    def told(person: Person) -> tuple[int, int | None, bool]:
        (project,) = client.get("/v1/projects", headers=person.bearer | EXTENDED).get_json()
        return project["forms"], project["appUsers"], project["lastSubmission"] is not None

    with app.app_context():
        access.grant(CONSOLE, cast.charlie.id, "app-user", project_id=1, form_id=form.id)
    assert (told(cast.bob), told(cast.vy)) == ((2, 1, True), (2, None, True))
    assert (told(cast.minh), told(cast.charlie)) == ((2, None, False), (1, None, False))


def test_creating_is_for_administrators(client: FlaskClient, cast: Cast) -> None:
    made = client.post("/v1/projects", json={"name": "Mới"}, headers=cast.alice.bearer)
    assert (made.status_code, made.get_json()["name"]) == (200, "Mới")
    for headers in (cast.charlie.bearer, cast.bob.bearer, {}):
        expect.refused(client.post("/v1/projects", json={"name": "x"}, headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.post("/v1/projects", json={}, headers=cast.alice.bearer), problems.MISSING_PARAMETER)


def test_changing(client: FlaskClient, cast: Cast) -> None:
    changed = client.patch("/v1/projects/1", json={"archived": True, "name": "Cũ"}, headers=cast.bob.bearer).get_json()
    assert (changed["name"], changed["archived"]) == ("Cũ", True)
    assert changed["updatedAt"] is not None
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
