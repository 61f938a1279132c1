"""Whether anything has changed: a mark of what somebody is shown of a form's data, and of that alone."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select

from server import permissions
from server.actions import filters, free_text, rows
from server.actions.filters import Chosen
from server.db import db
from server.models import Actor as ActorRow
from server.models import Audit, Submission
from server.permissions import Actor

FILES = "submission.attachment.update"


def of_data(
    actor: Actor,
    form: rows.Place,
    *parts: object,
    draft: bool = False,
    chosen: Chosen = filters.ALL,
) -> str:
    """Of the submissions of a form that she is shown, and of whatever else the answer depends on.

    It says nothing of rows she is not shown: it does not change when they do. Tables count files and name who sent:
    it changes with these, too.
    """
    permissions.require(actor, *rows.READ, project_id=form.project_id, form_id=form.id)
    query = select(Submission.id).where(Submission.form_id == form.id, Submission.draft.is_(draft))
    query = query if chosen.deleted else query.where(Submission.deleted_at.is_(None))
    # Versions are not looked at, as they are long; each one sets when its submission was updated.
    scoped = chosen.narrow(permissions.visible(actor, query, *rows.READ, counting=True, project_id=form.project_id))
    told = (func.count(Submission.id), func.sum(Submission.id), func.max(Submission.updated_at))
    known = [*db.session.execute(scoped.with_only_columns(*told)).one()]
    changes = select(func.max(Audit.id)).where(Audit.action == FILES, Audit.submission_id.in_(scoped))
    known.append(db.session.scalar(changes))
    submitters = scoped.with_only_columns(Submission.submitter_id)
    known.append(db.session.scalar(select(func.max(ActorRow.updated_at)).where(ActorRow.id.in_(submitters))))
    known.append(permissions.sees_text(actor, form.project_id, form.id, *free_text.SHOWN))
    return hashlib.sha256("\0".join(map(str, (*known, *parts))).encode()).hexdigest()[:32]
