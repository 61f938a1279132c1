"""The files of a stored submission, as clients change them one by one (REST). What phones send comes with it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import problems
from server import permissions
from server.actions import chains, files, free_text, rows
from server.db import end_read, writing
from server.models import SubmissionFile, SubmissionVersion
from server.permissions import Actor
from sync.parts import Part


@dataclass(frozen=True, slots=True)
class Place:
    """A file as an address names it: of the current version, or of `version_id`."""

    form: rows.Place
    instance_id: str
    name: str
    draft: bool = False
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fillable:
    """A place that somebody may fill. `anew`: also when there is a file; otherwise only what is missing."""

    version: SubmissionVersion
    file: SubmissionFile
    anew: bool


def to_fill(actor: Actor, place: Place) -> Fillable:
    """The place, if she may fill it: of what she may change, or what is missing of what she sent herself.

    Who may change submissions of the form, but not this one, is told that it is not there; who may change none, that
    she may not: so neither learns what others sent. Nor does who is not shown files change them, or learn their names.
    Raises NOT_FOUND, INSUFFICIENT_RIGHTS.
    """
    changed = rows.find(actor, place.form, place.instance_id, "submission.update", draft=place.draft)
    if changed is not None and free_text.sees(actor, changed[0]):
        return Fillable(changed[1], rows.file(changed[1].id, place.name)[0], True)
    sent = rows.find(actor, place.form, place.instance_id, "submission.create", draft=place.draft, own=True)
    if sent is not None:
        found, blob = rows.file(sent[1].id, place.name)
        if blob is None and sent[1].instance_id == place.instance_id:
            return Fillable(sent[1], found, False)
    permissions.require(actor, "submission.update", project_id=place.form.project_id, form_id=place.form.id)
    raise problems.NOT_FOUND() if changed is None else problems.INSUFFICIENT_RIGHTS()


def attach(actor: Actor, place: Place, part: Part) -> None:
    """Fill the place of one file of a stored submission (REST). Raises what `to_fill` raises."""
    end_read()
    files.keep([part])
    with writing():
        chains.take_turns(place.form.id, place.instance_id, edits=True)
        found = to_fill(actor, place)
        files.record([part])
        renamed = Part(part.field, found.file.name, part.content_type, part.stream, part.sha256, part.md5, part.size)
        if found.anew:
            chains.replace_file(actor, found.version, renamed, place.instance_id)
        else:
            chains.add_files(actor, found.version, (renamed,))


def clear(actor: Actor, place: Place) -> None:
    """Take a file of a stored submission away (REST). Raises NOT_FOUND, INSUFFICIENT_RIGHTS."""
    end_read()
    with writing():
        chains.take_turns(place.form.id, place.instance_id, edits=True)
        submission, current = rows.get(actor, place.form, place.instance_id, "submission.update", draft=place.draft)
        free_text.require(actor, submission)
        version = current if place.version_id is None else rows.version(submission, place.version_id)
        chains.clear_file(actor, version, place.name, place.version_id or place.instance_id)
