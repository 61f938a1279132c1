"""A form as an administrator sees it: add, what is published, older versions, who fills it, open or closed."""

from __future__ import annotations

from flask import Response, request

from forms import complaints
from schemas import problems
from schemas.problems import Problem
from server import errors
from server.actions import access, definitions, drafts, files, form_changes, forms, projects
from server.i18n import gettext
from server.models import Form, FormVersion
from server.web import changed, checks, downloads, pages, show

page = pages.blueprint("forms")
PROJECT = "/projects/<int:project_id>"
FORM = f"{PROJECT}/forms/<name:xml_form_id>"
VERSION = f"{FORM}/versions/<name:version>"
MAX_WORKBOOK = 10_000_000


def find(project_id: int, xml_form_id: str, *verbs: str) -> Form:
    """The form of this page, with its project shown above it."""
    show.in_project(projects.get(pages.actor(), project_id, "project.read", "open_form.list"))
    return forms.get(pages.actor(), project_id, xml_form_id, *(verbs or ("form.read",)))


def definition(field: str, previous: Form | None = None) -> definitions.Definition:
    """The uploaded workbook or XForm, converted. Raises what is wrong with it."""
    upload = request.files.get(field)
    if upload is None or not upload.filename:
        raise problems.MISSING_PART(field=gettext("form file"))
    data = pages.uploaded(field, MAX_WORKBOOK)
    if upload.filename.lower().endswith(".xml"):
        return definitions.from_xform(data, previous)
    return definitions.from_workbook(data, upload.filename, previous.xml_form_id if previous else None, previous)


def explain(problem: Problem) -> dict[str, object]:
    """What is wrong with a form, for a person: the sentence, the place in the workbook, warnings beside it."""
    details = problem.details
    said = complaints.MESSAGES.get(str(details.get("reason")))
    sentence = gettext(said).format(**details.get("args", {})) if said else errors.sentence(problem)
    place = {key: details.get(key) for key in ("sheet", "row", "column") if details.get(key) is not None}
    warnings = details.get("warnings")
    return {"sentence": sentence, "place": place, "warnings": warnings if isinstance(warnings, list) else []}


@page.get(f"{PROJECT}/add-form")
def add(project_id: int) -> Response:
    """Where a new form is uploaded."""
    project = show.in_project(projects.get(pages.actor(), project_id, "form.create"))
    return pages.show("form_new.html", project=project, wrong=None, known=None)


@page.post(f"{PROJECT}/add-form")
def create(project_id: int) -> Response:
    """Convert the upload and keep it as the draft of a new form; else say what is wrong and where."""
    project = show.in_project(projects.get(pages.actor(), project_id, "form.create"))
    known = None
    try:
        made = definition("form")
        known = made.form.form_id
        form = drafts.create(pages.actor(), project_id, made)
    except Problem as problem:
        project = show.in_project(projects.get(pages.actor(), project_id, "form.create"))
        taken = known if problem.kind is problems.UNIQUENESS else None
        return pages.show("form_new.html", problem.status, project=project, wrong=explain(problem), known=taken)
    return pages.go("drafts.one", project_id=project_id, xml_form_id=form.xml_form_id, done="draft")


@page.get(FORM)
def one(project_id: int, xml_form_id: str) -> Response:
    """What is published, older versions, who may fill it."""
    form = find(project_id, xml_form_id)
    found = forms.versions(form)
    people = fillers = None
    if show.may("assignment.create", project_id, form.id):
        people = [one for one in access.app_users(pages.actor(), project_id) if one.key_hash]
        held = access.assignments(pages.actor(), project_id=project_id, form_id=form.id, role_name="app-user")
        fillers = {assignment.actor_id for assignment, _ in held}
    return pages.show(
        "form.html",
        form=form,
        versions=found,
        media=files.of_version(form.current.id) if form.current else [],
        names={version.id: access.actor_row(version.published_by) for version in found},
        people=people,
        fillers=fillers,
        told=checks.told(form.current) if form.current else None,
        fills="submission.create" in pages.actor().filling(project_id, form.id, xml_form_id),
    )


@page.post(f"{FORM}/state")
def set_state(project_id: int, xml_form_id: str) -> Response:
    """Open or close the form."""
    forms.set_state(pages.actor(), project_id, xml_form_id, request.form.get("state", ""))
    return pages.go("forms.one", project_id=project_id, xml_form_id=xml_form_id, done="state")


@page.post(f"{FORM}/volunteers")
def set_volunteers(project_id: int, xml_form_id: str) -> Response:
    """Say who may fill the form."""
    form = find(project_id, xml_form_id, "form.update")
    chosen = request.form.getlist("volunteer", type=int)
    access.set_form_app_users(pages.actor(), project_id, form.id, chosen)
    return pages.go("forms.one", project_id=project_id, xml_form_id=xml_form_id, done="volunteer_forms")


@page.get(f"{VERSION}/checks")
def version_checks(project_id: int, xml_form_id: str, version: str) -> Response:
    """What of a version the server checks when a submission arrives, and what not and why."""
    form = find(project_id, xml_form_id)
    found = forms.version_named(form, version)
    return pages.show("checks.html", form=form, version=found, told=checks.told(found))


@page.get(f"{VERSION}/changes")
def version_changes(project_id: int, xml_form_id: str, version: str) -> Response:
    """What changed since the version published before. Raises NOT_FOUND for the first."""
    form = find(project_id, xml_form_id)
    found = forms.version_named(form, version)
    before = form_changes.base(form, found)
    if before is None:
        raise problems.NOT_FOUND()
    return pages.show("changes.html", form=form, version=found, before=before, changed=changed.told(before, found))


@page.get(f"{VERSION}/form.xml")
def version_xml(project_id: int, xml_form_id: str, version: str) -> Response:
    """The XForm of a version."""
    found = forms.version_named(find(project_id, xml_form_id), version)
    return downloads.text(f"{xml_form_id}.xml", found.xml)


@page.get(f"{VERSION}/workbook.<kind>")
def version_workbook(project_id: int, xml_form_id: str, version: str, kind: str) -> Response:
    """The workbook that a version was made from."""
    return workbook(xml_form_id, forms.version_named(find(project_id, xml_form_id), version), kind)


def workbook(xml_form_id: str, version: FormVersion, kind: str) -> Response:
    """The workbook as it came; a Markdown one is also to be had for Excel."""
    if version.workbook_sha256 is None or kind not in (version.workbook_type, "xlsx"):
        raise problems.NOT_FOUND()
    name = f"{xml_form_id}.{kind}"
    if kind != version.workbook_type:
        return downloads.data(name, drafts.workbook_as_xlsx(version))
    with files.read(version.workbook_sha256) as stream:
        return downloads.data(name, stream.read())
