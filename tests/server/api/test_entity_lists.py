"""What forms have to do with entity lists: whether they save to one, and how publishing would change it."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import unit_roles
from server.db import db, now, writing
from server.models import Dataset, Entity
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import VISIT, Publish

FORMS = "/v1/projects/1/forms"


def people(form_id: str = "people", **saved: str) -> bytes:
    """A form that saves questions (name to property) to the list `people`, and takes `people.csv`."""
    nodes = "".join(f"<{name}/>" for name in saved)
    saves = '<bind nodeset="/data/{}" type="string" entities:saveto="{}"/>'
    binds = "".join(saves.format(name, to) for name, to in saved.items())
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
        'xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title/>'
        f'<model entities:entities-version="2024.1.0"><instance><data id="{form_id}" version="1">{nodes}'
        '<meta><instanceID/><entity dataset="people" id="" create="1"><label/></entity></meta></data></instance>'
        f'<instance id="people" src="jr://file-csv/people.csv"/>{binds}</model></h:head><h:body/></h:html>'
    ).encode()


def told(client: FlaskClient, path: str, headers: Headers) -> Any:
    """What somebody is told."""
    answer = client.get(f"{FORMS}/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_the_lists_of_a_project(app: Flask, client: FlaskClient, cast: Cast) -> None:
    bob, path, more = cast.bob.bearer, "/v1/projects/1/datasets", {"X-Extended-Metadata": "true"}
    assert client.get(path, headers=bob).get_json() == []
    moment = now()
    with app.app_context(), writing():
        for name, published in (("trees", moment), ("people", moment), ("cats", None)):
            db.session.add(Dataset(project_id=1, name=name, created_at=moment, published_at=published))
        gone = Dataset(project_id=1, name="gone", created_at=moment, published_at=moment, deleted_at=moment)
        other = Dataset(project_id=2, name="other", created_at=moment, published_at=moment)
        houses = Dataset(project_id=1, name="houses", created_at=moment, published_at=moment)
        db.session.add_all([gone, other, houses])
        db.session.flush()
        db.session.add(Entity(project_id=1, dataset_id=houses.id, uuid="a", conflict="soft", created_at=moment))
        number = gone.id
    listed = client.get(path, headers=bob).get_json()
    assert [each["name"] for each in listed] == ["houses", "people", "trees"]
    common = {"name", "projectId", "approvalRequired", "ownerOnly", "createdAt", "deletedAt"}
    assert all(each.keys() == common for each in listed)
    (first, second, _) = client.get(path, headers=bob | more).get_json()
    assert first.keys() == common | {"entities", "lastEntity", "conflicts"}
    assert (first["entities"], first["conflicts"], first["lastEntity"]) == (1, 1, first["createdAt"])
    assert (second["entities"], second["conflicts"], second["lastEntity"]) == (0, 0, None)
    (deleted,) = client.get(f"{path}?deleted=true", headers=bob).get_json()
    assert (deleted["name"], deleted["id"]) == ("gone", number) and deleted["deletedAt"]
    for who in (cast.charlie.bearer, cast.minh.bearer, {}):
        expect.refused(client.get(path, headers=who), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/2/datasets", headers=bob), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/99/datasets", headers=bob), problems.NOT_FOUND)


def test_publishing_makes_lists_and_properties(client: FlaskClient, cast: Cast) -> None:
    bob = cast.bob.bearer
    client.post(f"{FORMS}?publish=true", data=people(ten="full_name", tuoi="age"), headers=bob)
    assert told(client, "people/dataset-diff", bob) == [
        {"name": "people", "properties": [{"name": "full_name", "inForm": True}, {"name": "age", "inForm": True}]}
    ]
    client.post(FORMS, data=people("more", tuoi="age", xa="commune"), headers=bob)
    assert told(client, "more/draft/dataset-diff", bob) == [
        {
            "name": "people",
            "isNew": False,
            "properties": [
                {"name": "full_name", "inForm": False, "isNew": False},
                {"name": "age", "inForm": True, "isNew": False},
                {"name": "commune", "inForm": True, "isNew": True},
            ],
        }
    ]


def test_a_list_that_nobody_knows_is_new(client: FlaskClient, cast: Cast) -> None:
    client.post(FORMS, data=people(ten="full_name"), headers=cast.bob.bearer)
    (one,) = told(client, "people/draft/dataset-diff", cast.bob.bearer)
    assert one["isNew"] and one["properties"] == [{"name": "full_name", "inForm": True, "isNew": True}]
    assert client.get(f"{FORMS}/people/dataset-diff", headers=cast.bob.bearer).status_code == 404


def test_forms_tell_whether_they_save_entities(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(VISIT)
    client.post(f"{FORMS}?publish=true", data=people(ten="full_name"), headers=cast.bob.bearer)
    listed = told(client, "", cast.bob.bearer | {"X-Extended-Metadata": "true"})
    assert {each["xmlFormId"]: each["entityRelated"] for each in listed} == {"people": True, "visit": False}
    assert told(client, "visit/dataset-diff", cast.bob.bearer) == []


def test_an_old_way_to_save_them_is_a_warning_once(client: FlaskClient, cast: Cast) -> None:
    old = people(ten="full_name").replace(b"2024.1.0", b"2023.1.0")
    details = expect.refused(client.post(FORMS, data=old, headers=cast.bob.bearer), problems.FORM_WARNINGS)
    (warning,) = details["warnings"]["workflowWarnings"]
    assert (warning["type"], warning["details"]) == ("oldEntityVersion", {"version": "2023.1.0"})
    assert client.post(f"{FORMS}?ignoreWarnings=true", data=old, headers=cast.bob.bearer).status_code == 200
    assert client.post(f"{FORMS}/people/draft", data=old, headers=cast.bob.bearer).status_code == 200


def test_what_cannot_be_saved_is_refused(client: FlaskClient, cast: Cast) -> None:
    for wrong in (people(ten="label"), people().replace(b'dataset="people"', b'dataset="a.b"')):
        answer = client.post(f"{FORMS}?ignoreWarnings=true", data=wrong, headers=cast.bob.bearer)
        assert expect.refused(answer, problems.INVALID_ENTITY_FORM)["reason"]


def test_refusals(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT, draft=True)
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for path in ("dataset-diff", "draft/dataset-diff"):
            expect.refused(client.get(f"{form.url}/{path}", headers=headers), problems.INSUFFICIENT_RIGHTS)
        answer = client.patch(f"{form.url}/draft/attachments/a.csv", json={"dataset": True}, headers=headers)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    publish(VISIT.replace("| visit ", "| other "))
    expect.refused(client.get(f"{FORMS}/other/dataset-diff", headers=cast.minh.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get(f"{FORMS}/other/draft/dataset-diff", headers=cast.bob.bearer), problems.NOT_FOUND)


def test_who_may_list_none_is_refused_whether_there_is_a_version_or_not(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish
) -> None:
    form = publish(VISIT, draft=True)
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "form_admin", cast.charlie.id, None)
    for path in ("dataset-diff", "draft/dataset-diff"):
        answer = client.get(f"{form.url}/{path}", headers=cast.charlie.bearer)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_a_file_becomes_a_list_and_a_file_again(app: Flask, client: FlaskClient, cast: Cast) -> None:
    bob, url = cast.bob.bearer, f"{FORMS}/people/draft/attachments/people.csv"
    client.post(FORMS, data=people(ten="full_name"), headers=bob)
    expect.refused(client.patch(url, json={"dataset": True}, headers=bob), problems.NOT_FOUND)
    with app.app_context(), writing():
        db.session.add(Dataset(project_id=1, name="people", created_at=now(), published_at=now()))
    client.post(url, data=b"name,label\n", headers=bob)
    linked = client.patch(url, json={"dataset": True}, headers=bob).get_json()
    assert (linked["exists"], linked["blobExists"], linked["datasetExists"]) == (True, False, True)
    again = client.patch(url, json={"dataset": False}, headers=bob).get_json()
    assert (again["exists"], again["blobExists"], again["datasetExists"]) == (False, False, False)
    entries = client.get("/v1/audits?action=form.attachment.update", headers=cast.alice.bearer).get_json()
    assert [entry["details"]["newDatasetId"] for entry in entries] == [None, 1, None]
