"""Volunteers: listed, added, the code to scan on screen and on paper, which forms, revoke."""

from __future__ import annotations

from flask import Response, request, url_for

from server.actions import access, forms, lost_phones, projects, volunteers
from server.i18n import LANGUAGES
from server.models import Project
from server.web import codes, lists, pages, role_words, show

page = pages.blueprint("people")
VOLUNTEERS = "/projects/<int:project_id>/volunteers"
VOLUNTEER = f"{VOLUNTEERS}/<int:actor_id>"
PAGE = 50
REVOKED = "revoked"


def project_of(project_id: int, verb: str) -> Project:
    """The project of this page, its name shown above it."""
    return show.in_project(projects.get(pages.actor(), project_id, verb))


@page.get(VOLUNTEERS)
def all_of(project_id: int) -> Response:
    """The volunteers of a project, narrowed by unit and by what is searched for."""
    project, who = project_of(project_id, "field_key.list"), pages.actor()
    number = lists.number(request.args.get("page", "")) or 1
    unit_id, state = lists.number(request.args.get("unit", "")), request.args.get("codes", "")
    search = lists.remembered_search()
    found = volunteers.listed(who, project_id, search=search, unit_id=unit_id, working=state != REVOKED)
    shown = found[(number - 1) * PAGE : number * PAGE]
    return pages.show(
        "volunteers.html",
        project=project,
        people=volunteers.rows(who, project_id, shown),
        phones=volunteers.phones(who, shown),
        units=volunteers.units_of(who, shown),
        choices=volunteers.unit_choices(who, project_id),
        held=volunteers.forms_of(who, project_id, shown),
        forms=forms.list_all(who, project_id),
        unit_name=role_words.unit_of_kind,
        unit_id=unit_id,
        chosen={key: value for key, value in (("unit", unit_id), ("codes", state)) if value},
        revoked=state == REVOKED,
        search=search,
        total=len(found),
        number=number,
        further=len(found) > number * PAGE,
    )


@page.post(f"{VOLUNTEERS}/search")
def search(project_id: int) -> Response:
    """Look for a name or a code. It goes into an encrypted cookie and not into the address of the page."""
    project_of(project_id, "field_key.list")
    back = {key: value for key, value in request.form.items() if key in ("unit", "codes") and value}
    response = pages.go("people.all_of", project_id=project_id, **back)
    path = url_for("people.all_of", project_id=project_id)
    lists.remember(response, path, request.form.get("search", ""))
    return response


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
    project, who = project_of(project_id, "field_key.list"), pages.actor()
    found = access.get_app_user(who, project_id, actor_id)
    return pages.show(
        "volunteer.html",
        project=project,
        person=found,
        code=codes.of_volunteer(found, project),
        used=access.last_used(who, [actor_id]).get(actor_id),
        units=volunteers.units_of(who, [actor_id]).get(actor_id, []),
        unit_name=role_words.unit_of_kind,
        held=volunteers.forms_of(who, project_id, [actor_id]).get(actor_id, []),
        forms=forms.list_all(who, project_id),
        successor=lost_phones.successor(found),
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
    """A card to print for one volunteer, or for all (of a `unit`) whose code works; `sheet=8`: eight to a page."""
    project, who = project_of(project_id, "field_key.list"), pages.actor()
    unit_id = lists.number(request.args.get("unit", ""))
    if actor_id is not None:
        found = [access.get_app_user(who, project_id, actor_id)]
    else:
        found = volunteers.rows(who, project_id, volunteers.listed(who, project_id, unit_id=unit_id))
    made = [(person, codes.of_volunteer(person, project)) for person in reversed(found)]
    cards = [card for card in made if card[1]]
    small = request.args.get("sheet") == "8"
    chosen = {"actor_id": actor_id} | ({"unit": unit_id} if unit_id else {})
    return pages.show("cards.html", project=project, cards=cards, actor_id=actor_id, chosen=chosen, small=small)


@page.get(f"{VOLUNTEER}/revoke")
def ask_revoke(project_id: int, actor_id: int) -> Response:
    """Ask once more."""
    project = project_of(project_id, "field_key.delete")
    person = access.get_app_user(pages.actor(), project_id, actor_id)
    return pages.show("revoke.html", project=project, person=person)


@page.post(f"{VOLUNTEER}/revoke")
def revoke(project_id: int, actor_id: int) -> Response:
    """Make the code worthless."""
    access.revoke_app_user(pages.actor(), project_id, actor_id)
    return pages.go("people.all_of", project_id=project_id, done="revoked")
