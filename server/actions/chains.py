"""The chain of versions of one submission, and the files of each version. Called within a write transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, select, update

from server.actions import audits
from server.db import db, insert_all, now
from server.models import Audit, Comment, FindingRow, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor
from sync.parts import Part


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
    stale = not version.current
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
    submission.findings = _count_findings(own)
    audits.log(
        actor, "submission.update.version", project_id=version.project_id, form_id=version.form_id, submission_id=own
    )


def _count_findings(submission_id: int) -> int:
    query = (
        select(func.count(FindingRow.id))
        .join(SubmissionVersion, SubmissionVersion.id == FindingRow.version_id)
        .where(SubmissionVersion.submission_id == submission_id, SubmissionVersion.current.is_(True))
    )
    return db.session.scalar(query) or 0


def expect_files(version_id: int, named: Iterable[str], sent: Iterable[Part], edited: SubmissionVersion | None) -> None:
    """Places for the files that the XML names or that came with it; an edit keeps those it names again."""
    arrived = {part.name: part for part in sent}
    expected = list(dict.fromkeys(named))
    before = {file.name: file for file in of_version(edited.id)} if edited is not None else {}
    rows = []
    for position, name in enumerate([*expected, *(name for name in arrived if name not in set(expected))]):
        part, old = arrived.get(name), before.get(name)
        row = {"version_id": version_id, "name": name, "position": position, "expected": name in expected}
        row["blob_sha256"] = part.sha256 if part else (old.blob_sha256 if old else None)
        row["content_type"] = part.content_type if part else (old.content_type if old else None)
        rows.append(row)
    insert_all(SubmissionFile, rows)


def add_files(actor: Actor, version: SubmissionVersion, parts: Iterable[Part]) -> None:
    """Files that come later, in further parts or by themselves. Those that are there already change nothing."""
    places = {file.name: file for file in of_version(version.id)}
    for part in parts:
        place = places.get(part.name)
        if place is None:
            place = SubmissionFile(version_id=version.id, name=part.name, expected=False, position=len(places))
            places[part.name] = place
            db.session.add(place)
        if place.blob_sha256 == part.sha256:
            continue
        audits.log(
            actor,
            "submission.attachment.update",
            project_id=version.project_id,
            form_id=version.form_id,
            submission_id=version.submission_id,
            name=part.name,
            oldSha256=place.blob_sha256,
            newSha256=part.sha256,
        )
        place.blob_sha256, place.content_type = part.sha256, part.content_type or None


def of_version(version_id: int) -> list[SubmissionFile]:
    """The files of a version, in the order in which its XML names them."""
    query = select(SubmissionFile).where(SubmissionFile.version_id == version_id)
    return list(db.session.scalars(query.order_by(SubmissionFile.position, SubmissionFile.id)))
