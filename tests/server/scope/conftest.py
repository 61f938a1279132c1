"""Two communes, of which neither knows the other."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.db import writing
from server.parts import NAME
from tests import country as communes
from tests import phone
from tests.conftest import House, Publish
from tests.country import VISIT, Country, Post
from tests.stores import content, names

Kept = dict[str, tuple[Country, dict[str, bytes]]]


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Sends as Collect does."""

    def send(address: str, xml: bytes, files: list[phone.File] | None = None) -> TestResponse:
        body = phone.body(xml, files or [])
        return client.post(address, data=body, content_type=phone.CONTENT_TYPE, headers=phone.OPENROSA)

    return send


@pytest.fixture(scope="session")
def kept() -> Kept:
    """What was made in each kind of home, and the files of it, which the home does not save."""
    return {}


@pytest.fixture
def country(request: pytest.FixtureRequest, house: House, app: Flask, home_kind: str, kept: Kept) -> Country:
    """Commune A sent two, commune B three; the second of B's has problems and a comment. Made once in a run."""
    if home_kind not in kept:
        made = make(app, request.getfixturevalue("publish"), request.getfixturevalue("post"))
        stored = app.extensions[NAME].storage
        kept[home_kind] = made, {name: content(stored, name) for name in names(stored)}
        house.home.save(app, "country")
    made, files = kept[home_kind]
    house.home.renew(app, "country")
    for name, data in files.items():
        app.extensions[NAME].storage.put(name, BytesIO(data))
    return deepcopy(made)


def make(app: Flask, publish: Publish, post: Post) -> Country:
    """By the doors through which all of it comes."""
    made = Country(publish(VISIT))
    with app.app_context(), writing():
        communes.people(made)
    communes.fill(made, post)
    with app.app_context():
        communes.return_one(made)
    return made
