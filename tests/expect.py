"""What answers must look like."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from schemas.problems import Kind


def refused(answer: TestResponse, kind: Kind) -> dict[str, Any]:
    """A Problem as REST clients are told it; its details."""
    assert answer.status_code == int(kind.code), answer.text
    told = answer.get_json()
    assert told.keys() == {"message", "code", "details"}
    assert told["code"] == kind.code, told
    assert told["message"] and "{" not in told["message"]
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    details: dict[str, Any] = told["details"]
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
