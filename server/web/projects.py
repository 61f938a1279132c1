"""The first page, and the forms of a project with what waits in them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from server.actions import forms, leases, projects
from server.models import Form, FormVersion
from server.permissions import can
from server.web import pages, show

page = pages.blueprint("projects")


@dataclass(frozen=True, slots=True)
class Line:
    """A form in the list. `counts` is None for who may not see submissions."""

    form: Form
    version: FormVersion
    counts: forms.Summary | None
    findings: int

    @property
    def to_review(self) -> int:
        """Those that wait for a decision: received, or edited after one."""
        return sum(self.counts.states.get(state, 0) for state in (None, "edited")) if self.counts else 0


@page.get("/")
def home() -> Response:
    """The projects; straight to the only one."""
    who = pages.actor()
    found = projects.list_all(who)
    if len(found) == 1 and "all" not in request.args:
        return pages.go("projects.one", project_id=found[0].id)
    missed = leases.missed_backup() if can(who, "backup.run") else None
    counts = projects.summaries(who, [one.id for one in found])
    return pages.show("projects.html", missed=missed, projects=found, counts=counts)


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
    counts, findings = forms.summaries(who, numbers), forms.with_findings(who, numbers)
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
