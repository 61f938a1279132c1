"""The checks a form must pass at upload and at publish. A breach is raised; what is only worth saying is returned.

A rule takes the form, its published versions (the oldest first) and the server's own address. To add one, write the
function and list it in `RULES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from forms import declared, tree
from forms.xform import Form
from schemas.fields import Field
from schemas.problems import FIELD_TYPE_CONFLICT, MISSING_META, MISSING_PARAMETER, UNEXPECTED_VALUE

Warnings = Iterable[dict[str, Any]]
Rule = Callable[[Form, Sequence[Form], str], Warnings]

# What a type of warning means, in English; also the keys of the Vietnamese catalogue.
REASONS = {
    "structureChanged": "Questions of the published version are missing: they were deleted, renamed or moved. What was "
    "sent for them stays readable under the version it came with.",
    "missingInstanceId": "The form has no place for the ID of a submission (meta/instanceID). What phones fill in gets "
    "one made of its content: the same answers once more count as the same submission.",
    "oldEntityVersion": "The form makes or changes entities by version {version} of the specification, which does not "
    "work offline: use 2024.1.0 or a later one.",
    "submissionElsewhere": "The form names its own address for sending, {url}, which is not this server. What phones "
    "fill in would not arrive here. Remove submission_url from the settings.",
}
# The types that Central's web client has a text for. Others are shown there as sentences about the form's design.
_CENTRAL = ("structureChanged", "deletedFormExists", "oldEntityVersion")
# What Central takes without a word, so that its clients are not stopped by it: only the draft's page tells it.
_ON_PAGES = ("missingInstanceId",)
_MACHINES = ("/meta", "/meta/entity", "/meta/entity/label")
# Longer ones do not fit into the indexes that forms are found by.
LONGEST_ID = 500
_FILE_ENDINGS = (".xls", ".xlsx", ".xml", ".md", ".svc")
# What stands between the first quote and the last bracket; and a text of it that ends, in which a quote is doubled.
_SEARCH = re.compile(r"""\s*(?:\w+\s+)?search\s*\(\s*(["'])(.+)\)\s*\Z""")
_NAMED = {quote: re.compile(rf"(?:[^{quote}]|{quote}{quote})*{quote}\s*(?:,|\Z)") for quote in "\"'"}


def check(form: Form, *, previous: Sequence[Form] = (), public_url: str = "") -> list[dict[str, Any]]:
    """Run every rule: a Problem for an error, else the warnings as `{type, details}`, some with a `reason`."""
    return [warning for rule in RULES for warning in rule(form, previous, public_url)]


def of_new(form: Form) -> list[dict[str, Any]]:
    """What is worth saying of a form that is not there yet."""
    return [] if form.public_key else declared.warnings(form.entities, form.entities_version)


def warning_details(conversion: Sequence[str], found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The details of FORM_WARNINGS as Central's clients read them; empty where there is nothing to warn of."""
    own = [warning["reason"] for warning in found if warning["type"] not in (*_CENTRAL, *_ON_PAGES)]
    design = [*conversion, *own]
    workflow = [warning for warning in found if warning["type"] in _CENTRAL]
    warnings: dict[str, Any] = {}
    if design:
        warnings["xlsFormWarnings"] = design
    if workflow:
        warnings["workflowWarnings"] = workflow
    return {"warnings": warnings} if warnings else {}


def _has_usable_id(form: Form, _previous: Sequence[Form], _public_url: str) -> Warnings:
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


def _has_meta(form: Form, _previous: Sequence[Form], _public_url: str) -> Warnings:
    """Without an instance ID a submission cannot be told from another; phones put one where it says `meta`."""
    meta = form.field(f"/{form.root}/meta")
    if meta is None or not meta.is_container:
        raise MISSING_META()
    if form.field(f"{meta.path}/instanceID") is None:
        yield {"type": "missingInstanceId", "details": {}, "reason": REASONS["missingInstanceId"]}


def _has_usable_entities(form: Form, _previous: Sequence[Form], _public_url: str) -> Warnings:
    """Forms that encrypt make no entities: the server cannot read them."""
    if not form.public_key:
        declared.check(form.entities, by_path(form).values(), form.entities_version)
    return ()


def _sends_here(form: Form, _previous: Sequence[Form], public_url: str) -> Warnings:
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


def _keeps_types(form: Form, previous: Sequence[Form], _public_url: str) -> Warnings:
    """An answer may become text, nothing else: tables and exports join the versions of a form, old ones too."""
    before = {path: field for version in previous for path, field in by_path(version).items()}
    for path, field in by_path(form).items():
        if path not in before:
            continue
        old, now = (tree.wire_type(each) for each in (before[path], field))
        if old != now and (now != "string" or before[path].is_container):
            raise FIELD_TYPE_CONFLICT(path=path, type=old)
    return ()


def _keeps_fields(form: Form, previous: Sequence[Form], _public_url: str) -> Warnings:
    """A field that is gone keeps its old data, but people should know."""
    now = by_path(form)
    last = by_path(previous[-1]) if previous else {}
    gone = [field.name for path, field in last.items() if path not in now and not path.endswith(_MACHINES)]
    if gone:
        yield {"type": "structureChanged", "details": gone}


def _closes_searches(form: Form, _previous: Sequence[Form], _public_url: str) -> Warnings:
    """A `search()` whose first text does not end names no list: Collect fails when it comes to the question."""
    for field in form.fields:
        asked = _SEARCH.match(field.appearance)
        if asked is not None and not _NAMED[asked[1]].match(asked[2]):
            reason = "the name of the list must stand between two quotes of the same kind"
            raise UNEXPECTED_VALUE(field="search() appearance", value=field.appearance, reason=reason)
    return ()


def by_path(form: Form) -> dict[str, Field]:
    """The fields by their path below the root, whose name may change from version to version."""
    found = (replace(field, path=field.path.removeprefix(f"/{form.root}")) for field in form.fields)
    return {field.path: field for field in found}


RULES: tuple[Rule, ...] = (
    _has_usable_id,
    _has_meta,
    _has_usable_entities,
    _closes_searches,
    _sends_here,
    _keeps_types,
    _keeps_fields,
)
