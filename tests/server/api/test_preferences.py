"""/v1/user-preferences."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import preferences
from server.db import db
from server.models import Audit
from tests import expect
from tests.cast import Cast, Person

SUCCESS = {"success": True}
SITE, PROJECT = "/v1/user-preferences/site", "/v1/user-preferences/project"


def kept(client: FlaskClient, person: Person) -> dict[str, Any]:
    """All that is remembered of somebody."""
    headers = person.bearer | {"X-Extended-Metadata": "true"}
    found: dict[str, Any] = client.get("/v1/users/current", headers=headers).get_json()["preferences"]
    return found


def test_preferences_are_kept_and_forgotten(app: Flask, client: FlaskClient, cast: Cast) -> None:
    def put(url: str, value: Any) -> Any:
        return client.put(url, json={"propertyValue": value}, headers=cast.bob.bearer).get_json()

    assert put(f"{SITE}/sort", "latest") == put(f"{SITE}/sort", {"by": ["tên", None]}) == SUCCESS
    assert put(f"{SITE}/none", None) == SUCCESS
    assert put(f"{PROJECT}/1/trash", False) == put(f"{PROJECT}/2/trash", True) == SUCCESS
    site = {"sort": {"by": ["tên", None]}, "none": None}
    assert kept(client, cast.bob) == {"site": site, "projects": {"1": {"trash": False}, "2": {"trash": True}}}
    assert kept(client, cast.alice) == {"site": {}, "projects": {}}
    for url in (f"{SITE}/sort", f"{PROJECT}/1/trash"):
        assert client.delete(url, headers=cast.bob.bearer).get_json() == SUCCESS
        expect.refused(client.delete(url, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert kept(client, cast.bob) == {"site": {"none": None}, "projects": {"2": {"trash": True}}}
    with app.app_context():
        query = select(Audit).where(Audit.action.startswith("user.preference."), Audit.subject_id == cast.bob.id)
        entries = [(row.action, row.details) for row in db.session.scalars(query.order_by(Audit.id))]
    assert entries[0] == (
        "user.preference.update",
        {"propertyName": "sort", "propertyValue": "latest", "scope": "site"},
    )
    assert entries[3] == (
        "user.preference.update",
        {"propertyName": "trash", "propertyValue": False, "scope": "project", "projectId": 1},
    )
    assert entries[-1] == (
        "user.preference.delete",
        {"propertyName": "trash", "scope": "project", "projectId": 1},
    )


@pytest.mark.parametrize(
    ("body", "kind", "details"),
    [
        ({}, problems.PROPERTY_NOT_FOUND, {"property": "propertyValue"}),
        ({"other": 1}, problems.PROPERTY_NOT_FOUND, {"property": "propertyValue"}),
        (
            {"propertyValue": 1, "other": 2},
            problems.UNEXPECTED_PROPERTIES,
            {"expected": ["propertyValue"], "actual": ["propertyValue", "other"]},
        ),
    ],
)
def test_what_is_sent(
    client: FlaskClient, cast: Cast, body: dict[str, Any], kind: problems.Kind, details: dict[str, Any]
) -> None:
    for url in (f"{SITE}/x", f"{PROJECT}/1/x", f"{PROJECT}/99/x"):
        assert expect.refused(client.put(url, json=body, headers=cast.bob.bearer), kind) == details


def test_projects_that_are_not_there(client: FlaskClient, cast: Cast) -> None:
    body = {"propertyValue": 1}
    expect.refused(client.put(f"{PROJECT}/99/x", json=body, headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.delete(f"{PROJECT}/99/x", headers=cast.bob.bearer), problems.NOT_FOUND)
    wrong = client.put(f"{PROJECT}/x/x", json=body, headers=cast.bob.bearer)
    assert expect.refused(wrong, problems.INVALID_DATA_TYPE)["value"] == "x"


def test_who_has_none(client: FlaskClient, cast: Cast) -> None:
    body = {"propertyValue": 1}
    expect.refused(client.put(f"{SITE}/x", json=body), problems.AUTHENTICATION_FAILED)
    phone = client.put(f"/v1/key/{cast.device.key}/user-preferences/site/x", json=body)
    expect.refused(phone, problems.INSUFFICIENT_RIGHTS)


def test_there_is_a_limit(client: FlaskClient, cast: Cast) -> None:
    much = {"propertyValue": "x" * preferences.MAX_BYTES}
    expect.refused(client.put(f"{SITE}/x", json=much, headers=cast.bob.bearer), problems.UNEXPECTED_VALUE)
    assert kept(client, cast.bob)["site"] == {}
