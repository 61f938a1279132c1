"""A commune's supervisor ends and replaces the lost phones of her own units herself, and none besides."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.actions import access, properties, unit_roles
from server.db import db, writing
from server.models import AppUser, Assignment, Audit
from server.permissions import CONSOLE
from tests import expect, phone
from tests.cast import PASSWORD, Cast, Headers
from tests.country import Country, Post, newest_first, person, same

CARDS = "/v1/projects/1/app-users"
PAGES = "/projects/1/volunteers"


def cards(client: FlaskClient, headers: Headers) -> dict[int, Any]:
    answer = client.get(CARDS, headers=headers)
    assert answer.status_code == 200
    return {each["id"]: each for each in answer.json}


def of_page(client: FlaskClient, country: Country, path: str, who: str = "an") -> Any:
    return client.get(f"{PAGES}{path}", headers=country.cookies[who])


def press(client: FlaskClient, country: Country, path: str, who: str = "an", **given: str) -> Any:
    return client.post(f"{PAGES}{path}", data=given | {"csrf": country.csrf[who]}, headers=country.cookies[who])


def test_she_sees_the_phones_of_her_units_without_their_keys(client: FlaskClient, cast: Cast, country: Country) -> None:
    mine = country.ids["phone_a"]
    shown = cards(client, country.people["an"])
    assert set(shown) == {mine} and shown[mine]["token"] is None
    assert set(cards(client, country.people["binh"])) == {country.ids["phone_b"]}
    assert {mine, country.ids["phone_b"], cast.device.id} <= set(cards(client, cast.bob.bearer))
    assert cards(client, cast.bob.bearer)[mine]["token"]
    page = of_page(client, country, "").text
    assert "Máy A" in page and "Máy B" not in page and "Máy của Lan" not in page
    card = of_page(client, country, f"/{mine}").text
    assert 'class="qr"' not in card and f"{PAGES}/{mine}/lost" in card
    assert 'class="qr"' not in of_page(client, country, "/print").text
    assert 'class="qr"' not in of_page(client, country, f"/{mine}/print").text


def test_no_count_tells_of_other_phones(app: Flask, client: FlaskClient, country: Country) -> None:
    before = of_page(client, country, "?codes=revoked").text
    with app.app_context(), writing():
        access.revoke_app_user(CONSOLE, 1, country.ids["phone_b"])
    assert of_page(client, country, "?codes=revoked").text == before


def test_she_ends_a_lost_one_and_looks_through_what_it_sent(client: FlaskClient, country: Country, post: Post) -> None:
    lost, sent = f"/{country.ids['phone_a']}/lost", newest_first(country, "A")
    assert "Máy A" in of_page(client, country, lost).text
    assert press(client, country, lost).status_code == 303
    refused = post(country.phones["A"], country.form.submission())
    assert refused.status_code == 403
    shown = of_page(client, country, lost).text
    assert all(f"/submissions/{each}" in shown for each in sent)
    assert post(country.phones["B"], country.form.submission()).status_code == 201


def test_she_makes_a_new_card_for_the_same_person(
    app: Flask, client: FlaskClient, country: Country, post: Post
) -> None:
    old = country.ids["phone_a"]
    with app.app_context(), writing():
        properties.create(CONSOLE, 1, "worker_code")
        access.update_app_user(CONSOLE, 1, old, {"worker_code": "TV-01"})
    made = client.post(f"{CARDS}/{old}/replace", headers=country.people["an"])
    assert made.status_code == 200 and made.json["displayName"] == "Máy A" and made.json["token"]
    again = client.post(f"{CARDS}/{old}/replace", headers=country.people["an"])
    assert again.json == made.json
    number = made.json["id"]
    with app.app_context():
        held = db.session.scalars(select(Assignment).where(Assignment.actor_id == number))
        assert {(one.role, one.form_id, one.unit_id) for one in held} == {
            ("app-user", country.form.id, None),
            ("volunteer", None, country.units["A"]),
        }
        card = db.session.get_one(AppUser, number)
        assert card.actor.properties == {"worker_code": "TV-01"} and card.created_by == country.ids["an"]
        told = list(db.session.scalars(select(Audit.action).where(Audit.actor_id == country.ids["an"])))
    assert {"field_key.lost", "field_key.create", "field_key.replace"} <= set(told)
    address = f"/v1/key/{made.json['token']}/projects/1/submission"
    assert post(address, country.form.submission()).status_code == 201
    assert post(country.phones["A"], country.form.submission()).status_code == 403
    # What the old one sent can be looked through still, and the new card is shown to her who made it.
    assert newest_first(country, "A")[0] in of_page(client, country, f"/{old}/lost").text
    assert 'class="qr"' in of_page(client, country, f"/{number}").text
    assert set(cards(client, country.people["an"])) == {old, number}
    assert set(cards(client, country.people["binh"])) == {country.ids["phone_b"]}


def test_a_card_that_was_replaced_twice_stays_hers(client: FlaskClient, country: Country) -> None:
    old = [country.ids["phone_a"]]
    for _ in range(2):
        old.append(client.post(f"{CARDS}/{old[-1]}/replace", headers=country.people["an"]).json["id"])
    assert set(cards(client, country.people["an"])) == set(old)


def test_by_the_api_she_reports_it_too(client: FlaskClient, country: Country, post: Post) -> None:
    mine = country.ids["phone_a"]
    assert client.post(f"{CARDS}/{mine}/lost", headers=country.people["an"]).json == {"success": True}
    assert post(country.phones["A"], country.form.submission()).status_code == 403
    assert client.delete(f"{CARDS}/{mine}", headers=country.people["an"]).status_code == 200
    assert cards(client, country.people["an"]) == {}


TRIED = (
    ("GET", "/{id}", CARDS), ("DELETE", "/{id}", CARDS), ("POST", "/{id}/lost", CARDS),
    ("POST", "/{id}/replace", CARDS), ("GET", "/{id}", PAGES), ("GET", "/{id}/lost", PAGES),
    ("POST", "/{id}/lost", PAGES),
    ("POST", "/{id}/lost/replace", PAGES), ("GET", "/{id}/revoke", PAGES), ("POST", "/{id}/revoke", PAGES),
    ("GET", "/{id}/print", PAGES),
)  # fmt: skip


@pytest.fixture
def others(app: Flask, country: Country, cast: Cast) -> list[int]:
    """Phones that are not of unit A alone: of B, of both, of none, of the province; and a link."""
    with app.app_context(), writing():
        both, above = (access.create_app_user(CONSOLE, 1, name, form_ids=[country.form.id]) for name in ("AB", "P"))
        for card, unit in ((both, "A"), (both, "B"), (above, "P")):
            unit_roles.grant(CONSOLE, "volunteer", card.actor_id, country.units[unit])
        return [country.ids["phone_b"], both.actor_id, above.actor_id, cast.device.id, cast.other_device.id]


def test_what_is_not_of_her_units_alone_is_not_there(
    client: FlaskClient, country: Country, others: list[int], cast: Cast, post: Post
) -> None:
    """Whoever works for two units is for who supervises both of them."""
    for method, below, base in TRIED:
        for number in (*others, 999):
            headers = country.people["an"] if base == CARDS else country.cookies["an"]
            given = {"csrf": country.csrf["an"]} if base == PAGES and method == "POST" else None
            answer = client.open(base + below.format(id=number), method=method, headers=headers, data=given)
            assert answer.status_code == 404, (method, below, number)
            assert "Máy" not in answer.text
    assert set(cards(client, country.people["an"])) == {country.ids["phone_a"]}
    assert set(cards(client, cast.bob.bearer)) >= set(others[:-1])
    assert post(country.phones["B"], country.form.submission()).status_code == 201
    told = client.get("/v1/projects", headers=country.people["an"] | {"X-Extended-Metadata": "true"}).json
    assert [each["appUsers"] for each in told if each["id"] == 1] == [1]


def test_a_new_card_that_went_to_another_unit_is_not_handed_out_again(
    app: Flask, client: FlaskClient, country: Country
) -> None:
    old = country.ids["phone_a"]
    made = client.post(f"{CARDS}/{old}/replace", headers=country.people["an"]).json["id"]
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "volunteer", made, country.units["B"])
        unit_roles.revoke(CONSOLE, "volunteer", made, country.units["A"])
    for number in (old, made):
        answer = client.post(f"{CARDS}/{number}/replace", headers=country.people["an"])
        expect.refused(answer, problems.NOT_FOUND)
    assert same(client.get(f"{CARDS}/{old}", headers=country.people["an"]))[0] == 404


def test_she_makes_nothing_new_and_gives_nothing(app: Flask, client: FlaskClient, country: Country) -> None:
    mine, headers = country.ids["phone_a"], country.people["an"]
    for answer in (
        client.post(CARDS, json={"displayName": "Mới"}, headers=headers),
        client.patch(f"{CARDS}/{mine}", json={"properties": {}}, headers=headers),
        client.post(f"/v1/projects/1/forms/visit/assignments/app-user/{mine}", headers=headers),
        client.post(f"/v1/units/{country.units['A']}/assignments/volunteer/{mine}", headers=headers),
        client.post("/v1/projects/1/actor-properties", json={"name": "x"}, headers=headers),
    ):
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    for path in ("", f"/{mine}/forms", f"/{mine}/unit", "/import", "/import/add"):
        assert press(client, country, path, name="Mới", unit="A").status_code == 403, path
    with app.app_context():
        assert db.session.scalars(select(AppUser.actor_id)).all().count(mine) == 1


def test_who_may_not_at_all(app: Flask, client: FlaskClient, country: Country) -> None:
    mine = country.ids["phone_a"]
    with app.app_context(), writing():
        for role in ("team_lead", "health_worker", "board", "note_reader"):
            person(country, role.replace("_", "-"), role, "A")
    for who in ("van", "phuc", "team-lead", "health-worker", "board", "note-reader"):
        for method, below, base in TRIED[:4]:
            answer = client.open(base + below.format(id=mine), method=method, headers=country.people[who])
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_a_program_with_her_app_password_ends_no_card(client: FlaskClient, country: Country) -> None:
    """To give or take keys is for the person herself."""
    given = {"name": "Máy", "password": PASSWORD}
    made = client.post("/v1/users/current/app-passwords", json=given, headers=country.people["an"])
    auth = ("an@example.org", made.json["password"])
    assert client.get(CARDS, auth=auth).status_code == 200
    for below in ("lost", "replace"):
        answer = client.post(f"{CARDS}/{country.ids['phone_a']}/{below}", auth=auth)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_the_volunteer_may_still_correct_what_the_old_phone_sent(
    client: FlaskClient, country: Country, post: Post
) -> None:
    made = client.post(f"{CARDS}/{country.ids['phone_a']}/replace", headers=country.people["an"]).json
    edited = country.rows["A"][0]
    xml = country.form.submission("<who>A0</who>", instance_id=phone.new_id(), deprecated_id=edited)
    assert post(f"/v1/key/{made['token']}/projects/1/submission", xml).status_code == 201
    assert client.get(f"{country.url}/{edited}", headers=country.people["an"]).json["reviewState"] == "edited"
