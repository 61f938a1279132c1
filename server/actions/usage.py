"""How much the server is used, in numbers: as ODK Central's usage report says it. Shown, and sent nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from server import permissions
from server.db import db, now
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment, Audit, Blob, Config, Form, Project, PublicLink, Submission
from server.permissions import Actor

RECENT = timedelta(days=45)
_PEOPLE = {"manager": "num_managers", "viewer": "num_viewers", "formfill": "num_data_collectors"}
_STATES = {
    "approved": "num_submissions_approved",
    "hasIssues": "num_submissions_has_issues",
    "rejected": "num_submissions_rejected",
    "edited": "num_submissions_edited",
}
Pair = dict[str, int]


def preview(actor: Actor) -> dict[str, Any]:
    """The report as it would be today: of the server, and of each project. Raises INSUFFICIENT_RIGHTS."""
    permissions.require(actor, "analytics.read")
    numbers = db.session.scalars(select(Project.id).where(Project.deleted_at.is_(None)).order_by(Project.id))
    return {"system": _system(), "projects": [_project(number) for number in numbers]}


def _pair(model: Any, moment: Any, *conditions: ColumnElement[bool]) -> Pair:
    """How many there are, and how many of them since lately."""
    lately = func.sum(case((moment >= now() - RECENT, 1), else_=0))
    query: Select[Any] = select(func.count(), lately).select_from(model).where(*conditions)
    total, recent = db.session.execute(query).one()
    return {"total": total, "recent": int(recent or 0)}


def _number(query: Select[Any]) -> int:
    return int(db.session.scalar(query) or 0)


def _system() -> dict[str, Any]:
    admins = select(func.count(func.distinct(Assignment.actor_id))).where(Assignment.role == "admin")
    archived = select(func.count(Project.id)).where(Project.archived.is_(True), Project.deleted_at.is_(None))
    keys = set(db.session.scalars(select(Config.key)))
    looks: dict[str, Any] = db.session.scalar(select(Config.value).where(Config.key == "login-appearance")) or {}
    count = _number(admins)
    return {
        "num_admins": {"total": count, "recent": count},
        "num_audit_log_entries": _pair(Audit, Audit.logged_at),
        "num_archived_projects": _number(archived),
        **{
            f"num_unique_{name}": _number(select(func.count(func.distinct(Assignment.actor_id))).where(held))
            for name, held in (
                ("managers", Assignment.role == "manager"),
                ("viewers", Assignment.role == "viewer"),
                ("collectors", Assignment.role == "formfill"),
            )
        },
        "num_blob_files": _number(select(func.count(Blob.sha256))),
        "login_customization_logo_set": int("logo" in keys),
        "login_customization_hero_image_set": int("hero-image" in keys),
        "login_customization_title_set": int("title" in looks),
        "login_customization_description_set": int("description" in looks),
    }


def _project(number: int) -> dict[str, Any]:
    here = (Submission.project_id == number, Submission.draft.is_(False), Submission.deleted_at.is_(None))
    of_forms = (Form.project_id == number, Form.deleted_at.is_(None))
    people = {}
    for role, name in _PEOPLE.items():
        held = select(func.count(func.distinct(Assignment.actor_id))).where(
            Assignment.project_id == number, Assignment.role == role
        )
        count = _number(held)
        people[name] = {"total": count, "recent": count}
    cards = select(AppUser.actor_id).where(AppUser.project_id == number)
    links = select(PublicLink.actor_id).join(Form, Form.id == PublicLink.form_id).where(Form.project_id == number)
    for actors, name in ((cards, "num_app_users"), (links, "num_public_access_links")):
        people[name] = _pair(ActorRow, ActorRow.created_at, ActorRow.id.in_(actors), ActorRow.deleted_at.is_(None))
    return {
        "id": number,
        "users": people,
        "forms": {"num_forms": _pair(Form, Form.created_at, *of_forms)}
        | {
            f"num_{state}_forms": _pair(Form, Form.created_at, *of_forms, Form.state == state)
            for state in ("open", "closing", "closed")
        },
        "submissions": {"num_submissions_received": _pair(Submission, Submission.created_at, *here)}
        | {
            name: _pair(Submission, Submission.created_at, *here, Submission.review_state == state)
            for state, name in _STATES.items()
        },
    }
