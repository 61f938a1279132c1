"""Vietnamese and English: every sentence that people may be told has both."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from schemas import findings, problems
from schemas.problems import Kind
from server import i18n
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send

KINDS = {name: kind for name, kind in vars(problems).items() if isinstance(kind, Kind)}
FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""


@pytest.mark.parametrize("text", [kind.message for kind in KINDS.values()] + list(findings.MESSAGES.values()))
def test_every_sentence_has_a_vietnamese_one_with_the_same_places(text: str) -> None:
    translated = i18n.translate(text, "vi")
    assert translated != text
    places = re.compile(r"\{\w+\}|%\(\w+\)s")
    assert sorted(places.findall(translated)) == sorted(places.findall(text))


def test_numbers_are_used_once() -> None:
    codes = [kind.code for kind in KINDS.values()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("headers", "preferred", "language"),
    [
        ({}, None, "vi"),
        ({"Accept-Language": "en-GB,en;q=0.8"}, None, "en"),
        ({"Accept-Language": "fr"}, None, "vi"),
        ({"Accept-Language": "en"}, "vi", "vi"),
        ({"Accept-Language": "en", "Cookie": "language=vi"}, "en", "vi"),
        ({"Cookie": "language=xx"}, "en", "en"),
    ],
)
def test_the_language_of_a_page(the_app: Flask, headers: dict[str, str], preferred: str | None, language: str) -> None:
    with the_app.test_request_context(headers=headers) as context:
        assert i18n.choose(context.request, preferred) == language


def test_a_volunteer_is_told_in_her_language(client: object, cast: Cast, publish: Publish, send: Send) -> None:
    publish(FORM)
    unknown = b'<data id="none"><meta><instanceID>uuid:1</instanceID></meta></data>'
    answer = send(unknown, headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "vi"
    english = problems.FORM_UNKNOWN(form="none").message
    assert expect.told(answer, 404) not in ("", english)
