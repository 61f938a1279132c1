"""What the server says of itself to programs: the OpenAPI document, and whether it is true (schemathesis asks)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.cast import Cast
from tests.conftest import Publish
from tests.phone import Published, new_id

DOCUMENT = "/v1/openapi.json"
# Nothing is to be remembered from one run to the next, least of all among the sources.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "hypothesis")
# Requests for each operation, some 300 in all. For 10,000 on demand:
# DESCRIPTION_REQUESTS=70 ./scripts/test tests/server/api/test_description.py
REQUESTS = int(os.environ.get("DESCRIPTION_REQUESTS", "2"))
CHECKS = [response_schema_conformance, content_type_conformance]
SAFE = ("GET", "HEAD")
# These end what every further request needs: the session that asks, and what it asks for.
ENDING = ("deleteSession", "sessions_sign_out", "sessions_end")


@pytest.fixture
def form(publish: Publish) -> Published:
    """A form of Bob's project, with a draft of its next version."""
    text = """
    | survey   |              |       |       |
    |          | type         | name  | label |
    |          | text         | who   | Ai?   |
    |          | begin repeat | meals | Bữa   |
    |          | integer      | price | Giá   |
    |          | end repeat   |       |       |
    | settings |              |       |       |
    |          | form_title   | form_id | version |
    |          | Thăm nhà     | visit   | 1       |
    """
    made = publish(text)
    publish(text.replace("| visit   | 1       |", "| visit   | 2       |"), draft=True)
    return made


@pytest.fixture
def known(form: Published, client: FlaskClient, cast: Cast) -> dict[str, Any]:
    """Things that are there, by the names that addresses have for them."""
    sent = new_id()
    xml = form.submission("<who>Hoa</who><meals><price>x</price></meals>", instance_id=sent)
    assert client.post(f"{form.url}/submissions", data=xml, headers=cast.bob.bearer).status_code == 200
    return {
        "projectId": 1,
        "xmlFormId": "visit",
        "version": "1",
        "instanceId": sent,
        "versionId": sent,
        "table": "Submissions",
        "actorId": cast.device.id,
        "roleName": "viewer",
    }


def operations(app: Flask) -> Iterator[Any]:
    """Every operation of the document; those that change nothing come first."""
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    found = [each.ok() for each in schema.get_all_operations()]
    yield from sorted(found, key=lambda each: each.method.upper() not in SAFE)


def test_is_there_for_everybody(client: FlaskClient) -> None:
    answer = client.get(DOCUMENT)
    assert (answer.status_code, answer.json["openapi"]) == (200, "3.1.0")
    assert answer.headers["ETag"]
    assert client.get(DOCUMENT, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_tells_what_is_ours_beside_the_dialect(client: FlaskClient) -> None:
    paths = client.get(DOCUMENT).json["paths"]
    findings = paths["/v1/projects/{projectId}/forms/{xmlFormId}/submissions/{instanceId}/findings"]["get"]
    told = findings["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}} in told["anyOf"]


def test_what_is_answered_is_what_was_described(
    app: Flask, client: FlaskClient, cast: Cast, known: dict[str, Any]
) -> None:
    wrong = []
    for operation in operations(app):
        if operation.definition.raw["operationId"] not in ENDING:
            wrong += untrue(operation, client, cast, known)
    assert not wrong, "\n\n".join(wrong)


def untrue(operation: Any, client: FlaskClient, cast: Cast, known: dict[str, Any]) -> list[str]:
    """Asks for one operation a few times, every second time for things that are there: what was not as described."""
    wrong: list[str] = []
    count = 0

    @trying(
        max_examples=REQUESTS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Case) -> None:
        nonlocal count
        if count % 2 == 0:
            case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
        count += 1
        wrong.extend(_asked(case, client, cast))

    ask()
    return wrong


def _asked(case: Case, client: FlaskClient, cast: Cast) -> list[str]:
    sent = case.as_transport_kwargs()
    headers = {**(sent.get("headers") or {}), **cast.alice.bearer}
    body = {name: sent[name] for name in ("json", "data") if sent.get(name) is not None}
    address = case.formatted_path
    answer = client.open(address, method=case.method, headers=headers, query_string=case.query, **body)
    said = f"{case.method} {address} {body} → {answer.status_code} {answer.data[:300]!r}"
    if answer.status_code >= 500 and answer.status_code != 501:
        return [said]
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as found:
        return [f"{said}\n{[str(each) for each in found.exceptions]}"]
    return []
