"""The chain of versions of one submission, and the files of each version. Called within a write transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, delete, select, union_all, update

from schemas import problems
from server import permissions
from server.actions import audits, dismissals
from server.db import Number, ask, db, insert_all, lock, now
from server.models import Audit, Comment, FindingRow, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor
from sync.parts import Part, short_name


def take_turns(form_id: int, instance_id: str, *, edits: bool) -> None:
    """Wait for others who store the same instance. What edits changes a chain that others may be changing too, so that
    nobody else stores anything of the form meanwhile."""
    form = f"form {form_id}"
    if edits:
        lock(form)
    else:
        lock(f"{form} {instance_id}", shared=form)


_EDITED: BindParameter[str] = bindparam("edited")
_OWN: BindParameter[str] = bindparam("own")


def _versions(*matches: ColumnElement[bool]) -> Select[Any]:
    return (
        select(SubmissionVersion.id, SubmissionVersion.instance_id, SubmissionVersion.deprecated_id)
        .add_columns(SubmissionVersion.xml_sha256, SubmissionVersion.current, Submission.deleted_at)
        .add_columns(SubmissionVersion.submission_id, Submission.submitter_id, Submission.instance_id.label("root_id"))
        .add_columns(SubmissionVersion.form_id, SubmissionVersion.draft)
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .where(SubmissionVersion.form_id == bindparam("form_id"), SubmissionVersion.draft == bindparam("draft"))
        .where(*matches)
    )


# What is stored of an instance, of the one it edits and of edits of it; and whether it was deleted. Three questions,
# each with one value for each column of its index: asked with OR, or for one of several values, a planner that knows
# nothing of a new table reads the whole form, and does so until somebody counts its rows.
_FOUND = union_all(
    _versions(SubmissionVersion.instance_id == _OWN),
    _versions(SubmissionVersion.instance_id == _EDITED, _EDITED != _OWN),
    _versions(
        SubmissionVersion.deprecated_id == _OWN,
        SubmissionVersion.instance_id != _OWN,
        SubmissionVersion.instance_id != _EDITED,
    ),
).subquery()
_KNOWN = select(*_FOUND.c)


def known(form_id: int, draft: bool, own: str, edited: str | None) -> Sequence[Row[Any]]:
    """What is stored of an instance, of the one it edits and of edits of it."""
    return ask(_KNOWN, form_id=form_id, draft=draft, own=own, edited=edited or own)


def within(actor: Actor, own: str, known: Sequence[Row[Any]]) -> list[Row[Any]]:
    """What of it counts for this sender: the instance itself, what she sent, and what else she may change.

    So an edit that names what others sent is kept by itself, as one whose original has not come: nobody changes, or
    learns of, what is not hers. Nor does an original fetch the early edit of another. Only an edit of something that
    did not come from this very sender costs a question.
    """
    counted = {row.id for row in known if row.instance_id == own or permissions.is_own(actor, row.submitter_id)}
    others = {row.submission_id for row in known if row.id not in counted and row.deprecated_id != own}
    if others:
        query = permissions.visible_or_own(
            actor, select(Submission.id).where(Submission.id.in_(others)), "submission.update"
        )
        reached = set(db.session.scalars(query))
        counted |= {row.id for row in known if row.submission_id in reached}
    return [row for row in known if row.id in counted]


def refuse_repeat(known: Iterable[Row[Any]], own: str, *, root: bool) -> None:
    """Raise UNIQUENESS for a used instance ID, as Central does: whether the body is the same or not.

    `root`: of a submission of its own, and not of an edit.
    """
    there = next((row for row in known if row.instance_id == own), None)
    if there is not None and root and there.root_id == own:
        values = [str(there.form_id), own, "t" if there.draft else "f"]
        raise problems.UNIQUENESS(fields=["formId", "instanceId", "draft"], values=values, table="submissions")
    if there is not None:
        raise problems.UNIQUENESS(fields="instanceID", values=own)


def reopen(edited: SubmissionVersion, findings: int) -> int:
    """The submission that gets a further version: none of its versions is the current one now. Its number."""
    db.session.execute(
        update(SubmissionVersion).where(SubmissionVersion.submission_id == edited.submission_id).values(current=False)
    )
    submission = db.session.get_one(Submission, edited.submission_id)
    submission.review_state = "edited"
    submission.updated_at = now()
    submission.findings = findings
    return submission.id


def adopt(actor: Actor, version: SubmissionVersion, orphan: SubmissionVersion) -> None:
    """Join the chain of an edit that came before the version it edits: it goes behind that version."""
    own, theirs = version.submission_id, orphan.submission_id
    if own == theirs:
        return
    stale, dismissed = not version.current, dismissals.of_current(own)
    db.session.execute(update(SubmissionVersion).where(SubmissionVersion.submission_id == own).values(current=False))
    for model in (SubmissionVersion, Comment, Audit):
        db.session.execute(update(model).where(model.submission_id == theirs).values(submission_id=own))
    db.session.execute(delete(FindingRow).where(FindingRow.version_id == orphan.id, FindingRow.code == "origin.orphan"))
    if stale:  # another early edit of the same version went before
        place = {"project_id": version.project_id, "version_id": orphan.id}
        db.session.add(FindingRow(**place, code="origin.stale", path="", label=""))
    former = db.session.get_one(Submission, theirs)
    submission = db.session.get_one(Submission, own)
    submission.review_state = former.review_state or "edited"
    submission.updated_at = now()
    db.session.flush()
    db.session.expire(former)
    db.session.delete(db.session.get_one(Submission, theirs))
    dismissals.carry(dismissed, orphan.id)
    submission.findings = dismissals.count(own)
    inherit(version, orphan)
    place = {"project_id": version.project_id, "form_id": version.form_id, "submission_id": own}
    unit_id, told = submission.unit_id, orphan.instance_id
    audits.log(actor, "submission.update.version", **place, unit_id=unit_id, instanceId=told)


def expect_files(
    version_id: Number, named: Iterable[str], sent: Iterable[Part], edited: SubmissionVersion | None
) -> dict[str, str]:
    """Places for the files that the XML names or that came with it; an edit keeps those it names again.

    Those that are there now, by name, with their hashes; first what the XML names, in its order.
    """
    arrived = {part.name: part for part in sent}
    expected = list(dict.fromkeys(map(short_name, named)))
    before = {file.name: file for file in of_version(edited.id)} if edited is not None else {}
    rows = []
    for position, name in enumerate([*expected, *(name for name in arrived if name not in set(expected))]):
        part, old = arrived.get(name), before.get(name)
        row: dict[str, Any] = {
            "version_id": version_id,
            "name": name,
            "position": position,
            "expected": name in expected,
        }
        row["blob_sha256"] = part.sha256 if part else (old.blob_sha256 if old else None)
        row["content_type"] = part.content_type if part else (old.content_type if old else None)
        row["inherited"] = part is None and row["blob_sha256"] is not None
        rows.append(row)
    insert_all(SubmissionFile, rows)
    return {row["name"]: row["blob_sha256"] for row in rows if row["blob_sha256"] is not None}


def inherit(edited: SubmissionVersion, edit: SubmissionVersion) -> None:
    """Fill what the edit names and did not bring with the files of the version it edits; then its own edits'."""
    if edited.submission_id != edit.submission_id:
        return
    there = {file.name: file for file in of_version(edited.id) if file.blob_sha256}
    filled = False
    for place in of_version(edit.id):
        old = there.get(place.name)
        awaits = place.blob_sha256 is None or place.inherited
        if old is not None and awaits and place.blob_sha256 != old.blob_sha256:
            place.blob_sha256, place.content_type, place.inherited = old.blob_sha256, old.content_type, True
            filled = True
    if filled:
        _hand_down(edit)


def _hand_down(version: SubmissionVersion) -> None:
    """Edits that came before a file of the version they edit get it now."""
    edits = select(SubmissionVersion).where(
        SubmissionVersion.form_id == version.form_id,
        SubmissionVersion.draft.is_(version.draft),
        SubmissionVersion.deprecated_id == version.instance_id,
    )
    for edit in db.session.scalars(edits).all():
        inherit(version, edit)


def add_files(actor: Actor, version: SubmissionVersion, parts: Iterable[Part]) -> None:
    """Files that a phone sends later, in further parts or once more. What has come stays: it is never replaced.

    Other contents under a name that is taken are kept beside it, and said to be a conflict.
    """
    places = {file.name: file for file in of_version(version.id)}
    filled = False
    for part in parts:
        place = places.get(part.name)
        if place is not None and place.blob_sha256 == part.sha256:
            place.inherited = False
            continue
        name: str | None = part.name
        # What the version before had stands there only until the version's own file comes.
        if place is not None and place.blob_sha256 is not None and not place.inherited:
            _note_conflict(version, part.name)
            name = _free_name(places, part)
        if name is not None:
            if name not in places:
                places[name] = SubmissionFile(version_id=version.id, name=name, expected=False, position=len(places))
                db.session.add(places[name])
            _fill(actor, version, places[name], part)
            filled = True
    if filled:
        _hand_down(version)


def _free_name(places: dict[str, SubmissionFile], part: Part) -> str | None:
    """A name for a file whose own is taken: `a (2).jpg`. None when it is kept under such a name already."""
    path = PurePosixPath(part.name)
    for number in count(2):
        name = short_name(f"{path.stem} ({number}){path.suffix}")
        if name not in places:
            return name
        if places[name].blob_sha256 == part.sha256:
            return None
    return None


def _note_conflict(version: SubmissionVersion, name: str) -> None:
    """A finding for a file that came with other contents, once for each name."""
    known = select(FindingRow.id).where(
        FindingRow.version_id == version.id, FindingRow.code == "origin.conflict", FindingRow.value == name
    )
    if db.session.scalar(known) is not None:
        return
    place = {"project_id": version.project_id, "version_id": version.id}
    db.session.add(FindingRow(**place, code="origin.conflict", path="", label="", value=name))
    if version.current:
        db.session.get_one(Submission, version.submission_id).findings += 1


def replace_file(actor: Actor, version: SubmissionVersion, part: Part, told: str) -> None:
    """Put another file into its place, on purpose; the audit keeps the hash of the one before.

    `told`: of which submission, or version of it, that was said.
    """
    place = next((file for file in of_version(version.id) if file.name == part.name), None)
    if place is None:
        raise problems.NOT_FOUND()
    if place.blob_sha256 != part.sha256:
        _fill(actor, version, place, part, told)
        _hand_down(version)


def clear_file(actor: Actor, version: SubmissionVersion, name: str, told: str) -> None:
    """Empty a place, on purpose; `told` as `replace_file` has it. Raises NOT_FOUND."""
    place = next((file for file in of_version(version.id) if file.name == name), None)
    if place is None:
        raise problems.NOT_FOUND()
    _log_file(actor, version, place.name, told, oldBlobId=place.blob_sha256)
    place.blob_sha256, place.content_type, place.inherited = None, None, False


def _fill(actor: Actor, version: SubmissionVersion, place: SubmissionFile, part: Part, told: str = "") -> None:
    """With `told` not by a phone that sends what is missing: what was there before is told even if nothing."""
    before = {"oldBlobId": place.blob_sha256} if told or place.blob_sha256 is not None else {}
    _log_file(actor, version, place.name, told, **before, newBlobId=part.sha256)
    place.blob_sha256, place.content_type, place.inherited = part.sha256, part.content_type or None, False


def _log_file(actor: Actor, version: SubmissionVersion, name: str, instance_id: str, **files: Any) -> None:
    unit_id = db.session.scalar(select(Submission.unit_id).where(Submission.id == version.submission_id))
    place = {"project_id": version.project_id, "form_id": version.form_id, "submission_id": version.submission_id}
    told: dict[str, Any] = {"instanceId": instance_id or version.instance_id, "name": name}
    audits.log(actor, "submission.attachment.update", **place, unit_id=unit_id, **told, **files)


def of_version(version_id: int) -> list[SubmissionFile]:
    """The files of a version, in the order in which its XML names them."""
    query = select(SubmissionFile).where(SubmissionFile.version_id == version_id)
    return list(db.session.scalars(query.order_by(SubmissionFile.position, SubmissionFile.id)))
