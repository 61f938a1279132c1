"""OData's protocol: formats, versions, ETags, and the repeats of one submission by their address."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey |              |        |       |
|        | type         | name   | label |
|        | text         | who    | Ai?   |
|        | begin_repeat | visits | Lần   |
|        | text         | note   | Gì?   |
|        | begin_repeat | pills  | Thuốc |
|        | text         | kind   | Gì?   |
|        | end_repeat   |        |       |
|        | end_repeat   |        |       |
"""
INSIDE = "<who>An</who>" + "".join(
    f"<visits><note>{visit}</note>{''.join(f'<pills><kind>{visit}{pill}</kind></pills>' for pill in 'ab')}</visits>"
    for visit in (1, 2)
)


@pytest.fixture
def form(publish: Publish, send: Send) -> Published:
    """One submission with two visits and two pills in each."""
    made = publish(FORM)
    expect.told(send(made.submission(INSIDE, instance_id="uuid:an"), []), 201)
    return made


def ask(client: FlaskClient, cast: Cast, url: str, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(url, headers=cast.vy.bearer | sent)


def test_formats_and_versions(client: FlaskClient, cast: Cast, form: Published) -> None:
    service = f"{form.url}.svc"
    for url, headers in ((service, {"Accept": "application/atom+xml"}), (f"{service}/Submissions?$format=xml", {})):
        told = expect.refused(ask(client, cast, url, **headers), problems.NOT_ACCEPTABLE)
        assert told["allowed"] == ["application/json", "json"]
    assert ask(client, cast, f"{service}/$metadata", Accept="application/json").status_code == 406
    assert ask(client, cast, f"{service}?$format=json", Accept="application/xml").status_code == 200
    expect.refused(ask(client, cast, service, OData_MaxVersion="3.0"), problems.NOT_FOUND)
    assert ask(client, cast, service, OData_MaxVersion="4.01").status_code == 200


def test_a_refusal_in_xml_has_its_details(client: FlaskClient, cast: Cast, form: Published) -> None:
    refused = ask(client, cast, f"{form.url}.svc/$metadata?$format=<json>,json")
    told = ElementTree.fromstring(refused.data).findtext("details")
    assert json.loads(told or "") == {"allowed": ["application/xml", "atom"], "got": "<json>,json"}
    absent = ElementTree.fromstring(ask(client, cast, f"{form.url}0.svc/$metadata").data)
    assert absent.findtext("details") == ""


def test_an_etag_is_of_what_is_shown(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    for table in ("Submissions", "Submissions.visits", "Submissions.visits?$top=1"):
        url = f"{form.url}.svc/{table}"
        etag = ask(client, cast, url).headers["ETag"]
        assert etag.startswith('W/"')
        for known in (etag, etag.removeprefix("W/")):
            same = ask(client, cast, url, If_None_Match=known)
            assert (same.status_code, same.data) == (304, b"")
    before = ask(client, cast, f"{form.url}.svc/Submissions").headers["ETag"]
    expect.told(send(form.submission("<who>Bình</who>"), []), 201)
    after = ask(client, cast, f"{form.url}.svc/Submissions", If_None_Match=before)
    assert after.status_code == 200 and after.headers["ETag"] != before


def test_the_repeats_of_one_submission(client: FlaskClient, cast: Cast, form: Published) -> None:
    one = f"{form.url}.svc/Submissions('uuid:an')"
    visits = ask(client, cast, f"{one}/visits").json
    assert [row["note"] for row in visits["value"]] == ["1", "2"]
    assert visits["@odata.context"].endswith("$metadata#Submissions.visits")
    second = visits["value"][1]
    pills = f"{form.url}.svc/{second['pills@odata.navigationLink']}"
    assert [row["kind"] for row in ask(client, cast, pills).json["value"]] == ["2a", "2b"]
    page = ask(client, cast, f"{pills}?$top=1&$count=true").json
    assert ([row["kind"] for row in page["value"]], page["@odata.count"]) == (["2a"], 2)
    rest = ask(client, cast, page["@odata.nextLink"].removeprefix("http://localhost")).json
    assert [row["kind"] for row in rest["value"]] == ["2b"] and "@odata.nextLink" not in rest
    assert [row["kind"] for row in ask(client, cast, f"{one}/visits/pills").json["value"]] == ["1a", "1b", "2a", "2b"]
    for wrong in (f"{one}/nothing", f"{one}/visits/note", f"{one}/visits(1)", f"{one.replace('an', 'nobody')}/visits"):
        expect.refused(ask(client, cast, wrong), problems.NOT_FOUND)
    lost = f"{pills}?$skiptoken=01eyJyZXBlYXRJZCI6IngifQ=="
    expect.refused(ask(client, cast, lost), problems.REPEAT_ROW_NOT_FOUND)


def test_a_link_says_no_more_than_odk_centrals(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    expect.told(send(form.submission(INSIDE, instance_id="uuid:b"), []), 201)
    link = ask(client, cast, f"{form.url}.svc/Submissions?$top=1&$filter=who eq 'An'&$count=true").json
    assert "@odata.nextLink" in link and link["@odata.count"] == 2
    first = ask(client, cast, f"{form.url}.svc/Submissions?$top=1&$skip=0").json["@odata.nextLink"]
    assert first.endswith("/Submissions?%24top=1&%24skiptoken=01eyJpbnN0YW5jZUlkIjoidXVpZDpiIn0%3D")


def test_the_version_that_was_answered_first(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    versions = "| settings | | | |\n| | form_id | version | |\n| | visit | {} | |\n"
    old = publish(FORM + versions.format(1))
    expect.told(send(old.submission("<who>An</who>", instance_id="uuid:1"), []), 201)
    new = publish(FORM + versions.format(2))
    edit = new.submission("<who>Anh</who>", instance_id="uuid:2", deprecated_id="uuid:1")
    expect.told(send(edit, []), 201)
    (row,) = ask(client, cast, f"{new.url}.svc/Submissions").json["value"]
    assert (row["who"], row["__system"]["formVersion"], row["__system"]["edits"]) == ("Anh", "1", 1)
