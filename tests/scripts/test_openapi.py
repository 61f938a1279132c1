"""The description of the REST API is that of the code as it is."""

from __future__ import annotations

from flask import Flask

from scripts.openapi.__main__ import KEPT, describe, text
from scripts.openapi.views import read


def test_is_written_anew_with_every_change() -> None:
    found = text(describe())
    assert KEPT.read_text("utf-8") == found, "run: python -m scripts.openapi"


def test_names_every_address_of_the_api(app: Flask) -> None:
    described = describe()["paths"]
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/") and rule.endpoint != "unknown"]
    assert len({rule.rule for rule in rules}) == len(described)


def test_knows_what_passes_through_a_view(app: Flask) -> None:
    told = read(app.view_functions["api_reviews.add_comment"])
    assert [shape.__name__ for shape in told.takes] == ["NewComment"]
    assert [(answer.shape.__name__, answer.many) for answer in told.answers] == [("CommentShape", False)]
    assert told.extended


def test_knows_what_is_read_with_the_help_of_others(app: Flask) -> None:
    assert read(app.view_functions["api_audits.list_all"]).queries == {
        "action": "string",
        "start": "string",
        "end": "string",
        "limit": "integer",
        "offset": "integer",
    }
    assert list(read(app.view_functions["api_sessions.sign_in"]).keys) == ["email", "password", "code"]
    assert read(app.view_functions["api_openrosa.submit"]).takes_parts
