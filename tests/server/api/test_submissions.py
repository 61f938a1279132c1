"""Submissions by REST, in the dialect of the ODK Central API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast, Person
from tests.conftest import Publish, Send
from tests.phone import Published, submission
from tests.server.api.conftest import EXTENDED, SUBMISSION, get

FORM = """
| survey   |         |       |       |          |
|          | type    | name  | label | required |
|          | text    | who   | Ai?   | yes      |
|          | integer | age   | Tuổi? |          |
|          | image   | photo | Ảnh?  |          |
| settings |         |       |       |          |
|          | form_title | form_id | version | instance_name |
|          | Thăm nhà   | visit   | 1       | ${who}        |
"""
VERSION = {"instanceId", "instanceName", "submitterId", "deviceId", "userAgent", "createdAt", "current"}
ACTOR = {"id", "type", "displayName", "createdAt", "updatedAt", "deletedAt"}


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form."""
    return publish(FORM)


@pytest.fixture
def sent(form: Published, send: Send) -> str:
    """The address of a submission from the device, with a photo."""
    xml = form.submission("<who>An</who><photo>a.jpg</photo>", instance_id="uuid:1")
    expect.told(send(xml, [("a.jpg", b"photo", "image/jpeg")]), 201)
    return f"{form.url}/submissions/uuid:1"


def create(client: FlaskClient, form: Published, person: Person, xml: bytes, kind: str = "text/xml") -> Any:
    """POST the XML of a submission."""
    url = f"{form.url}/submissions?deviceID=web"
    return client.post(url, data=xml, content_type=kind, headers=person.bearer | {"User-Agent": "curl/8"})


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "application/xml; charset=utf-8"])
def test_creating_works(client: FlaskClient, cast: Cast, form: Published, kind: str) -> None:
    xml = form.submission("<who>An</who>", instance_id="uuid:2")
    made = create(client, form, cast.minh, xml, kind)
    assert made.status_code == 200, made.text
    told = made.get_json()
    assert told.keys() == SUBMISSION and told["currentVersion"].keys() == VERSION
    assert (told["instanceId"], told["submitterId"], told["reviewState"]) == ("uuid:2", cast.minh.id, None)
    assert (told["deviceId"], told["userAgent"]) == ("web", "curl/8")
    assert told["currentVersion"]["current"] is True
    assert client.get(f"{form.url}/submissions/uuid:2.xml", headers=cast.bob.bearer).data == xml


def test_an_id_that_ends_like_an_address(client: FlaskClient, form: Published, send: Send, cast: Cast) -> None:
    """As XML goes first: of `a.xml` there is `a.xml.xml`, and the submission where no `a` is."""
    xml = form.submission("<who>An</who>", instance_id="a.xml")
    expect.told(send(xml), 201)
    url = f"{form.url}/submissions/a.xml"
    assert get(client, url, cast.bob)["instanceId"] == "a.xml"
    assert client.get(f"{url}.xml", headers=cast.bob.bearer).data == xml
    expect.refused(client.get(f"{url}.xml.xml", headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.get(url, headers=cast.charlie.bearer), problems.INSUFFICIENT_RIGHTS)
    other = form.submission("<who>Lan</who>", instance_id="a")
    expect.told(send(other), 201)
    assert client.get(url, headers=cast.bob.bearer).data == other


def test_creating_again_is_refused(client: FlaskClient, cast: Cast, form: Published) -> None:
    xml = form.submission("<who>An</who>", instance_id="uuid:2")
    assert create(client, form, cast.bob, xml).status_code == 200
    other = form.submission("<who>Ba</who>", instance_id="uuid:2")
    values = [str(form.id), "uuid:2", "f"]
    taken = {"fields": ["formId", "instanceId", "draft"], "values": values, "table": "submissions"}
    for again in (xml, other):
        assert expect.refused(create(client, form, cast.bob, again), problems.UNIQUENESS) == taken
    assert len(get(client, f"{form.url}/submissions", cast.bob)) == 1
    client.delete(f"{form.url}/submissions/uuid:2", headers=cast.bob.bearer)
    assert expect.refused(create(client, form, cast.bob, xml), problems.UNIQUENESS) == taken


def test_creating_refusals(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/submissions"
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, {}):
        answer = client.post(url, data=form.submission(), content_type="text/xml", headers=headers)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    assert get(client, url, cast.bob) == []


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        (b"", problems.UNPARSEABLE),
        (b"<data", problems.UNPARSEABLE),
        (b"<data/>", problems.MISSING_PARAMETER),
        (b'<data id="visit"/>', problems.FORM_VERSION_UNKNOWN),
        (submission("other"), problems.UNEXPECTED_VALUE),
    ],
)
def test_what_is_no_submission(
    client: FlaskClient, cast: Cast, form: Published, xml: bytes, kind: problems.Kind
) -> None:
    expect.refused(create(client, form, cast.bob, xml), kind)


def test_listing(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    create(client, form, cast.minh, form.submission("<who>Ba</who>", instance_id="uuid:2"))
    url = f"{form.url}/submissions"
    listed = get(client, url, cast.vy)
    assert [entry["instanceId"] for entry in listed] == ["uuid:2", "uuid:1"]
    assert all(entry.keys() == SUBMISSION for entry in listed)
    assert [entry["instanceId"] for entry in get(client, f"{url}?limit=1", cast.vy)] == ["uuid:2"]
    assert [entry["instanceId"] for entry in get(client, f"{url}?limit=1&offset=1", cast.vy)] == ["uuid:1"]
    assert get(client, f"{url}?offset=5", cast.vy) == []
    for wrong in ("limit=x", "limit=-1", "offset=x"):
        expect.refused(client.get(f"{url}?{wrong}", headers=cast.vy.bearer), problems.INVALID_DATA_TYPE)
    (first, _) = get(client, url, cast.vy, **EXTENDED)
    assert first.keys() >= SUBMISSION | {"submitter"}
    assert first["submitter"].keys() == ACTOR and first["submitter"]["displayName"] == "Minh"


def test_one(client: FlaskClient, cast: Cast, sent: str) -> None:
    told = get(client, sent, cast.bob)
    assert told.keys() == SUBMISSION
    assert told["createdAt"].endswith("Z") and told["updatedAt"] is None
    extended = get(client, sent, cast.bob, **EXTENDED)
    assert extended.keys() == SUBMISSION | {"submitter"}
    assert extended["submitter"]["type"] == extended["currentVersion"]["submitter"]["type"] == "field_key"
    expect.refused(client.get(f"{sent}0", headers=cast.bob.bearer), problems.NOT_FOUND)


READS = (
    "", ".xml", "/findings", "/comments", "/audits", "/attachments", "/attachments/a.jpg", "/versions",
    "/versions/uuid:1", "/versions/uuid:1.xml", "/versions/uuid:1/attachments", "/versions/uuid:1/attachments/a.jpg",
)  # fmt: skip


def test_reading_refusals(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    for path in READS:
        assert client.get(f"{sent}{path}", headers=cast.vy.bearer).status_code == 200, path
        for headers in (cast.charlie.bearer, cast.dung.bearer, cast.minh.bearer, {}):
            expect.refused(client.get(f"{sent}{path}", headers=headers), problems.INSUFFICIENT_RIGHTS)
    for path in ("", "/submitters", "/keys"):
        for headers in (cast.charlie.bearer, cast.dung.bearer, cast.minh.bearer, {}):
            answer = client.get(f"{form.url}/submissions{path}", headers=headers)
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_no_other_door_leads_to_it(client: FlaskClient, cast: Cast, publish: Publish, sent: str) -> None:
    """Dung has a form of the same ID in her own project, and another form is here."""
    publish(FORM, project_id=2)
    publish(FORM.replace("| visit   |", "| other   |"))
    for path in READS:
        theirs = sent.replace("/projects/1/", "/projects/2/") + path
        expect.refused(client.get(theirs, headers=cast.dung.bearer), problems.NOT_FOUND)
        expect.refused(client.get(theirs, headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)
        for other in ("/forms/other/", "/forms/visit/draft/"):
            url = sent.replace("/forms/visit/", other) + path
            assert client.get(url, headers=cast.bob.bearer).status_code == 404, url
        key = sent.removeprefix("/v1/projects/1/") + path
        expect.refused(client.get(cast.device.url(key)), problems.INSUFFICIENT_RIGHTS)


def test_a_version_of_another_submission_is_not_there(
    client: FlaskClient, cast: Cast, form: Published, sent: str, send: Send
) -> None:
    send(form.submission("<who>Ba</who>", instance_id="uuid:2"))
    for path in ("", ".xml", "/attachments", "/attachments/a.jpg"):
        url = f"{form.url}/submissions/uuid:2/versions/uuid:1{path}"
        expect.refused(client.get(url, headers=cast.bob.bearer), problems.NOT_FOUND)


def test_versions(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    edited = form.submission("<who>Ba</who>", instance_id="uuid:2", deprecated_id="uuid:1")
    told = client.put(sent, data=edited, content_type="text/xml", headers=cast.bob.bearer)
    assert told.status_code == 200, told.text
    assert (told.get_json()["instanceId"], told.get_json()["currentVersion"]["instanceId"]) == ("uuid:1", "uuid:2")
    assert told.get_json()["reviewState"] == "edited"
    versions = get(client, f"{sent}/versions", cast.vy)
    assert [(entry["instanceId"], entry["current"]) for entry in versions] == [("uuid:2", True), ("uuid:1", False)]
    assert all(entry.keys() == VERSION for entry in versions)
    (newest, _) = get(client, f"{sent}/versions", cast.vy, **EXTENDED)
    assert newest.keys() == VERSION | {"submitter", "formVersion"}
    assert newest["submitter"]["displayName"] == "Bob" and newest["formVersion"] == "1"
    assert get(client, f"{sent}/versions/uuid:1", cast.vy)["current"] is False
    assert client.get(f"{sent}/versions/uuid:2.xml", headers=cast.vy.bearer).data == edited
    expect.refused(client.get(f"{sent}/versions/uuid:3", headers=cast.vy.bearer), problems.NOT_FOUND)


def test_editing_asks_for_the_current_version(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    def put(xml: bytes) -> Any:
        return client.put(sent, data=xml, content_type="text/xml", headers=cast.bob.bearer)

    expect.refused(put(form.submission("<who>Ba</who>", instance_id="uuid:2")), problems.EXPECTED_DEPRECATION)
    edit = form.submission("<who>Ba</who>", instance_id="uuid:2", deprecated_id="uuid:1")
    assert put(edit).status_code == 200
    late = form.submission("<who>Cu</who>", instance_id="uuid:3", deprecated_id="uuid:1")
    assert expect.refused(put(late), problems.DEPRECATING_OLD) == {"deprecatedId": "uuid:1"}
    same = form.submission("<who>Cu</who>", instance_id="uuid:1", deprecated_id="uuid:2")
    assert expect.refused(put(same), problems.UNIQUENESS) == {"fields": "instanceID", "values": "uuid:1"}
    other = form.submission("<who>Cu</who>", instance_id="uuid:3", deprecated_id="uuid:9")
    assert put(other).status_code == 409
    none = client.put(f"{sent}9", data=edit, content_type="text/xml", headers=cast.bob.bearer)
    expect.refused(none, problems.NOT_FOUND)


def test_editing_refusals(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    edit = form.submission("<who>Ba</who>", instance_id="uuid:2", deprecated_id="uuid:1")
    for headers in (cast.charlie.bearer, cast.dung.bearer, cast.vy.bearer, cast.minh.bearer, {}):
        answer = client.put(sent, data=edit, content_type="text/xml", headers=headers)
        expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_findings(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    xml = form.submission("<who/><age>bảy</age>", instance_id="uuid:1")
    expect.told(send(xml), 201)
    url = f"{form.url}/submissions/uuid:1/findings"
    found = get(client, url, cast.vy)
    assert [(entry["code"], entry["class"], entry["path"], entry["label"]) for entry in found] == [
        ("required.empty", "required", "/data/who", "Ai?"),
        ("type.integer", "type", "/data/age", "Tuổi?"),
    ]
    assert found[1]["message"] == "Not a whole number."
    vietnamese = get(client, url, cast.vy, **{"Accept-Language": "vi"})
    assert vietnamese[1]["message"] not in ("", found[1]["message"])


def test_submitters(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    (actor,) = get(client, f"{form.url}/submissions/submitters", cast.vy)
    assert actor.keys() == ACTOR and actor["id"] == cast.device.id
    assert get(client, f"{form.url}/submissions/keys", cast.vy) == []


def test_deleting(client: FlaskClient, cast: Cast, form: Published, sent: str) -> None:
    assert client.delete(sent, headers=cast.bob.bearer).get_json() == {"success": True}
    for path in READS:
        expect.refused(client.get(f"{sent}{path}", headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.delete(sent, headers=cast.bob.bearer), problems.NOT_FOUND)
    assert get(client, f"{form.url}/submissions", cast.bob) == []
