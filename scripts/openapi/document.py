"""The description of the REST API as an OpenAPI document: routes, what their views tell, and the shapes of the wire."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from schemas.base import Timestamp, camel
from scripts.openapi import words
from scripts.openapi.views import Answer, Told, read

_SAFE = ("GET", "HEAD")
_STEP = re.compile(r"<(?:(\w+):)?(\w+)>")
_REF = "#/components/schemas/"
_PROBLEM = {
    "type": "object",
    "description": "A refusal. The whole part of `code` is the HTTP status.",
    "required": ["message", "code"],
    "properties": {"message": {"type": "string"}, "code": {"type": "number"}, "details": {}},
}
_SUCCESS = {"type": "object", "required": ["success"], "properties": {"success": {"const": True}}}
_PARTS = {
    "type": "object",
    "required": ["xml_submission_file"],
    "properties": {"xml_submission_file": {"type": "string", "contentMediaType": "text/xml"}},
    "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
}
_SIGN_IN = {
    "session": {"type": "http", "scheme": "bearer", "description": "The token of `POST /v1/sessions`."},
    "password": {"type": "http", "scheme": "basic", "description": "An e-mail address with an app password."},
}


def make(app: Flask, version: str) -> dict[str, Any]:
    """The document for the routes of an application below `/v1`."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    info = {"description": words.ABOUT}
    spec = APISpec("Đồng Hành", version, "3.1.0", plugins=[plugin], info=info)
    assert plugin.converter is not None
    plugin.converter.map_to_openapi_type(Timestamp, "string", "date-time")
    for name, scheme in _SIGN_IN.items():
        spec.components.security_scheme(name, scheme)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.schema("Success", _SUCCESS)
    used: set[str] = set()
    shown: set[str] = set()
    for rule in _rules(app):
        view = app.view_functions[rule.endpoint]
        told = read(view)
        shown |= {_name(answer.shape) for answer in told.answers}
        for shape in [*told.takes, *(answer.shape for answer in told.answers)]:
            if _name(shape) not in spec.components.schemas:
                spec.components.schema(_name(shape), schema=shape)
        operations = {
            method.lower(): _operation(rule, view, told, method, used)
            for method in sorted(rule.methods or ())
            if method not in ("OPTIONS", "HEAD")
        }
        spec.path(path=_path(rule), operations=operations)
    made = spec.to_dict()
    made["security"] = [{name: []} for name in _SIGN_IN]
    _allow_null(made["components"]["schemas"], shown)
    return made


def _name(shape: type[Schema] | Schema | str) -> str:
    return resolve_schema_cls(shape).__name__.removesuffix("Shape")  # type: ignore[union-attr]


def _rules(app: Flask) -> Iterator[Rule]:
    found = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/") and rule.endpoint != "unknown"]
    yield from sorted(found, key=lambda rule: (_path(rule), sorted(rule.methods or ())))


def _path(rule: Rule) -> str:
    return _STEP.sub(lambda found: f"{{{camel(found[2])}}}", rule.rule)


def _operation(rule: Rule, view: Callable[..., Any], told: Told, method: str, used: set[str]) -> dict[str, Any]:
    text = inspect.getdoc(inspect.unwrap(view)) or ""
    summary, _, rest = text.partition(". ")
    made: dict[str, Any] = {"operationId": _operation_id(rule, used), "tags": [_tag(rule)]}
    made["summary"] = summary.strip().rstrip(".")
    if rest.strip():
        made["description"] = rest.strip()
    made["parameters"] = [*_path_parameters(rule), *_query_parameters(told)]
    body = _body(told) if method not in _SAFE else None
    if body:
        made["requestBody"] = body
    made["responses"] = _responses(told, _refused(rule))
    return made


def _tag(rule: Rule) -> str:
    return rule.endpoint.partition(".")[0].removeprefix("api_")


def _operation_id(rule: Rule, used: set[str]) -> str:
    """Of the view, which may have several addresses: these are numbered."""
    plain = rule.endpoint.removeprefix("api_").replace(".", "_")
    number = 1
    while (name := plain if number == 1 else f"{plain}_{number}") in used:
        number += 1
    used.add(name)
    return name


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for kind, name in _STEP.findall(rule.rule):
        schema = {"type": "integer", "minimum": 0} if kind == "int" else {"type": "string", "minLength": 1}
        told = words.PATHS.get(name, "")
        yield {"name": camel(name), "in": "path", "required": True, "description": told, "schema": schema}


def _query_parameters(told: Told) -> Iterator[dict[str, Any]]:
    for name, kind in told.queries.items():
        schema: dict[str, Any] = {"type": kind} | ({"minimum": 0} if kind == "integer" else {})
        yield {"name": name, "in": "query", "description": words.QUERIES[name], "schema": schema}
    if told.extended:
        schema = {"type": "boolean"}
        yield {"name": "X-Extended-Metadata", "in": "header", "description": words.EXTENDED, "schema": schema}


def _body(told: Told) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    if told.takes_parts:
        content["multipart/form-data"] = {"schema": _PARTS}
    elif told.takes_file:
        content["*/*"] = {"schema": {}}
    if told.takes:
        content["application/json"] = {"schema": _one_of([{"$ref": _REF + _name(each)} for each in told.takes])}
    elif told.keys:
        keys: dict[str, Any] = {name: {} for name in told.keys}
        content["application/json"] = {"schema": {"type": "object", "properties": keys}}
    return {"content": content} if content else None


def _refused(rule: Rule) -> dict[str, Any]:
    """What a refusal looks like: a Problem; to phones a message in XML; OData has either, as what was asked for is."""
    message: dict[str, Any] = {"text/xml": {}}
    problem: dict[str, Any] = {"application/json": {"schema": {"$ref": f"{_REF}Problem"}}}
    if "openrosa" in rule.endpoint:
        return message
    return problem | message if _tag(rule) == "odata" else problem


def _responses(told: Told, refused: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {kind.partition(";")[0]: {} for kind in told.types}
    shapes = [shape for answer in told.answers for shape in _answered(answer)]
    shapes += [{"$ref": f"{_REF}Success"}] if "success" in told.jsons else []
    if shapes and "any" not in told.jsons:
        content["application/json"] = {"schema": _one_of(shapes)}
    elif "any" in told.jsons:
        content["application/json"] = {"schema": {}}
    done = {"description": words.DONE} | ({"content": content} if content else {})
    found = {str(status): done for status in told.statuses or ([] if told.redirects and not content else [200])}
    if told.redirects:
        found["302"] = {"description": words.ELSEWHERE, "content": {"text/html": {}}}
    return found | {"default": {"description": words.REFUSED, "content": refused}}


def _answered(answer: Answer) -> list[dict[str, Any]]:
    one = {"$ref": _REF + _name(answer.shape)}
    many = {"type": "array", "items": one}
    return [one, many] if answer.many is None else [many if answer.many else one]


def _one_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _allow_null(schemas: dict[str, Any], shown: set[str]) -> None:
    """What is answered may be null wherever nothing is known; the shapes say only what may be sent."""
    for name in _reached(schemas, shown):
        for key, kept in schemas[name].get("properties", {}).items():
            schemas[name]["properties"][key] = _nullable(kept)


def _reached(schemas: dict[str, Any], shown: set[str]) -> set[str]:
    """The shapes that are answered, and those inside them."""
    found, todo = set(), list(shown)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [each[1] for each in re.finditer(f"{_REF}(\\w+)", str(schemas[name]))]
    return found


def _nullable(kept: dict[str, Any]) -> dict[str, Any]:
    kind = kept.get("type")
    if kind is None:
        return {"anyOf": [kept, {"type": "null"}]} if kept else kept
    kinds = [kind] if isinstance(kind, str) else kind
    more = {"enum": [*kept["enum"], None]} if "enum" in kept and None not in kept["enum"] else {}
    return kept | more | {"type": [*kinds, *(["null"] if "null" not in kinds else [])]}
