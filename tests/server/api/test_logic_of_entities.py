"""Entities: what is sent of them is checked, told to who reads the form and the submission, and costs no submission."""

from __future__ import annotations

import logging
from itertools import count

import pytest
from flask.testing import FlaskClient

from forms.logic import circumstances, program
from tests.cast import Cast
from tests.conftest import Publish, Send

VISIT = """
| survey   |         |       |       |         |
|          | type    | name  | label | save_to |
|          | text    | who   | Ai?   | ten     |
|          | integer | age   | Tuổi? |         |
| entities |           |        |             |
|          | list_name | label  | create_if   |
|          | clients   | ${who} | ${age} > 15 |
| settings |         |         |
|          | form_id | version |
|          | clients | 1       |
"""
ENTITY = (
    '<who>An</who><age>20</age><meta><entity dataset="clients" create="{}" id="x"><label>An</label></entity></meta>'
)
ROWS = "/v1/projects/1/forms/clients"
VERSIONS = count(2)
AT = "/data/meta/entity/@create"


def test_what_is_told_of_the_form(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(VISIT)
    told = client.get(f"{ROWS}/logic", headers=cast.bob.bearer).get_json()
    uuid = {
        "path": "/data/meta/entity/@id",
        "kind": "setvalue",
        "expression": "uuid()",
        "reason": "chance decides what it gives",
    }
    assert told == {"expressions": 6, "checked": 5, "notChecked": [uuid]}


def test_an_entity_that_should_have_been_created(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(VISIT)
    assert send(form.submission(ENTITY.format("0"), instance_id="uuid:a")).status_code == 201
    assert send(form.submission(ENTITY.format("1"), instance_id="uuid:b")).status_code == 201
    wrong, right = (
        client.get(f"{ROWS}/submissions/uuid:{name}/findings", headers=cast.bob.bearer).get_json() for name in "ab"
    )
    assert [(one["code"], one["path"], one["value"]) for one in wrong] == [("calculate.differs", AT, "0")]
    assert wrong[0]["message"] == "The form calculates something else here: true."
    assert right == []


def test_tables_have_no_columns_for_attributes(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(VISIT)
    send(form.submission(ENTITY.format("0")))
    fields = client.get(f"{ROWS}/fields", headers=cast.bob.bearer).get_json()
    assert [each["path"] for each in fields if "@" in each["path"] or each["name"] == "create"] == []
    (row,) = client.get(f"{ROWS}.svc/Submissions", headers=cast.bob.bearer).get_json()["value"]
    assert row["meta"]["entity"] == {"label": "An"}
    assert "create" not in client.get(f"{ROWS}.svc/$metadata", headers=cast.bob.bearer).text


@pytest.mark.parametrize("where", [(circumstances, "_phone"), (program, "_Maker")])
def test_no_submission_is_refused_for_a_mistake_of_ours(
    client: FlaskClient,
    cast: Cast,
    publish: Publish,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: tuple[object, str],
) -> None:
    def broken(*_values: object) -> None:
        raise KeyError("An")

    monkeypatch.setattr(*where, broken)
    form = publish(VISIT.replace("| 1 ", f"| {next(VERSIONS)} "))  # none that is compiled already
    with caplog.at_level(logging.ERROR):
        assert send(form.submission(ENTITY.format("0") + "<odd/>", instance_id="uuid:a")).status_code == 201
    found = client.get(f"{ROWS}/submissions/uuid:a/findings", headers=cast.bob.bearer).get_json()
    assert [one["code"] for one in found] == ["structure.unknown"]
    assert "KeyError at line" in caplog.text
