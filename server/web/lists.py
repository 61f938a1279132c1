"""The list of submissions: its filters, its pages, and the search, which is kept out of addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cryptography.fernet import InvalidToken
from flask import Response, request, url_for

from server import secrets
from server.actions.narrowing import Filters
from server.models import Form
from server.parts import vault
from server.web import pages

PAGE = 25
MAX_DIGITS = 9
NAMES = ("state", "findings", "since", "until", "volunteer", "unit")
SEARCH = "search"
# Marked for translation by the name of this function.
N_ = str
KINDS = {
    "required": N_("Answer missing"),
    "constraint": N_("Answer not allowed"),
    "relevant": N_("Answered, though not asked"),
    "choice": N_("Choice not offered"),
    "type": N_("Not a number, date …"),
    "calculate": N_("Calculated otherwise"),
    "repeat": N_("Other number of repeats"),
    "structure": N_("Not as the form is built"),
    "origin": N_("Version, edit or file"),
}
MAX_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Pager:
    """Which page of how many."""

    number: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // PAGE))

    @property
    def first_row(self) -> int:
        """The position of the first row shown."""
        return (self.number - 1) * PAGE + 1 if self.total else 0

    @property
    def last_row(self) -> int:
        """The position of the last row shown."""
        return min(self.number * PAGE, self.total)


def filters(given: Mapping[str, str], search: str) -> Filters:
    """What the list is narrowed by. What makes no sense is left out."""
    volunteer = given.get("volunteer", "")
    return Filters(
        state=given.get("state", ""),
        findings=given.get("findings", ""),
        since=_date(given.get("since", "")),
        until=_date(given.get("until", "")),
        submitter_id=number(volunteer),
        search=search,
        unit_id=number(given.get("unit", "")),
    )


def number(text: str) -> int | None:
    """A number as addresses have it; None for anything else, and for more than there can be rows."""
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None


def _date(text: str) -> date | None:
    """`2026-11-23` as a date field sends it, or `23/11/2026` as people write it."""
    try:
        if "/" in text:
            day, month, year = text.split("/")
            return date(int(year), int(month), int(day))
        return date.fromisoformat(text)
    except ValueError:
        return None


def chosen(wanted: Filters) -> dict[str, str]:
    """The filters as an address has them: without the search."""
    values = {
        "state": wanted.state,
        "findings": wanted.findings,
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
        "volunteer": str(wanted.submitter_id or ""),
        "unit": str(wanted.unit_id or ""),
    }
    return {key: value for key, value in values.items() if value}


def _path(form: Form) -> str:
    return url_for("review.all_of", project_id=form.project_id, xml_form_id=form.xml_form_id)


def remember_search(response: Response, form: Form, text: str) -> None:
    """As `remember`, for the submissions of a form."""
    remember(response, _path(form), text)


def remember(response: Response, path: str, text: str) -> None:
    """Keep what is searched for in a cookie of this list that only the server can read; forget it when empty."""
    text = text.strip()[:MAX_SEARCH]
    if text:
        pages.set_cookie(response, SEARCH, vault().encrypt(text, secrets.SEARCH), path=path)
    else:
        response.delete_cookie(SEARCH, path=path)


def remembered_search() -> str:
    """What is searched for in this list."""
    try:
        return vault().decrypt(request.cookies.get(SEARCH, ""), secrets.SEARCH) if request.cookies.get(SEARCH) else ""
    except (InvalidToken, ValueError):
        return ""
