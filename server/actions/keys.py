"""Keys of encrypted forms: the project's own, or what came in a definition."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from forms import encryption, xform
from server import permissions
from server.actions.definitions import Definition
from server.db import db, now
from server.models import Form, FormVersion, Project, ProjectKey, Submission, SubmissionVersion
from server.permissions import Actor


def seal(project_id: int, definition: Definition) -> tuple[Definition, int | None]:
    """A definition with the key of its project, if that encrypts and it has none of its own; the number of its key."""
    if definition.form.public_key:
        return definition, _number(definition.form.public_key)
    key = db.session.scalar(select(ProjectKey).join(Project, Project.key_id == ProjectKey.id).filter_by(id=project_id))
    if key is None:
        return definition, None
    return with_key(definition, key, encryption.suffix(now())), key.id


def with_key(definition: Definition, key: ProjectKey, ending: str) -> Definition:
    """The definition with this key, and a version string that ends so."""
    xml = encryption.with_key(definition.xml, key.public_key, ending)
    return replace(definition, xml=xml, form=xform.parse(xml))


def in_use(actor: Actor, form: Form, *, draft: bool) -> list[ProjectKey]:
    """The keys that would open what was sent to a form, of what the actor may list; the newest first."""
    query = select(Submission.id).where(
        Submission.form_id == form.id, Submission.draft.is_(draft), Submission.deleted_at.is_(None)
    )
    seen = permissions.visible(actor, query, "submission.list")
    current = select(FormVersion.key_id).join(SubmissionVersion, SubmissionVersion.form_version_id == FormVersion.id)
    current = current.where(
        SubmissionVersion.current, SubmissionVersion.encrypted, SubmissionVersion.submission_id.in_(seen)
    )
    used = select(ProjectKey).where(ProjectKey.id.in_(current)).order_by(ProjectKey.id.desc())
    return list(db.session.scalars(used))


def _number(public_key: str) -> int:
    """Of a key that is known by now, whoever sent it first. Within a write."""
    key = db.session.scalar(select(ProjectKey).where(ProjectKey.public_key == public_key))
    if key is None:
        key = ProjectKey(public_key=public_key, managed=False, created_at=now())
        db.session.add(key)
        db.session.flush()
    return key.id
