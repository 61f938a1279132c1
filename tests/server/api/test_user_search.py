"""What whoever is no administrator learns of the users; and what an address may be."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import access, links
from server.permissions import CONSOLE
from tests import expect
from tests.cast import PASSWORD, Cast
from tests.conftest import VISIT, Publish


def test_a_phone_and_a_visitor_find_nobody(app: Flask, client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT)
    with app.app_context():
        key = access.key_of(links.create(CONSOLE, 1, form.xml_form_id, "Trạm y tế"))
    for each in (key, cast.device.key):
        for search in ("", f"?q={cast.bob.email}"):
            assert client.get(f"/v1/key/{each}/users{search}").get_json() == []


def test_when_somebody_signed_in_is_told_to_administrators(client: FlaskClient, cast: Cast) -> None:
    for person, told in ((cast.alice, True), (cast.dung, False), (cast.bob, False)):
        (found,) = client.get(f"/v1/users?q={cast.bob.email}", headers=person.bearer).get_json()
        assert found["displayName"] == "Bob" and (found["lastLoginAt"] is not None) is told
    assert client.get("/v1/users/current", headers=cast.bob.bearer).get_json()["lastLoginAt"]


@pytest.mark.parametrize(
    "email",
    ["x@y.org,v@z.org", "x@y.org;v@z.org", "<x@y.org>", '"a b"@c', "a@b@c", "a@", "@b", "a b@c", "a@b\tc", "a@b\r\nx"],
)
def test_one_address_is_given(email: str, client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/v1/users", json={"email": email, "password": PASSWORD}, headers=cast.alice.bearer)
    expect.refused(answer, problems.UNEXPECTED_VALUE)
    answer = client.patch(f"/v1/users/{cast.bob.id}", json={"email": email}, headers=cast.bob.bearer)
    expect.refused(answer, problems.UNEXPECTED_VALUE)


@pytest.mark.parametrize("email", ["Minh.Vu+odk@xn--tda.vn", "o'neil@example.org", "lan@địa-chỉ.vn", "a@b"])
def test_addresses_of_many_kinds(email: str, client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/v1/users", json={"email": email, "password": PASSWORD}, headers=cast.alice.bearer)
    assert answer.get_json()["email"] == email
