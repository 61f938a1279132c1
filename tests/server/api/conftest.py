"""What tests of several resources share: the audit, a form with a photo, the units of Vĩnh Phúc."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.db import db
from server.models import Audit
from tests.cast import Cast, Headers, Person
from tests.conftest import VISIT, Publish, Send
from tests.phone import Published

HEAD = "code,parent_code,level_code,type_label,name_vi,name_en,valid_from,valid_to,successor_codes,is_hotspot"
FILE = f"""{HEAD}
VP,,province,tỉnh,Vĩnh Phúc,,2010-01-01,,,
VP-TD,VP,district,huyện,Tam Dương,,2010-01-01,,,
VP-TD-HL,VP-TD,commune,xã,Hoàng Lâu,,2010-01-01,,,true
VP-YL,VP,district,huyện,Yên Lạc,,2010-01-01,,,
VP-YL-YL,VP-YL,commune,thị trấn,Yên Lạc,,2010-01-01,,,
"""
# The keys of a submission.
SUBMISSION = {
    "instanceId", "submitterId", "deviceId", "userAgent", "reviewState", "createdAt", "updatedAt", "deletedAt",
    "currentVersion",
}  # fmt: skip
EXTENDED = {"X-Extended-Metadata": "true"}
Load = Callable[..., TestResponse]
Numbers = dict[str, int]
Entries = list[dict[str, Any]]
Ask = Callable[..., Entries]


@pytest.fixture
def alice(cast: Cast) -> Headers:
    """An administrator."""
    return cast.alice.bearer


@pytest.fixture
def ask(client: FlaskClient, cast: Cast) -> Ask:
    """`ask("?action=form")`: the entries that the administrator is shown."""

    def get(query: str = "", person: Person | None = None, **headers: str) -> Entries:
        answer = client.get(f"/v1/audits{query}", headers=(person or cast.alice).bearer | headers)
        assert answer.status_code == 200, answer.text
        found: Entries = answer.get_json()
        return found

    return get


@pytest.fixture
def form(publish: Publish, send: Send) -> Published:
    """A form with a submission and its photo."""
    made = publish(VISIT)
    body = made.submission("<who>Lan</who><photo>f.jpg</photo>", instance_id="uuid:1")
    assert send(body, [("f.jpg", b"photo", "image/jpeg")]).status_code == 201
    return made


@pytest.fixture
def sent(form: Published) -> str:
    """The address of that submission."""
    return f"{form.url}/submissions/uuid:1"


@pytest.fixture
def load(client: FlaskClient, alice: Headers) -> Load:
    """Send a file."""

    def post(text: str, query: str = "", headers: Headers | None = None) -> TestResponse:
        data = text.encode()
        return client.post(f"/v1/units/import{query}", data=data, content_type="text/csv", headers=headers or alice)

    return post


@pytest.fixture
def units(client: FlaskClient, alice: Headers, load: Load) -> dict[str, int]:
    """The numbers of the units of Vĩnh Phúc, by code."""
    assert load(FILE).status_code == 200
    return numbers(client, alice)


def numbers(client: FlaskClient, who: Headers, query: str = "?on=2025-01-01") -> dict[str, int]:
    return {unit["code"]: unit["id"] for unit in client.get(f"/v1/units{query}", headers=who).json}


def audited(app: Flask) -> list[tuple[str, dict[str, Any]]]:
    """What was done to units, and how it was told."""
    with app.app_context():
        rows = db.session.scalars(select(Audit).where(Audit.action.like("unit.%")).order_by(Audit.id))
        return [(row.action, row.details) for row in rows]


def get(client: FlaskClient, url: str, person: Person, **headers: str) -> Any:
    """What somebody is told."""
    answer = client.get(url, headers=person.bearer | headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()
