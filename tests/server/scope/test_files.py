"""Files one by one: she changes those of rows that she may change, and adds what is missing of her own."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from schemas.problems import Kind
from server.actions import access, unit_roles
from server.db import writing
from server.permissions import CONSOLE
from tests import country as communes
from tests import expect, phone
from tests.cast import Cast, Headers
from tests.country import PHOTO, Country, Post, same

JPEG = {"Content-Type": "image/jpeg"}


def missing(country: Country, post: Post, unit: str) -> str:
    """A row whose photo has not come."""
    instance_id = phone.new_id()
    xml = country.form.submission("<photo>p.jpg</photo>", instance_id=instance_id)
    assert post(country.phones[unit], xml).status_code == 201
    return instance_id


def names(country: Country, post: Post) -> list[tuple[str, str]]:
    """Files of B: one that is there, one that is missing; and of a row that there is none."""
    return [
        (country.rows["B"][0], "B0.jpg"), (missing(country, post, "B"), "p.jpg"),
        (country.rows["B"][0], "none.jpg"), (phone.new_id(), "p.jpg"),
    ]  # fmt: skip


def test_a_supervisor_replaces_what_is_of_her_unit(client: FlaskClient, country: Country) -> None:
    url = f"{country.url}/{country.rows['A'][0]}/attachments/A0.jpg"
    who = country.people["an"]
    assert client.post(url, data=b"other", headers=who | JPEG).status_code == 200
    assert client.get(url, headers=who).data == b"other"
    assert client.delete(url, headers=who).status_code == 200
    expect.refused(client.get(url, headers=who), problems.NOT_FOUND)


def test_a_volunteer_adds_what_is_missing_of_her_own(client: FlaskClient, country: Country) -> None:
    mine, who = phone.new_id(), country.people["van"]
    xml = country.form.submission("<photo>p.jpg</photo>", instance_id=mine)
    assert client.post(country.url, data=xml, headers=who | {"Content-Type": "text/xml"}).status_code == 200
    url = f"{country.url}/{mine}/attachments/p.jpg"
    assert client.post(url, data=PHOTO, headers=who | JPEG).status_code == 200
    expect.refused(client.post(url, data=b"other", headers=who | JPEG), problems.INSUFFICIENT_RIGHTS)
    assert client.get(url, headers=who).data == PHOTO


@pytest.mark.parametrize("role", ["formfill", "viewer"])
def test_a_role_on_the_project_opens_no_row_elsewhere(
    app: Flask, client: FlaskClient, country: Country, post: Post, role: str
) -> None:
    """She may send to the form, and change what is of A: that is not to change what is of B."""
    with app.app_context(), writing():
        access.grant(CONSOLE, country.ids["an"], role, project_id=1)
    all_refused(client, country, post, country.people["an"], problems.NOT_FOUND)


def test_who_changes_nothing_learns_nothing(client: FlaskClient, cast: Cast, country: Country, post: Post) -> None:
    for headers in (cast.minh.bearer, country.people["van"]):
        all_refused(client, country, post, headers, problems.INSUFFICIENT_RIGHTS)


def all_refused(client: FlaskClient, country: Country, post: Post, headers: Headers, kind: Kind) -> None:
    """In the same words, whatever is there; and nothing is changed."""
    answers = []
    for instance_id, name in names(country, post):
        url = f"{country.url}/{instance_id}/attachments/{name}"
        answers.append(client.post(url, data=b"evil", headers=headers | JPEG))
        expect.refused(client.delete(url, headers=headers), kind)
        version = f"{country.url}/{instance_id}/versions/{instance_id}/attachments/{name}"
        expect.refused(client.delete(version, headers=headers), kind)
    expect.refused(answers[0], kind)
    assert all(same(answer) == same(answers[0]) for answer in answers)
    url = f"{country.url}/{country.rows['B'][0]}/attachments"
    assert client.get(f"{url}/B0.jpg", headers=country.people["binh"]).data == PHOTO


@pytest.mark.parametrize("sender", ["phone", "link"])
def test_keys_open_no_row_either(app: Flask, client: FlaskClient, country: Country, post: Post, sender: str) -> None:
    with app.app_context(), writing():
        address = country.phones["A"] if sender == "phone" else communes.a_link(country)
    base = f"{address.removesuffix('/submission')}/forms/visit/submissions"
    for method, below in (
        ("POST", "/attachments/{1}"), ("DELETE", "/attachments/{1}"), ("GET", "/attachments/{1}"), ("GET", ""),
        ("GET", "/attachments"), ("GET", "/versions"), ("PUT", ""), ("PATCH", ""), ("DELETE", ""),
    ):  # fmt: skip
        answers = [
            client.open(f"{base}/{each[0]}{below.format(*each)}", method=method) for each in names(country, post)
        ]
        expect.refused(answers[0], problems.INSUFFICIENT_RIGHTS)
        assert len({same(answer)[:2] for answer in answers}) == 1, (method, below)


def test_two_units(app: Flask, client: FlaskClient, country: Country, post: Post) -> None:
    """She reviews in A and is a volunteer in B: of B she may add to her own alone."""
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "volunteer", country.ids["an"], country.units["B"])
    all_refused(client, country, post, country.people["an"], problems.NOT_FOUND)
