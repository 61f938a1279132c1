"""Two communes, of which neither knows the other."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.db import writing
from tests import country as communes
from tests import phone
from tests.cast import Cast
from tests.conftest import Publish
from tests.country import VISIT, Country, Post


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Sends as Collect does."""

    def send(address: str, xml: bytes, files: list[phone.File] | None = None) -> TestResponse:
        body = phone.body(xml, files or [])
        return client.post(address, data=body, content_type=phone.CONTENT_TYPE, headers=phone.OPENROSA)

    return send


@pytest.fixture
def country(app: Flask, cast: Cast, client: FlaskClient, publish: Publish, post: Post) -> Country:
    """Commune A sent two, commune B three; the second of B's has problems and a comment."""
    made = Country(publish(VISIT))
    with app.app_context(), writing():
        communes.people(made)
    communes.fill(made, post)
    with app.app_context():
        communes.return_one(made)
    return made
