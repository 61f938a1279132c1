"""The same chain of edits from several connections at the same moment: whoever comes first, it ends the same."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from server.db import db
from tests import phone
from tests.cast import Cast, Device
from tests.conftest import VISIT, Publish
from tests.phone import File, Published, new_id


@pytest.fixture
def form(publish: Publish) -> Published:
    return publish(VISIT)


def send_at_once(app: Flask, device: Device, bodies: list[tuple[bytes, list[File]]]) -> list[TestResponse]:
    """Each body from a phone of its own, all at the same moment."""
    together, answers = threading.Barrier(len(bodies)), []

    def send(xml: bytes, files: list[File]) -> None:
        client = app.test_client(use_cookies=False)
        together.wait()
        answers.append(
            client.post(
                device.url("submission"),
                data=phone.body(xml, files),
                content_type=phone.CONTENT_TYPE,
                headers=phone.OPENROSA,
            )
        )
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=send, args=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def told(app: Flask, cast: Cast, form: Published, path: str) -> Any:
    answer = app.test_client().get(f"{form.url}/submissions{path}", headers=cast.bob.bearer)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.mark.parametrize("seed", range(6))
def test_an_original_and_its_edits(app: Flask, cast: Cast, device: Device, form: Published, seed: int) -> None:
    """a; b and c edit a; d edits b; e edits d: some of them twice."""
    ids = {letter: new_id() for letter in "abcde"}
    steps = ["a", "ba", "ca", "db", "ed", "a", "ba", "ed"]
    random.Random(seed).shuffle(steps)
    bodies: list[tuple[bytes, list[File]]] = []
    for step in steps:
        edited = ids[step[1]] if len(step) > 1 else ""
        xml = form.submission(f"<who>{step[0]}</who>", instance_id=ids[step[0]], deprecated_id=edited)
        bodies.append((xml, []))
    answers = send_at_once(app, device, bodies)
    assert [answer.status_code for answer in answers] == [201] * len(steps), [answer.text for answer in answers]
    (listed,) = told(app, cast, form, "")
    assert listed["instanceId"] == ids["a"]
    versions = told(app, cast, form, f"/{ids['a']}/versions")
    assert sorted(version["instanceId"] for version in versions) == sorted(ids.values())
    assert [version["current"] for version in versions].count(True) == 1


@pytest.mark.parametrize("seed", range(4))
def test_parts_of_an_instance(app: Flask, cast: Cast, device: Device, form: Published, seed: int) -> None:
    """Different contents under one name: both are kept, whoever is first."""
    instance_id = new_id()
    xml = form.submission("<photo>a.jpg</photo>", instance_id=instance_id)
    contents = [f"{seed} {number}".encode() for number in range(4)]
    answers = send_at_once(app, device, [(xml, [("a.jpg", content, "image/jpeg")]) for content in contents])
    assert [answer.status_code for answer in answers] == [201] * 4
    names = [file["name"] for file in told(app, cast, form, f"/{instance_id}/attachments")]
    assert sorted(names) == ["a (2).jpg", "a (3).jpg", "a (4).jpg", "a.jpg"]
    client, kept = app.test_client(), []
    for name in names:
        answer = client.get(f"{form.url}/submissions/{instance_id}/attachments/{name}", headers=cast.bob.bearer)
        kept.append(answer.data)
    assert sorted(kept) == contents
