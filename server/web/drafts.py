"""A draft: its files, trying it in the browser and on a phone, publishing it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Response, g, request

from forms import rules
from schemas import problems
from schemas.problems import Problem
from server import errors
from server.actions import access, definitions, drafts, files, forms
from server.db import now
from server.i18n import gettext
from server.models import Form, FormVersion
from server.parts import settings
from server.uploads import Spool
from server.web import changed, checks, codes, downloads, in_browser, pages
from server.web.forms import FORM, definition, explain, find, workbook

page = pages.blueprint("drafts")
DRAFT = f"{FORM}/draft"
_ROW = re.compile(r"^\[row : (\d+)]\s*")


def suggest_version(draft: str, published: Iterable[str], today: datetime) -> str:
    """The draft's own version if it is new, else today's date and the next number: 2026112302."""
    taken = set(published)
    if draft and draft not in taken:
        return draft
    numbered = (f"{today:%Y%m%d}{number:02d}" for number in range(1, 100))
    return next((version for version in numbered if version not in taken), f"{today:%Y%m%d%H%M%S}")


def _draft(project_id: int, xml_form_id: str) -> tuple[Form, FormVersion]:
    form = find(project_id, xml_form_id, "form.update")
    return form, forms.draft_of(form)


def _back(project_id: int, xml_form_id: str, done: str) -> Response:
    return pages.go("drafts.one", project_id=project_id, xml_form_id=xml_form_id, done=done)


def _warnings(form: Form, draft: FormVersion) -> list[str]:
    """What is to be accepted before publishing: from the conversion, and from comparing with the published form."""
    compiled = forms.compiled(draft)
    found = rules.check(compiled, previous=definitions.previous_of(form), public_url=settings().public_url)
    told = []
    for warning in [*found, *([] if form.current else rules.of_new(compiled))]:
        details: Any = warning["details"]
        reason = rules.REASONS[warning["type"]]
        sentence = gettext(reason)
        told.append(sentence.format(**details) if isinstance(details, dict) else f"{sentence} ({', '.join(details)})")
    return [*(_ROW.sub(_in_words, str(text)) for text in draft.warnings), *told]


def _in_words(row: re.Match[str]) -> str:
    return gettext("Row %(row)s:", row=row[1]) + " "


def _page(form: Form, status: int = 200, **said: Any) -> Response:
    draft = forms.draft_of(form)
    zone = cast(ZoneInfo, g.zone)
    published = forms.versions(form)
    try:
        warnings, refused = _warnings(form, draft), ""
    except Problem as problem:
        warnings, refused = list(draft.warnings), errors.sentence(problem)
    shown = {
        "form": form,
        "draft": draft,
        "media": files.of_version(draft.id),
        "warnings": warnings,
        "refused": refused,
        "questions": sum(1 for field in forms.compiled(draft).fields if field.control),
        "suggested": suggest_version(draft.version, [old.version for old in published], now().astimezone(zone)),
        "code": codes.of_draft(form, draft),
        "told": checks.told(draft),
        "changed": changed.told(form.current, draft) if form.current else None,
        "wrong": None,
        "problem": "",
    }
    return pages.show("draft.html", status, **(shown | said))


@page.get(DRAFT)
def one(project_id: int, xml_form_id: str) -> Response:
    """The draft, or the way to one."""
    form = find(project_id, xml_form_id, "form.update")
    return _page(form) if form.draft else pages.show("draft_none.html", form=form, wrong=None)


@page.post(DRAFT)
def replace(project_id: int, xml_form_id: str) -> Response:
    """A new draft from an upload; without a file a copy of what is published."""
    form = find(project_id, xml_form_id, "form.update")
    upload = request.files.get("form")
    try:
        made = definition("form", form) if upload is not None or form.current is None else None
        drafts.replace(pages.actor(), form, made)
    except Problem as problem:
        form = find(project_id, xml_form_id, "form.update")
        wrong = explain(problem)
        if form.draft:
            return _page(form, problem.status, wrong=wrong)
        return pages.show("draft_none.html", problem.status, form=form, wrong=wrong)
    return _back(project_id, xml_form_id, "draft")


@page.post(f"{DRAFT}/files")
def put_files(project_id: int, xml_form_id: str) -> Response:
    """Files that the draft expects, several at once, matched by name; others are left out."""
    form, draft = _draft(project_id, xml_form_id)
    expected = {file.name.casefold(): file.name for file, _ in files.of_version(draft.id)}
    saved = left_out = 0
    for upload in request.files.getlist("file"):
        name = expected.get((upload.filename or "").casefold())
        if name:
            part = cast(Spool, upload.stream).part("file", name, upload.content_type or "")
            form, draft = _draft(project_id, xml_form_id)
            files.put_form_file(pages.actor(), form, draft, name, part)
            saved += 1
        elif upload.filename:
            left_out += 1
    return _back(project_id, xml_form_id, ("some_match" if left_out else "files") if saved else "no_match")


@page.post(f"{DRAFT}/files/<name:name>/remove")
def clear_file(project_id: int, xml_form_id: str, name: str) -> Response:
    """Take an uploaded file away."""
    form, draft = _draft(project_id, xml_form_id)
    files.clear_form_file(pages.actor(), form, draft, name)
    return _back(project_id, xml_form_id, "file_removed")


@page.get(f"{DRAFT}/files/<name:name>")
def file(project_id: int, xml_form_id: str, name: str) -> Response:
    """A file of the draft."""
    _, draft = _draft(project_id, xml_form_id)
    _, blob = files.one_of_version(draft.id, name)
    if blob is None:
        raise problems.NOT_FOUND()
    return downloads.send(name, blob)


@page.get(f"{DRAFT}/form.xml")
def xml(project_id: int, xml_form_id: str) -> Response:
    """The XForm of the draft."""
    _, draft = _draft(project_id, xml_form_id)
    return downloads.text(f"{xml_form_id}.xml", draft.xml)


@page.get(f"{DRAFT}/workbook.<kind>")
def draft_workbook(project_id: int, xml_form_id: str, kind: str) -> Response:
    """The workbook of the draft."""
    return workbook(xml_form_id, _draft(project_id, xml_form_id)[1], kind)


@page.get(f"{DRAFT}/preview")
def preview(project_id: int, xml_form_id: str) -> Response:
    """The draft in ODK Web Forms. Nothing is stored."""
    form, draft = _draft(project_id, xml_form_id)
    return in_browser.show("preview.html", form=form, draft=draft, addresses=in_browser.addresses(form, draft))


@page.post(f"{DRAFT}/publish")
def publish(project_id: int, xml_form_id: str) -> Response:
    """Make the draft the published version, once its warnings are accepted."""
    form, draft = _draft(project_id, xml_form_id)
    try:
        if _warnings(form, draft) and "accepted" not in request.form:
            return _page(form, 400, problem=gettext("Please read the warnings and tick the box below them."))
        missing = any(blob is None for _, blob in files.of_version(draft.id))
        if missing and "without" not in request.form:
            said = gettext("Files of the form are missing. Upload them, or tick the box below.")
            return _page(form, 400, problem=said)
        version = request.form.get("version", "").strip()
        drafts.publish(pages.actor(), project_id, xml_form_id, version or None)
    except Problem as problem:
        return _page(find(project_id, xml_form_id, "form.update"), problem.status, problem=errors.sentence(problem))
    if "everyone" in request.form:
        access.set_form_app_users(pages.actor(), project_id, form.id)
    return pages.go("forms.one", project_id=project_id, xml_form_id=xml_form_id, done="published")


@page.post(f"{DRAFT}/delete")
def delete(project_id: int, xml_form_id: str) -> Response:
    """Throw the draft away; a form that was never published goes with it."""
    form, _ = _draft(project_id, xml_form_id)
    if form.current is None:
        forms.delete(pages.actor(), project_id, xml_form_id)
        return pages.go("projects.one", project_id=project_id, done="draft_deleted")
    drafts.delete(pages.actor(), project_id, xml_form_id)
    return pages.go("forms.one", project_id=project_id, xml_form_id=xml_form_id, done="draft_deleted")
