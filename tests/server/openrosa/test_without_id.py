"""A form that has no place for an instance ID: what phones fill in is kept, once, however often they send it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forms import xform
from server.actions import access, check, drafts
from server.actions.definitions import Definition
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast
from tests.conftest import Send

XFORM = """
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Khách</h:title>
<model><instance><data id="guests" version="1"><who/><photo/><meta><instanceName/></meta></data></instance>
<bind nodeset="/data/who" type="string"/><bind nodeset="/data/photo" type="binary"/></model></h:head>
<h:body><input ref="/data/who"><label>Ai?</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Ảnh?</label></upload></h:body></h:html>
""".strip().encode()
URL = "/v1/projects/1/forms/guests/submissions"
PHOTO = ("a.jpg", b"\xff\xd8", "image/jpeg")


@pytest.fixture(autouse=True)
def _published(app: Flask, cast: Cast) -> None:
    with app.app_context():
        drafts.create(CONSOLE, 1, Definition(XFORM, xform.parse(XFORM)))
        form = drafts.publish(CONSOLE, 1, "guests")
        access.grant(CONSOLE, cast.device.id, "app-user", project_id=1, form_id=form.id)


def filled(who: str) -> bytes:
    """What a phone makes of it."""
    return f'<data id="guests" version="1"><who>{who}</who><photo>a.jpg</photo></data>'.encode()


def ids(client: FlaskClient, cast: Cast) -> list[str]:
    """Of all that is there."""
    return [each["instanceId"] for each in client.get(URL, headers=cast.bob.bearer).get_json()]


def test_it_is_kept_once_and_its_files_may_follow(client: FlaskClient, cast: Cast, send: Send) -> None:
    expect.told(send(filled("An"), incomplete=True), 201)
    (first,) = ids(client, cast)
    assert first.startswith("uuid:")
    expect.told(send(filled("An"), [PHOTO]), 201)
    assert ids(client, cast) == [first]
    assert client.get(f"{URL}/{first}/attachments/a.jpg", headers=cast.bob.bearer).data == PHOTO[1]
    expect.told(send(filled("Bình")), 201)
    assert len(set(ids(client, cast))) == 2


def test_one_that_has_an_id_all_the_same_keeps_it(client: FlaskClient, cast: Cast, send: Send) -> None:
    expect.told(send(filled("An").replace(b"</data>", b"<meta><instanceID>uuid:own</instanceID></meta></data>")), 201)
    assert ids(client, cast) == ["uuid:own"]


def test_nothing_is_wrong_with_it(app: Flask, send: Send) -> None:
    expect.told(send(filled("An"), [PHOTO]), 201)
    with app.app_context():
        wrong = [line for line in check.check(check.Counts()) if "numbers go on" not in line]  # of the cast
        assert wrong == []
