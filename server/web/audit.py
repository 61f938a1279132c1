"""The audit: who did what to what, when, from where and why; and who looked at rows. Never an answer of a person."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request, stream_with_context, url_for

from server import permissions
from server.actions import audit_trail
from server.actions.audit_trail import Things, Wanted
from server.i18n import gettext
from server.models import Audit, Submission
from server.web import audit_words, lists, pages, role_words, show

page = pages.blueprint("audit")
PAGE = 50
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# What spreadsheets take for a formula, were it first in a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Thing:
    """Something an entry is about, with its address where the reader may open it."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry for people."""

    when: datetime
    who: str
    what: str
    things: list[Thing]
    entry: Audit


@page.before_request
def _may() -> None:
    permissions.require(pages.actor(), "audit.read")


def _midnight(day: date | None, later: int = 0) -> datetime | None:
    """The beginning of the day, or of one that is later. None for what is out of all time."""
    if day is None or not 1970 <= day.year < 9000:
        return None
    return datetime.combine(day + timedelta(days=later), time(), ZONE).astimezone(UTC)


def _wanted() -> tuple[Wanted, dict[str, str]]:
    """The filters, and as an address has them. What makes no sense is left out."""
    dates = lists.filters(request.args, "")
    kind, person = request.args.get("kind", ""), lists.number(request.args.get("person", ""))
    wanted = Wanted(
        kind=kind if kind in audit_trail.KINDS else "",
        actor_id=person,
        start=_midnight(dates.since),
        end=_midnight(dates.until, 1),
    )
    chosen = {
        "kind": wanted.kind,
        "person": str(person or ""),
        "since": dates.since.isoformat() if dates.since and wanted.start else "",
        "until": dates.until.isoformat() if dates.until and wanted.end else "",
    }
    return wanted, {key: value for key, value in chosen.items() if value}


@page.get("/audit")
def all_of() -> Response:
    """The entries, newest first, narrowed by filters."""
    wanted, chosen = _wanted()
    number = lists.number(request.args.get("page", "")) or 1
    found = audit_trail.page(pages.actor(), wanted, limit=PAGE + 1, offset=(number - 1) * PAGE)
    people = audit_trail.people(pages.actor())
    other = audit_trail.person(pages.actor(), wanted.actor_id) if wanted.actor_id is not None else None
    if other is not None and other not in people:
        people.append(other)
    return pages.show(
        "audit.html",
        lines=_lines(found[:PAGE]),
        further=len(found) > PAGE,
        number=number,
        kinds=audit_words.KINDS,
        people=people,
        chosen=chosen,
    )


@page.get("/audit.csv")
def table() -> Response:
    """All that is filtered, for a spreadsheet."""
    wanted, _ = _wanted()
    audit_trail.taken(pages.actor())
    response = Response(stream_with_context(_table(wanted)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=audit.csv"
    return response


def _table(wanted: Wanted) -> Iterator[str]:
    yield "\ufeff" + _csv([_heads()])
    for entries in audit_trail.batches(pages.actor(), wanted):
        yield _csv(_cells(line) for line in _lines(entries))


def _heads() -> tuple[str, ...]:
    return (
        gettext("When"),
        gettext("Who"),
        gettext("What"),
        gettext("Code of the action"),
        gettext("On what"),
        gettext("From where"),
        gettext("Why"),
    )


def _cells(line: Line) -> list[str]:
    on = " · ".join(thing.text for thing in line.things)
    when = line.when.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
    return [when, line.who, line.what, line.entry.action, on, line.entry.source or "", line.entry.notes or ""]


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _lines(entries: list[Audit]) -> list[Line]:
    named = audit_trail.things(pages.actor(), entries)
    return [Line(one.logged_at, _who(one, named), audit_words.what(one), _things(one, named), one) for one in entries]


def _who(entry: Audit, named: Things) -> str:
    if entry.actor_id is None:
        return gettext("Somebody not signed in") if entry.source else gettext("The server")
    return _name(entry.actor_id, named)


def _name(actor_id: int, named: Things) -> str:
    known = named.actors.get(actor_id)
    return known.display_name if known is not None else gettext("Number %(number)s", number=actor_id)


def _things(entry: Audit, named: Things) -> list[Thing]:
    """From the project down to the person. Submissions are told by ID: their names may tell who somebody is."""
    project = named.projects.get(entry.project_id or 0)
    form, unit = named.forms.get(entry.form_id or 0), named.units.get(entry.unit_id or 0)
    found = [Thing(project.name)] if project is not None else []
    if form is not None:
        found.append(Thing(show.title_of(form)))
    if unit is not None:
        found.append(Thing(role_words.unit(unit)))
    if entry.submission_id is not None:
        found.append(_submission(entry, named.submissions.get(entry.submission_id), named))
    if entry.subject_id is not None and entry.subject_id != entry.actor_id:
        found.append(Thing(_name(entry.subject_id, named), _person_address(entry.subject_id, named)))
    return found


def _submission(entry: Audit, row: Submission | None, named: Things) -> Thing:
    told = str(entry.details.get("instanceId") or (row.instance_id if row is not None else entry.submission_id))
    form = named.forms.get(entry.form_id or 0)
    if row is None or form is None or form.deleted_at is not None:
        return Thing(told)
    return Thing(told, show.to("review.one", form, instance_id=row.instance_id))


def _person_address(actor_id: int, named: Things) -> str:
    known = named.actors.get(actor_id)
    living_user = known is not None and known.type == "user" and known.deleted_at is None
    may = show.may("user.list") and show.may("user.read")
    return url_for("users.one", actor_id=actor_id) if living_user and may else ""
