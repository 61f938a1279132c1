"""OData's `$filter` where somebody answered what no clock or calendar has, and where a filter asks for too much."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey |          |      |       |
|        | type     | name | label |
|        | text     | who  | Ai?   |
|        | dateTime | seen | Lúc?  |
|        | date     | day  | Ngày? |
"""
MOMENTS = {
    "plain": "2026-01-31T23:30:00.000+07:00",
    "without a colon": "2026-01-31T23:30:00.000+0700",
    "hours only": "2026-01-31T23:30:00+07",
    "very exact": f"2026-01-31T23:30:00.{'0' * 200}+07:00",
    "leap": "2024-02-29T12:00:00Z",
    "no leap": "2023-02-29T12:00:00Z",
    "no leap century": "1900-02-29T12:00:00Z",
    "no day": "2024-02-30T12:00:00Z",
    "no day of June": "2024-06-31",
    "no month": "2024-13-01T12:00:00Z",
    "no year": "0000-01-01T12:00:00Z",
    "no hour": "2026-01-31T99:30:00Z",
    "hour 24": "2026-01-31T24:00:00Z",
    "no minute": "2026-01-31T10:99:00Z",
    "no second": "2026-01-31T10:10:99Z",
    "no offset": "2026-01-31T10:10:00+15:00",
    "dots": "2026-01-31T...",
    "a time": "12:00",
    "now": "now",
    "words": "yesterday",
}
SOME = {"plain", "without a colon", "hours only", "very exact"}


def names(client: FlaskClient, cast: Cast, form: Published, text: str) -> set[str]:
    """Who is left."""
    answer = client.get(f"{form.url}.svc/Submissions", query_string={"$filter": text}, headers=cast.bob.bearer)
    assert answer.status_code == 200, answer.text
    return {row["who"] for row in answer.get_json()["value"]}


def test_no_answer_makes_a_filter_fail(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    for name, moment in MOMENTS.items():
        inside = f"<who>{name}</who><seen>{moment}</seen><day>{moment[:10]}</day>"
        expect.told(send(form.submission(inside), []), 201)
    assert names(client, cast, form, "seen eq 2026-01-31T16:30:00Z") == SOME
    assert names(client, cast, form, "seen lt 2026-06-01T00:00:00Z") == {*SOME, "leap"}
    assert names(client, cast, form, "day lt __system/submissionDate") >= {*SOME, "leap"}
    assert "no day" not in names(client, cast, form, "day lt __system/submissionDate")
    assert "plain" in names(client, cast, form, "hour(seen) eq 23 and year(day) eq 2026")
