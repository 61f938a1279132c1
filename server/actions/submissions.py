"""Submissions arrive: read, checked against the form that made them, and stored whole, once.

What is slow or only reads comes first and holds no lock; the write transaction decides and records.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from forms import checks
from forms import instance as instances
from forms.checks import Checked
from forms.instance import Instance
from schemas import problems
from schemas.findings import Finding
from server import permissions
from server.actions import audits, chains, files, forms
from server.db import db, end_read, now, writing
from server.models import FindingRow, Form, FormVersion, Submission, SubmissionFile, SubmissionVersion
from server.permissions import Actor
from sync.intake import Decision, Known, decide
from sync.parts import Part, Upload

# An edit that comes too early or too late is kept, and said to be one.
LATE_EDITS = {Decision.ORPHAN_EDIT: "origin.orphan", Decision.STALE_EDIT: "origin.stale"}


@dataclass(frozen=True, slots=True)
class Sender:
    """What a request tells of the client beside the body."""

    device_id: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A submission, read and checked, before it is decided what it is."""

    instance: Instance
    instance_id: str
    xml: bytes
    sha256: str
    checked: Checked
    form_id: int
    project_id: int
    form_version_id: int
    draft: bool
    files: tuple[Part, ...]
    sender: Sender
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it."""

    decision: Decision
    submission_id: int


def receive(
    actor: Actor,
    project_id: int,
    upload: Upload,
    sender: Sender,
    *,
    xml_form_id: str | None = None,
    draft: bool = False,
    replaces: str | None = None,
    fresh: bool = False,
) -> Receipt:
    """Store a submission or say why not. The answer may be given when this returns: it is committed.

    `xml_form_id`: the form the address names, which the body must name too. `draft`: sent to try the draft.
    `replaces`: the current version that an edit must name (REST's PUT). `fresh`: a repeat is refused (REST's POST).
    """
    arrival = _read(actor, project_id, upload, sender, xml_form_id, draft)
    if replaces is not None and not arrival.instance.deprecated_id:
        raise problems.EXPECTED_DEPRECATION()
    if replaces is not None and arrival.instance.deprecated_id != replaces:
        raise problems.DEPRECATING_OLD(deprecatedId=arrival.instance.deprecated_id)
    end_read()
    files.keep(arrival.files)
    try:
        return _store(actor, arrival, fresh or replaces is not None)
    except IntegrityError:
        # The same instance came in on another connection at the same moment: by now it is known.
        return _store(actor, arrival, fresh or replaces is not None)


def _read(
    actor: Actor, project_id: int, upload: Upload, sender: Sender, xml_form_id: str | None, draft: bool
) -> Arrival:
    instance = instances.read(upload.xml)
    if xml_form_id is not None and instance.form_id != xml_form_id:
        raise problems.UNEXPECTED_VALUE(
            field="form ID", value=instance.form_id, reason="it is not the form that the address names"
        )
    if not instance.instance_id:
        raise problems.MISSING_PARAMETER(field="instanceID")
    form, version, unknown = _target(actor, project_id, instance, draft)
    compiled = forms.compiled(version)
    checked = checks.find(compiled, instance)
    extra = (Finding("origin.version", value=instance.version, args={"version": instance.version}),) if unknown else ()
    return Arrival(
        instance,
        instance.instance_id,
        upload.xml,
        hashlib.sha256(upload.xml).hexdigest(),
        checked,
        form.id,
        form.project_id,
        version.id,
        draft,
        upload.files,
        sender,
        (*extra, *checked.findings),
    )


def _target(actor: Actor, project_id: int, instance: Instance, draft: bool) -> tuple[Form, FormVersion, bool]:
    """The form, the version to check against, and whether the version named is unknown."""
    try:
        form = forms.find(project_id, instance.form_id)
    except problems.Problem:
        raise problems.FORM_UNKNOWN(form=instance.form_id) from None
    permissions.require(actor, "submission.create", project_id=project_id, form_id=form.id)
    if draft:
        return form, forms.draft_of(form), False
    if form.state == "closed":
        raise problems.NOT_ACCEPTING()
    if form.current is None:
        raise problems.FORM_UNKNOWN(form=instance.form_id)
    if form.current.version == instance.version:
        return form, form.current, False
    try:
        return form, forms.version_named(form, instance.version or "___"), False
    except problems.Problem:
        return form, form.current, True


def _store(actor: Actor, arrival: Arrival, fresh: bool) -> Receipt:
    with writing():
        known = _known(arrival)
        deprecated_id = arrival.instance.deprecated_id
        states = [Known(v.instance_id, v.xml_sha256, v.current, gone) for v, gone in known]
        decision = decide(arrival.instance_id, deprecated_id, arrival.sha256, states)
        if fresh and decision is Decision.AGAIN:
            raise problems.INSTANCE_ID_CONFLICT()
        files.record(arrival.files)
        by_id = {version.instance_id: version for version, _ in known}
        if decision is Decision.AGAIN:
            version = by_id[arrival.instance_id]
            chains.add_files(actor, version, arrival.files)
            return Receipt(decision, version.submission_id)
        edited = by_id.get(deprecated_id or "")
        version = _add_version(actor, arrival, decision, edited)
        waiting = [known_version for known_version, _ in known if known_version.deprecated_id == arrival.instance_id]
        for orphan in waiting:
            chains.adopt(actor, version, orphan)
        return Receipt(decision, version.submission_id)


def _known(arrival: Arrival) -> list[tuple[SubmissionVersion, bool]]:
    """What is stored of this instance, of the one it edits and of edits of it; and whether it was deleted."""
    ids = [arrival.instance_id, arrival.instance.deprecated_id or arrival.instance_id]
    query = (
        select(SubmissionVersion, Submission.deleted_at)
        .join(Submission, Submission.id == SubmissionVersion.submission_id)
        .where(
            SubmissionVersion.form_id == arrival.form_id,
            SubmissionVersion.draft.is_(arrival.draft),
            or_(SubmissionVersion.instance_id.in_(ids), SubmissionVersion.deprecated_id == arrival.instance_id),
        )
    )
    return [(version, deleted is not None) for version, deleted in db.session.execute(query)]


def _add_version(
    actor: Actor, arrival: Arrival, decision: Decision, edited: SubmissionVersion | None
) -> SubmissionVersion:
    """Rows for a version that is new: of a submission of its own, or of the one that it edits."""
    late = LATE_EDITS.get(decision)
    findings = [*([Finding(late)] if late else []), *arrival.findings]
    submission = _add_submission(actor, arrival) if edited is None else chains.reopen(edited)
    submission.findings = len(findings)
    version = SubmissionVersion(
        project_id=arrival.project_id,
        form_id=arrival.form_id,
        submission_id=submission.id,
        form_version_id=arrival.form_version_id,
        draft=arrival.draft,
        current=True,
        instance_id=arrival.instance_id,
        deprecated_id=arrival.instance.deprecated_id,
        instance_name=arrival.instance.instance_name,
        xml=arrival.xml,
        xml_sha256=arrival.sha256,
        answers=arrival.checked.answers,
        encrypted=arrival.instance.encrypted,
        submitter_id=actor.id,
        device_id=arrival.sender.device_id,
        user_agent=arrival.sender.user_agent,
        created_at=now(),
    )
    db.session.add(version)
    db.session.flush()
    _add_findings(version, findings)
    chains.expect_files(version, arrival.checked.files, arrival.files, edited)
    audits.log(
        actor,
        "submission.create" if edited is None else "submission.update.version",
        project_id=arrival.project_id,
        form_id=arrival.form_id,
        submission_id=submission.id,
        instanceId=arrival.instance_id,
    )
    return version


def _add_submission(actor: Actor, arrival: Arrival) -> Submission:
    submission = Submission(
        project_id=arrival.project_id,
        form_id=arrival.form_id,
        draft=arrival.draft,
        instance_id=arrival.instance_id,
        submitter_id=actor.id,
        device_id=arrival.sender.device_id,
        user_agent=arrival.sender.user_agent,
        created_at=now(),
    )
    db.session.add(submission)
    db.session.flush()
    return submission


def _add_findings(version: SubmissionVersion, findings: list[Finding]) -> None:
    db.session.add_all(
        FindingRow(
            project_id=version.project_id,
            version_id=version.id,
            code=finding.code,
            path=finding.path,
            label=finding.label,
            value=finding.value,
            args=dict(finding.args),
        )
        for finding in findings
    )


def attach(actor: Actor, version: SubmissionVersion, file: SubmissionFile, part: Part) -> None:
    """Fill the place of one file of a stored version (REST)."""
    version_id = version.id
    end_read()
    files.keep([part])
    with writing():
        files.record([part])
        renamed = Part(part.field, file.name, part.content_type, part.stream, part.sha256, part.md5, part.size)
        chains.add_files(actor, db.session.get_one(SubmissionVersion, version_id), (renamed,))
