"""Managed encryption of a project: once on, its phones encrypt what they send. It cannot be turned off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from forms import encryption
from schemas import problems
from server.actions import audits, drafts, files, forms, keys, projects
from server.actions.definitions import Definition
from server.db import db, end_read, now, writes
from server.models import Comment, Form, FormFile, FormVersion, Project, ProjectKey, Submission, SubmissionVersion
from server.permissions import Actor
from server.secrets import new_key_pair

SHORTEST = 10
_WORKBOOK = ("workbook_sha256", "workbook_type", "workbook_name")
_FILE = ("name", "type", "content_type", "blob_sha256", "dataset_id", "updated_at")


def turn_on(actor: Actor, project_id: int, passphrase: str | None, hint: str | None = None) -> Project:
    """Make a key whose private half only the passphrase opens, and give it to every form without a key.

    Raises ALREADY_ACTIVE, MISSING_PARAMETER, PASSWORD_TOO_SHORT.
    """
    _refuse_encrypted(projects.get(actor, project_id, "project.update"))
    if not (passphrase or "").strip():
        raise problems.MISSING_PARAMETER(field="passphrase")
    if len(str(passphrase)) < SHORTEST:
        raise problems.PASSWORD_TOO_SHORT(length=SHORTEST)
    end_read()
    return _turn_on(actor, project_id, new_key_pair(str(passphrase)), hint)  # slow, so before anything is locked


def _refuse_encrypted(project: Project) -> None:
    if project.key_id is not None:
        raise problems.ALREADY_ACTIVE(feature="managed encryption")


@writes
def _turn_on(actor: Actor, project_id: int, pair: tuple[str, str], hint: str | None) -> Project:
    project = projects.get(actor, project_id, "project.update")
    _refuse_encrypted(project)
    public, private = pair
    key = ProjectKey(public_key=public, private_cipher=private, managed=True, hint=hint, created_at=now())
    db.session.add(key)
    db.session.flush()
    project.key_id, project.updated_at = key.id, now()
    audits.log(actor, "project.update", project_id=project_id, data={"keyId": key.id})
    ending = encryption.suffix(now())
    living = select(Form).where(Form.project_id == project_id, Form.deleted_at.is_(None)).order_by(Form.id)
    for form in db.session.scalars(living).all():
        if form.current is not None and form.current.key_id is None:
            _publish_again(actor, form, form.current, key, ending)
        if form.draft is not None and form.draft.key_id is None:
            _encrypt_draft(actor, form, form.draft, key, ending)
    _forget_tries(project_id)
    audits.log(actor, "project.update", project_id=project_id, encrypted=True)
    return project


def _sealed(version: FormVersion, key: ProjectKey, ending: str) -> Definition:
    return keys.with_key(Definition(version.xml, forms.compiled(version)), key, ending)


def _publish_again(actor: Actor, form: Form, old: FormVersion, key: ProjectKey, ending: str) -> None:
    """The published version once more, with the key. A draft stays beside it."""
    last = db.session.scalar(select(func.max(FormVersion.number)).where(FormVersion.form_id == form.id)) or 0
    kept: dict[str, Any] = {name: getattr(old, name) for name in _WORKBOOK}
    version = FormVersion(project_id=form.project_id, form_id=form.id, number=last + 1, key_id=key.id, **kept)
    version.validated, version.warnings, version.datasets = old.validated, [*old.warnings], [*old.datasets]
    version.created_at, version.created_by, version.published_at, version.published_by = (
        now(),
        actor.id,
        now(),
        actor.id,
    )
    definition = _sealed(old, key, ending)
    drafts.set_definition(version, definition.xml, definition.form)
    db.session.add(version)
    db.session.flush()
    for file, _ in files.of_version(old.id):
        db.session.add(FormFile(version_id=version.id, **{name: getattr(file, name) for name in _FILE}))
    form.current, form.updated_at = version, now()
    db.session.flush()
    place = {"project_id": form.project_id, "form_id": form.id}
    audits.log(actor, "form.update.publish", **place, oldDefId=old.id, newDefId=version.id)


def _encrypt_draft(actor: Actor, form: Form, draft: FormVersion, key: ProjectKey, ending: str) -> None:
    definition = _sealed(draft, key, ending)
    drafts.set_definition(draft, definition.xml, definition.form)
    draft.key_id = key.id
    place = {"project_id": form.project_id, "form_id": form.id}
    audits.log(actor, "form.update.draft.set", **place, oldDraftDefId=draft.id, newDraftDefId=draft.id)


def _forget_tries(project_id: int) -> None:
    """What was sent to try drafts was sent in clear."""
    tries = select(Submission.id).where(Submission.project_id == project_id, Submission.draft.is_(True)).subquery()
    numbers = select(tries.c.id)
    db.session.execute(delete_rows(Comment).where(Comment.submission_id.in_(numbers)))
    db.session.execute(delete_rows(SubmissionVersion).where(SubmissionVersion.submission_id.in_(numbers)))
    db.session.execute(delete_rows(Submission).where(Submission.project_id == project_id, Submission.draft.is_(True)))
