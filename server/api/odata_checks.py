"""What a request for OData may ask for at all, before anything is looked up; and refusals in XML."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape, quoteattr

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from server import errors

OPTIONS = frozenset(
    ["$format", "$count", "$skip", "$top", "$filter", "$wkt", "$expand", "$select", "$skiptoken", "$orderby"]
    # Ours: what is wrong with each submission, beside the rest of `__system`.
    + ["findings"]
)
# By what it is, as it may be called in `$format` or `Accept`.
_JSON = re.compile(r"(^|,)(application/json|json)($|;|,)", re.IGNORECASE)
_XML = re.compile(r"(^|,)(application/(atom(svc)?\+)?xml|atom|xml)($|;|,)", re.IGNORECASE)
_ALLOWED = {"json": ["application/json", "json"], "xml": ["application/xml", "atom"]}
_NUMBER = re.compile(r"\s*([0-9]+(\.[0-9]+)?)", re.ASCII)
_VERSION = 4.0


def check(kind: str = "json") -> None:
    """Raise NOT_ACCEPTABLE, NOT_FOUND (an older OData), NOT_IMPLEMENTED, EXPAND_UNSUPPORTED, SELECT_WITH_EXPAND.

    `kind`: what this address answers, json or xml.
    """
    wanted = request.args.get("$format") or request.headers.get("Accept", "")
    if (_XML if kind == "json" else _JSON).search(wanted):
        raise problems.NOT_ACCEPTABLE(allowed=_ALLOWED[kind], got=wanted)
    newest = _NUMBER.match(request.headers.get("OData-MaxVersion", ""))
    if newest is not None and float(newest[1]) < _VERSION:
        raise problems.NOT_FOUND()
    unknown = next((name for name in request.args if name not in OPTIONS), None)
    if unknown is not None:
        raise problems.NOT_IMPLEMENTED(feature=unknown)
    expand = request.args.get("$expand", "")
    if expand not in ("", "*"):
        raise problems.EXPAND_UNSUPPORTED(text=expand)
    if expand and request.args.get("$select"):
        raise problems.SELECT_WITH_EXPAND()


def refuse(problem: Problem) -> Response:
    """A refusal, in XML where the document would have been."""
    response = errors.answer(problem)
    if request.url_rule is not None and request.url_rule.rule.endswith("$metadata"):
        code, message = quoteattr(str(problem.kind.code)), escape(problem.message)
        told = problem.details if problem.kind.told else {}
        details = escape(json.dumps(told, ensure_ascii=False)) if told else ""
        inner = f"  <message>{message}</message>\n  <details>{details}</details>\n"
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<error code={code}>\n{inner}</error>'
        response.set_data(text)
        response.content_type = "text/xml; charset=utf-8"
    return response
