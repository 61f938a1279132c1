"""Definitions as they arrive: a workbook or an XForm, converted and checked before any row is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from forms import rules, workbooks, xform, xlsform
from schemas import problems
from server.actions import forms
from server.db import end_read
from server.models import Form
from server.parts import settings
from server.uploads import of_bytes
from sync.parts import Part

# Within the beginning, as what is sent may be anything: there the instance stands.
_BEGINNING = 64 * 1024
_WITH_ID = re.compile(rb"""<(?:[\w.-]+:)?instance\b[^<>]*>\s*<[^<>]*\sid\s*=\s*["'][^"']""")


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition ready to become a draft. `validated`: whether ODK Validate ran on it."""

    xml: bytes
    form: xform.Form
    workbook: Part | None = None
    workbook_type: str | None = None
    validated: bool = False
    warnings: tuple[str, ...] = ()
    workflow_warnings: tuple[dict[str, Any], ...] = ()
    itemsets: Part | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def refuse_warnings(self, *more: dict[str, Any]) -> None:
        """Raise FORM_WARNINGS with all of them, if there are any. `more`: of the place where it goes.

        What ODK Validate finds in an XForm is left to the draft's page: clients publish some that it refuses.
        """
        conversion = self.warnings if self.workbook is not None else ()
        details = rules.warning_details(conversion, (*more, *self.workflow_warnings))
        if details:
            raise problems.FORM_WARNINGS(**details)


def from_workbook(data: bytes, filename: str, fallback: str | None = None, previous: Form | None = None) -> Definition:
    """Convert a workbook (slow, no database). Raises XLSFORM_NOT_VALID and what the rules refuse."""
    before = previous_of(previous)
    end_read()
    made = xlsform.convert(data, filename, fallback_form_id=fallback)
    parsed = made.form
    return Definition(
        made.xml,
        parsed,
        workbook=of_bytes(data, filename),
        workbook_type=workbooks.sniff(data)[0].lstrip("."),
        validated=made.validated,
        warnings=made.warnings,
        workflow_warnings=_workflow(parsed, before),
        itemsets=of_bytes(made.itemsets, "itemsets.csv", "text/csv") if made.itemsets else None,
    )


def from_xform(xml: bytes, previous: Form | None = None) -> Definition:
    """Check an XForm (no database). Raises UNPARSEABLE, MISSING_PARAMETER and what the rules refuse.

    What ODK Validate finds is a warning here.
    """
    before = previous_of(previous)
    end_read()
    parsed = _parsed(xml)
    ran, errors = xlsform.validate_xform(xml)
    return Definition(xml, parsed, validated=ran, warnings=tuple(errors), workflow_warnings=_workflow(parsed, before))


def _parsed(xml: bytes) -> xform.Form:
    """What has no form ID lacks that first of all, whatever else is wrong with it."""
    try:
        return xform.parse(xml)
    except problems.Problem as problem:
        if problem.kind is problems.UNPARSEABLE and not _WITH_ID.search(xml, 0, _BEGINNING):
            raise problems.MISSING_PARAMETER(field="formId") from None
        raise


def previous_of(form: Form | None) -> list[xform.Form]:
    """The published definitions that a new one is held against, the oldest first."""
    return [forms.compiled(version) for version in reversed(forms.versions(form))] if form is not None else []


def _workflow(parsed: xform.Form, before: list[xform.Form]) -> tuple[dict[str, Any], ...]:
    return tuple(rules.check(parsed, previous=before, public_url=settings().public_url))
