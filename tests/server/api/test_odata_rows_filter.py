"""OData's `$filter` in the table of a repeat: by the answers of its rows, and by what their submissions are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey |              |         |       |
|        | type         | name    | label |
|        | text         | who     | Ai?   |
|        | begin_group  | home    | Nhà   |
|        | begin_repeat | visit   | Lần   |
|        | text         | note    | Gì?   |
|        | integer      | age     | Tuổi? |
|        | date         | day     | Ngày? |
|        | begin_group  | drug-2  | Nhóm  |
|        | decimal      | dose    | Liều? |
|        | end_group    |         |       |
|        | begin_repeat | pill    | Viên  |
|        | text         | name    | Tên?  |
|        | end_repeat   |         |       |
|        | end_repeat   |         |       |
|        | end_group    |         |       |
"""


def visit(note: str, age: str, day: str, dose: str, *pills: str) -> str:
    """One visit with its pills."""
    inner = "".join(f"<pill><name>{name}</name></pill>" for name in pills)
    return (
        f"<visit><note>{note}</note><age>{age}</age><day>{day}</day><drug-2><dose>{dose}</dose></drug-2>{inner}</visit>"
    )


SENT = {
    "an": visit("a1", "17", "2026-01-31", "0.5", "x", "y") + visit("a2", "40", "2026-02-01", "", "y"),
    "binh": "",
    "chi": visit("c1", "18", "", "2", "x") + visit("c2", "", "2026-03-01", "1.5") + visit("c3", "90", "", "0", "z"),
}
VISITS, PILLS = "Submissions.home.visit", "Submissions.home.visit.pill"


class Asked:
    """A form with three submissions, the newest first: chi, binh, an."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published) -> None:
        self.client, self.cast, self.form = client, cast, form

    def answer(self, text: str, table: str = VISITS, **options: str) -> Any:
        """Whatever is answered. Options without their dollar sign."""
        query = {"$filter": text} | {f"${name}": value for name, value in options.items()}
        return self.client.get(f"{self.form.url}.svc/{table}", query_string=query, headers=self.cast.vy.bearer)

    def __call__(self, text: str, table: str = VISITS) -> list[str]:
        """The rows that a filter leaves, by what they are called. The table says that there are as many."""
        answer = self.answer(text, table, count="true")
        assert answer.status_code == 200, answer.text
        found = [row.get("note") or row["name"] for row in answer.get_json()["value"]]
        assert answer.get_json()["@odata.count"] == len(found)
        return found


@pytest.fixture
def asked(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Asked:
    """Chi's was approved."""
    form = publish(FORM)
    for name, inside in SENT.items():
        text = f"<who>{name}</who><home>{inside}</home>"
        expect.told(send(form.submission(text, instance_id=f"uuid:{name}"), []), 201)
    url = f"{form.url}/submissions/uuid:chi"
    assert client.patch(url, json={"reviewState": "approved"}, headers=cast.bob.bearer).status_code == 200
    return Asked(client, cast, form)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("note eq 'a2'", ["a2"]),
        ("age lt 20", ["c1", "a1"]),
        ("age ge 18 and age le 40", ["c1", "a2"]),
        ("not (age lt 20)", ["a2", "c3"]),
        ("age eq null", ["c2"]),
        ("age ne 17", ["c1", "c2", "c3", "a2"]),
        ("day gt 2026-01-31", ["c2", "a2"]),
        ("year(day) eq 2026 and month(day) eq 2", ["a2"]),
        ("drug_2/dose ge 0.5", ["c1", "c2", "a1"]),
        ("startswith(note, 'c') or age eq 17", ["c1", "c2", "c3", "a1"]),
        ("age lt 20 and $root/Submissions/__system/reviewState eq 'approved'", ["c1"]),
        ("age lt 20 or $root/Submissions/who eq 'an'", ["c1", "a1", "a2"]),
        ("$root/Submissions/who eq 'an'", ["a1", "a2"]),
        ("contains(note, 'q')", []),
    ],
)
def test_by_the_answers_of_rows(asked: Asked, text: str, left: list[str]) -> None:
    assert sorted(asked(text)) == sorted(left)
    assert [row[0] for row in asked(text)] == sorted((row[0] for row in left), reverse=True)


def test_rows_within_rows(asked: Asked) -> None:
    assert asked("name eq 'x'", PILLS) == ["x", "x"]
    assert asked("name gt 'x' and $root/Submissions/__id eq 'uuid:an'", PILLS) == ["y", "y"]
    everything = asked.answer("true", PILLS).get_json()["value"]
    wanted = asked.answer("name eq 'y'", PILLS).get_json()["value"]
    assert wanted == [row for row in everything if row["name"] == "y"]


def test_page_after_page(asked: Asked) -> None:
    answer, found = asked.answer("age gt 0", top="1", count="true"), []
    while True:
        page = answer.get_json()
        assert page["@odata.count"] == 4
        found += [row["note"] for row in page["value"]]
        if "@odata.nextLink" not in page:
            break
        link = urlsplit(page["@odata.nextLink"])
        answer = asked.client.get(f"{link.path}?{link.query}", headers=asked.cast.vy.bearer)
    assert found == ["c1", "c3", "a1", "a2"]
    assert [row["note"] for row in asked.answer("age gt 0", skip="1", top="2").get_json()["value"]] == ["c3", "a1"]


def test_an_edit_and_a_submission_that_was_taken_away(asked: Asked, send: Send) -> None:
    newer = f"<who>an</who><home>{visit('a3', '17', '', '')}</home>"
    edit = asked.form.submission(newer, instance_id="uuid:an2", deprecated_id="uuid:an")
    expect.told(send(edit, []), 201)
    assert asked("age eq 17") == ["a3"]
    asked.client.delete(f"{asked.form.url}/submissions/uuid:an", headers=asked.cast.bob.bearer)
    assert asked("age eq 17") == []


@pytest.mark.parametrize(
    "name", ["__id", "__system/reviewState", "who", "pill", "pill/name", "drug_2", "home/visit/age"]
)
def test_what_rows_do_not_have(asked: Asked, name: str) -> None:
    told = expect.refused(asked.answer(f"{name} eq '1'"), problems.UNSUPPORTED_ODATA_FIELD)
    assert told == {"at": 0, "text": name}


def test_answers_of_rows_are_not_those_of_submissions(asked: Asked) -> None:
    for name in ("home/visit/age", "age"):
        expect.refused(asked.answer(f"{name} eq 17", "Submissions"), problems.UNSUPPORTED_ODATA_FIELD)
    refused = asked.answer("$root/Submissions/home/visit/age eq 17")
    expect.refused(refused, problems.UNSUPPORTED_ODATA_FIELD)


def test_values_that_do_not_fit(asked: Asked) -> None:
    expect.refused(asked.answer("age eq 'many'"), problems.INVALID_DATA_TYPE)
    expect.refused(asked.answer("age eq"), problems.UNPARSEABLE_ODATA)
