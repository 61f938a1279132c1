"""Submissions that were taken away: several at once after a question, and brought back from the trash of the form."""

from __future__ import annotations

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from server import permissions
from server.actions import audits, bulk, projects, rows
from server.i18n import gettext
from server.models import Form
from server.web import lists, pages
from server.web.forms import FORM, find
from server.web.review import SUBMISSIONS, listing

page = pages.blueprint("trash")
TRASH = f"{FORM}/trash"
BRING_BACK = "submission.restore"


@page.post(f"{SUBMISSIONS}/delete")
def delete(project_id: int, xml_form_id: str) -> Response:
    """Take away those that were asked about, or none."""
    form = find(project_id, xml_form_id, *rows.LIST)
    ids = request.form.getlist("ids")
    permissions.require(pages.actor(), "submission.delete", project_id=project_id, form_id=form.id)
    wrong = "" if ids else gettext("Tick at least one submission.")
    try:
        count = bulk.delete(pages.actor(), form, ids)
    except Problem as problem:
        wrong = _not_found(problem)
    if wrong:
        return listing(form, request.form, 400, problem=wrong, ticked=frozenset(ids))
    done = pages.naming("deleted", count=count)
    return pages.go("review.all_of", project_id=project_id, xml_form_id=xml_form_id, done=done, **back())


def ask(form: Form, ids: list[str]) -> Response:
    """Whether they are really to be taken away: how many, and which. Raises NOT_FOUND."""
    found = bulk.chosen(pages.actor(), form, ids, "submission.delete")
    audits.looked_through(pages.actor(), "submission.list.read", form, audits.seen(row for row, _ in found))
    return pages.show("submissions_delete.html", form=form, rows=found, chosen=back())


def back() -> dict[str, str]:
    """The filters and the page of the list from which somebody came."""
    return {key: value for key, value in request.form.items() if key in (*lists.NAMES, "page") and value}


@page.get(TRASH)
def all_of(project_id: int, xml_form_id: str) -> Response:
    """The submissions of a form that were taken away, newest first."""
    return _show(_form(project_id, xml_form_id))


@page.post(f"{TRASH}/restore")
def restore(project_id: int, xml_form_id: str) -> Response:
    """Bring back all that are ticked, or none."""
    form = _form(project_id, xml_form_id)
    ids = request.form.getlist("ids")
    wrong = "" if ids else gettext("Tick at least one submission.")
    try:
        count = bulk.restore(pages.actor(), form, ids)
    except Problem as problem:
        wrong = _not_found(problem)
    if wrong:
        return _show(form, 400, problem=wrong, ticked=frozenset(ids))
    done = pages.naming("restored", count=count)
    return pages.go("trash.all_of", project_id=project_id, xml_form_id=xml_form_id, done=done)


def _form(project_id: int, xml_form_id: str) -> Form:
    form = find(project_id, xml_form_id, *rows.LIST)
    permissions.require(pages.actor(), BRING_BACK, project_id=project_id, form_id=form.id)
    return form


def _show(form: Form, status: int = 200, *, problem: str = "", ticked: frozenset[str] = frozenset()) -> Response:
    zone = projects.get(pages.actor(), form.project_id).time_zone
    number = lists.number(request.args.get("page", "")) or 1
    found, total = rows.submissions(
        pages.actor(), form, deleted=True, time_zone=zone, limit=lists.PAGE, offset=(number - 1) * lists.PAGE
    )
    pager = lists.Pager(number, total)
    response = pages.show("trash.html", status, form=form, rows=found, pager=pager, problem=problem, ticked=ticked)
    audits.looked_through(pages.actor(), "submission.list.read", form, audits.seen(row for row, _ in found))
    return response


def _not_found(problem: Problem) -> str:
    """What is said when some are not there; any other problem goes on."""
    if problem.kind is not problems.NOT_FOUND:
        raise problem
    return gettext("Nothing was changed: some of these are no longer there, or are not yours to decide on.")
