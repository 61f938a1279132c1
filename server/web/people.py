"""Volunteers: listed, added, the code to scan on screen and on paper, which forms, revoke."""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from markupsafe import Markup

from schemas import collation, problems
from schemas.problems import Problem
from server import errors, i18n
from server.actions import access, forms, lost_phones, projects, units, volunteers
from server.i18n import LANGUAGES
from server.models import AppUser, Project, Unit
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
    return _list(project_id)


def _list(project_id: int, wrong: str = "") -> Response:
    """`wrong`: why nobody was added; what was typed is kept."""
    project, who = project_of(project_id, "field_key.list"), pages.actor()
    number = lists.number(request.args.get("page", "")) or 1
    unit_id, state = lists.number(request.args.get("unit", "")), request.args.get("codes", "")
    search = lists.remembered_search()
    found = volunteers.listed(who, project_id, search=search, unit_id=unit_id, working=state != REVOKED)
    shown = found[(number - 1) * PAGE : number * PAGE]
    return pages.show(
        "volunteers.html",
        400 if wrong else 200,
        project=project,
        wrong=wrong,
        typed=request.form if wrong else {},
        typed_forms=request.form.getlist("form", type=int) if wrong else None,
        open_units=_open_units(project_id),
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


def _open_units(project_id: int) -> list[units.Placed]:
    found = volunteers.open_units(pages.actor(), project_id)
    return sorted(found, key=lambda placed: (collation.key(role_words.unit(placed.unit)), placed.unit.code))


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
    """A new volunteer, then the code."""
    language = request.form.get("language")
    try:
        made = volunteers.create(
            pages.actor(),
            project_id,
            request.form.get("name", ""),
            language=language if language in LANGUAGES else None,
            form_ids=request.form.getlist("form", type=int),
            unit=request.form.get("unit", ""),
        )
    except Problem as problem:
        if problem.kind is not problems.UNIT_UNKNOWN:
            raise
        return _list(project_id, errors.sentence(problem))
    return pages.go("people.one", project_id=project_id, actor_id=made.actor_id, done="volunteer")


@page.get(VOLUNTEER)
def one(project_id: int, actor_id: int) -> Response:
    """A volunteer with the code to scan. The key is in the picture only, never in an address."""
    return _one(project_id, actor_id)


def _one(project_id: int, actor_id: int, wrong: str = "") -> Response:
    project, who = project_of(project_id, "field_key.list"), pages.actor()
    found = access.get_app_user(who, project_id, actor_id)
    return pages.show(
        "volunteer.html",
        400 if wrong else 200,
        project=project,
        wrong=wrong,
        typed=request.form.get("unit", "") if wrong else None,
        open_units=_open_units(project_id),
        person=found,
        code=codes.of_volunteer(who, found, project),
        used=access.last_used(who, [actor_id]).get(actor_id),
        units=volunteers.units_of(who, [actor_id]).get(actor_id, []),
        unit_name=role_words.unit_of_kind,
        held=volunteers.forms_of(who, project_id, [actor_id]).get(actor_id, []),
        forms=forms.list_all(who, project_id),
        successor=lost_phones.successor(who, found),
    )


@page.post(f"{VOLUNTEER}/forms")
def set_forms(project_id: int, actor_id: int) -> Response:
    """Which forms the volunteer fills."""
    chosen = request.form.getlist("form", type=int)
    access.set_app_user_forms(pages.actor(), project_id, actor_id, chosen)
    return pages.go("people.one", project_id=project_id, actor_id=actor_id, done="volunteer_forms")


@page.post(f"{VOLUNTEER}/unit")
def set_unit(project_id: int, actor_id: int) -> Response:
    """Which unit the volunteer works for from now on."""
    try:
        volunteers.set_unit(pages.actor(), project_id, actor_id, request.form.get("unit", ""))
    except Problem as problem:
        if problem.kind is not problems.UNIT_UNKNOWN:
            raise
        return _one(project_id, actor_id, errors.sentence(problem))
    own = volunteers.units_of(pages.actor(), [actor_id]).get(actor_id, [])
    named = ", ".join(role_words.unit_of_kind(unit) for unit in own)
    done = pages.naming("volunteer_unit", unit=named) if own else "volunteer_no_unit"
    return pages.go("people.one", project_id=project_id, actor_id=actor_id, done=done)


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
    own = volunteers.units_of(who, [person.actor_id for person in found])
    small = request.args.get("sheet") == "8"
    cards = []
    for person in reversed(found):
        code = codes.of_volunteer(who, person, project)
        if code is not None:
            cards.append((_card(person, project, code, own.get(person.actor_id, []), small), code))
    chosen = {"actor_id": actor_id} | ({"unit": unit_id} if unit_id else {})
    return pages.show("cards.html", project=project, cards=cards, actor_id=actor_id, chosen=chosen, small=small)


def _card(person: AppUser, project: Project, code: codes.Code, own: list[Unit], small: bool) -> Markup:
    """In the language that the volunteer reads, whoever prints it."""
    shown, spoken = i18n.language(), person.actor.language or project.language
    i18n.use(spoken)
    try:
        places = ", ".join(role_words.unit_of_kind(unit) for unit in own)
        worker_code = (person.actor.properties or {}).get(volunteers.WORKER_CODE, "")
        given = {"person": person, "project": project, "code": code, "places": places, "worker_code": worker_code}
        return Markup(render_template("parts/card.html", small=small, spoken=spoken, **given))  # noqa: S704  (escaped there)
    finally:
        i18n.use(shown)


@page.get(f"{VOLUNTEER}/revoke")
def ask_revoke(project_id: int, actor_id: int) -> Response:
    """Ask once more."""
    project = project_of(project_id, "field_key.delete")
    person = access.get_app_user(pages.actor(), project_id, actor_id, "field_key.delete")
    return pages.show("revoke.html", project=project, person=person)


@page.post(f"{VOLUNTEER}/revoke")
def revoke(project_id: int, actor_id: int) -> Response:
    """Make the code worthless."""
    access.revoke_app_user(pages.actor(), project_id, actor_id)
    return pages.go("people.all_of", project_id=project_id, done="revoked")
