"""Findings as sentences in the language of the request."""

from __future__ import annotations

from schemas.findings import MESSAGES, Finding
from server.i18n import gettext


def sentence(finding: Finding) -> str:
    """What is wrong, for a person."""
    return gettext(MESSAGES.get(finding.code, finding.code), **finding.args)
