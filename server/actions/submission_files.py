"""The files of a stored submission, as clients change them one by one (REST). What phones send comes with it."""

from __future__ import annotations

from sqlalchemy import select

from schemas import problems
from server import permissions
from server.actions import chains, files
from server.db import db, end_read, writing
from server.models import Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor
from sync.parts import Part


def attach(actor: Actor, version: SubmissionVersion, file: SubmissionFile, part: Part) -> None:
    """Fill the place of one file of a stored version (REST). Only who may change submissions replaces one."""
    version_id, form_id, instance_id = version.id, version.form_id, version.instance_id
    end_read()
    files.keep([part])
    with writing():
        chains.take_turns(form_id, instance_id, edits=True)
        files.record([part])
        renamed = Part(part.field, file.name, part.content_type, part.stream, part.sha256, part.md5, part.size)
        found = db.session.get(SubmissionVersion, version_id)
        if found is None:  # of a draft that was replaced
            raise problems.NOT_FOUND()
        own = select(Submission.id).where(Submission.id == found.submission_id)
        if db.session.scalar(permissions.visible(actor, own, "submission.update")) is not None:
            chains.replace_file(actor, found, renamed)
        else:
            chains.add_files(actor, found, (renamed,))


def clear(actor: Actor, version: SubmissionVersion, name: str) -> None:
    """Take a file of a stored version away (REST)."""
    version_id, form_id, instance_id = version.id, version.form_id, version.instance_id
    end_read()
    with writing():
        chains.take_turns(form_id, instance_id, edits=True)
        found = db.session.get(SubmissionVersion, version_id)
        if found is None:  # of a draft that was replaced
            raise problems.NOT_FOUND()
        chains.clear_file(actor, found, name)
