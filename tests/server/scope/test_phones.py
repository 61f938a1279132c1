"""By what phones send nobody changes, or learns of, what others sent: an edit of it stays by itself."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from server.actions import access, lost_phones, unit_roles
from server.db import db, writing
from server.models import Submission
from server.permissions import CONSOLE
from tests import phone
from tests.cast import Cast
from tests.conftest import Publish
from tests.country import VISIT, Country, Post, a_link, a_phone, person, seen


def test_an_edit_keeps_the_unit(app: Flask, client: FlaskClient, country: Country, post: Post) -> None:
    """Also when the volunteer has moved to another unit meanwhile: what she sends from now on is of the new one."""
    first = country.rows["A"][0]
    with app.app_context(), writing():
        unit_roles.revoke(CONSOLE, "volunteer", country.ids["phone_a"], country.units["A"])
        unit_roles.grant(CONSOLE, "volunteer", country.ids["phone_a"], country.units["B"])
    edit = country.form.submission("<who>A0 moi</who>", deprecated_id=first)
    assert post(country.phones["A"], edit).status_code == 201
    later = phone.new_id()
    assert post(country.phones["A"], country.form.submission("", instance_id=later)).status_code == 201
    assert set(seen(client, country, "an")) == set(country.rows["A"])
    assert set(seen(client, country, "binh")) == {*country.rows["B"], later}
    versions = client.get(f"{country.url}/{first}/versions", headers=country.people["an"]).json
    assert len(versions) == 2


def test_an_edit_of_something_elsewhere_stays_by_itself(client: FlaskClient, country: Country, post: Post) -> None:
    theirs, own = country.rows["B"][0], phone.new_id()
    edit = country.form.submission("<who>A</who>", instance_id=own, deprecated_id=theirs)
    unknown = country.form.submission("<who>A</who>", deprecated_id=phone.new_id())
    answers = [post(country.phones["A"], xml) for xml in (edit, unknown)]
    assert [answer.status_code for answer in answers] == [201, 201] and answers[0].data == answers[1].data
    assert own in seen(client, country, "an") and own not in seen(client, country, "binh")
    assert len(client.get(f"{country.url}/{theirs}/versions", headers=country.people["binh"]).json) == 1
    codes = [
        [finding["code"] for finding in client.get(f"{country.url}/{each}/findings", headers=country.people["an"]).json]
        for each in seen(client, country, "an")[:2]
    ]
    assert codes[0] == codes[1] and "origin.orphan" in codes[0]


def test_an_original_does_not_fetch_edits_from_elsewhere(client: FlaskClient, country: Country, post: Post) -> None:
    shared, edit = phone.new_id(), phone.new_id()
    early = country.form.submission("<who>B</who>", instance_id=edit, deprecated_id=shared)
    assert post(country.phones["B"], early).status_code == 201
    assert post(country.phones["A"], country.form.submission("", instance_id=shared)).status_code == 201
    assert edit in seen(client, country, "binh")
    assert len(client.get(f"{country.url}/{shared}/versions", headers=country.people["an"]).json) == 1


def test_a_phone_with_a_role_reads_nothing_and_fills_what_is_offered(
    client: FlaskClient, country: Country, app: Flask, publish: Publish
) -> None:
    publish(VISIT.replace("visit   |", "other   |"), form_id="other", offer=False)
    listed = client.get(country.phones["A"].replace("/submission", "/formList"), headers=phone.OPENROSA).text
    assert ">visit<" in listed and ">other<" not in listed


def versions(client: FlaskClient, country: Country, instance_id: str) -> int:
    """How many there are of a row."""
    above = country.people["phuc"]
    return len(client.get(f"{country.url}/{instance_id}/versions", headers=above).json)


def alone(client: FlaskClient, country: Country, instance_id: str) -> bool:
    """Whether an edit stays by itself, and says so."""
    found = client.get(f"{country.url}/{instance_id}/findings", headers=country.people["phuc"]).json
    return "origin.orphan" in [finding["code"] for finding in found] and versions(client, country, instance_id) == 1


def edit_of(country: Country, post: Post, address: str, edited: str) -> str:
    """The instance ID of an edit that was sent and received."""
    own = phone.new_id()
    xml = country.form.submission("<who>khác</who>", instance_id=own, deprecated_id=edited)
    answer = post(address, xml)
    assert answer.status_code == 201, answer.text
    return own


def test_a_volunteer_edits_what_she_sent(client: FlaskClient, country: Country, post: Post) -> None:
    mine = country.rows["A"][0]
    again = edit_of(country, post, country.phones["A"], mine)
    assert versions(client, country, mine) == 2
    edit_of(country, post, country.phones["A"], again)
    assert versions(client, country, mine) == 3
    row = client.get(f"{country.url}/{mine}", headers=country.people["an"]).json
    assert row["reviewState"] == "edited" and row["submitterId"] == country.ids["phone_a"]


def test_not_what_another_of_her_unit_sent(client: FlaskClient, app: Flask, country: Country, post: Post) -> None:
    with app.app_context(), writing():
        mate = Country(country.form, units=country.units)
        a_phone(mate, "A")
        person(country, "vui", "volunteer", "A")
    theirs = country.rows["A"][0]
    assert alone(client, country, edit_of(country, post, mate.phones["A"], theirs))
    xml = country.form.submission("<who>khác</who>", instance_id="uuid:vui", deprecated_id=theirs)
    sent = client.post("/v1/projects/1/submission", data=phone.body(xml), content_type=phone.CONTENT_TYPE,
                       headers=country.people["vui"])  # fmt: skip
    assert sent.status_code == 201 and alone(client, country, "uuid:vui")
    assert versions(client, country, theirs) == 1


def test_a_public_link_edits_nothing(client: FlaskClient, app: Flask, country: Country, post: Post) -> None:
    """Not even what came by it: that was somebody else who has the address."""
    with app.app_context(), writing():
        link = a_link(country)
    by_link = phone.new_id()
    assert post(link, country.form.submission("", instance_id=by_link)).status_code == 201
    for edited in (country.rows["A"][0], by_link):
        own = edit_of(country, post, link, edited)
        with app.app_context():
            number = select(Submission.id).where(Submission.instance_id == own)
            assert db.session.scalar(number) is not None


def test_a_link_that_came_first_is_not_fetched(client: FlaskClient, app: Flask, country: Country, post: Post) -> None:
    with app.app_context(), writing():
        link = a_link(country)
    later = phone.new_id()
    edit_of(country, post, link, later)
    assert post(country.phones["A"], country.form.submission("", instance_id=later)).status_code == 201
    assert versions(client, country, later) == 1


def test_a_phone_without_a_unit_edits_its_own(
    client: FlaskClient, app: Flask, country: Country, cast: Cast, post: Post
) -> None:
    address, mine = cast.device.url("submission"), phone.new_id()
    assert post(address, country.form.submission("", instance_id=mine)).status_code == 201
    edit_of(country, post, address, mine)
    theirs = country.rows["B"][0]
    stray = edit_of(country, post, address, theirs)
    assert versions(client, country, theirs) == 1
    listed = client.get(country.url, headers=cast.bob.bearer).json
    edited = {row["instanceId"]: row["reviewState"] for row in listed}
    assert edited[mine] == "edited" and edited[stray] is None


def test_a_new_card_goes_on_where_the_lost_one_ended(
    client: FlaskClient, app: Flask, country: Country, post: Post
) -> None:
    """Twice over: she lost the second one, too. The new phone of another volunteer does not."""
    mine, number = country.rows["A"][0], country.ids["phone_a"]
    for _ in range(2):
        with app.app_context():
            made = lost_phones.replace(CONSOLE, 1, number)
            number, key = made.actor_id, access.key_of(made)
    address = f"/v1/key/{key}/projects/1/submission"
    edit_of(country, post, address, mine)
    assert versions(client, country, mine) == 2
    assert alone(client, country, edit_of(country, post, address, country.rows["B"][0]))
    with app.app_context():
        other = lost_phones.replace(CONSOLE, 1, country.ids["phone_b"])
        foreign = f"/v1/key/{access.key_of(other)}/projects/1/submission"
    assert alone(client, country, edit_of(country, post, foreign, country.rows["A"][1]))


def test_who_may_change_a_row_edits_it(client: FlaskClient, country: Country, cast: Cast) -> None:
    """A supervisor within her unit, a manager anywhere; also as Collect sends it."""
    inside, outside = country.rows["A"][0], country.rows["B"][0]
    for headers, edited, further in (
        (country.people["an"], inside, True), (country.people["an"], outside, False), (cast.bob.bearer, outside, True),
    ):  # fmt: skip
        before = versions(client, country, edited)
        xml = country.form.submission("<who>khác</who>", deprecated_id=edited)
        sent = client.post(
            "/v1/projects/1/submission", data=phone.body(xml), content_type=phone.CONTENT_TYPE, headers=headers
        )
        assert sent.status_code == 201
        assert versions(client, country, edited) == before + further


def test_only_an_edit_of_anothers_asks_more(app: Flask, country: Country, post: Post) -> None:
    """Phones send new ones, and edits of their own, all day."""
    with app.app_context():
        engine = db.engine
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    def asks(xml: bytes) -> bool:
        asked.clear()
        assert post(country.phones["A"], xml).status_code == 201
        return any("cards" in statement for statement in asked)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert asks(country.form.submission("", deprecated_id=country.rows["B"][0]))
        assert not asks(country.form.submission("", deprecated_id=country.rows["A"][0]))
        assert not asks(country.form.submission(""))
    finally:
        event.remove(engine, "before_cursor_execute", note)
