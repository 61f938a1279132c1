"""What changed from one version of a form to another, by REST."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import Publish, converted
from tests.phone import Published

VISIT = """
| survey   |            |        |                |
|          | type       | name   | label          |
|          | text       | who    | Ai?            |
|          | integer    | age    | Mấy tuổi?      |
| settings |            |        |                |
|          | form_title | form_id | version       |
|          | Thăm       | visit  | 1              |
"""
SECOND = VISIT.replace("| integer    | age    | Mấy tuổi?      |", "| text       | xa     | Xã nào?        |").replace(
    "| 1              |", "| 2              |"
)
THIRD = SECOND.replace("Ai?", "Thăm ai?").replace("| 2              |", "| 3              |")
EXTENDED = {"X-Extended-Metadata": "true"}


def told(client: FlaskClient, url: str, headers: Headers) -> dict[str, Any]:
    """What somebody is told."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def renew(client: FlaskClient, form: Published, markdown: str, headers: Headers, *, publish: bool = True) -> None:
    """Another version."""
    url, xml = f"{form.url}/draft", converted(markdown, "visit").xml
    assert client.post(f"{url}?ignoreWarnings=true", data=xml, headers=headers).status_code == 200
    if publish:
        assert client.post(f"{url}/publish", headers=headers).status_code == 200


def test_from_the_version_before_it(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT)
    for markdown in (SECOND, THIRD):
        renew(client, form, markdown, cast.bob.bearer)
    second = told(client, f"{form.url}/versions/2/changes", cast.vy.bearer)
    assert second == {
        "from": "1",
        "to": "2",
        "languagesAdded": [],
        "languagesRemoved": [],
        "changes": [
            {"kind": "added", "path": "/xa", "name": "xa", "type": "string", "label": {"": "Xã nào?"}},
            {"kind": "removed", "path": "/age", "name": "age", "type": "int", "label": {"": "Mấy tuổi?"}},
        ],
    }
    third = told(client, f"{form.url}/versions/3/changes", cast.vy.bearer)
    assert [(each["kind"], each["old"], each["new"]) for each in third["changes"]] == [
        ("relabelled", {"": "Ai?"}, {"": "Thăm ai?"})
    ]
    assert len(told(client, f"{form.url}/versions/3/changes?from=1", cast.vy.bearer)["changes"]) == 3
    assert told(client, f"{form.url}/versions/1/changes?from=1", cast.vy.bearer)["changes"] == []


def test_the_first_version_was_added_whole(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    first = told(client, f"{publish(VISIT).url}/versions/1/changes", cast.bob.bearer)
    assert first["from"] is None
    assert [(each["kind"], each["path"]) for each in first["changes"]] == [("added", "/who"), ("added", "/age")]


def test_a_draft_is_held_against_what_is_published(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT)
    renew(client, form, SECOND, cast.bob.bearer)
    renew(client, form, THIRD, cast.bob.bearer, publish=False)
    found = told(client, f"{form.url}/draft/changes", cast.bob.bearer)
    assert (found["from"], found["to"], len(found["changes"])) == ("2", "3", 1)
    assert told(client, f"{form.url}/draft/changes?from=1", cast.bob.bearer)["from"] == "1"


def test_a_version_without_a_string_is_named_as_elsewhere(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT.replace("| 1              |", "|                |"))
    renew(client, form, SECOND, cast.bob.bearer)
    assert told(client, f"{form.url}/versions/2/changes?from=___", cast.bob.bearer)["from"] == ""
    assert told(client, f"{form.url}/versions/___/changes", cast.bob.bearer)["from"] is None


def test_refusals(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    form = publish(VISIT)
    of_version, of_draft = f"{form.url}/versions/1/changes", f"{form.url}/draft/changes"
    for unknown in (f"{form.url}/versions/9/changes", f"{of_version}?from=9", of_draft):
        expect.refused(client.get(unknown, headers=cast.bob.bearer), problems.NOT_FOUND)
    client.post(f"{form.url}/draft", headers=cast.bob.bearer)
    for headers in (cast.charlie.bearer, cast.dung.bearer, {}):
        expect.refused(client.get(of_version, headers=headers), problems.INSUFFICIENT_RIGHTS)
    for person in (cast.charlie, cast.dung, cast.vy, cast.minh):
        expect.refused(client.get(of_draft, headers=person.bearer), problems.INSUFFICIENT_RIGHTS)
