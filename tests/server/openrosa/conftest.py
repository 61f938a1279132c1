"""What tests of trouble share: a form, a submission that is refused for a while, what was kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.api.system import PROBES
from server.errors import PROBE
from server.parts import NAME
from tests import expect
from tests.cast import Cast
from tests.conftest import House, Publish, Send
from tests.homes import Home
from tests.phone import Published, new_id

FORM = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | image | photo | Ảnh?  |
"""
PHOTO = ("a.jpg", b"\xff\xd8" * 500_000, "image/jpeg")


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that the device may fill."""
    return publish(FORM)


@pytest.fixture
def home(house: House, app: Flask) -> Home:
    """Where everything is kept."""
    return house.home


@pytest.fixture
def forgetful(app: Flask) -> None:
    """The app serves many tests, and what it remembers of the one before is no longer so."""
    app.extensions.pop(PROBES, None)
    app.extensions.pop(PROBE, None)


@pytest.fixture
def photo(app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send) -> Iterator[Callable[[str], None]]:
    """`photo(reason)`: a submission that is answered 503 with that reason. At the end it was not stored, and now is."""
    instance_id = new_id()
    xml = form.submission("<photo>a.jpg</photo>", instance_id=instance_id)

    def refused(reason: str) -> None:
        answer = send(xml, [PHOTO])
        assert reason in expect.told(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

    yield refused
    assert listed(client, cast, form) == []
    expect.told(send(xml, [PHOTO]), 201)
    assert listed(client, cast, form) == [instance_id]
    url = f"{form.url}/submissions/{instance_id}/attachments/a.jpg"
    assert client.get(url, headers=cast.bob.bearer).data == PHOTO[1]


def listed(client: FlaskClient, cast: Cast, form: Published) -> list[str]:
    """The instance IDs that Bob is shown."""
    return [each["instanceId"] for each in client.get(f"{form.url}/submissions", headers=cast.bob.bearer).get_json()]


def kept(app: Flask) -> set[str]:
    """All files in the store."""
    return {file.sha256 for file in app.extensions[NAME].storage.walk()}
