"""Files of a form: what a workbook brings by itself, and how clients know what they have."""

from __future__ import annotations

import gc
import hashlib
import warnings
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish
from tests.forms.xlsform_cases import book

FORMS = "/v1/projects/1/forms"
VILLAGES = """
| survey   |                               |         |         |                |
|          | type                          | name    | label   | choice_filter  |
|          | text                          | xa      | Xã?     |                |
|          | select_one_external villages  | village | Thôn?   | xa=${xa}       |
| external_choices |                       |         |         |                |
|          | list_name                     | name    | label   | xa             |
|          | villages                      | a       | Thôn A  | hl             |
| settings |                               |         |         |                |
|          | form_title                    | form_id | version |                |
|          | Thôn                          | thon    | 1       |                |
"""
LIST = """
| survey   |                               |        |         |
|          | type                          | name   | label   |
|          | select_one_from_file xa.csv   | xa     | Xã?     |
| settings |                               |        |         |
|          | form_title                    | form_id | version |
|          | Xã                            | xa     | 1       |
"""
MARKDOWN = {"Content-Type": "text/markdown"}
KINDS = {
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def files(client: FlaskClient, cast: Cast, form_id: str) -> list[dict[str, Any]]:
    """The files of a draft."""
    found: list[dict[str, Any]] = client.get(f"{FORMS}/{form_id}/draft/attachments", headers=cast.bob.bearer).get_json()
    return found


def test_a_list_comes_with_its_workbook_and_changes_with_it(client: FlaskClient, cast: Cast) -> None:
    headers = cast.bob.bearer | MARKDOWN
    made = client.post(f"{FORMS}?ignoreWarnings=true", data=VILLAGES.encode(), headers=headers)
    assert made.status_code == 200, made.text
    (first,) = files(client, cast, "thon")
    assert (first["name"], first["type"], first["blobExists"]) == ("itemsets.csv", "file", True)
    assert "updatedAt" not in first  # nobody has changed it since
    more = VILLAGES.replace("| Thôn A ", "| Thôn B ").encode()
    assert client.post(f"{FORMS}/thon/draft?ignoreWarnings=true", data=more, headers=headers).status_code == 200
    (second,) = files(client, cast, "thon")
    assert second["hash"] != first["hash"] and second["updatedAt"].endswith("Z")
    kept = client.get(f"{FORMS}/thon/draft/attachments/itemsets.csv", headers=cast.bob.bearer)
    assert "Thôn B" in kept.text


def test_a_client_that_has_the_file_is_sent_nothing(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    data = b"name,label\na,A\n"
    form = publish(LIST, media={"xa.csv": data})
    url, md5 = f"{form.url}/attachments/xa.csv", f'"{hashlib.md5(data).hexdigest()}"'
    first = client.get(url, headers=cast.bob.bearer)
    assert (first.data, first.headers["ETag"]) == (data, md5)
    for known in (md5, f"W/{md5}"):
        again = client.get(url, headers=cast.bob.bearer | {"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("sent", "other"), [("xls", "xlsx"), ("xlsx", "xls")])
def test_a_workbook_is_to_be_had_as_what_it_was_sent(client: FlaskClient, cast: Cast, sent: str, other: str) -> None:
    data = book(survey=[("type", "name", "label"), ("text", "who", "Ai?")], settings=[("form_id",), ("visit",)])
    bob = cast.bob.bearer
    made = client.post(FORMS, data=data, headers=bob | {"Content-Type": KINDS[sent]})
    assert made.status_code == 200, made.text
    answer = client.get(f"{FORMS}/visit.{sent}", headers=bob)
    assert (answer.status_code, answer.content_type, answer.data) == (200, KINDS[sent], data)
    assert f'filename="visit.{sent}"' in answer.headers["Content-Disposition"]
    expect.refused(client.get(f"{FORMS}/visit.{other}", headers=bob), problems.NOT_FOUND)
    shown = client.get(f"{FORMS}/visit", headers=bob | {"X-Extended-Metadata": "true"}).get_json()
    assert shown["excelContentType"] == KINDS[sent]


def test_a_file_that_nobody_takes_is_closed(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    """HEAD, or who leaves before the first piece."""
    url = f"{publish(LIST, media={'xa.csv': b'name,label'}).url}/attachments/xa.csv"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        for ask in (client.get, client.head):
            ask(url, headers=cast.bob.bearer).close()
        gc.collect()
    assert [str(each.message) for each in told] == []
