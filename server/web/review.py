"""The main job: what arrived, what is wrong with it, and the supervisor's decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from schemas import problems
from schemas.problems import Problem
from server.actions import audits, findings, projects, reviews, rows, unit_names, units, volunteers
from server.i18n import gettext
from server.models import Form
from server.web import detail, downloads, lists, pages, role_words
from server.web.forms import FORM, find

page = pages.blueprint("review")
SUBMISSIONS = f"{FORM}/submissions"
SUBMISSION = f"{SUBMISSIONS}/<name:instance_id>"
FINDING = f"{SUBMISSION}/findings/<int:number>"
VERSION = f"{SUBMISSION}/versions/<name:version_id>"
DECISIONS = {"approved": "approved", "hasIssues": "hasIssues", "rejected": "rejected", "received": None}


@page.get(SUBMISSIONS)
def all_of(project_id: int, xml_form_id: str) -> Response:
    """The submissions of a form, newest first, narrowed by filters."""
    return listing(find(project_id, xml_form_id, *rows.LIST), request.args)


def listing(form: Form, given: Mapping[str, str], status: int = 200, **said: Any) -> Response:
    """The list, narrowed by what is `given`. `said`: what was wrong with what was to be done to some of it."""
    project_id = form.project_id
    zone = projects.get(pages.actor(), project_id).time_zone
    filters = lists.filters(given, lists.remembered_search())
    if filters.unit_id:
        units.get(pages.actor(), filters.unit_id)
    number = lists.number(given.get("page", "")) or 1
    found, total = rows.submissions(
        pages.actor(), form, filters=filters, time_zone=zone, limit=lists.PAGE, offset=(number - 1) * lists.PAGE
    )
    response = pages.show(
        "submissions.html",
        status,
        form=form,
        rows=found,
        pager=lists.Pager(number, total),
        filters=filters,
        chosen=lists.chosen(filters),
        submitters=rows.submitters(pages.actor(), form),
        units=unit_names.of_submissions(pages.actor(), [submission for submission, _ in found]),
        unit_name=role_words.unit_of_kind,
        choices=volunteers.unit_choices(pages.actor(), project_id),
        kinds=lists.KINDS,
        **{"problem": "", "ticked": (), "written": "", "decision": ""} | said,
    )
    shown = audits.seen(submission for submission, _ in found)
    audits.looked_through(pages.actor(), "submission.list.read", form, shown)
    return response


@page.post(f"{SUBMISSIONS}/search")
def search(project_id: int, xml_form_id: str) -> Response:
    """Look for a name. It goes into an encrypted cookie and not into the address: it may say who somebody is."""
    form = find(project_id, xml_form_id, *rows.LIST)
    back = {key: value for key, value in request.form.items() if key in lists.NAMES and value}
    response = pages.go("review.all_of", project_id=project_id, xml_form_id=xml_form_id, **back)
    lists.remember_search(response, form, request.form.get("search", ""))
    return response


@page.get(SUBMISSION)
@page.get(VERSION)
def one(project_id: int, xml_form_id: str, instance_id: str, version_id: str = "") -> Response:
    """One submission: findings first, then the answers in the form's own words; beside them what to do with it."""
    return _page(find(project_id, xml_form_id, *rows.READ), instance_id, version_id)


def _page(form: Form, instance_id: str, version_id: str = "", status: int = 200, **said: str) -> Response:
    submission, shown = rows.read(pages.actor(), form, instance_id, version_id=version_id or None)
    context = detail.gather(form, submission, shown) | {"problem": "", "written": "", "refused": ""} | said
    return pages.show("submission.html", status, **context)


@page.post(f"{SUBMISSION}/review")
def decide(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Approve, return with a comment, reject, or take that back."""
    form = find(project_id, xml_form_id, *rows.READ)
    wanted, comment = request.form.get("decision", ""), request.form.get("comment", "")
    if wanted not in DECISIONS:
        raise problems.UNEXPECTED_VALUE(field="decision", value="(given)", reason="one of the buttons was expected")
    try:
        reviews.review(pages.actor(), form, instance_id, DECISIONS[wanted], comment, needs_comment=True)
    except Problem as problem:
        if problem.kind is not problems.MISSING_PARAMETER:
            raise
        said = gettext("Write a comment first, so that the volunteer knows what to do.")
        return _page(find(project_id, xml_form_id), instance_id, status=400, problem=said)
    return _back(project_id, xml_form_id, instance_id, wanted)


@page.post(f"{SUBMISSION}/comments")
def comment(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Write a comment without deciding."""
    form = find(project_id, xml_form_id, *rows.READ)
    reviews.add_comment(pages.actor(), form, instance_id, request.form.get("comment", ""))
    return _back(project_id, xml_form_id, instance_id, "commented")


@page.post(f"{FINDING}/dismiss")
def dismiss(project_id: int, xml_form_id: str, instance_id: str, number: int) -> Response:
    """Say that a finding is none, and why."""
    form = find(project_id, xml_form_id, *rows.READ)
    try:
        findings.dismiss(pages.actor(), form, instance_id, number, request.form.get("reason", ""))
    except Problem as problem:
        if problem.kind is not problems.MISSING_PARAMETER:
            raise
        said = gettext("Say why it is no problem, so that others can follow it.")
        return _page(find(project_id, xml_form_id), instance_id, status=400, refused=said)
    return _back(project_id, xml_form_id, instance_id, "dismissed")


@page.post(f"{FINDING}/bring-back")
def bring_back(project_id: int, xml_form_id: str, instance_id: str, number: int) -> Response:
    """Take that back."""
    findings.bring_back(pages.actor(), find(project_id, xml_form_id, *rows.READ), instance_id, number)
    return _back(project_id, xml_form_id, instance_id, "brought_back")


def _back(project_id: int, xml_form_id: str, instance_id: str, done: str) -> Response:
    place = {"project_id": project_id, "xml_form_id": xml_form_id, "instance_id": instance_id}
    return pages.go("review.one", done=done, _anchor="notices", **place)


@page.get(f"{VERSION}/submission.xml")
def xml(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The XML exactly as it was received; with `view` as text in the browser."""
    form = find(project_id, xml_form_id, *rows.READ)
    _, version = rows.read(pages.actor(), form, instance_id, version_id=version_id, whole=True)
    return downloads.text(f"{xml_form_id}.xml", version.xml, inline="view" in request.args)


@page.get(f"{VERSION}/files/<name:name>")
def file(project_id: int, xml_form_id: str, instance_id: str, version_id: str, name: str) -> Response:
    """A file that came with it."""
    form = find(project_id, xml_form_id, *rows.READ)
    _, blob = rows.read_file(pages.actor(), form, instance_id, name, version_id=version_id)
    return downloads.send(name, blob)
