"""Drafts: a definition arrives, is tried, and is published with a version of its own."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from forms import rules, workbooks, xform
from schemas import problems
from server.actions import audits, definitions, files, forms, keys, projects, trash, web_forms
from server.actions.definitions import Definition
from server.db import db, now, writes
from server.models import (
    Comment,
    Form,
    FormFile,
    FormVersion,
    Project,
    Submission,
    SubmissionVersion,
)
from server.parts import settings, vault
from server.permissions import Actor
from server.secrets import new_token, token_hash


def create(actor: Actor, project_id: int, definition: Definition, *, publish: bool = False) -> Form:
    """A new form with a draft; with `publish` it is published at once."""
    projects.get(actor, project_id, "form.create")
    _keep(definition)
    return _create(actor, project_id, definition, publish)


def warnings_of_new(project_id: int, definition: Definition) -> list[dict[str, Any]]:
    """What is worth saying before a form is made of a definition: that one with its ID was deleted."""
    form_id = definition.form.form_id
    deleted = trash.has_form(project_id, form_id)
    told = [{"type": "deletedFormExists", "details": {"xmlFormId": form_id}}] if deleted else []
    return [*told, *rules.of_new(definition.form)]


def _keep(definition: Definition) -> None:
    files.keep(part for part in (definition.workbook, definition.itemsets) if part is not None)


@writes
def _create(actor: Actor, project_id: int, definition: Definition, publish: bool) -> Form:
    projects.get(actor, project_id, "form.create")
    form_id = definition.form.form_id
    forms.refuse_taken(project_id, form_id)
    form = Form(project_id=project_id, xml_form_id=form_id, created_at=now(), created_by=actor.id)
    db.session.add(form)
    db.session.flush()
    _add_draft(actor, form, definition)
    audits.log(actor, "form.create", project_id=project_id, form_id=form.id)
    if publish:
        _publish(actor, form, fresh=True)
    return form


def replace(actor: Actor, form: Form, definition: Definition | None = None) -> Form:
    """A new draft of a form: of the definition given, else a copy of the published one. The old draft goes."""
    if definition is not None:
        if definition.form.form_id != form.xml_form_id:
            raise problems.UNEXPECTED_VALUE(
                field="xmlFormId", value=definition.form.form_id, reason=f"this form's ID is {form.xml_form_id}"
            )
        _keep(definition)
    return _replace(actor, form.project_id, form.xml_form_id, definition)


@writes
def _replace(actor: Actor, project_id: int, xml_form_id: str, definition: Definition | None) -> Form:
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    if definition is not None:
        _set_draft(actor, form, definition)
    elif form.current is None:
        raise problems.MISSING_PARAMETER(field="xml")
    else:
        current = form.current
        definition = Definition(current.xml, forms.compiled(current), validated=current.validated)
        _set_draft(actor, form, definition, workbook_of=current)
    return form


def _set_draft(
    actor: Actor, form: Form, definition: Definition, *, workbook_of: FormVersion | None = None
) -> FormVersion:
    """Another draft, and the entry that says so. `workbook_of`: the version that it is a copy of."""
    old, from_ = form.draft_version_id, workbook_of
    workbook = (from_.workbook_sha256, from_.workbook_type, from_.workbook_name) if from_ is not None else None
    draft = _add_draft(actor, form, definition)
    if workbook is not None:
        draft.workbook_sha256, draft.workbook_type, draft.workbook_name = workbook
    form.updated_at = now()
    place = {"project_id": form.project_id, "form_id": form.id}
    audits.log(actor, "form.update.draft.set", **place, oldDraftDefId=old, newDraftDefId=draft.id)
    return draft


def _add_draft(actor: Actor, form: Form, definition: Definition) -> FormVersion:
    old = form.draft
    inherited = {
        file.name: file for version in (form.current, old) if version for file, _ in files.of_version(version.id)
    }
    definition, key_id = keys.seal(form.project_id, definition)
    key = (vault().reveal(old.draft_key_cipher) if old else None) or new_token()
    web_id = (old.web_id if old else None) or web_forms.new_id()
    if old is not None:
        _remove(form, old)
    last = db.session.scalar(select(func.max(FormVersion.number)).where(FormVersion.form_id == form.id)) or 0
    files.record(part for part in (definition.workbook, definition.itemsets) if part is not None)
    workbook = definition.workbook
    draft = FormVersion(
        project_id=form.project_id,
        form_id=form.id,
        number=last + 1,
        key_id=key_id,
        validated=definition.validated,
        warnings=[*definition.warnings],
        workbook_sha256=workbook.sha256 if workbook else None,
        workbook_type=definition.workbook_type,
        workbook_name=workbook.name if workbook else None,
        draft_key_hash=token_hash(key),
        draft_key_cipher=vault().encrypt(key),
        web_id=web_id,
        created_at=now(),
        created_by=actor.id,
    )
    set_definition(draft, definition.xml, definition.form)
    db.session.add(draft)
    db.session.flush()
    form.draft = draft
    _expect_files(draft, definition, inherited)
    db.session.flush()
    return draft


def set_definition(version: FormVersion, xml: bytes, parsed: xform.Form) -> None:
    """Make this the definition of a version, with what is told of it."""
    version.xml = xml
    version.version = parsed.version
    version.title = parsed.title
    lists = () if parsed.public_key else parsed.entities
    version.datasets = list(dict.fromkeys(one.name for one in lists))
    version.md5 = hashlib.md5(xml, usedforsecurity=False).hexdigest()
    version.sha1 = hashlib.sha1(xml, usedforsecurity=False).hexdigest()
    version.sha256 = hashlib.sha256(xml).hexdigest()


def _expect_files(draft: FormVersion, definition: Definition, inherited: dict[str, FormFile]) -> None:
    """Places for the files the definition names; those of the version before are carried over by name and type."""
    for expected in definition.form.files:
        place = FormFile(version_id=draft.id, name=expected.name, type=expected.type)
        before = inherited.get(expected.name)
        if definition.itemsets is not None and expected.name == definition.itemsets.name:
            place.blob_sha256, place.content_type = definition.itemsets.sha256, "text/csv"
            place.updated_at = now() if before is not None else None
        elif before is not None and before.type == expected.type:
            place.blob_sha256, place.dataset_id = before.blob_sha256, before.dataset_id
            place.content_type, place.updated_at = before.content_type, before.updated_at
        db.session.add(place)


def _remove(form: Form, draft: FormVersion) -> None:
    """Delete a draft and what was sent to try it."""
    form.draft = None
    db.session.flush()
    tried = select(Submission.id).where(Submission.form_id == form.id, Submission.draft.is_(True))
    db.session.execute(delete_rows(Comment).where(Comment.submission_id.in_(tried)))
    db.session.execute(
        delete_rows(SubmissionVersion).where(SubmissionVersion.form_id == form.id, SubmissionVersion.draft.is_(True))
    )
    db.session.execute(delete_rows(Submission).where(Submission.form_id == form.id, Submission.draft.is_(True)))
    if draft.published_at is None:
        db.session.execute(delete_rows(FormVersion).where(FormVersion.id == draft.id))
        db.session.expunge(draft)


@writes
def publish(
    actor: Actor, project_id: int, xml_form_id: str, version: str | None = None, notes: str | None = None
) -> Form:
    """Make the draft the published version, under another version string if one is given: then it is a draft of its
    own, as clients are told.

    Raises VERSION_UNIQUENESS when the string has been published before.
    """
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    draft = forms.draft_of(form)
    if version is not None and version.strip():
        xml, warnings = xform.set_version(draft.xml, version), draft.warnings
        definition = Definition(xml, xform.parse(xml), validated=draft.validated, warnings=tuple(warnings))
        draft = _set_draft(actor, form, definition, workbook_of=draft)
    draft.publish_notes = notes
    _publish(actor, form)
    return form


def _publish(actor: Actor, form: Form, *, fresh: bool = False) -> None:
    """`fresh`: the form is made at the same time, so that nothing was changed since."""
    draft = forms.draft_of(form)
    taken = select(FormVersion.id).where(
        FormVersion.form_id == form.id,
        FormVersion.version == draft.version,
        FormVersion.published_at.is_not(None),
    )
    if db.session.scalar(taken) is not None:
        raise problems.VERSION_UNIQUENESS(xmlFormId=form.xml_form_id, version=draft.version)
    rules.check(forms.compiled(draft), previous=definitions.previous_of(form), public_url=settings().public_url)
    old = form.current_version_id
    draft.published_at = form.created_at if fresh else now()
    draft.published_by = actor.id
    if draft.publish_notes is None:
        draft.publish_notes = actor.notes
    draft.draft_key_hash = draft.draft_key_cipher = draft.web_id = None
    form.web_id, form.web_once_id = form.web_id or web_forms.new_id(), form.web_once_id or web_forms.new_once_id()
    form.current = draft
    form.updated_at = None if fresh else now()
    _remove(form, draft)
    db.session.flush()
    place = {"project_id": form.project_id, "form_id": form.id}
    audits.log(actor, "form.update.publish", **place, oldDefId=old, newDefId=draft.id)


@writes
def delete(actor: Actor, project_id: int, xml_form_id: str) -> None:
    """Throw the draft away. Raises NO_PUBLISHED_VERSION when there is nothing else."""
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    if form.current is None:
        raise problems.NO_PUBLISHED_VERSION()
    draft = forms.draft_of(form)
    _remove(form, draft)
    place = {"project_id": project_id, "form_id": form.id}
    audits.log(actor, "form.update.draft.delete", **place, oldDraftDefId=draft.id)


def key_of(draft: FormVersion) -> str | None:
    """The key of the draft's test address; None where there is none, or the SECRET_KEY does not open it."""
    return vault().reveal(draft.draft_key_cipher)


def by_key(project_id: int, xml_form_id: str, key: str) -> Form:
    """The form whose draft has this test key. Raises DRAFT_ACCESS."""
    query = (
        select(Form)
        .join(FormVersion, FormVersion.id == Form.draft_version_id)
        .join(Project, Project.id == Form.project_id)
        .where(
            Form.project_id == project_id,
            Form.xml_form_id == xml_form_id,
            Form.deleted_at.is_(None),
            Project.deleted_at.is_(None),
            FormVersion.draft_key_hash == token_hash(key),
        )
    )
    form = db.session.scalar(query)
    if form is None:
        raise problems.DRAFT_ACCESS()
    return form


def workbook_as_xlsx(version: FormVersion) -> bytes:
    """A Markdown workbook as Excel reads it. Raises NOT_FOUND when there is none."""
    if version.workbook_sha256 is None:
        raise problems.NOT_FOUND()
    with files.read(version.workbook_sha256) as file:
        return workbooks.to_xlsx(file.read())
