"""By OData and on pages nobody learns that something of another unit exists."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import access
from server.db import writing
from server.permissions import CONSOLE
from tests import expect, phone
from tests.cast import Cast
from tests.country import Country, newest_first, same, seen


def test_odata(client: FlaskClient, country: Country) -> None:
    service = f"{country.form.url}.svc"
    for who, many in (("an", 2), ("binh", 3), ("phuc", 5), ("van", 0)):
        main = client.get(f"{service}/Submissions?$count=true", headers=country.people[who]).json
        assert (len(main["value"]), main["@odata.count"]) == (many, many)
        repeat = client.get(f"{service}/Submissions.visits?$count=true&$top=1", headers=country.people[who]).json
        assert repeat["@odata.count"] == 2 * many
    page = client.get(f"{service}/Submissions?$top=1", headers=country.people["phuc"]).json
    further = page["@odata.nextLink"].partition("/v1/")[2]
    # To whom the row is not shown with which the page ended, the link leads on no more than that of no row at all.
    expect.refused(client.get(f"/v1/{further}", headers=country.people["an"]), problems.SKIPTOKEN_INVALID)
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


def test_who_reaches_very_many_units_sees_the_same(
    client: FlaskClient, country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way to ask, for those above many units."""
    monkeypatch.setattr("server.permissions.MANY_UNITS", 0)
    assert seen(client, country, "an") == newest_first(country, "A")
    assert seen(client, country, "phuc") == newest_first(country, "A", "B")
    main = client.get(f"{country.form.url}.svc/Submissions?$count=true", headers=country.people["an"]).json
    assert main["@odata.count"] == len(main["value"]) == 2


def test_no_number_says_how_many_there_are(client: FlaskClient, country: Country, cast: Cast) -> None:
    """Rows are numbered as they come, those of all units together."""
    address, found = f"{country.form.url}.svc/Submissions?$top=1", []
    for _ in range(2):
        page = client.get(address, headers=country.people["an"]).json
        found += [row["__id"] for row in page["value"]]
        if "@odata.nextLink" in page:
            link = urlsplit(page["@odata.nextLink"])
            token = json.loads(base64.urlsafe_b64decode(parse_qs(link.query)["$skiptoken"][0][2:]))
            assert token.keys() == {"instanceId"}
            address = f"{link.path}?{link.query}"
    assert found == newest_first(country, "A")
    history = f"{country.url}/{country.rows['A'][0]}/audits"
    for headers, told in ((country.people["an"], False), (cast.bob.bearer, True)):
        entries = client.get(history, headers=headers).json
        assert entries and all(("submissionId" in entry["details"]) is told for entry in entries)
        assert all(("submissionDefId" in entry["details"]) is told for entry in entries)


def test_pages_name_a_row_by_its_id(client: FlaskClient, country: Country, cast: Cast) -> None:
    """To whoever sees all by its number, which is shorter."""
    page = f"/projects/1/forms/visit/submissions/{country.rows['A'][1]}"
    named = re.compile(r"<h1>(?:Phiếu số|Submission) (.+)</h1>")
    number = named.search(client.get(page, headers=cast.bob.cookie).text)
    text = named.search(client.get(page, headers=country.cookies["an"]).text)
    assert number and text and number[1].isdecimal() and text[1] == f"…{country.rows['A'][1][-6:]}"


def test_what_is_not_hers_to_decide_is_not_offered(app: Flask, client: FlaskClient, country: Country) -> None:
    """She may look at all of the project, and decides in her unit."""
    with app.app_context(), writing():
        access.grant(CONSOLE, country.ids["an"], "viewer", project_id=1)
    for unit, offered in (("A", True), ("B", False)):
        page = f"/projects/1/forms/visit/submissions/{country.rows[unit][0]}"
        answer = client.get(page, headers=country.cookies["an"])
        assert answer.status_code == 200 and (f"{page}/review" in answer.text) is offered
        sent = {"decision": "approved", "csrf": country.csrf["an"]}
        decided = client.post(f"{page}/review", data=sent, headers=country.cookies["an"])
        assert decided.status_code == (303 if offered else 404)
