"""A supervisor dismisses a finding with a reason, and takes it back: what counts, what is told, what an edit keeps."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions.check import Counts, check
from server.db import db
from server.models import Submission
from tests import expect
from tests.cast import Cast, Person
from tests.conftest import Publish, Send
from tests.phone import Published
from tests.server.api.conftest import Ask

FORM = """
| survey   |         |      |       |            |
|          | type    | name | label | constraint |
|          | integer | age  | Tuổi? | . < 120    |
|          | integer | kids | Con?  | . < 20     |
| settings |         |      |       |            |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
EXTENDED = {"X-Extended-Metadata": "true"}
PLAIN = {"code", "class", "path", "label", "value", "message"}


class Visit:
    """A submission whose `age` and `kids` the form does not allow."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
        self.client, self.cast, self.form, self.send = client, cast, form, send
        self.url = f"{form.url}/submissions/uuid:a"
        self.edit("a", "", age="130", kids="30")

    def edit(self, name: str, of: str, *, age: str, kids: str) -> None:
        """Send a version that edits another."""
        inside = f"<age>{age}</age><kids>{kids}</kids>"
        xml = self.form.submission(inside, instance_id=f"uuid:{name}", deprecated_id=of and f"uuid:{of}")
        expect.told(self.send(xml), 201)

    def all(self, person: Person | None = None) -> list[dict[str, Any]]:
        """The extended list."""
        headers = (person or self.cast.bob).bearer | EXTENDED
        found: list[dict[str, Any]] = self.client.get(f"{self.url}/findings", headers=headers).get_json()
        return found

    def told(self) -> list[str]:
        """The paths of the plain list."""
        found = self.client.get(f"{self.url}/findings", headers=self.cast.vy.bearer).get_json()
        assert all(one.keys() == PLAIN for one in found)
        return [one["path"] for one in found]

    def dismissal(self, number: int = 0) -> str:
        """Where the first finding, or another, is dismissed."""
        return f"{self.url}/findings/{number or self.all()[0]['id']}/dismissal"

    def dismiss(self, reason: str = "Đã gọi điện hỏi lại", person: Person | None = None, number: int = 0) -> Any:
        """Dismiss it."""
        headers = (person or self.cast.bob).bearer
        return self.client.post(self.dismissal(number), json={"reason": reason}, headers=headers)


@pytest.fixture
def sent(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Visit:
    """Sent from the device."""
    return Visit(client, cast, publish(FORM), send)


def counted(app: Flask) -> list[int]:
    """The count of each submission, which `manage check` agrees with."""
    with app.app_context():
        assert [line for line in check(Counts()) if "findings" in line] == []
        return [row.findings for row in db.session.query(Submission).order_by(Submission.id)]


def test_it_works(app: Flask, cast: Cast, sent: Visit) -> None:
    assert sent.told() == ["/data/age", "/data/kids"] and counted(app) == [2]
    made = sent.dismiss(" Đã gọi điện hỏi lại ")
    assert made.status_code == 200, made.text
    told = made.get_json()
    assert told.keys() == PLAIN | {"id", "dismissedAt", "dismissedBy", "dismissal"}
    assert (told["code"], told["dismissal"]) == ("constraint.broken", "Đã gọi điện hỏi lại")
    assert told["dismissedBy"]["id"] == cast.bob.id and told["dismissedAt"].endswith("Z")
    assert sent.told() == ["/data/kids"] and counted(app) == [1]
    first, second = sent.all()
    assert first == told
    assert (second["dismissedAt"], second["dismissedBy"], second["dismissal"]) == (None, None, None)


def test_it_is_taken_back(app: Flask, client: FlaskClient, cast: Cast, sent: Visit) -> None:
    sent.dismiss()
    back = client.delete(sent.dismissal(), headers=cast.bob.bearer)
    assert back.status_code == 200 and back.get_json() == {"success": True}
    assert sent.told() == ["/data/age", "/data/kids"] and counted(app) == [2]
    assert {one["dismissal"] for one in sent.all()} == {None}
    expect.refused(client.delete(sent.dismissal(), headers=cast.bob.bearer), problems.NOT_FOUND)


def test_another_reason(app: Flask, cast: Cast, sent: Visit) -> None:
    sent.dismiss()
    assert sent.dismiss("Cụ 130 tuổi thật", cast.alice).status_code == 200
    assert (sent.all()[0]["dismissal"], sent.all()[0]["dismissedBy"]["id"]) == ("Cụ 130 tuổi thật", cast.alice.id)
    assert counted(app) == [1]


def test_refusals(app: Flask, client: FlaskClient, cast: Cast, sent: Visit) -> None:
    address = sent.dismissal()
    for wrong in ({}, {"reason": " "}, {"reason": None}, {"reason": ["x"]}):
        assert client.post(address, json=wrong, headers=cast.bob.bearer).status_code == 400, wrong
    expect.refused(client.post(address, json={}, headers=cast.bob.bearer), problems.MISSING_PARAMETER)
    for headers in (cast.vy.bearer, cast.dung.bearer, cast.charlie.bearer, cast.minh.bearer, {}):
        expect.refused(client.post(address, json={"reason": "x"}, headers=headers), problems.INSUFFICIENT_RIGHTS)
        expect.refused(client.delete(address, headers=headers), problems.INSUFFICIENT_RIGHTS)
    expect.refused(sent.dismiss(number=999), problems.NOT_FOUND)
    elsewhere = address.replace("uuid:a", "uuid:z")
    expect.refused(client.post(elsewhere, json={"reason": "x"}, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert counted(app) == [2]


def test_only_what_is_wrong_with_the_present_version(app: Flask, cast: Cast, sent: Visit) -> None:
    (old, _) = sent.all()
    sent.edit("b", "a", age="30", kids="30")
    expect.refused(sent.dismiss(number=old["id"]), problems.NOT_FOUND)
    assert counted(app) == [1]


def test_an_edit_keeps_what_is_still_the_same(app: Flask, sent: Visit) -> None:
    sent.dismiss()
    sent.edit("b", "a", age="130", kids="31")
    assert sent.told() == ["/data/kids"] and counted(app) == [1]
    (kept, _) = sent.all()
    assert (kept["dismissal"], kept["value"]) == ("Đã gọi điện hỏi lại", "130")
    sent.edit("c", "b", age="131", kids="2")
    assert sent.told() == ["/data/age"] and counted(app) == [1]
    assert sent.all()[0]["dismissal"] is None


def test_what_was_brought_back_stays_back(app: Flask, client: FlaskClient, cast: Cast, sent: Visit) -> None:
    sent.dismiss()
    client.delete(sent.dismissal(), headers=cast.bob.bearer)
    sent.edit("b", "a", age="130", kids="30")
    assert sent.told() == ["/data/age", "/data/kids"] and counted(app) == [2]


def test_an_edit_that_overtook_another_keeps_it_too(app: Flask, sent: Visit) -> None:
    sent.dismiss()
    sent.edit("c", "b", age="130", kids="2")  # its original is still on its way
    assert counted(app) == [1, 2]
    sent.edit("b", "a", age="130", kids="2")
    assert sent.told() == [] and counted(app) == [0]


def test_each_late_edit_is_told(app: Flask, sent: Visit) -> None:
    sent.edit("b", "a", age="1", kids="1")
    sent.edit("c", "a", age="1", kids="1")
    assert [one["code"] for one in sent.all()] == ["origin.stale"]
    sent.dismiss()
    sent.edit("d", "a", age="1", kids="1")
    assert counted(app) == [1]


def test_the_audit_names_it_and_quotes_nothing(ask: Ask, client: FlaskClient, cast: Cast, sent: Visit) -> None:
    sent.dismiss("Đã gọi")
    number = sent.all()[0]["id"]
    client.delete(sent.dismissal(), headers=cast.bob.bearer)
    for action in ("finding.dismiss", "finding.restore"):
        (entry,) = ask(f"?action={action}", **EXTENDED)
        assert entry["actorId"] == cast.bob.id and entry["actee"]["xmlFormId"] == "visit"
        assert entry["details"].items() >= {"findingId": number, "code": "constraint.broken"}.items()
        assert "Đã gọi" not in str(entry) and "130" not in str(entry["details"])
    assert "finding.dismiss" not in [entry["action"] for entry in ask()]


def test_a_test_submission_too(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(FORM)
    client.post(f"{form.url}/draft", headers=cast.bob.bearer)
    where = f"{form.url}/draft/submissions"
    xml = form.submission("<age>130</age>", instance_id="uuid:t")
    assert client.post(where, data=xml, headers=cast.bob.bearer).status_code == 200
    (one,) = client.get(f"{where}/uuid:t/findings", headers=cast.bob.bearer | EXTENDED).get_json()
    address = f"{where}/uuid:t/findings/{one['id']}/dismissal"
    assert client.post(address, json={"reason": "Thử"}, headers=cast.bob.bearer).status_code == 200
    assert client.get(f"{where}/uuid:t/findings", headers=cast.bob.bearer).get_json() == []
