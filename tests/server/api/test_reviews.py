"""Review states, comments and the history of a submission by REST."""

from __future__ import annotations

from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.phone import Published
from tests.server.api.conftest import EXTENDED, SUBMISSION, get


def test_reviewing(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    for state in ("hasIssues", "approved", "rejected", "edited", None):
        told = client.patch(sent, json={"reviewState": state}, headers=cast.bob.bearer)
        assert (told.status_code, told.get_json()["reviewState"]) == (200, state)
        assert told.get_json().keys() == SUBMISSION and told.get_json()["updatedAt"] is not None
        assert get(client, f"{form.url}/submissions", cast.vy)[0]["reviewState"] == state
    details = expect.refused(
        client.patch(sent, json={"reviewState": "liked"}, headers=cast.bob.bearer), problems.UNEXPECTED_VALUE
    )
    assert (details["field"], details["value"]) == ("state", "liked")
    assert client.patch(sent, json={}, headers=cast.bob.bearer).get_json()["reviewState"] is None
    expect.refused(client.patch(f"{sent}9", json={"reviewState": None}, headers=cast.bob.bearer), problems.NOT_FOUND)


def test_a_viewer_may_not_review(client: FlaskClient, cast: Cast, sent: str) -> None:
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        for answer in (
            client.patch(sent, json={"reviewState": "approved"}, headers=headers),
            client.post(f"{sent}/comments", json={"body": "x"}, headers=headers),
            client.delete(sent, headers=headers),
        ):
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_comments(client: FlaskClient, cast: Cast, sent: str) -> None:
    url = f"{sent}/comments"
    made = client.post(url, json={"body": "Xem lại tuổi"}, headers=cast.bob.bearer)
    assert (made.status_code, made.get_json().keys()) == (200, {"body", "actorId", "createdAt"})
    client.post(url, json={"body": "Đã xem"}, headers=cast.alice.bearer)
    told = get(client, url, cast.vy)
    assert [(entry["body"], entry["actorId"]) for entry in told] == [
        ("Đã xem", cast.alice.id),
        ("Xem lại tuổi", cast.bob.id),
    ]
    assert get(client, url, cast.vy, **EXTENDED)[1]["actor"]["displayName"] == "Bob"
    for body in ({}, {"body": " "}):
        expect.refused(client.post(url, json=body, headers=cast.bob.bearer), problems.MISSING_PARAMETER)


def test_history(client: FlaskClient, cast: Cast, sent: str) -> None:
    client.patch(sent, json={"reviewState": "approved"}, headers=cast.bob.bearer)
    newest, oldest = get(client, f"{sent}/audits", cast.vy, **EXTENDED)
    assert (newest["action"], newest["details"]["reviewState"]) == ("submission.update", "approved")
    assert newest["actor"]["displayName"] == "Bob" and newest["loggedAt"].endswith("Z")
    assert (oldest["action"], oldest["actorId"]) == ("submission.create", cast.device.id)
