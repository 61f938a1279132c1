"""Submissions as OData 4: service document, metadata, and tables in pages, streamed in short reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import Flask, Response, jsonify, request, stream_with_context

from forms.odata import edmx
from forms.odata.rows import Rows
from forms.tables import MAIN
from schemas import problems
from server import identity
from server.actions import audits, data, findings, forms, rows
from server.actions.data import DataRow
from server.api import odata_system as system
from server.api import skiptokens, wire
from server.api.forms import FORM
from server.api.skiptokens import Token
from server.db import end_read
from server.models import Form, FormVersion
from server.permissions import ANONYMOUS

api = wire.blueprint("odata")
PAGE = 250
OPTIONS = frozenset(
    ["$format", "$count", "$skip", "$top", "$filter", "$wkt", "$expand", "$select", "$skiptoken", "$orderby"]
    # Ours: what is wrong with each submission, beside the rest of `__system`.
    + ["findings"]
)
# Understood by the dialect, answered by a later slice: refused rather than silently ignored.
LATER = ("$filter", "$orderby")
# So many rows are sent at once: each by itself would cost more to send than to make.
BLOCK = 50
# Its submission, its own key, the row itself.
Entry = tuple[DataRow, str, dict[str, Any]]
JSON = "application/json; odata.metadata=minimal; charset=utf-8"
SERVICES = (f"{FORM}.svc", f"{FORM}/draft.svc")


def _write(entry: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(entry)
    except TypeError:  # a number of more than 64 bits
        return json.dumps(entry, ensure_ascii=False).encode()


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.after_request
def add_version(response: Response) -> Response:
    """The protocol's version stands on every answer (OData 4.0, section 8.1.5)."""
    response.headers["OData-Version"] = "4.0"
    return response


def _found(project_id: int, xml_form_id: str) -> tuple[Form, FormVersion, bool]:
    unknown = next((name for name in request.args if name not in OPTIONS), None)
    later = next((name for name in LATER if request.args.get(name)), None)
    if unknown or later:
        raise problems.NOT_IMPLEMENTED(feature=unknown or later)
    actor = identity.actor()
    if actor is ANONYMOUS:
        # Excel and Power BI ask for a password only when they are told to.
        raise problems.AUTHENTICATION_FAILED()
    draft = _of_draft()
    form = forms.get(actor, project_id, xml_form_id, *rows.READ)
    version = forms.draft_of(form) if draft else form.current
    if version is None:
        raise problems.NOT_FOUND()
    return form, version, draft


def _of_draft() -> bool:
    return request.url_rule is not None and "/draft.svc" in request.url_rule.rule


def _service_url() -> str:
    place = request.view_args or {}
    form = f"/v1/projects/{place['project_id']}/forms/{quote(place['xml_form_id'], safe='')}"
    return f"{wire.base_url()}{form}{'/draft' if _of_draft() else ''}.svc"


def _kept_query() -> str:
    """What every address has that follows from this one: the columns are others."""
    return "?findings=true" if wire.flag("findings") else ""


def _context(table: str) -> str:
    return f"{_service_url()}/$metadata{_kept_query()}#{table}"


def _json(value: Any) -> Response:
    return Response(jsonify(value).data, content_type=JSON)


@api.get(SERVICES[0])
@api.get(SERVICES[1])
def service(project_id: int, xml_form_id: str) -> Response:
    """The tables there are."""
    _, version, _ = _found(project_id, xml_form_id)
    return _json(edmx.service_document(forms.compiled(version).fields, _service_url(), _kept_query()))


@api.get(f"{SERVICES[0]}/$metadata")
@api.get(f"{SERVICES[1]}/$metadata")
def metadata(project_id: int, xml_form_id: str) -> Response:
    """What the tables look like."""
    _, version, _ = _found(project_id, xml_form_id)
    text = edmx.metadata(xml_form_id, forms.compiled(version).fields, findings=wire.flag("findings"))
    return wire.document(text, "application/xml; charset=utf-8")


@dataclass(slots=True)
class Page:
    """What was asked for, and how far the answer has come."""

    form: rows.Place
    draft: bool
    table: Rows
    name: str
    top: int | None
    skip: int
    token: Token | None = None
    last: Token | None = None
    seen: audits.Seen = field(default_factory=audits.Seen)
    more: bool = False
    findings: bool = False


def _page(form: Form, version: FormVersion, draft: bool, table: str) -> Page:
    made = Rows(
        forms.compiled(version).fields,
        table,
        select=request.args.get("$select", ""),
        expand=request.args.get("$expand") == "*",
        as_wkt=wire.flag("$wkt"),
        findings=wire.flag("findings"),
    )
    skip = wire.number("$skip") or 0
    token = skiptokens.read(request.args.get("$skiptoken"))
    page = Page(rows.Place(form.project_id, form.id), draft, made, table, wire.number("$top"), skip, token)
    page.findings = wire.flag("findings") and table == MAIN
    return page


def _start(page: Page, form: Form) -> int | None:
    """The number after which the page goes on. It stands in the token, as the row itself may be gone by now."""
    if page.token is None:
        return None
    return page.token.number or data.position(identity.actor(), form, page.token.instance_id, draft=page.draft)


@api.get(f"{SERVICES[0]}/<table>")
@api.get(f"{SERVICES[1]}/<table>")
def rows_of(project_id: int, xml_form_id: str, table: str) -> Response:
    """A table: `Submissions`, or that of a repeat."""
    form, version, draft = _found(project_id, xml_form_id)
    page = _page(form, version, draft, table)
    total = _count(page, form) if wire.flag("$count") else None
    parts = _kept(page, _text(page, _start(page, form), total, _service_url()))
    response = Response(stream_with_context(parts), content_type=JSON)
    response.headers["Cache-Control"] = wire.REVALIDATE
    return response


def _kept(page: Page, parts: Iterator[bytes]) -> Iterator[bytes]:
    """The text; at its end, or where the reader turns away, the audit is told how many rows it took."""
    try:
        yield from parts
    finally:
        if not page.draft:
            audits.looked_through(identity.actor(), "submission.data.read", page.form, page.seen)


def _count(page: Page, form: Form) -> int:
    if page.name == MAIN:
        return data.count(identity.actor(), form, draft=page.draft)
    return sum(1 for _ in _all(page, None))


def _text(page: Page, start: int | None, total: int | None, service_url: str) -> Iterator[bytes]:
    yield b'{"value":['
    kept: list[bytes] = []
    for entry in _window(page, start):
        kept.append((b"," if page.seen.count > 1 else b"") + _write(entry))
        if len(kept) == BLOCK:
            yield b"".join(kept)
            kept.clear()
    end = f'],"@odata.context":{json.dumps(_context(page.name))}'
    if page.more:
        end += f',"@odata.nextLink":{json.dumps(_next(page, service_url))}'
    if total is not None:
        end += f',"@odata.count":{total}'
    yield b"".join(kept) + f"{end}}}".encode()


def _next(page: Page, service_url: str) -> str:
    kept = {name: value for name, value in request.args.items() if name not in ("$skip", "$skiptoken")}
    if page.last is not None:
        kept["$skiptoken"] = skiptokens.write(page.last)
    return f"{service_url}/{page.name}?{urlencode(kept)}"


def _window(page: Page, start: int | None) -> Iterator[dict[str, Any]]:
    """The rows of the page itself; notes whether there are more behind it."""
    skip = 0 if page.token else page.skip
    for each, key, entry in _after(page, _all(page, start)):
        if skip:
            skip -= 1
        elif page.top is not None and page.seen.count >= page.top:
            page.more = True
            return
        else:
            page.seen.add(each.instance_id, each.unit_id)
            page.last = Token(each.instance_id, each.number, key if page.name != MAIN else None)
            yield entry


def _after(page: Page, found: Iterable[Entry]) -> Iterator[Entry]:
    """Leaves out the rows of a repeat up to the one where the page before ended."""
    begins = page.token.instance_id if page.token is not None else None
    waiting = page.token.repeat_id if page.token is not None and page.name != MAIN else None
    for each, key, entry in found:
        if waiting is not None and each.instance_id == begins:
            waiting = None if key == waiting else waiting
            continue
        waiting = None
        yield each, key, entry


def _all(page: Page, start: int | None) -> Iterator[Entry]:
    """Every row from the submission `start` on, newest first. Reads by key, in short pages."""
    inclusive = page.name != MAIN
    after = start + 1 if start is not None and inclusive else start
    limit = _first(page)
    while True:
        found = data.read(identity.actor(), page.form, draft=page.draft, after_id=after, limit=limit)
        for each, entry in _entries(page, found):
            yield each, str(entry.get("__id", "")), entry
        if len(found) < limit:
            return
        after, limit = found[-1].number, PAGE
        end_read()  # a reader that takes its time holds neither a snapshot nor a lock between two pages


def _entries(page: Page, found: list[DataRow]) -> Iterator[tuple[DataRow, dict[str, Any]]]:
    """The rows of submissions that were read together."""
    codes = findings.codes([each.number for each in found]) if page.findings and found else {}
    for each in found:
        told = codes.get(each.number, {}) if page.findings else None
        for entry in page.table.of(each.instance_id, _answers(each), system.of(each, told)):
            yield each, entry


def _first(page: Page) -> int:
    """How many submissions to read at first: no more than are asked for, and one to see whether there are more."""
    if page.name != MAIN or page.top is None:
        return PAGE
    return min(page.top + (0 if page.token else page.skip) + 1, PAGE + 1)


def _answers(each: DataRow) -> dict[str, Any] | None:
    return None if each.encrypted else each.answers


@api.get(f"{SERVICES[0]}/Submissions('<instance_id>')")
@api.get(f"{SERVICES[1]}/Submissions('<instance_id>')")
def one(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """A single submission."""
    form, version, draft = _found(project_id, xml_form_id)
    page = _page(form, version, draft, MAIN)
    found = data.read(identity.actor(), page.form, draft=draft, instance_id=instance_id)
    if not found:
        raise problems.NOT_FOUND()
    value = [entry for _, entry in _entries(page, found)]
    if not draft:
        data.looked(identity.actor(), page.form, found[0])
    return _json({"value": value, "@odata.context": _context(MAIN)})
