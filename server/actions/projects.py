"""Projects: list, create, change, delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from schemas import problems
from schemas.roles import ROLES
from server import permissions
from server.actions import audits
from server.db import ask, db, now, writes
from server.models import Actor as ActorRow
from server.models import AppUser, Dataset, Entity, Form, Project, Submission
from server.permissions import Actor

CHANGEABLE = ("name", "description", "archived")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the extended form of a project adds."""

    forms: int
    app_users: int
    last_submission: datetime | None
    datasets: int
    last_entity: datetime | None


def list_all(actor: Actor) -> list[Project]:
    """The projects the actor may see, archived ones last, by name. Roles on single forms do not show the project."""
    query = permissions.visible(actor, select(Project).where(Project.deleted_at.is_(None)), "project.read")
    found = [each for each in db.session.scalars(query) if permissions.can(actor, "project.read", project_id=each.id)]
    return sorted(found, key=lambda project: (bool(project.archived), project.name.casefold(), project.id))


def find(project_id: int) -> Project:
    """The living project, whoever asks. Raises NOT_FOUND."""
    project = db.session.get(Project, project_id)
    if project is None or project.deleted_at is not None:
        raise problems.NOT_FOUND()
    return project


_LANGUAGE = select(Project.language).where(Project.id == bindparam("id"), Project.deleted_at.is_(None))


def language(project_id: int) -> str:
    """The language of a living project: with every request of a phone, so without the rest of it. Raises NOT_FOUND."""
    for row in ask(_LANGUAGE, id=project_id):
        return str(row.language)
    raise problems.NOT_FOUND()


def get(actor: Actor, project_id: int, *verbs: str) -> Project:
    """A project on which the actor has one of the verbs (default: may read it). Raises NOT_FOUND."""
    project = find(project_id)
    permissions.require(actor, *(verbs or ("project.read",)), project_id=project_id)
    return project


def summaries(actor: Actor, project_ids: list[int]) -> dict[int, Summary]:
    """What the extended form of each project adds. Who sees only a part of a project is told of that part."""
    told = [number for number in project_ids if _sees_whole(actor, number)]
    part = [number for number in project_ids if number not in told]
    return {**_count(None, told), **_count(actor, part)}


def _sees_whole(actor: Actor, project_id: int) -> bool:
    """Whether the actor holds a role of the dialect on the project: its clients are told counts whatever it allows.

    Not if she also holds one that reaches some of its rows: she would learn of those outside.
    """
    here = [grant for grant in actor.grants if grant.project_id in (None, project_id)]
    if any(grant.narrow for grant in here):
        return False
    return any(
        grant.role in ROLES and grant.form_id is None and grant.unit_id is None and grant.allows("project.read")
        for grant in here
    )


def _count(actor: Actor | None, project_ids: list[int]) -> dict[int, Summary]:
    """Counts of everything, or of what the actor may list."""

    def ask(query: Select[Any], model: Any, *verbs: str) -> dict[int, Any]:
        seen = query if actor is None else permissions.visible(actor, query, *verbs)
        rows = db.session.execute(seen.where(model.project_id.in_(project_ids)).group_by(model.project_id))
        return {row[0]: row[1] for row in rows}

    if not project_ids:
        return {}
    forms = ask(_FORMS, Form, "form.list", "open_form.list")
    phones = ask(_PHONES, AppUser, "field_key.list")
    latest = ask(_SUBMISSIONS, Submission, "submission.list")
    lists = ask(_LISTS, Dataset, "dataset.list")
    entities = ask(_ENTITIES, Entity, "entity.list")
    return {
        number: Summary(
            forms.get(number, 0), phones.get(number, 0), latest.get(number), lists.get(number, 0), entities.get(number)
        )
        for number in project_ids
    }


_FORMS = select(Form.project_id, func.count()).where(Form.deleted_at.is_(None))
_PHONES = (
    select(AppUser.project_id, func.count())
    .join(ActorRow, ActorRow.id == AppUser.actor_id)
    .where(ActorRow.deleted_at.is_(None))
)
_SUBMISSIONS = (
    select(Submission.project_id, func.max(Submission.created_at))
    .join(Form, Form.id == Submission.form_id)
    .where(Submission.draft.is_(False), Submission.deleted_at.is_(None), Form.deleted_at.is_(None))
)
_LISTED = (Dataset.published_at.is_not(None), Dataset.deleted_at.is_(None))
_LISTS = select(Dataset.project_id, func.count()).where(*_LISTED)
_ENTITIES = (
    select(Entity.project_id, func.max(Entity.created_at))
    .join(Dataset, Dataset.id == Entity.dataset_id)
    .where(Entity.deleted_at.is_(None), *_LISTED)
)


def datasets(
    actor: Actor, project_ids: list[int], *, deleted: bool = False
) -> dict[int, list[tuple[Dataset, int, datetime | None, int]]]:
    """The entity lists of these projects that the actor may list, by name: with entities, the latest, and conflicts.

    `deleted`: those that were deleted, and no others.
    """
    living = (Entity.dataset_id == Dataset.id) & Entity.deleted_at.is_(None)
    counts = (func.count(Entity.id), func.max(Entity.created_at), func.count(Entity.conflict))
    listed = (Dataset.published_at.is_not(None), Dataset.deleted_at.is_not(None)) if deleted else _LISTED
    query = select(Dataset, *counts).outerjoin(Entity, living).where(Dataset.project_id.in_(project_ids), *listed)
    query = permissions.visible(actor, query, "dataset.list").group_by(Dataset.id).order_by(Dataset.name)
    found: dict[int, list[tuple[Dataset, int, datetime | None, int]]] = {number: [] for number in project_ids}
    for dataset, entities, latest, conflicts in db.session.execute(query):
        found[dataset.project_id].append((dataset, entities, latest, conflicts))
    return found


@writes
def create(
    actor: Actor,
    name: str | None,
    description: str | None = None,
    *,
    language: str = "vi",
    archived: bool | None = None,
) -> Project:
    """A new project."""
    permissions.require(actor, "project.create")
    if not (name or "").strip():
        raise problems.MISSING_PARAMETER(field="name")
    given = {"name": str(name).strip(), "description": description, "archived": archived}
    project = Project(**given, language=language, created_at=now())
    db.session.add(project)
    db.session.flush()
    sent = {key: value for key, value in given.items() if value is not None}
    audits.log(actor, "project.create", project_id=project.id, data=sent)
    return project


@writes
def update(actor: Actor, project_id: int, changes: dict[str, Any], *, whole: bool = False) -> Project:
    """Change name, description or whether it is archived. `whole`: what is not given becomes null."""
    project = get(actor, project_id, "project.update")
    given = {name: changes[name] for name in CHANGEABLE if name in changes}
    data = dict.fromkeys(CHANGEABLE) | given if whole else given
    if "name" in data and not (data["name"] or "").strip():
        raise problems.MISSING_PARAMETER(field="name")
    for name, value in data.items():
        setattr(project, name, value)
    project.updated_at = now()
    audits.log(actor, "project.update", project_id=project.id, data=given)
    return project


@writes
def delete(actor: Actor, project_id: int) -> None:
    """Take a project away; its rows stay until they are purged."""
    project = get(actor, project_id, "project.delete")
    project.deleted_at = now()
    audits.log(actor, "project.delete", project_id=project.id)
