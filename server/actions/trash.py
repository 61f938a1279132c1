"""What was deleted and not yet purged: it can be brought back as it was."""

from __future__ import annotations

from sqlalchemy import select

from schemas import problems
from server import permissions
from server.actions import audits, forms, projects, rows
from server.db import db, writes
from server.models import Form, Submission
from server.permissions import Actor


def has_form(project_id: int, xml_form_id: str) -> bool:
    """Whether a form with this ID lies in the trash."""
    query = select(Form.id).where(Form.project_id == project_id, Form.xml_form_id == xml_form_id)
    return db.session.scalar(query.where(Form.deleted_at.is_not(None)).limit(1)) is not None


@writes
def restore_form(actor: Actor, project_id: int, number: int) -> None:
    """Bring a deleted form back with all that was sent for it. Raises NOT_FOUND, UNIQUENESS."""
    projects.find(project_id)
    query = select(Form).where(Form.id == number, Form.project_id == project_id, Form.deleted_at.is_not(None))
    form = db.session.scalar(query)
    if form is None:
        raise problems.NOT_FOUND()
    permissions.require(actor, "form.restore", project_id=project_id, form_id=form.id)
    forms.refuse_taken(project_id, form.xml_form_id)
    form.deleted_at = None
    audits.log(actor, "form.restore", project_id=project_id, form_id=form.id)


@writes
def restore_submission(actor: Actor, form: Form, instance_id: str) -> None:
    """Bring back a submission that was taken away. Raises NOT_FOUND."""
    bring_back(actor, rows.get_deleted(actor, form, instance_id, "submission.restore"))


def bring_back(actor: Actor, submission: Submission) -> None:
    """Within a write transaction, of a submission that she may restore: what `restore_submission` does."""
    submission.deleted_at = None
    place = {"project_id": submission.project_id, "form_id": submission.form_id, "submission_id": submission.id}
    audits.log(actor, "submission.restore", **place, unit_id=submission.unit_id, instanceId=submission.instance_id)
