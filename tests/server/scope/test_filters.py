"""Nobody learns by `$filter` what she is not shown: neither rows of others nor what was written in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import unit_roles
from server.db import writing
from server.permissions import CONSOLE
from tests import expect, phone
from tests.conftest import Publish
from tests.country import Country, Post

FORM = """
| survey   |                |        |       |
|          | type           | name   | label |
|          | text           | note   | Ghi   |
|          | select_one r   | result | Kết quả |
|          | select_multiple r | ways | Cách |
|          | integer        | age    | Tuổi  |
|          | begin_repeat   | visits | Lần   |
|          | text           | said   | Nói   |
|          | select_one r   | how    | Cách  |
|          | integer        | years  | Tuổi  |
|          | end_repeat     |        |       |
| choices  |                |        |       |
|          | list_name      | name   | label |
|          | r              | met    | Gặp   |
| settings |                |        |       |
|          | form_title     | form_id | version |
|          | Thăm nhà       | visit   | 2       |
"""
INSIDE = "<note>secret</note><result>{result}</result><ways>met typed</ways><age>41</age>" + (
    "<visits><said>secret</said><how>typed</how><years>41</years></visits>"
    "<visits><said>secret</said><how>met</how><years>42</years></visits>"
)


@pytest.fixture
def sent(country: Country, publish: Publish, post: Post) -> dict[str, str]:
    """A row of commune A and one of B, the latter with a choice that was typed."""
    form, found = publish(FORM), {}
    for unit, result in (("A", "met"), ("B", "typed")):
        found[unit] = phone.new_id()
        xml = form.submission(INSIDE.format(result=result), instance_id=found[unit])
        assert post(country.phones[unit], xml, []).status_code == 201
    return found


class Filtered:
    """Which of the two rows a filter leaves."""

    def __init__(self, client: FlaskClient, country: Country, sent: dict[str, str]) -> None:
        self.client, self.country, self.sent = client, country, sent

    def answer(self, who: str, text: str) -> Any:
        """Whatever is answered."""
        query = urlencode({"$filter": text, "$count": "true"})
        return self.client.get(f"{self.country.form.url}.svc/Submissions?{query}", headers=self.country.people[who])

    def __call__(self, who: str, text: str) -> list[str]:
        """Their units."""
        document = self.answer(who, text).json
        assert document["@odata.count"] == len(document["value"])
        found = {row["__id"] for row in document["value"]}
        return [unit for unit, instance_id in self.sent.items() if instance_id in found]


@pytest.fixture
def filtered(client: FlaskClient, country: Country, sent: dict[str, str]) -> Filtered:
    """With nobody's role changed."""
    return Filtered(client, country, sent)


def test_rows_of_others_are_not_found(filtered: Filtered) -> None:
    for text in ("note eq 'secret'", "age gt 40", "true", "not (age eq 1)", "contains(ways, 'typed')"):
        assert filtered("an", text) == ["A"], text
    assert filtered("an", f"__id eq '{filtered.sent['B']}'") == []


def test_who_is_shown_no_free_text_does_not_filter_by_it(filtered: Filtered) -> None:
    assert filtered("phuc", "age eq 41") == ["A", "B"]
    for text in ("note eq 'secret'", "true or note eq null", "not startswith(note, 's')", "length(note) gt 0"):
        expect.refused(filtered.answer("phuc", text), problems.INSUFFICIENT_RIGHTS)
    expect.refused(filtered.answer("phuc", "contains(ways, 'typed')"), problems.INSUFFICIENT_RIGHTS)


def test_what_was_typed_instead_of_a_choice_counts_as_empty(filtered: Filtered) -> None:
    assert filtered("phuc", "result eq 'met'") == ["A"]
    assert filtered("phuc", "result eq 'typed'") == []
    assert filtered("phuc", "result eq null or startswith(result, 't')") == ["B"]
    assert filtered("binh", "result eq 'typed'") == ["B"]


def test_who_reads_notes_of_some_rows_filters_by_those(app: Flask, filtered: Filtered) -> None:
    country = filtered.country
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "note_reader", country.ids["phuc"], country.units["A"])
    assert filtered("phuc", "note eq 'secret'") == ["A"]
    assert "B" in filtered("phuc", "note eq null") and "A" not in filtered("phuc", "note eq null")
    assert filtered("phuc", "contains(ways, 'typed')") == ["A"]
    assert filtered("phuc", "age eq 41") == ["A", "B"]


def _years(filtered: Filtered, who: str, text: str) -> list[int]:
    query = urlencode({"$filter": text, "$count": "true"})
    url = f"{filtered.country.form.url}.svc/Submissions.visits?{query}"
    document = filtered.client.get(url, headers=filtered.country.people[who]).json
    assert document["@odata.count"] == len(document["value"])
    return [row["years"] for row in document["value"]]


def test_rows_of_repeats_are_filtered_by_what_is_shown_of_them(filtered: Filtered) -> None:
    assert _years(filtered, "an", "said eq 'secret'") == [41, 42]
    assert _years(filtered, "an", "years eq 42") == [42]
    assert _years(filtered, "phuc", "years eq 42") == [42, 42]
    assert _years(filtered, "phuc", "how eq 'met'") == [42, 42]
    assert _years(filtered, "phuc", "how eq 'typed'") == []
    assert _years(filtered, "phuc", "how eq null and years gt 0") == [41, 41]
    query = urlencode({"$filter": "said eq 'secret'"})
    url = f"{filtered.country.form.url}.svc/Submissions.visits?{query}"
    refused = filtered.client.get(url, headers=filtered.country.people["phuc"])
    expect.refused(refused, problems.INSUFFICIENT_RIGHTS)


def test_who_reads_notes_of_some_rows_filters_their_repeats_by_those(app: Flask, filtered: Filtered) -> None:
    country = filtered.country
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "note_reader", country.ids["phuc"], country.units["A"])
    assert _years(filtered, "phuc", "said eq 'secret'") == [41, 42]
