"""What clients remember of a user's habits: of the whole server, and of one project."""

from __future__ import annotations

import json
from typing import Any

from schemas import problems
from server.actions import audits
from server.db import db, writes
from server.models import Project, User
from server.permissions import Actor

# All of a user's together.
MAX_BYTES = 100_000
SITE, PROJECTS = "site", "projects"


def of(user: User) -> dict[str, Any]:
    """All of a user's, those of projects by number."""
    kept = user.preferences or {}
    return {SITE: kept.get(SITE, {}), PROJECTS: kept.get(PROJECTS, {})}


def _own(actor: Actor) -> User:
    """The user, whose row nobody else changes meanwhile."""
    if actor.id is None:
        raise problems.AUTHENTICATION_FAILED()
    user = db.session.get(User, actor.id, with_for_update=True, populate_existing=True)
    if user is None:
        raise problems.INSUFFICIENT_RIGHTS()
    return user


def _check_project(project_id: int | None) -> None:
    project = db.session.get(Project, project_id) if project_id is not None else None
    if project_id is not None and (project is None or project.deleted_at is not None):
        raise problems.NOT_FOUND()


def _log(actor: Actor, verb: str, project_id: int | None, **details: Any) -> None:
    place = {"scope": "site"} if project_id is None else {"scope": "project", "projectId": project_id}
    audits.log(actor, f"user.preference.{verb}", subject_id=actor.id, **details, **place)


@writes
def put(actor: Actor, name: str, value: Any, project_id: int | None = None) -> None:
    """Remember a value under a name, for one project or the whole server."""
    _check_project(project_id)
    user = _own(actor)
    changed = of(user)
    if project_id is None:
        changed[SITE] = {**changed[SITE], name: value}
    else:
        held = changed[PROJECTS].get(str(project_id), {})
        changed[PROJECTS] = {**changed[PROJECTS], str(project_id): {**held, name: value}}
    if len(json.dumps(changed)) > MAX_BYTES:
        raise problems.UNEXPECTED_VALUE(field="propertyValue", value="(given)", reason="this is too much to remember")
    user.preferences = changed
    _log(actor, "update", project_id, propertyName=name, propertyValue=value)


@writes
def drop(actor: Actor, name: str, project_id: int | None = None) -> None:
    """Forget it. Raises NOT_FOUND."""
    _check_project(project_id)
    user = _own(actor)
    changed = of(user)
    held = dict(changed[SITE] if project_id is None else changed[PROJECTS].get(str(project_id), {}))
    if name not in held:
        raise problems.NOT_FOUND()
    del held[name]
    if project_id is None:
        changed[SITE] = held
    else:
        others = {key: value for key, value in changed[PROJECTS].items() if key != str(project_id)}
        changed[PROJECTS] = others | ({str(project_id): held} if held else {})
    user.preferences = changed
    _log(actor, "delete", project_id, propertyName=name)
