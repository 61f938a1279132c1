"""The checks a form must pass at upload and at publish. A breach is raised; what is only worth saying is returned.

A rule takes the form, the version published before it (None if there is none) and the server's own address. To add
one, write the function and list it in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from forms.xform import Form
from schemas.fields import Field
from schemas.problems import FIELD_TYPE_CONFLICT, MISSING_META, MISSING_PARAMETER, UNEXPECTED_VALUE

Warnings = Iterable[dict[str, Any]]
Rule = Callable[[Form, Form | None, str], Warnings]

# What a type of warning means, in English; also the keys of the Vietnamese catalogue.
REASONS = {
    "structureChanged": "Questions of the published version are missing: they were deleted, renamed or moved. What was "
    "sent for them stays readable under the version it came with.",
    "submissionElsewhere": "The form names its own address for sending, {url}, which is not this server. What phones "
    "fill in would not arrive here. Remove submission_url from the settings.",
}
# The types that Central's web client has a text for. Others are shown there as sentences about the form's design.
_CENTRAL = ("structureChanged", "deletedFormExists")
# Longer ones do not fit into the indexes that forms are found by.
LONGEST_ID = 500
_FILE_ENDINGS = (".xls", ".xlsx", ".xml", ".md", ".svc")


def check(form: Form, *, previous: Form | None = None, public_url: str = "") -> list[dict[str, Any]]:
    """Run every rule: a Problem for an error, else the warnings as `{type, details, reason}`."""
    return [warning for rule in RULES for warning in rule(form, previous, public_url)]


def warning_details(conversion: Sequence[str], found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The details of FORM_WARNINGS as Central's clients read them; empty where there is nothing to warn of."""
    design = [*conversion, *(warning["reason"] for warning in found if warning["type"] not in _CENTRAL)]
    workflow = [warning for warning in found if warning["type"] in _CENTRAL]
    warnings: dict[str, Any] = {}
    if design:
        warnings["xlsFormWarnings"] = design
    if workflow:
        warnings["workflowWarnings"] = workflow
    return {"warnings": warnings} if warnings else {}


def _has_usable_id(form: Form, _previous: Form | None, _public_url: str) -> Warnings:
    """A form's ID is part of addresses, where these endings ask for the form's files."""
    if not form.form_id:
        raise MISSING_PARAMETER(field="formId")
    if len(form.form_id) > LONGEST_ID:
        reason = f"it has more than {LONGEST_ID} characters"
        raise UNEXPECTED_VALUE(field="formId", value=f"{form.form_id[:40]}…", reason=reason)
    for ending in _FILE_ENDINGS:
        if form.form_id.endswith(ending):
            raise UNEXPECTED_VALUE(field="formId", value=form.form_id, reason=f"it must not end in {ending}")
    return ()


def _has_meta(form: Form, _previous: Form | None, _public_url: str) -> Warnings:
    """Without an instance ID a submission cannot be told from another."""
    meta = form.field(f"/{form.root}/meta")
    if meta is None or form.field(f"{meta.path}/instanceID") is None:
        raise MISSING_META()
    return ()


def _sends_here(form: Form, _previous: Form | None, public_url: str) -> Warnings:
    """Collect sends to the address in the form, if it has one, and not to the server it got the form from."""
    if form.submission_url and not _is_within(form.submission_url, public_url):
        reason = REASONS["submissionElsewhere"].format(url=form.submission_url)
        yield {"type": "submissionElsewhere", "details": {"url": form.submission_url}, "reason": reason}


def _is_within(url: str, public_url: str) -> bool:
    try:
        there, here = _address(url), _address(public_url)
    except ValueError:
        return False
    return there[:2] == here[:2] and there[2].startswith(here[2].rstrip("/") + "/")


def _address(url: str) -> tuple[str | None, int | None, str]:
    parts = urlsplit(url.strip())
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    return parts.hostname, port, parts.path or "/"


def _keeps_types(form: Form, previous: Form | None, _public_url: str) -> Warnings:
    """A field may become text, never anything else: tables and exports join the versions of a form."""
    before = _by_path(previous)
    for field in form.fields:
        old = before.get(_within(form, field))
        if old is not None and old.type != field.type and field.type != "string":
            raise FIELD_TYPE_CONFLICT(path=_within(form, field), type=old.type)
    return ()


def _keeps_fields(form: Form, previous: Form | None, _public_url: str) -> Warnings:
    """A field that is gone keeps its old data, but people should know."""
    now = _by_path(form)
    gone = [
        path.lstrip("/")
        for path, field in _by_path(previous).items()
        if path not in now and not field.is_container and not path.startswith("/meta/")
    ]
    if gone:
        yield {"type": "structureChanged", "details": gone, "reason": REASONS["structureChanged"]}


def _by_path(form: Form | None) -> dict[str, Field]:
    return {} if form is None else {_within(form, field): field for field in form.fields}


def _within(form: Form, field: Field) -> str:
    """The path below the root, whose name may change from version to version."""
    return field.path.removeprefix(f"/{form.root}")


RULES: tuple[Rule, ...] = (_has_usable_id, _has_meta, _sends_here, _keeps_types, _keeps_fields)
