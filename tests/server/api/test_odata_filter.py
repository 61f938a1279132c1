"""OData's `$filter` and `$orderby`: by our own columns as ODK Central has them, and by answers."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey  |                       |         |       |
|         | type                  | name    | label |
|         | text                  | who     | Ai?   |
|         | begin_group           | g       | Nhóm  |
|         | integer               | age     | Tuổi? |
|         | decimal               | weight  | Cân?  |
|         | end_group             |         |       |
|         | date                  | day     | Ngày? |
|         | dateTime              | seen    | Lúc?  |
|         | time                  | clock   | Giờ?  |
|         | select_multiple kinds | kinds   | Gì?   |
|         | geopoint              | place   | Đâu?  |
|         | begin_repeat          | visits  | Lần   |
|         | text                  | note    | Gì?   |
|         | end_repeat            |         |       |
| choices |                       |         |       |
|         | list_name             | name    | label |
|         | kinds                 | opioid  | a     |
|         | kinds                 | alcohol | b     |
"""
ROWS = {
    "an": "<who>An</who><g><age>17</age><weight>40.5</weight></g><day>2026-01-31</day>"
    "<seen>2026-01-31T23:30:00.000+07:00</seen><clock>08:15:00.000+07:00</clock><kinds>opioid alcohol</kinds>"
    "<place>21 105.5 0 0</place><visits><note>a</note></visits><visits><note>b</note></visits>",
    "binh": "<who>O'Brien Bình</who><g><age>18</age><weight>60</weight></g><day>2026-02-01</day>"
    "<seen>2026-02-01T00:30:00.000+07:00</seen><clock>17:45:00.000+07:00</clock><kinds>alcohol</kinds>",
    "chi": "<who>chi</who><visits><note>c</note></visits>",
}
SUBMITTED = "__system/submissionDate"


class Asked:
    """A form with three submissions, the newest first: chi, binh, an."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published) -> None:
        self.client, self.cast, self.form = client, cast, form
        self.reader = cast.vy

    def answer(self, table: str = "Submissions", **options: str) -> Any:
        """Whatever is answered. Options without their dollar sign."""
        query = {f"${name}": value for name, value in options.items()}
        headers = self.reader.bearer
        return self.client.get(f"{self.form.url}.svc/{table}", query_string=query, headers=headers)

    def rows(self, table: str = "Submissions", **options: str) -> list[str]:
        """The rows, by who or what they are."""
        answer = self.answer(table, **options)
        assert answer.status_code == 200, answer.text
        return [row.get("note") or row["__id"].removeprefix("uuid:") for row in answer.get_json()["value"]]

    def __call__(self, text: str) -> list[str]:
        """The submissions that a filter leaves."""
        return self.rows(filter=text)


@pytest.fixture
def asked(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Asked:
    """Bình's was approved, Chi's was edited."""
    form = publish(FORM)
    for name, inside in ROWS.items():
        expect.told(send(form.submission(inside, instance_id=f"uuid:{name}"), []), 201)
    url = f"{form.url}/submissions/uuid:binh"
    assert client.patch(url, json={"reviewState": "approved"}, headers=cast.bob.bearer).status_code == 200
    expect.told(send(form.submission(ROWS["chi"], instance_id="uuid:chi2", deprecated_id="uuid:chi"), []), 201)
    return Asked(client, cast, form)


ALL = ["chi", "binh", "an"]


BY_COLUMNS: dict[str, list[str]] = {
    "__id eq 'uuid:an'": ["an"],
    "__system/reviewState eq 'approved'": ["binh"],
    "__system/reviewState ne 'approved'": ["chi", "an"],
    "__system/reviewState eq null": ["an"],
    "null ne __system/reviewState": ["chi", "binh"],
    "not (__system/reviewState eq null)": ["chi", "binh"],
    "not __system/reviewState eq null": ["chi", "binh"],
    "__system/reviewState eq 'edited' or __system/reviewState eq 'approved'": ["chi", "binh"],
    "__system/reviewState eq 'edited' and __system/reviewState eq 'approved'": [],
    "__system/reviewState eq 'edited' or __id eq 'uuid:an' and __id eq 'x'": ["chi"],
    "$root/Submissions/__system/reviewState eq 'approved'": ["binh"],
    "__system/updatedAt eq null": ["an"],
    "__system/updatedAt gt __system/submissionDate": ["chi", "binh"],
    "__system/submissionDate gt 2020-01-01": ALL,
    "__system/submissionDate lt 2020-01-01T00:00:00.000Z": [],
    "__system/submissionDate lt '2020-01-01'": [],
    "__system/submissionDate le now()": ALL,
    "now() lt 2020-01-01": [],
    "year(__system/submissionDate) eq year(now())": ALL,
    "month(__system/submissionDate) gt 12": [],
    "day(__system/submissionDate) le 31 and hour(__system/submissionDate) lt 24": ALL,
    "minute(__system/submissionDate) lt 60 and second(__system/submissionDate) lt 60": ALL,
    "year(2026-03-04) eq 2026 and month(2026-03-04) eq 3 and day(2026-03-04) eq 4": ALL,
    "hour(2026-03-04T05:06:07.8Z) eq 5 and second(2026-03-04T05:06:07.8Z) eq 7": ALL,
    "__system/deletedAt eq null": ALL,
    "__system/submitterId eq 1": [],
    "__system/submitterId eq '1'": [],
    "true": ALL,
    "false or 1 gt 2": [],
}


def test_by_our_own_columns(asked: Asked) -> None:
    assert {text: asked(text) for text in BY_COLUMNS} == BY_COLUMNS


BY_ANSWERS: dict[str, list[str]] = {
    "g/age gt 17": ["binh"],
    "g/age ge 17 and g/age lt 17.5": ["an"],
    "g/age eq 17": ["an"],
    "g/age ne 17": ["chi", "binh"],
    "g/age eq null": ["chi"],
    "not (g/age gt 17)": ["an"],
    "17 lt g/age": ["binh"],
    "g/age eq '18'": ["binh"],
    "g/age lt 9223372036854775807 and g/age gt -9223372036854775808000": ["binh", "an"],
    "g/weight eq 40.5": ["an"],
    "g/weight gt g/age": ["binh", "an"],
    "who eq 'An'": ["an"],
    "who eq 'O''Brien Bình'": ["binh"],
    "who gt 'Z'": ["chi"],
    "contains(who, 'ình')": ["binh"],
    "contains(who, '')": ALL,
    "startswith(who, 'A')": ["an"],
    "endswith(who, 'n')": ["an"],
    "endswith(who, 'a much longer text')": [],
    "not startswith(who, 'a%')": ALL,
    "length(who) eq 3": ["chi"],
    "contains(kinds, 'opioid')": ["an"],
    "kinds eq 'alcohol'": ["binh"],
    "day eq 2026-01-31": ["an"],
    "day gt '2026-01-31'": ["binh"],
    "day lt 2026-01-31T12:00:00Z": ["an"],
    "year(day) eq 2026 and month(day) eq 2": ["binh"],
    "seen lt 2026-01-31T17:00:00Z": ["an"],
    "seen eq 2026-01-31T16:30:00.000Z": ["an"],
    "seen gt 2026-01-31": ["binh", "an"],
    "day(seen) eq 31 and hour(seen) eq 23 and minute(seen) eq 30 and second(seen) eq 0": ["an"],
    "seen lt __system/submissionDate": ["binh", "an"],
    "seen gt day": ["an"],
    "hour(clock) ge 12": ["binh"],
    "place ne null": ["an"],
    "meta/instanceID eq 'uuid:chi2'": ["chi"],
    "$root/Submissions/g/age gt 17": ["binh"],
}


def test_by_answers(asked: Asked) -> None:
    assert {text: asked(text) for text in BY_ANSWERS} == BY_ANSWERS


def test_what_cannot_be_read(asked: Asked) -> None:
    for text in ("", "who eq", "who eq 'a", "(true", "foo(who)", "year()", "who eq 'a' b", "who", "1"):
        assert expect.refused(asked.answer(filter=text), problems.UNPARSEABLE_ODATA).keys() == {"reason"}, text


def test_what_is_not_supported(asked: Asked) -> None:
    for text, kind, at, shown in (
        ("true and tolower(who) eq 'a'", "MethodCallExpression", 9, "tolower(who)"),
        ("1 add 2 eq 3", "AddExpression", 0, "1 add 2"),
        ("5 mod 2 eq 1", "ModExpression", 0, "5 mod 2"),
    ):
        told = expect.refused(asked.answer(filter=text), problems.UNSUPPORTED_ODATA)
        assert told == {"type": kind, "at": at, "text": shown}


def test_unknown_fields(asked: Asked) -> None:
    for name in ("nothing", "__system/deviceId", "g", "visits", "visits/note", "$root/Submissions/x"):
        told = expect.refused(asked.answer(filter=f"true or {name} eq 1"), problems.UNSUPPORTED_ODATA_FIELD)
        assert told == {"at": 8, "text": name}


def test_values_that_do_not_fit(asked: Asked) -> None:
    for text, value, expected in (
        ("__system/submitterId eq 'x'", "x", "type integer"),
        ("__system/submissionDate gt 'yesterday'", "yesterday", "type timestamp with time zone"),
        ("g/age gt 'old'", "old", "type number"),
        ("day gt 'x'", "x", "type date"),
        ("seen gt 0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "type timestamp with time zone"),
        ("place eq 'here'", "here", "type null"),
    ):
        told = expect.refused(asked.answer(filter=text), problems.INVALID_DATA_TYPE)
        assert told == {"value": value, "expected": expected}


def test_tables_of_repeats(asked: Asked) -> None:
    assert asked.rows("Submissions.visits") == ["c", "a", "b"]
    assert asked.rows("Submissions.visits", filter="$root/Submissions/g/age lt 20") == ["a", "b"]
    assert asked.rows("Submissions.visits", filter="$root/Submissions/__system/reviewState ne null") == ["c"]
    refused = asked.answer("Submissions.visits", filter="__system/reviewState eq null")
    expect.refused(refused, problems.UNSUPPORTED_ODATA_FIELD)


def test_counts_and_pages_are_of_what_is_left(asked: Asked) -> None:
    answer = asked.answer(filter="g/age ne null", top="1", count="true").get_json()
    assert (len(answer["value"]), answer["@odata.count"]) == (1, 2)
    link = answer["@odata.nextLink"].removeprefix("http://localhost")
    rest = asked.client.get(link, headers=asked.cast.vy.bearer).get_json()
    assert [row["__id"] for row in rest["value"]] == ["uuid:an"] and "@odata.nextLink" not in rest
    of_repeat = asked.answer("Submissions.visits", filter="$root/Submissions/g/age lt 20", top="0", count="true")
    assert of_repeat.get_json()["@odata.count"] == 2


def test_deleted_ones_are_there_only_where_the_filter_speaks_of_it(asked: Asked) -> None:
    asked.client.delete(f"{asked.form.url}/submissions/uuid:an", headers=asked.cast.bob.bearer)
    assert asked("__id eq 'uuid:an'") == []
    assert asked("__system/deletedAt ne null") == []  # of who only reads
    assert asked("__system/deletedAt eq null or __id eq 'uuid:an'") == ["chi", "binh"]
    assert asked.rows("Submissions.visits", filter="$root/Submissions/__system/deletedAt ne null") == []
    asked.reader = asked.cast.bob
    assert asked("__system/deletedAt ne null") == ["an"]
    assert asked("__system/deletedAt eq null or __system/deletedAt gt 2020-01-01") == ALL
    assert asked.answer(filter="__system/deletedAt ne null", count="true").get_json()["@odata.count"] == 1
    assert asked.rows("Submissions.visits", filter="$root/Submissions/__system/deletedAt ne null") == ["a", "b"]


ORDERS: dict[str, list[str]] = {
    "__system/submissionDate asc": ["an", "binh", "chi"],
    "__system/submissionDate DESC": ALL,
    "__system/reviewState": ["an", "binh", "chi"],
    "__system/reviewState desc": ["chi", "binh", "an"],
    "__system/submitterId desc, __id asc": ["an", "binh", "chi"],
    "__system/submitterId asc": ["an", "binh", "chi"],
    "__system/submitterId desc": ALL,
    "__system/updatedAt asc, __system/deletedAt desc": ["an", "binh", "chi"],
}


@pytest.mark.parametrize("top", ["1", "2", "3"])
def test_order_goes_on_over_pages(asked: Asked, top: str) -> None:
    assert {order: ordered(asked, order, top) for order in ORDERS} == ORDERS


def ordered(asked: Asked, order: str, top: str) -> list[str]:
    """The submissions of all pages."""
    answer = asked.answer(orderby=order, top=top).get_json()
    found = answer["value"]
    while "@odata.nextLink" in answer:
        link = answer["@odata.nextLink"].removeprefix("http://localhost")
        answer = asked.client.get(link, headers=asked.cast.vy.bearer).get_json()
        found += answer["value"]
    return [row["__id"].removeprefix("uuid:") for row in found]


def test_order_of_a_repeat(asked: Asked) -> None:
    assert asked.rows("Submissions.visits", orderby="__id asc") == ["a", "b", "c"]
    answer = asked.answer("Submissions.visits", orderby="__id asc", top="1").get_json()
    link = answer["@odata.nextLink"].removeprefix("http://localhost")
    rest = asked.client.get(link.replace("top=1", "top=9"), headers=asked.cast.vy.bearer).get_json()
    assert [row["note"] for row in rest["value"]] == ["b", "c"]


def test_wrong_orders(asked: Asked) -> None:
    for order, text in (("who asc", "who"), ("__id up", "up"), ("", None), ("__id,", "")):
        answer = asked.answer(orderby=order)
        if text is None:
            assert answer.status_code == 200
        else:
            assert expect.refused(answer, problems.UNSUPPORTED_ODATA_FIELD) == {"text": text}


def test_a_token_of_another_order_is_refused(asked: Asked) -> None:
    link = asked.answer(top="1").get_json()["@odata.nextLink"].removeprefix("http://localhost")
    answer = asked.client.get(f"{link}&$orderby=__id asc", headers=asked.cast.vy.bearer)
    told = expect.refused(answer, problems.NOT_IMPLEMENTED)
    assert told == {"feature": "using $orderby and $skiptoken together"}
    ordered = asked.answer(top="1", orderby="__id asc").get_json()["@odata.nextLink"].removeprefix("http://localhost")
    answer = asked.client.get(ordered.replace("__id+asc", "__system%2FupdatedAt"), headers=asked.cast.vy.bearer)
    expect.refused(answer, problems.SKIPTOKEN_INVALID)
