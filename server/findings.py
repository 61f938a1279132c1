"""Findings as sentences in the language of the request."""

from __future__ import annotations

from forms import labels
from schemas.findings import MESSAGES, NOTHING_COMPUTED, Finding
from server.i18n import gettext, language


def sentence(finding: Finding) -> str:
    """What is wrong, for a person; then what the form itself says of it, in its language nearest to the reader's."""
    said = finding.args.get("said") or {}
    own = labels.shown(said, labels.spoken(said, language()))
    message = MESSAGES.get(finding.code, finding.code)
    if finding.code == "calculate.differs" and not finding.args.get("computed"):
        message = NOTHING_COMPUTED
    return f"{gettext(message, **finding.args)} {own}".strip()
