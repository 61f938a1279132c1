"""Who sees no free text is shown the rest of a row, and is told nothing of it by any door (domain 5.2, P7, N20)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from schemas.roles import UNIT_ROLES
from server.actions import access, unit_roles
from server.db import writing
from server.permissions import CONSOLE, TEXT
from tests import expect, phone
from tests.cast import Cast, Headers
from tests.conftest import Publish
from tests.country import JPEG, PHOTO, Country, Post, person, same

FORM = """
| survey   |                |        |       |                     |
|          | type           | name   | label | calculation         |
|          | text           | note   | Ghi   |                     |
|          | select_one r   | result | Kết quả |                   |
|          | select_one r   | mode   | Cách  |                     |
|          | integer        | age    | Tuổi  |                     |
|          | calculate      | title  |       | concat('VP ', ${note}) |
|          | calculate      | months |       | ${age} * 12         |
|          | image          | photo  | Ảnh   |                     |
|          | begin_repeat   | visits | Lần   |                     |
|          | text           | more   | Thêm  |                     |
|          | integer        | km     | Xa    |                     |
|          | end_repeat     |        |       |                     |
| choices  |                |        |       |                     |
|          | list_name      | name   | label |                     |
|          | r              | met    | Gặp được |                  |
| settings |                |        |       |                     |
|          | form_title     | form_id | version | instance_name    |
|          | Thăm nhà       | visit   | 2       | concat('TG ', ${note}) |
"""
HIDDEN = "vai trò của bạn không được xem"
# What stands in words in each place where a word may stand.
MARK = "BiMat"
INSIDE = (
    f"<note>{MARK}1</note><result>met</result><mode>{MARK}5</mode><age>41</age>"
    f"<title>VP {MARK}4</title><months>492</months>"
    f"<photo>{MARK}.jpg</photo><visits><more>{MARK}2</more><km>7</km></visits><unheard>{MARK}3</unheard>"
)


@pytest.fixture
def told(country: Country, publish: Publish, post: Post, client: FlaskClient, cast: Cast) -> str:
    """A row of commune A with words everywhere: answers, its name, a finding, a comment, a note, a file."""
    form, instance_id = publish(FORM), phone.new_id()
    xml = form.submission(INSIDE, instance_id=instance_id)
    xml = xml.replace(b"<meta>", f"<meta><instanceName>TG {MARK}1</instanceName>".encode())
    assert post(country.phones["A"], xml, [(f"{MARK}.jpg", PHOTO, JPEG)]).status_code == 201
    place, headers = f"{country.url}/{instance_id}", cast.bob.bearer | {"X-Action-Notes": MARK}
    assert client.patch(place, json={"reviewState": "hasIssues"}, headers=headers).status_code == 200
    assert client.post(f"{place}/comments", json={"body": f"{MARK}: gọi lại"}, headers=headers).status_code == 200
    return instance_id


def odata(client: FlaskClient, country: Country, headers: Headers, below: str = "Submissions") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{country.form.url}.svc/{below}", headers=headers).json["value"]
    return found


def test_the_table_keeps_its_columns_and_what_is_no_text(client: FlaskClient, country: Country, told: str) -> None:
    (row,) = [each for each in odata(client, country, country.people["phuc"]) if each["__id"] == told]
    assert (row["result"], row["age"], row["months"]) == ("met", 41, "492")
    assert {row["note"], row["title"], row["mode"], row["photo"], row["meta"]["instanceName"]} == {None}
    assert row["meta"]["instanceID"] == told
    visits = odata(client, country, country.people["phuc"], "Submissions.visits")
    assert [(each["more"], each["km"]) for each in visits if each["__Submissions-id"] == told] == [(None, 7)]
    (whole,) = [each for each in odata(client, country, country.people["an"]) if each["__id"] == told]
    assert row.keys() == whole.keys() and whole["note"] == f"{MARK}1"


SHOWN = (
    "", "/{id}", "/{id}/versions", "/{id}/versions/{id}", "/{id}/comments", "/{id}/audits", "/{id}/findings",
    ".svc", ".svc/$metadata", ".svc/Submissions", ".svc/Submissions?$expand=*", ".svc/Submissions('{id}')",
    ".svc/Submissions('{id}')?$select=note,title", ".svc/Submissions.visits",
)  # fmt: skip
REFUSED = (
    "/{id}.xml", "/{id}/versions/{id}.xml", "/{id}/attachments", "/{id}/versions/{id}/attachments",
    "/{id}/attachments/BiMat.jpg", "/{id}/versions/{id}/attachments/BiMat.jpg", "/{id}/attachments/nothing.jpg",
)  # fmt: skip


def of(country: Country, below: str, instance_id: str) -> str:
    form = country.form.url if below.startswith(".svc") else country.url
    return form + below.format(id=instance_id)


def test_no_door_of_the_api_tells_it(client: FlaskClient, country: Country, told: str) -> None:
    for below in SHOWN:
        for more in ({}, {"X-Extended-Metadata": "true"}):
            answer = client.get(of(country, below, told), headers=country.people["phuc"] | more)
            assert answer.status_code == 200, below
            assert MARK not in answer.text + str(answer.headers), below
    for below in REFUSED:
        for known in ({}, {"If-None-Match": '"x"'}):
            answer = client.get(of(country, below, told), headers=country.people["phuc"] | known)
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
            assert MARK not in str(answer.headers)
    changed = client.patch(f"{country.url}/{told}", json={"reviewState": "approved"}, headers=country.people["phuc"])
    assert changed.status_code == 200 and MARK not in changed.text


def test_who_supervises_the_commune_is_told_all(client: FlaskClient, country: Country, told: str) -> None:
    silent = ("/{id}/versions", ".svc", ".svc/$metadata")
    for below in SHOWN:
        answer = client.get(of(country, below, told), headers=country.people["an"] | {"X-Extended-Metadata": "true"})
        assert MARK in answer.text or below.startswith(silent), below
    for below in REFUSED[:-1]:
        assert client.get(of(country, below, told), headers=country.people["an"]).status_code == 200, below


def test_outside_her_units_a_row_is_not_there_rather_than_refused(client: FlaskClient, country: Country) -> None:
    with client.application.app_context(), writing():
        person(country, "quang", "province_manager", "B")
    for below in REFUSED[:-1]:
        answers = [
            client.get(of(country, below, number), headers=country.people["quang"])
            for number in (country.rows["A"][0], phone.new_id())
        ]
        expect.refused(answers[0], problems.NOT_FOUND)
        assert same(answers[0]) == same(answers[1]), below


def test_she_edits_nothing_in_the_browser(client: FlaskClient, country: Country, told: str) -> None:
    """The page would hold all of it."""
    place = f"{country.url}/{told}/edit"
    expect.refused(client.get(place, headers=country.people["phuc"]), problems.INSUFFICIENT_RIGHTS)
    assert client.get(place, headers=country.people["an"]).status_code == 302


def test_she_changes_no_files_and_guesses_no_names(
    client: FlaskClient, country: Country, cast: Cast, told: str
) -> None:
    for name in (f"{MARK}.jpg", "nothing.jpg"):
        for version in ("", f"/versions/{told}"):
            place = f"{country.url}/{told}{version}/attachments/{name}"
            expect.refused(client.delete(place, headers=country.people["phuc"]), problems.INSUFFICIENT_RIGHTS)
        answer = client.post(f"{country.url}/{told}/attachments/{name}", data=b"x", headers=country.people["phuc"])
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    kept = client.get(f"{country.url}/{told}/attachments/{MARK}.jpg", headers=cast.bob.bearer)
    assert kept.data == PHOTO


def test_she_sends_the_files_of_her_own(client: FlaskClient, country: Country, told: str, cast: Cast) -> None:
    xml = phone.submission("visit", "<photo>room.jpg</photo>", version="2", instance_id="uuid:room")
    sent = client.post(country.url, data=xml, content_type="application/xml", headers=country.people["phuc"])
    assert sent.status_code == 200
    place = f"{country.url}/uuid:room/attachments/room.jpg"
    assert client.post(place, data=PHOTO, content_type=JPEG, headers=country.people["phuc"]).status_code == 200
    assert client.get(place, headers=cast.bob.bearer).data == PHOTO


def test_her_own_comment_is_shown_to_her(client: FlaskClient, country: Country, told: str) -> None:
    place, mine = f"{country.url}/{told}/comments", {"body": "Đề nghị xem lại"}
    assert client.post(place, json=mine, headers=country.people["phuc"]).status_code == 200
    assert [each["body"] for each in client.get(place, headers=country.people["phuc"]).json] == [mine["body"]]
    assert len(client.get(place, headers=country.people["an"]).json) == 2


def page(client: FlaskClient, country: Country, path: str, who: str = "phuc", **options: Any) -> Any:
    return client.get(f"/projects/1/forms/visit/submissions{path}", headers=country.cookies[who], **options)


def test_pages_say_that_it_is_hidden(client: FlaskClient, country: Country, told: str) -> None:
    shown = page(client, country, f"/{told}").text
    assert (
        shown.count(HIDDEN) == 3
        and "Vai trò của bạn không được xem" in shown
        and "Gặp được" in shown
        and ">41" in shown
    )
    assert "submission.xml" not in shown and MARK not in shown and MARK not in page(client, country, "").text
    for below in ("submission.xml", "submission.xml?view=1", f"files/{MARK}.jpg"):
        assert page(client, country, f"/{told}/versions/{told}/{below}").status_code == 403
    seen = page(client, country, f"/{told}", "an").text
    assert MARK in seen and HIDDEN not in seen and "submission.xml" in seen


def test_what_a_version_changed_is_shown_without_it(
    client: FlaskClient, country: Country, told: str, post: Post
) -> None:
    inside = INSIDE.replace(f"{MARK}1", f"{MARK}9").replace("41", "42")
    edit = phone.submission("visit", inside, version="2", instance_id="uuid:edit", deprecated_id=told)
    assert post(country.phones["A"], edit).status_code == 201
    shown = page(client, country, f"/{told}").text
    assert "<del>41</del>" in shown and "<ins>42</ins>" in shown and MARK not in shown
    assert f"<ins>{MARK}9</ins>" in page(client, country, f"/{told}", "an").text


def searched(client: FlaskClient, country: Country, who: str, text: str) -> str:
    given, cookie = {"csrf": country.csrf[who], "search": text}, country.cookies[who]["Cookie"]
    answer = client.post("/projects/1/forms/visit/submissions/search", data=given, headers=country.cookies[who])
    assert answer.status_code == 303
    remembered = answer.headers["Set-Cookie"].partition(";")[0]
    found: str = client.get(answer.location, headers={"Cookie": f"{cookie}; {remembered}"}).text
    return found


def test_nothing_is_found_by_what_is_hidden(client: FlaskClient, country: Country, told: str) -> None:
    assert told in searched(client, country, "an", MARK)
    assert told not in searched(client, country, "phuc", MARK)
    assert told in searched(client, country, "phuc", told)


def test_an_administrator_may_open_it(app: Flask, client: FlaskClient, country: Country, told: str) -> None:
    """By the role of a reader of notes, on some of her units: there she sees it, elsewhere not."""
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "note_reader", country.ids["phuc"], country.units["A"])
    rows = {each["__id"]: each["note"] for each in odata(client, country, country.people["phuc"])}
    assert rows[told] == f"{MARK}1" and len(rows) == 6
    assert client.get(f"{country.url}/{told}.xml", headers=country.people["phuc"]).status_code == 200
    of_b = country.rows["B"][0]
    expect.refused(
        client.get(f"{country.url}/{of_b}.xml", headers=country.people["phuc"]), problems.INSUFFICIENT_RIGHTS
    )
    listed = {
        each["instanceId"]: each["currentVersion"]["instanceName"]
        for each in client.get(country.url, headers=country.people["phuc"]).json
    }
    assert listed[told] == f"TG {MARK}1" and listed[of_b] is None
    assert told in searched(client, country, "phuc", MARK)
    assert MARK in page(client, country, f"/{told}").text


def test_the_role_that_opens_it_shows_no_row(app: Flask, client: FlaskClient, country: Country, told: str) -> None:
    with app.app_context(), writing():
        person(country, "thu", "note_reader", "P")
    for address in (country.url, f"{country.url}/{told}", f"{country.url}/{told}.xml", f"{country.form.url}.svc"):
        expect.refused(client.get(address, headers=country.people["thu"]), problems.INSUFFICIENT_RIGHTS)


def test_another_role_on_the_project_opens_it_too(app: Flask, client: FlaskClient, country: Country, told: str) -> None:
    with app.app_context(), writing():
        access.grant(CONSOLE, country.ids["phuc"], "viewer", project_id=1)
    assert client.get(f"{country.url}/{told}.xml", headers=country.people["phuc"]).status_code == 200


def test_what_was_typed_in_an_older_version_stays_hidden(
    client: FlaskClient, country: Country, publish: Publish, post: Post, told: str
) -> None:
    """The form works out by now what was asked before; the row was typed."""
    typed, worked_out = "| text           | note   | Ghi   |                     |", "| calculate | note | | 1 + 1 |"
    publish(FORM.replace(typed, worked_out).replace("| 2 ", "| 3 "))
    (row,) = [each for each in odata(client, country, country.people["phuc"]) if each["__id"] == told]
    assert row["note"] is None and MARK not in str(row)


def test_whom_the_domain_names() -> None:
    """The roles that read rows, and not what is written in words."""
    assert [
        name for name, role in UNIT_ROLES.items() if "submission.read" in role.verbs and TEXT not in role.verbs
    ] == ["province_manager"]
