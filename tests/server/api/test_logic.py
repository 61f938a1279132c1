"""What of a form is checked on arrival: told to who may read the form, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from server.actions import logic
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import Publish, Send

LISTED = """
| survey |          |      |       |                                            |
|        | type     | name | label | calculation                                |
|        | integer  | age  | Tuổi? |                                            |
|        | calculate | who  |       | pulldata('people', 'name', 'id', ${age}) |
|        | calculate | made |       | uuid()                                   |
|        | calculate | twice |      | ${age} * 2                               |
|        | select_one_from_file people.csv | friend | Bạn? |                 |
| settings |        |      |
|        | form_id | version |
|        | people  | 1 |
"""
LOGIC = "/v1/projects/1/forms/people/logic"
LONG = b"name,label\n" + b"x" * 200_000 + b",y\n"
PEOPLE = {"people.csv": b"name,label,id\nlan,Lan,1\n"}


def told(client: FlaskClient, headers: Headers, path: str = LOGIC, language: str = "en") -> dict[str, Any]:
    """The report."""
    answer = client.get(path, headers=headers | {"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_what_is_checked_and_what_not(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(LISTED, media=PEOPLE)
    assert told(client, cast.bob.bearer) == {
        "expressions": 4,
        "checked": 3,
        "notChecked": [
            {
                "path": "/data/made",
                "kind": "calculate",
                "expression": "uuid()",
                "reason": "chance decides what it gives",
            }
        ],
    }


def test_in_the_language_of_the_reader(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(LISTED.replace("uuid()", "nonsense()"), media=PEOPLE)
    (found,) = told(client, cast.bob.bearer, language="vi")["notChecked"]
    assert found["reason"] == "máy chủ chưa hiểu hàm nonsense()"
    (found,) = told(client, cast.bob.bearer, language="fr")["notChecked"]
    assert found["reason"] == "the function nonsense() is not supported"


def test_a_list_that_was_not_uploaded(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(LISTED)
    reasons = {each["path"]: each["reason"] for each in told(client, cast.bob.bearer)["notChecked"]}
    assert reasons["/data/who"] == reasons["/data/friend"] == "its list has not been uploaded"


@pytest.mark.parametrize(("name", "data"), [("friends.geojson", b"{"), ("friends.xml", b"<"), ("friends.csv", LONG)])
def test_a_list_that_cannot_be_read(
    client: FlaskClient, cast: Cast, publish: Publish, send: Send, name: str, data: bytes
) -> None:
    form = publish(
        LISTED.replace("select_one_from_file people.csv", f"select_one_from_file {name}"), media={name: data}
    )
    reasons = {each["path"]: each["reason"] for each in told(client, cast.bob.bearer)["notChecked"]}
    assert reasons["/data/friend"] == "its list cannot be read"
    assert send(form.submission("<age>3</age><twice>6</twice><friend>lan</friend>")).status_code == 201


def test_a_list_that_is_too_large(
    client: FlaskClient, cast: Cast, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "_LARGEST", 5)
    publish(LISTED, media=PEOPLE)
    reasons = {each["path"]: each["reason"] for each in told(client, cast.bob.bearer)["notChecked"]}
    assert reasons["/data/who"] == "its list is too large to be read for every submission"


def test_draft_and_versions_have_their_own(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(LISTED, media=PEOPLE)
    publish(LISTED.replace("| people  | 1 |", "| people  | 2 |").replace("uuid()", "1 + 1"))
    publish(LISTED.replace("| people  | 1 |", "| people  | 3 |").replace("${age} * 2", "now()"), draft=True)
    base = "/v1/projects/1/forms/people"
    checked = [
        told(client, cast.bob.bearer, f"{base}/{place}logic")["checked"]
        for place in ("", "draft/", "versions/1/", "versions/2/")
    ]
    assert checked == [4, 2, 3, 4]


def test_nothing_of_an_encrypted_form(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
    publish(
        LISTED.replace("| form_id | version |", "| form_id | version | public_key |").replace("| 1 |", f"| 1 | {key} |")
    )
    found = told(client, cast.bob.bearer)
    assert (found["expressions"], found["checked"]) == (4, 0)
    assert {each["reason"] for each in found["notChecked"]} == {"phones encrypt the answers before they send them"}


def test_who_may_read_the_form(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(LISTED)
    told(client, cast.vy.bearer)
    expect.refused(client.get(LOGIC, headers=cast.charlie.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(
        client.get(LOGIC.replace("logic", "draft/logic"), headers=cast.vy.bearer), problems.INSUFFICIENT_RIGHTS
    )
    expect.refused(client.get(LOGIC.replace("logic", "draft/logic"), headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.get(LOGIC.replace("logic", "versions/9/logic"), headers=cast.bob.bearer), problems.NOT_FOUND)
    expect.refused(client.get(LOGIC.replace("people", "nothing"), headers=cast.bob.bearer), problems.NOT_FOUND)
