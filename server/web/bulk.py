"""What a supervisor decides of several submissions at once, ticked in the list."""

from __future__ import annotations

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from server.actions import bulk, rows
from server.i18n import gettext
from server.models import Form
from server.web import pages, trash
from server.web.forms import find
from server.web.review import DECISIONS, SUBMISSIONS, listing

page = pages.blueprint("bulk")
DELETE = "delete"


@page.post(f"{SUBMISSIONS}/decide")
def decide(project_id: int, xml_form_id: str) -> Response:
    """Approve, return with one comment, reject, or take that back: all that are ticked, or none.

    Whether to delete them is asked first.
    """
    form = find(project_id, xml_form_id, *rows.LIST)
    wanted, comment, ids = (
        request.form.get("decision", ""),
        request.form.get("comment", ""),
        request.form.getlist("ids"),
    )
    if wanted not in DECISIONS and wanted != DELETE:
        return _again(form, gettext("Choose what to do with those that are ticked."))
    if not ids:
        return _again(form, gettext("Tick at least one submission."))
    try:
        if wanted == DELETE:
            return trash.ask(form, ids)
        count = bulk.review(pages.actor(), form, ids, DECISIONS[wanted], comment, needs_comment=True)
    except Problem as problem:
        if problem.kind is problems.MISSING_PARAMETER:
            return _again(form, gettext("Write a comment first, so that the volunteer knows what to do."))
        if problem.kind is problems.NOT_FOUND:
            said = gettext("Nothing was changed: some of these are no longer there, or are not yours to decide on.")
            return _again(form, said)
        raise
    done = pages.naming("decided", count=count)
    return pages.go("review.all_of", project_id=project_id, xml_form_id=xml_form_id, done=done, **trash.back())


def _again(form: Form, said: str) -> Response:
    """The list as it was, with what is wrong."""
    names = ("decision", "comment")
    decision, written = (request.form.get(name, "") for name in names)
    ticked = frozenset(request.form.getlist("ids"))
    return listing(form, request.form, 400, problem=said, ticked=ticked, decision=decision, written=written)
