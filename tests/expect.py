"""What answers must look like."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from schemas import problems
from schemas.problems import Kind


def _is_stranger(answer: TestResponse) -> bool:
    sent = answer.request
    by_key = "/v1/key/" in sent.path or "st" in sent.args
    return not (by_key or "Authorization" in sent.headers or "Cookie" in sent.headers)


def refused(answer: TestResponse, kind: Kind) -> dict[str, Any]:
    """A Problem as REST clients are told it; its details. Who shows nothing is asked to (401)."""
    if kind is problems.INSUFFICIENT_RIGHTS and _is_stranger(answer):
        kind = problems.AUTHENTICATION_FAILED
    assert answer.status_code == int(kind.code), answer.text
    told = answer.get_json()
    assert told.keys() - {"details"} == {"message", "code"} and told.get("details") != {}
    assert told["code"] == kind.code, told
    assert told["message"] and "{" not in told["message"]
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    details: dict[str, Any] = told.get("details", {})
    return details


def told(answer: TestResponse, status: int) -> str:
    """The sentence an OpenRosa answer has for the volunteer."""
    assert answer.status_code == status, answer.text
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.content_type == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    message = next(element for element in root.iter() if element.tag.endswith("message"))
    assert message.attrib["nature"].startswith("submit_success" if status == 201 else "error")
    return message.text or ""
