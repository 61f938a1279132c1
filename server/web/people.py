"""Volunteers: add, the code to scan on screen and on paper, which forms, revoke."""

from __future__ import annotations

from flask import Response, request

from server.actions import access, forms, projects, volunteers
from server.i18n import LANGUAGES
from server.models import Project
from server.web import codes, pages, show

page = pages.blueprint("people")
VOLUNTEERS = "/projects/<int:project_id>/volunteers"
VOLUNTEER = f"{VOLUNTEERS}/<int:actor_id>"


def _project(project_id: int, verb: str) -> Project:
    return show.in_project(projects.get(pages.actor(), project_id, verb))


def _forms_by_volunteer(project_id: int) -> dict[int, list[int]]:
    held: dict[int, list[int]] = {}
    for assignment, form, _ in access.form_assignments(pages.actor(), project_id, "app-user"):
        held.setdefault(assignment.actor_id, []).append(form.id)
    return held


@page.get(VOLUNTEERS)
def all_of(project_id: int) -> Response:
    """The volunteers of a project."""
    project = _project(project_id, "field_key.list")
    found = access.app_users(pages.actor(), project_id)
    return pages.show(
        "volunteers.html",
        project=project,
        people=found,
        phones=volunteers.phones(pages.actor(), [one.actor_id for one in found]),
        held=_forms_by_volunteer(project_id),
        forms=forms.list_all(pages.actor(), project_id),
        shown=forms.shown_version,
    )


@page.post(VOLUNTEERS)
def create(project_id: int) -> Response:
    """A new volunteer, then her code."""
    language = request.form.get("language")
    made = access.create_app_user(
        pages.actor(),
        project_id,
        request.form.get("name", ""),
        language=language if language in LANGUAGES else None,
        form_ids=request.form.getlist("form", type=int),
    )
    return pages.go("people.one", project_id=project_id, actor_id=made.actor_id, done="volunteer")


@page.get(VOLUNTEER)
def one(project_id: int, actor_id: int) -> Response:
    """A volunteer with the code to scan. The key is in the picture only, never in an address."""
    project = _project(project_id, "field_key.list")
    found = access.get_app_user(pages.actor(), project_id, actor_id)
    return pages.show(
        "volunteer.html",
        project=project,
        person=found,
        code=codes.of_volunteer(found, project),
        used=access.last_used(pages.actor(), [actor_id]).get(actor_id),
        held=_forms_by_volunteer(project_id).get(actor_id, []),
        forms=forms.list_all(pages.actor(), project_id),
        shown=forms.shown_version,
    )


@page.post(f"{VOLUNTEER}/forms")
def set_forms(project_id: int, actor_id: int) -> Response:
    """Which forms the volunteer fills."""
    chosen = request.form.getlist("form", type=int)
    access.set_app_user_forms(pages.actor(), project_id, actor_id, chosen)
    return pages.go("people.one", project_id=project_id, actor_id=actor_id, done="volunteer_forms")


@page.get(f"{VOLUNTEERS}/print")
@page.get(f"{VOLUNTEER}/print")
def cards(project_id: int, actor_id: int | None = None) -> Response:
    """A card to print for one volunteer or for all whose code works; with `sheet=8` small ones, eight to a page."""
    project = _project(project_id, "field_key.list")
    found = access.app_users(pages.actor(), project_id)
    if actor_id is not None:
        found = [access.get_app_user(pages.actor(), project_id, actor_id)]
    made = [(person, codes.of_volunteer(person, project)) for person in reversed(found)]
    cards = [card for card in made if card[1]]
    small = request.args.get("sheet") == "8"
    return pages.show("cards.html", project=project, cards=cards, actor_id=actor_id, small=small)


@page.get(f"{VOLUNTEER}/revoke")
def ask_revoke(project_id: int, actor_id: int) -> Response:
    """Ask once more."""
    project = _project(project_id, "field_key.delete")
    person = access.get_app_user(pages.actor(), project_id, actor_id)
    return pages.show("revoke.html", project=project, person=person)


@page.post(f"{VOLUNTEER}/revoke")
def revoke(project_id: int, actor_id: int) -> Response:
    """Make the code worthless."""
    access.revoke_app_user(pages.actor(), project_id, actor_id)
    return pages.go("people.all_of", project_id=project_id, done="revoked")
