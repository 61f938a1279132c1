"""Nobody learns by any way that something of another unit exists: two communes, a province above them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from schemas import problems
from schemas.units import MESSAGES
from server import i18n
from server.actions import access, accounts, reviews, sessions, unit_files, unit_roles, units
from server.actions import forms as form_actions
from server.db import db, writing
from server.models import Session, Submission
from server.permissions import CONSOLE, Actor, Grant
from tests import expect, phone
from tests.cast import PASSWORD, Cast, Headers
from tests.conftest import Publish
from tests.phone import Published

TREE = """code,parent_code,level_code,name_vi,valid_from
P,,province,Tỉnh,2010-01-01
A,P,commune,Xã A,2010-01-01
B,P,commune,Xã B,2010-01-01
"""
VISIT = """
| survey   |              |        |        |
|          | type         | name   | label  |
|          | text         | who    | Ai?    |
|          | image        | photo  | Ảnh?   |
|          | begin_repeat | visits | Lần    |
|          | text         | note   | Ghi    |
|          | end_repeat   |        |        |
| settings |              |        |        |
|          | form_title   | form_id | version |
|          | Thăm nhà     | visit   | 1       |
"""
ANSWERS = "<who>{0}</who><photo>{0}.jpg</photo><visits><note>{0}-1</note></visits><visits><note>{0}-2</note></visits>"
JPEG = "image/jpeg"
PHOTO = b"\xff\xd8\xff a photo of nobody"


@dataclass
class Country:
    """Who sees what: people by what they are, the rows of each commune, phones of each commune."""

    form: Published
    people: dict[str, Headers] = field(default_factory=dict)
    cookies: dict[str, Headers] = field(default_factory=dict)
    csrf: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.form.url}/submissions"


def person(country: Country, name: str, role: str, unit: str) -> None:
    email = f"{name}@example.org"
    made, _ = accounts.create_user(CONSOLE, email, PASSWORD, name.title())
    token, session = sessions.sign_in(email, PASSWORD)
    assert isinstance(session, Session)
    country.people[name] = {"Authorization": f"Bearer {token}"}
    country.cookies[name] = {"Cookie": f"session={token}"}
    country.csrf[name] = session.csrf
    country.ids[name] = made.actor_id
    unit_roles.grant(CONSOLE, role, made.actor_id, country.units[unit])


def a_phone(country: Country, unit: str) -> None:
    made = access.create_app_user(CONSOLE, 1, f"Máy {unit}", form_ids=[country.form.id])
    unit_roles.grant(CONSOLE, "volunteer", made.actor_id, country.units[unit])
    country.ids[f"phone_{unit.lower()}"] = made.actor_id
    country.phones[unit] = f"/v1/key/{access.key_of(made)}/projects/1/submission"


Post = Callable[..., TestResponse]


@pytest.fixture
def post(client: FlaskClient) -> Post:
    def send(address: str, xml: bytes, files: list[phone.File] | None = None) -> TestResponse:
        body = phone.body(xml, files or [])
        return client.post(address, data=body, content_type=phone.CONTENT_TYPE, headers=phone.OPENROSA)

    return send


@pytest.fixture
def country(app: Flask, cast: Cast, client: FlaskClient, publish: Publish, post: Post) -> Country:
    """Commune A sent two, commune B three; the second of B's has problems and a comment."""
    made = Country(publish(VISIT))
    with app.app_context(), writing():
        unit_files.load(CONSOLE, TREE.encode())
        made.units = {placed.unit.code: placed.id for placed in units.list_all(CONSOLE)}
        for name, role, unit in (
            ("an", "area_supervisor", "A"),
            ("binh", "area_supervisor", "B"),
            ("phuc", "province_manager", "P"),
            ("van", "volunteer", "A"),
        ):
            person(made, name, role, unit)
        for unit in "AB":
            a_phone(made, unit)
    for unit, many in (("A", 2), ("B", 3)):
        made.rows[unit] = [phone.new_id() for _ in range(many)]
        for number, instance_id in enumerate(made.rows[unit]):
            name = f"{unit}{number}"
            xml = made.form.submission(ANSWERS.format(name), instance_id=instance_id)
            assert post(made.phones[unit], xml, [(f"{name}.jpg", PHOTO, JPEG)]).status_code == 201
    with app.app_context():
        form = form_actions.find(1, "visit")
        reviews.review(CONSOLE, form, made.rows["B"][1], "hasIssues", "Xin xem lại")
    return made


def seen(client: FlaskClient, country: Country, who: str) -> list[str]:
    return [row["instanceId"] for row in client.get(country.url, headers=country.people[who]).json]


def newest_first(country: Country, *names: str) -> list[str]:
    return [instance_id for name in names for instance_id in country.rows[name]][::-1]


def test_rows_carry_the_unit_of_whoever_sent_them(app: Flask, country: Country) -> None:
    with app.app_context():
        found = dict(db.session.execute(select(Submission.instance_id, Submission.unit_id)).all())
    for name in "AB":
        assert {found[instance_id] for instance_id in country.rows[name]} == {country.units[name]}


def test_each_sees_her_own_unit_and_what_is_below(client: FlaskClient, cast: Cast, country: Country) -> None:
    assert seen(client, country, "an") == newest_first(country, "A")
    assert seen(client, country, "binh") == newest_first(country, "B")
    assert seen(client, country, "phuc") == newest_first(country, "A", "B")
    assert seen(client, country, "van") == []
    assert len(client.get(country.url, headers=cast.bob.bearer).json) == 5


def test_own_roles_see_what_they_sent(client: FlaskClient, country: Country) -> None:
    mine = phone.new_id()
    xml = country.form.submission("<who>Van</who>", instance_id=mine)
    sent = client.post(country.url, data=xml, content_type="application/xml", headers=country.people["van"])
    assert sent.status_code == 200
    assert seen(client, country, "van") == [mine]
    assert mine in seen(client, country, "an") and mine not in seen(client, country, "binh")
    one = client.get(f"{country.url}/{country.rows['A'][0]}", headers=country.people["van"])
    expect.refused(one, problems.NOT_FOUND)


BELOW = (
    "", ".xml", "/comments", "/audits", "/findings", "/attachments", "/attachments/{name}.jpg", "/versions",
    "/versions/{id}", "/versions/{id}.xml", "/versions/{id}/attachments", "/versions/{id}/attachments/{name}.jpg",
)  # fmt: skip


def test_what_is_outside_answers_as_what_is_not_there(client: FlaskClient, country: Country) -> None:
    """To the letter, headers too, and also to someone who knows its ETag."""
    inside, outside, absent = country.rows["A"][0], country.rows["B"][0], phone.new_id()
    for below in BELOW:
        answers = []
        for instance_id, name in ((inside, "A0"), (outside, "B0"), (absent, "B0")):
            address = f"{country.url}/{instance_id}" + below.format(id=instance_id, name=name)
            known = client.get(address, headers=country.people["phuc"]).headers.get("ETag", '"x"')
            answers.append(client.get(address, headers=country.people["an"] | {"If-None-Match": known}))
        assert answers[0].status_code in (200, 304), below
        expect.refused(answers[1], problems.NOT_FOUND)
        assert same(answers[1]) == same(answers[2]), below


def same(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    kept = sorted((name, value) for name, value in answer.headers.items() if name != "X-Request-ID")
    return answer.status_code, answer.data, kept


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("PATCH", "", {"reviewState": "approved"}),
        ("POST", "/comments", {"body": "Chào"}),
        ("PUT", "", None),
        ("DELETE", "", None),
        ("POST", "/attachments/B0.jpg", None),
    ],
)
def test_what_is_outside_cannot_be_changed(
    client: FlaskClient, country: Country, method: str, below: str, body: dict[str, Any] | None
) -> None:
    answers = []
    for instance_id in (country.rows["B"][0], phone.new_id()):
        sent = {"json": body} if body else {"data": country.form.submission("", deprecated_id=instance_id)}
        address = f"{country.url}/{instance_id}{below}"
        answers.append(client.open(address, method=method, headers=country.people["an"], **sent))
    assert answers[0].status_code in (403, 404)
    assert same(answers[0]) == same(answers[1])


def test_a_supervisor_reviews_within_her_unit(client: FlaskClient, country: Country) -> None:
    one = f"{country.url}/{country.rows['A'][0]}"
    answer = client.patch(one, json={"reviewState": "approved"}, headers=country.people["an"])
    assert answer.json["reviewState"] == "approved"
    expect.refused(
        client.patch(one, json={"reviewState": "approved"}, headers=country.people["van"]),
        problems.INSUFFICIENT_RIGHTS,
    )


def test_no_count_betrays_it(client: FlaskClient, country: Country) -> None:
    extended = {"X-Extended-Metadata": "true"}
    counts = {}
    for who in ("an", "binh", "phuc", "van"):
        form = client.get(country.form.url, headers=country.people[who] | extended).json
        counts[who] = (form["submissions"], form["reviewStates"]["hasIssues"])
        listed = client.get("/v1/projects/1/forms", headers=country.people[who] | extended).json
        assert listed[0]["submissions"] == counts[who][0]
    assert counts == {"an": (2, 0), "binh": (3, 1), "phuc": (5, 1), "van": (0, 0)}
    last = {}
    for who in ("an", "binh", "van"):
        last[who] = client.get("/v1/projects/1", headers=country.people[who] | extended).json["lastSubmission"]
    assert last["van"] is None and last["an"] < last["binh"]
    people = client.get(f"{country.url}/submitters", headers=country.people["an"]).json
    assert [actor["id"] for actor in people] == [country.ids["phone_a"]]


def test_odata(client: FlaskClient, country: Country) -> None:
    service = f"{country.form.url}.svc"
    for who, many in (("an", 2), ("binh", 3), ("phuc", 5), ("van", 0)):
        main = client.get(f"{service}/Submissions?$count=true", headers=country.people[who]).json
        assert (len(main["value"]), main["@odata.count"]) == (many, many)
        repeat = client.get(f"{service}/Submissions.visits?$count=true&$top=1", headers=country.people[who]).json
        assert repeat["@odata.count"] == 2 * many
    page = client.get(f"{service}/Submissions?$top=1", headers=country.people["phuc"]).json
    further = page["@odata.nextLink"].partition("/v1/")[2]
    taken = client.get(f"/v1/{further}", headers=country.people["an"]).json
    assert {row["__id"] for row in taken["value"]} <= set(country.rows["A"])
    outside = client.get(f"{service}/Submissions('{country.rows['B'][0]}')", headers=country.people["an"])
    absent = client.get(f"{service}/Submissions('{phone.new_id()}')", headers=country.people["an"])
    expect.refused(outside, problems.NOT_FOUND)
    assert same(outside) == same(absent)


def test_pages(client: FlaskClient, country: Country) -> None:
    """The list with its filters and search, one submission with its neighbours, and the first page."""
    pages = "/projects/1/forms/visit/submissions"
    who = country.cookies["an"]
    other = country.ids["phone_b"]
    for query in ("", "?page=2", "?state=hasIssues", f"?volunteer={other}", "?findings=yes", "?since=2020-01-01"):
        text = client.get(f"{pages}{query}", headers=who).text
        assert not any(instance_id in text for instance_id in country.rows["B"]), query
        assert "Máy B" not in text
    listed = client.get(pages, headers=who).text
    assert all(instance_id in listed for instance_id in country.rows["A"])
    newest = client.get(f"{pages}/{country.rows['A'][1]}", headers=who).text
    assert country.rows["A"][0] in newest and country.rows["B"][0] not in newest
    there = client.get(f"{pages}/{country.rows['B'][0]}", headers=who)
    nothing = phone.new_id()
    absent = client.get(f"{pages}/{nothing}", headers=who)
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.text.replace(country.rows["B"][0], "") == absent.text.replace(nothing, "")
    for below in ("/submission.xml", "/files/B0.jpg"):
        address = f"{pages}/{country.rows['B'][0]}/versions/{country.rows['B'][0]}{below}"
        assert client.get(address, headers=who).status_code == 404
    sent = {"decision": "approved", "csrf": country.csrf["an"]}
    decided = client.post(f"{pages}/{country.rows['B'][0]}/review", data=sent, headers=who)
    assert decided.status_code == 404


def test_searching_for_an_id_elsewhere_finds_nothing(client: FlaskClient, country: Country) -> None:
    pages, wanted = "/projects/1/forms/visit/submissions", country.rows["B"][0]
    for who, found in (("an", False), ("binh", True)):
        sent = {"search": wanted, "csrf": country.csrf[who]}
        answer = client.post(f"{pages}/search", data=sent, headers=country.cookies[who])
        kept = answer.headers["Set-Cookie"].partition(";")[0]
        text = client.get(pages, headers={"Cookie": f"{country.cookies[who]['Cookie']}; {kept}"}).text
        assert (f"{pages}/{wanted}" in text) is found


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


def test_an_id_is_used_once_wherever(client: FlaskClient, country: Country, post: Post) -> None:
    """Who sends under an ID that is in use is told so, and no more: the IDs are random, and no answer ever tells one
    of another unit. To take both would cost what clients rely on, that an ID is one submission."""
    taken = country.rows["B"][0]
    xml = country.form.submission("<who>A</who>", instance_id=taken)
    sent = client.post(country.url, data=xml, content_type="application/xml", headers=country.people["an"])
    details = expect.refused(sent, problems.UNIQUENESS)
    assert taken in str(details) and "B" not in str(details).replace(taken, "")
    assert taken not in seen(client, country, "an")


def test_roles_for_some_forms_reach_those_alone(client: FlaskClient, country: Country, app: Flask) -> None:
    with app.app_context(), writing():
        person(country, "hanh", "health_worker", "A")
        person(country, "bich", "board", "A")
    assert client.get(country.url, headers=country.people["hanh"]).json == []
    expect.refused(client.get(country.url, headers=country.people["bich"]), problems.INSUFFICIENT_RIGHTS)


def test_a_phone_with_a_role_reads_nothing_and_fills_what_is_offered(
    client: FlaskClient, country: Country, app: Flask, publish: Publish
) -> None:
    publish(VISIT.replace("visit   |", "other   |"), form_id="other", offer=False)
    listed = client.get(country.phones["A"].replace("/submission", "/formList"), headers=phone.OPENROSA).text
    assert ">visit<" in listed and ">other<" not in listed


def test_who_reaches_very_many_units_sees_the_same(
    client: FlaskClient, country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way to ask, for those above many units."""
    monkeypatch.setattr("server.permissions.MANY_UNITS", 0)
    assert seen(client, country, "an") == newest_first(country, "A")
    assert seen(client, country, "phuc") == newest_first(country, "A", "B")
    main = client.get(f"{country.form.url}.svc/Submissions?$count=true", headers=country.people["an"]).json
    assert main["@odata.count"] == len(main["value"]) == 2


def test_two_roles_add_up_but_do_not_mix(client: FlaskClient, country: Country, app: Flask) -> None:
    """Supervisor of A and volunteer in B: she reviews in A, and of B sees what she sent."""
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "volunteer", country.ids["an"], country.units["B"])
    assert seen(client, country, "an") == newest_first(country, "A")
    outside = f"{country.url}/{country.rows['B'][0]}"
    expect.refused(client.get(outside, headers=country.people["an"]), problems.NOT_FOUND)


def test_what_she_sends_is_of_the_smallest_unit_on_which_she_may_send() -> None:
    province, commune = Grant("province_manager", unit_id=1, units=9), Grant("volunteer", unit_id=2, units=1)
    elsewhere, reader = Grant("volunteer", 7, unit_id=3, units=1), Grant("board", unit_id=4)
    actor = Actor(id=1, type="user", grants=(province, commune, elsewhere, reader))
    assert actor.sends_for(1) == 2
    assert Actor(id=1, grants=(elsewhere, reader)).sends_for(1) is None


def test_a_unit_says_nothing_of_what_a_phone_may() -> None:
    role = Grant("volunteer", 1, unit_id=2, units=1)
    assert Actor(id=1, type="field_key", grants=(role,)).verbs_on(1) == frozenset()
    assert "submission.create" in Actor(id=1, type="user", grants=(role,)).verbs_on(1)


@pytest.mark.parametrize("text", MESSAGES.values())
def test_what_is_wrong_with_units_is_said_in_vietnamese(text: str) -> None:
    translated = i18n.translate(text, "vi")
    places = re.compile(r"\{\w+\}")
    assert translated != text and sorted(places.findall(translated)) == sorted(places.findall(text))
