"""Properties that the app users and public links of a project may have."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.db import db
from server.models import Audit
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
URL = "/v1/projects/1/actor-properties"


def register(client: FlaskClient, cast: Cast, name: Any) -> Any:
    """Bob registers a property."""
    return client.post(URL, json={"name": name}, headers=cast.bob.bearer)


def test_it_works(app: Flask, client: FlaskClient, cast: Cast) -> None:
    assert client.get(URL, headers=cast.bob.bearer).get_json() == []
    for name in ("supervisor", "region"):
        assert register(client, cast, name).get_json() == {"success": True}
    for headers in (cast.bob.bearer, cast.vy.bearer):
        assert client.get(URL, headers=headers).get_json() == [{"name": "region"}, {"name": "supervisor"}]
    assert client.get("/v1/projects/2/actor-properties", headers=cast.dung.bearer).get_json() == []
    with app.app_context():
        entry = db.session.scalars(select(Audit).order_by(Audit.id.desc()).limit(1)).one()
        assert (entry.action, entry.details, entry.project_id) == ("actor_property.create", {"name": "region"}, 1)


def test_extended_tells_the_values_in_use(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    for name in ("region", "supervisor"):
        register(client, cast, name)
    for name, region in (("Lan", "Nam"), ("Hoa", "Bắc"), ("Mai", "Nam")):
        body = {"displayName": name, "properties": {"region": region}}
        assert client.post("/v1/projects/1/app-users", json=body, headers=cast.bob.bearer).status_code == 200
    link = {"displayName": "x", "properties": {"region": "Trung"}}
    assert client.post(f"{form.url}/public-links", json=link, headers=cast.bob.bearer).status_code == 200
    told = client.get(URL, headers=cast.bob.bearer | EXTENDED).get_json()
    assert told == [{"name": "region", "values": ["Bắc", "Nam", "Trung"]}, {"name": "supervisor", "values": []}]


def test_refusals(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.minh.bearer, {}):
        expect.refused(client.get(URL, headers=headers), problems.INSUFFICIENT_RIGHTS)
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, {}):
        expect.refused(client.post(URL, json={"name": "x"}, headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get("/v1/projects/99/actor-properties", headers=cast.alice.bearer), problems.NOT_FOUND)


@pytest.mark.parametrize(
    "name", ["", "name", "Label", "displayName", "__x", "1x", "a b", "a:b", "-a", "x²", "Ⅷ", None, 5, []]
)
def test_names_that_cannot_be(client: FlaskClient, cast: Cast, name: Any) -> None:
    assert expect.refused(register(client, cast, name), problems.UNEXPECTED_VALUE)["field"] == "name"


@pytest.mark.parametrize("name", ["a", "_x", "worker_code", "vùng", "a.b-c_1", "names"])
def test_names_that_can_be(client: FlaskClient, cast: Cast, name: str) -> None:
    assert register(client, cast, name).status_code == 200


def test_a_property_is_registered_once(client: FlaskClient, cast: Cast) -> None:
    register(client, cast, "region")
    details = expect.refused(register(client, cast, "region"), problems.UNIQUENESS)
    assert details == {"fields": ["projectId", "name"], "values": ["1", "region"], "table": "actor_properties"}
    assert register(client, cast, "Region").status_code == 200
    other = client.post("/v1/projects/2/actor-properties", json={"name": "region"}, headers=cast.dung.bearer)
    assert other.status_code == 200
