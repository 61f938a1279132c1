"""Projects: list, create, change, delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from schemas import problems
from server import permissions
from server.actions import audits
from server.db import db, fetch, now, writes
from server.models import AppUser, Form, Project, Submission
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class Summary:
    """What the extended form of a project adds."""

    forms: int
    app_users: int
    last_submission: datetime | None


def list_all(actor: Actor) -> list[Project]:
    """The projects the actor may see, by name."""
    query = select(Project).where(Project.deleted_at.is_(None))
    query = permissions.visible(actor, query, "project.read", "open_form.list", "form.list")
    return sorted(db.session.scalars(query), key=lambda project: (bool(project.archived), project.name.casefold()))


def find(project_id: int) -> Project:
    """The living project, whoever asks. Raises NOT_FOUND."""
    project = db.session.get(Project, project_id)
    if project is None or project.deleted_at is not None:
        raise problems.NOT_FOUND()
    return project


_LANGUAGE = select(Project.language).where(Project.id == bindparam("id"), Project.deleted_at.is_(None))


def language(project_id: int) -> str:
    """The language of a living project: with every request of a phone, so without the rest of it. Raises NOT_FOUND."""
    for row in fetch(_LANGUAGE, id=project_id):
        return str(row.language)
    raise problems.NOT_FOUND()


def get(actor: Actor, project_id: int, *verbs: str) -> Project:
    """A project on which the actor has one of the verbs (default: may read it). Raises NOT_FOUND."""
    project = find(project_id)
    permissions.require(actor, *(verbs or ("project.read",)), project_id=project_id)
    return project


def summaries(actor: Actor, project_ids: list[int]) -> dict[int, Summary]:
    """Counts for the extended form of each project, of what the actor may list."""
    query = select(Form.project_id, func.count()).where(Form.deleted_at.is_(None))
    forms = _counted(permissions.visible(actor, query, "form.list", "open_form.list"), Form, project_ids)
    query = select(AppUser.project_id, func.count()).where(AppUser.key_hash.is_not(None))
    phones = _counted(permissions.visible(actor, query, "field_key.list"), AppUser, project_ids)
    recent = select(Submission.project_id, func.max(Submission.created_at)).where(Submission.draft.is_(False))
    latest = _counted(permissions.visible(actor, recent, "submission.list"), Submission, project_ids)
    return {number: Summary(forms.get(number, 0), phones.get(number, 0), latest.get(number)) for number in project_ids}


def _counted(query: Any, model: Any, project_ids: list[int]) -> dict[int, Any]:
    rows = db.session.execute(query.where(model.project_id.in_(project_ids)).group_by(model.project_id))
    return {row[0]: row[1] for row in rows}


@writes
def create(actor: Actor, name: str, description: str | None = None, *, language: str = "vi") -> Project:
    """A new project."""
    permissions.require(actor, "project.create")
    if not name.strip():
        raise problems.MISSING_PARAMETER(field="name")
    project = Project(name=name.strip(), description=description, language=language, created_at=now())
    db.session.add(project)
    db.session.flush()
    audits.log(actor, "project.create", project_id=project.id)
    return project


@writes
def update(actor: Actor, project_id: int, changes: dict[str, Any]) -> Project:
    """Change name, description or whether it is archived."""
    project = get(actor, project_id, "project.update")
    for name in ("name", "description", "archived"):
        if name in changes:
            setattr(project, name, changes[name])
    project.updated_at = now()
    audits.log(actor, "project.update", project_id=project.id, changed=sorted(changes))
    return project


@writes
def delete(actor: Actor, project_id: int) -> None:
    """Take a project away; its rows stay until they are purged."""
    project = get(actor, project_id, "project.delete")
    project.deleted_at = now()
    audits.log(actor, "project.delete", project_id=project.id)
