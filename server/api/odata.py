"""Submissions as OData 4: service document, metadata, and tables in pages, streamed in short reads."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import Flask, Response, jsonify, request, stream_with_context

from forms.odata import edmx
from forms.odata.rows import Rows
from forms.tables import MAIN
from schemas import problems
from schemas.problems import Problem
from server import identity
from server.actions import audits, data, filters, forms, rows
from server.api import odata_checks, odata_pages, skiptokens, wire
from server.api.forms import FORM
from server.api.odata_pages import Page, Start
from server.api.skiptokens import Token
from server.models import Form, FormVersion
from server.permissions import ANONYMOUS

api = wire.blueprint("odata")
# So many rows are sent at once: each by itself would cost more to send than to make.
BLOCK = 50
# An answer up to this size is made whole, with an ETag of what it says; a longer one is streamed.
WHOLE = 1024 * 1024
WHOLE_ROWS = 500
JSON = "application/json; odata.metadata=minimal; charset=utf-8"
ROWS = "application/json; charset=utf-8"
SERVICES = (f"{FORM}.svc", f"{FORM}/draft.svc")
_STEP = re.compile(r"([^()]+)(?:\('([^']*)'\))?")


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


@api.errorhandler(Problem)
def refuse(problem: Problem) -> Response:
    """As everywhere, but for the one document that is XML."""
    return odata_checks.refuse(problem)


def _found(project_id: int, xml_form_id: str, kind: str = "json") -> tuple[Form, FormVersion, bool]:
    odata_checks.check(kind)
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


@api.get(SERVICES[0])
@api.get(SERVICES[1])
def service(project_id: int, xml_form_id: str) -> Response:
    """The tables there are."""
    _, version, _ = _found(project_id, xml_form_id)
    value = edmx.service_document(forms.compiled(version).fields, _service_url(), _kept_query())
    return Response(jsonify(value).data, content_type=JSON)


@api.get(f"{SERVICES[0]}/$metadata")
@api.get(f"{SERVICES[1]}/$metadata")
def metadata(project_id: int, xml_form_id: str) -> Response:
    """What the tables look like."""
    _, version, _ = _found(project_id, xml_form_id, "xml")
    text = edmx.metadata(xml_form_id, forms.compiled(version).fields, findings=wire.flag("findings"))
    return wire.document(text, "application/xml; charset=utf-8")


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


@api.get(f"{SERVICES[0]}/<table>")
@api.get(f"{SERVICES[1]}/<table>")
def rows_of(project_id: int, xml_form_id: str, table: str) -> Response:
    """A table: `Submissions`, or that of a repeat."""
    form, version, draft = _found(project_id, xml_form_id)
    page = _page(form, version, draft, table)
    text, order = request.args.get("$filter"), request.args.get("$orderby", "")
    fields = forms.compiled(version).fields
    page.chosen = filters.read(identity.actor(), form, fields, table, text=text, order=order)
    begin = odata_pages.start(page)
    total = odata_pages.count(page) if wire.flag("$count") else None
    return _answered(page, _kept(page, _text(page, begin, total)))


def _answered(page: Page, parts: Iterator[bytes]) -> Response:
    """The answer: whole where it is short, so that a client that has it is told so."""
    made: list[bytes] = []
    size = 0
    for part in parts:
        made.append(part)
        size += len(part)
        if size > WHOLE or page.seen.count > WHOLE_ROWS:
            response = Response(stream_with_context(_rest(made, parts)), content_type=ROWS)
            break
    else:
        response = Response(b"".join(made), content_type=ROWS)
        # The link to the next page may be written anew each time.
        told = hashlib.blake2b(b"".join(made[:-1]) + f"{page.more}".encode(), digest_size=16)
        response.set_etag(told.hexdigest(), weak=True)
    response.headers["Cache-Control"] = wire.REVALIDATE
    return response


def _rest(made: list[bytes], parts: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(made)
    made.clear()
    yield from parts


def _kept(page: Page, parts: Iterator[bytes]) -> Iterator[bytes]:
    """The text; at its end, or where the reader turns away, the audit is told how many rows it took."""
    try:
        yield from parts
    finally:
        if not page.draft:
            audits.looked_through(identity.actor(), "submission.data.read", page.form, page.seen)


def _text(page: Page, begin: Start, total: int | None) -> Iterator[bytes]:
    """The document; the last part of it is the link to the next page."""
    yield b'{"value":['
    kept: list[bytes] = []
    for entry in odata_pages.window(page, begin) if page.top != 0 else ():
        kept.append((b"," if page.seen.count > 1 else b"") + _write(entry))
        if len(kept) == BLOCK:
            yield b"".join(kept)
            kept.clear()
    yield b"".join(kept)
    yield f'],"@odata.context":{json.dumps(_context(page.name))}'.encode()
    link = f',"@odata.nextLink":{json.dumps(_link(page.name, page.last))}' if page.more else ""
    counted = f',"@odata.count":{total}' if total is not None else ""
    yield f"{link}{counted}}}".encode()


def _link(place: str, token: Token | None) -> str:
    """The same question, from there on; written as browsers write it."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ("$skip", "$skiptoken")]
    if token is not None:
        kept.append(("$skiptoken", skiptokens.write(token)))
    return f"{_service_url()}/{place}?{urlencode(kept, safe='*').replace('~', '%7E')}"


@api.get(f"{SERVICES[0]}/Submissions('<instance_id>')")
@api.get(f"{SERVICES[1]}/Submissions('<instance_id>')")
@api.get(f"{SERVICES[0]}/Submissions('<instance_id>')/<path:inside>")
@api.get(f"{SERVICES[1]}/Submissions('<instance_id>')/<path:inside>")
def one(project_id: int, xml_form_id: str, instance_id: str, inside: str = "") -> Response:
    """A single submission; or the rows of a repeat of it: `…/visits`, `…/visits('key')/pills`."""
    form, version, draft = _found(project_id, xml_form_id)
    steps = [_STEP.fullmatch(step) for step in inside.split("/")] if inside else []
    if not all(steps):
        raise problems.NOT_FOUND()
    names = [MAIN, *(step[1] for step in steps if step)]
    within = next((step[2] for step in reversed(steps) if step and step[2]), "")
    page = _page(form, version, draft, ".".join(names))
    shown, entries = odata_pages.one(page, instance_id, within)
    if not draft:
        data.looked(identity.actor(), page.form, shown)
    begin = _begin(page, [key for key, _ in entries])
    end = len(entries) if page.top is None else begin + page.top
    value: dict[str, Any] = {"value": [row for _, row in entries[begin:end]], "@odata.context": _context(page.name)}
    if begin < end < len(entries):
        place = f"Submissions('{quote(instance_id, safe=':')}')/{inside}"
        value["@odata.nextLink"] = _link(place, Token(None, entries[end - 1][0]))
    if wire.flag("$count"):
        value["@odata.count"] = len(entries)
    return Response(_write(value), content_type=ROWS)


def _begin(page: Page, keys: list[str]) -> int:
    """The place of the first row that is asked for. Raises SKIPTOKEN_INVALID, REPEAT_ROW_NOT_FOUND."""
    if page.token is None:
        return page.skip
    if page.token.repeat_id is None:
        raise problems.SKIPTOKEN_INVALID()
    if page.token.repeat_id not in keys:
        raise problems.REPEAT_ROW_NOT_FOUND()
    return keys.index(page.token.repeat_id) + 1
