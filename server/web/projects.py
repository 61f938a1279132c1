"""The first page, and the forms of a project with what waits in them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from server.actions import form_counts, forms, leases, projects
from server.models import Form, FormVersion
from server.permissions import Actor, can
from server.web import pages, show

page = pages.blueprint("projects")
ELSEWHERE = (("audit.all_of", ("audit.read",)), ("users.all_of", ("user.list", "user.read")))


@dataclass(frozen=True, slots=True)
class Line:
    """A form in the list. `counts` is None for who may not see submissions."""

    form: Form
    version: FormVersion
    counts: form_counts.Summary | None
    findings: int

    @property
    def to_review(self) -> int:
        """Those that wait for a decision: received, or edited after one."""
        return sum(self.counts.states.get(state, 0) for state in (None, "edited")) if self.counts else 0


@page.get("/")
def home() -> Response:
    """The projects; straight to the only one."""
    who = pages.actor()
    found = [one for one in projects.list_all(who) if _opens(who, one.id)]
    if len(found) == 1 and "all" not in request.args:
        return pages.go("projects.one", project_id=found[0].id)
    elsewhere = "" if found or can(who, "project.create") or "all" in request.args else _elsewhere(who)
    if elsewhere:
        return pages.go(elsewhere)
    missed = leases.missed_backup() if can(who, "backup.run") else None
    counts = projects.summaries(who, [one.id for one in found])
    return pages.show("projects.html", missed=missed, projects=found, counts=counts, elsewhere=_elsewhere(who))


def _opens(who: Actor, project_id: int) -> bool:
    """Whether the page of a project is for her; who only knows that there is one is told nothing there."""
    return any(can(who, verb, project_id=project_id) for verb in ("form.list", "open_form.list"))


def _elsewhere(who: Actor) -> str:
    """Where she begins who sees the forms of no project; nowhere without any role."""
    for endpoint, verbs in ELSEWHERE:
        if all(can(who, verb) for verb in verbs):
            return endpoint
    return "units.all_of" if any(grant.allows("unit.read") for grant in who.grants) else ""


@page.post("/projects")
def create() -> Response:
    """A new project."""
    made = projects.create(pages.actor(), request.form.get("name", ""))
    return pages.go("projects.one", project_id=made.id, done="project")


@page.get("/projects/<int:project_id>")
def one(project_id: int) -> Response:
    """The forms of a project."""
    who = pages.actor()
    project = show.in_project(projects.get(who, project_id))
    found = forms.list_all(who, project_id)
    numbers = [form.id for form in found]
    counts, findings = form_counts.summaries(who, numbers), form_counts.with_findings(who, numbers)
    lines = [
        Line(
            form,
            forms.shown_version(form),
            counts[form.id] if can(who, "submission.list", project_id=project_id, form_id=form.id) else None,
            findings.get(form.id, 0),
        )
        for form in found
    ]
    missed = leases.missed_backup() if can(who, "backup.run") else None
    return pages.show("project.html", missed=missed, project=project, lines=lines)
