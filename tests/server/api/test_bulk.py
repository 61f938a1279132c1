"""Many submissions at once by REST: all of them or none, with the same rights and entries as one by one."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.db import db, writing
from server.models import Submission
from tests import expect
from tests.cast import Cast, Headers, Person
from tests.conftest import Publish, Send
from tests.homes import Province
from tests.phone import Published
from tests.server.live.conftest import wait_for

FORM = """
| survey   |      |      |       |
|          | type | name | label |
|          | text | who  | Ai?   |
| settings |      |      |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
SENT = ["uuid:1", "uuid:2", "uuid:3"]


@pytest.fixture
def form(publish: Publish, send: Send) -> Published:
    """A form with three submissions."""
    made = publish(FORM)
    for name in SENT:
        expect.told(send(made.submission("<who>An</who>", instance_id=name)), 201)
    return made


def bulk(client: FlaskClient, form: Published, headers: Headers, verb: str, ids: list[Any], **more: Any) -> Any:
    """Do it with some of them; the answer."""
    return client.post(f"{form.url}/submissions/bulk-{verb}", json={"ids": ids, **more}, headers=headers)


def states(client: FlaskClient, form: Published, person: Person) -> dict[str, str | None]:
    """The states of those that are there."""
    found = client.get(f"{form.url}/submissions", headers=person.bearer).get_json()
    return {one["instanceId"]: one["reviewState"] for one in found}


def entries(client: FlaskClient, cast: Cast, action: str) -> list[str]:
    """Of which submissions the audit tells it, newest first."""
    found = client.get(f"/v1/audits?action={action}", headers=cast.alice.bearer).get_json()
    return [entry["details"]["instanceId"] for entry in found]


def test_reviewing(client: FlaskClient, cast: Cast, form: Published) -> None:
    answer = bulk(client, form, cast.bob.bearer, "review", SENT[:2], reviewState="approved")
    assert (answer.status_code, answer.get_json()) == (200, {"success": True})
    assert states(client, form, cast.vy) == {"uuid:3": None, "uuid:2": "approved", "uuid:1": "approved"}
    assert entries(client, cast, "submission.update") == ["uuid:2", "uuid:1"]
    assert bulk(client, form, cast.bob.bearer, "review", SENT, reviewState=None).status_code == 200
    assert set(states(client, form, cast.vy).values()) == {None}


def test_reviewing_with_a_comment(client: FlaskClient, cast: Cast, form: Published) -> None:
    bulk(client, form, cast.bob.bearer, "review", SENT[:2], reviewState="hasIssues", comment="Hỏi lại tuổi")
    for name, said in (("uuid:1", ["Hỏi lại tuổi"]), ("uuid:2", ["Hỏi lại tuổi"]), ("uuid:3", [])):
        told = client.get(f"{form.url}/submissions/{name}/comments", headers=cast.vy.bearer).get_json()
        assert [comment["body"] for comment in told] == said


def test_deleting_and_restoring(client: FlaskClient, cast: Cast, form: Published) -> None:
    assert bulk(client, form, cast.bob.bearer, "delete", SENT[:2]).get_json() == {"success": True}
    assert states(client, form, cast.vy) == {"uuid:3": None}
    assert entries(client, cast, "submission.delete") == ["uuid:2", "uuid:1"]
    assert bulk(client, form, cast.bob.bearer, "restore", SENT[:2]).get_json() == {"success": True}
    assert states(client, form, cast.vy) == dict.fromkeys(reversed(SENT))
    assert entries(client, cast, "submission.restore") == ["uuid:2", "uuid:1"]


def test_each_once_however_often_it_is_named(client: FlaskClient, cast: Cast, form: Published) -> None:
    bulk(client, form, cast.bob.bearer, "delete", ["uuid:1", "uuid:1"])
    assert entries(client, cast, "submission.delete") == ["uuid:1"]


def test_all_or_none(client: FlaskClient, cast: Cast, form: Published) -> None:
    before = states(client, form, cast.vy)
    missing = ["uuid:1", "uuid:9", "uuid:2", "uuid:8"]
    for verb, more in (("review", {"reviewState": "approved"}), ("delete", {}), ("restore", {})):
        told = expect.refused(bulk(client, form, cast.bob.bearer, verb, missing, **more), problems.NOT_FOUND)
        assert told == {"ids": missing if verb == "restore" else ["uuid:9", "uuid:8"]}
    assert states(client, form, cast.vy) == before
    assert entries(client, cast, "submission") == ["uuid:3", "uuid:2", "uuid:1"]


def test_refusals(client: FlaskClient, cast: Cast, form: Published) -> None:
    for headers in (cast.charlie.bearer, cast.minh.bearer, cast.vy.bearer, {}):
        for verb in ("review", "delete", "restore"):
            answer = bulk(client, form, headers, verb, SENT, reviewState="approved")
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    bob = cast.bob.bearer
    expect.refused(bulk(client, form, bob, "review", SENT, reviewState="liked"), problems.UNEXPECTED_VALUE)
    expect.refused(bulk(client, form, bob, "review", SENT), problems.MISSING_PARAMETER)
    expect.refused(bulk(client, form, bob, "delete", [1]), problems.UNEXPECTED_VALUE)
    expect.refused(bulk(client, form, bob, "delete", [f"{n}" for n in range(1001)]), problems.UNEXPECTED_VALUE)
    nowhere = client.post("/v1/projects/1/forms/other/submissions/bulk-delete", json={"ids": []}, headers=bob)
    expect.refused(nowhere, problems.NOT_FOUND)


@pytest.mark.parametrize(("verb", "more"), [("review", {"reviewState": "approved", "comment": "Tốt"}), ("delete", {})])
def test_two_who_name_the_same_in_another_order_do_not_block_each_other(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    form: Published,
    province: Province,
    verb: str,
    more: dict[str, str],
) -> None:
    """Everybody goes from the oldest to the newest: who waits for the oldest holds no other yet."""
    told: list[int] = []
    last_first = list(reversed(SENT))

    def other() -> None:
        told.append(bulk(client, form, cast.bob.bearer, verb, last_first, **more).status_code)

    def hold(name: str) -> None:
        row = select(Submission.id).where(Submission.instance_id == name).with_for_update(nowait=True)
        assert db.session.execute(row).all() != []

    thread = threading.Thread(target=other)
    with app.app_context(), writing():
        hold(SENT[0])
        thread.start()
        wait_for(lambda: province.cluster.run("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0] == 1)
        hold(SENT[2])
        hold(SENT[1])
    thread.join()
    assert told == [200]
    assert entries(client, cast, {"review": "submission.update", "delete": "submission.delete"}[verb]) == last_first
