"""Submissions arrive: read, checked against the form that made them, and stored whole, once.

What is slow or only reads comes first and holds no lock; the write transaction decides and records.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from forms import checks
from forms import instance as instances
from forms.checks import Checked
from forms.instance import Instance
from schemas import problems
from schemas.findings import Finding
from server import dialect, permissions
from server.actions import audits, chains, dismissals, files, forms, logic
from server.actions.forms import Target
from server.db import Number, db, end_read, insert, insert_all, known_number, now, writing
from server.models import FindingRow, Submission, SubmissionVersion
from server.permissions import Actor
from sync.intake import Decision, Known, decide, id_of, refuse_other
from sync.parts import Part, Upload, placed

log = logging.getLogger("donghanh.submissions")

# An edit that comes too early or too late is kept, and said to be one.
TRIES = 3
LATE_EDITS = {Decision.ORPHAN_EDIT: "origin.orphan", Decision.STALE_EDIT: "origin.stale"}


@dataclass(frozen=True, slots=True)
class Sender:
    """What a request tells of the client beside the body."""

    device_id: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A submission, read and checked, before it is decided what it is. `unknown`: there is no such version."""

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
    incomplete: bool
    sender: Sender
    findings: tuple[Finding, ...]
    unknown: bool


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
    accepted: Container[Decision] = frozenset(Decision),
) -> int | None:
    """Store a submission or say why not. The answer may be given when this returns: it is committed.

    The number of its row; a new one's only if it is `fresh`: phones are not told, and the database need not be awaited.

    `xml_form_id`: the form the address names, which the body must name too. `draft`: sent to try the draft.
    `replaces`: the current version that an edit must name (REST's PUT). `fresh`: a repeat is refused (REST's POST).
    `accepted`: what it may turn out to be when it is stored; else it is refused (`intake.refuse_other`).
    Who sends by REST is a program that hears what is wrong: it is told of an unknown version, which a phone is not, and
    what it sends without an ID gets one.
    """
    told = fresh or replaces is not None
    own = str(uuid4()) if told else ""
    for _ in range(TRIES):
        arrival = _read(actor, project_id, upload, sender, xml_form_id, draft, own)
        if told:
            _expect(arrival, replaces)
        end_read()
        files.keep(arrival.files)
        try:
            return _store(actor, arrival, told, accepted)
        except (DBAPIError, StaleDataError, ObjectDeletedError) as error:
            # At the same moment the same instance came in on another connection, its chain or the draft changed, or the
            # database was started again: look again. What was committed after all is found as a repeat.
            of_database = isinstance(error, DBAPIError) and not isinstance(error, IntegrityError)
            if of_database and not dialect.may_try_again(cast(DBAPIError, error)):
                raise
            log.warning("refused by the database", extra={"kind": type(error).__name__})
    raise problems.BUSY()


def _expect(arrival: Arrival, replaces: str | None) -> None:
    """What a program is told of at once. Raises FORM_VERSION_UNKNOWN, EXPECTED_DEPRECATION, DEPRECATING_OLD."""
    edited = arrival.instance.deprecated_id
    if arrival.unknown:
        raise problems.FORM_VERSION_UNKNOWN(formVersion=arrival.instance.version)
    if replaces is not None and not edited:
        raise problems.EXPECTED_DEPRECATION()
    if replaces is not None and edited != replaces:
        raise problems.DEPRECATING_OLD(deprecatedId=edited)


def _read(
    actor: Actor, project_id: int, upload: Upload, sender: Sender, xml_form_id: str | None, draft: bool, own: str
) -> Arrival:
    """`own`: the ID of what has none."""
    instance = instances.read(upload.xml)
    if xml_form_id is not None and instance.form_id != xml_form_id:
        raise problems.UNEXPECTED_VALUE(
            field="form id", value=instance.form_id, reason="it is not the form that the address names"
        )
    sha256 = hashlib.sha256(upload.xml).hexdigest()
    target, unknown = _target(actor, project_id, instance, draft, told=bool(own))
    form = forms.compiled_target(target)
    instance_id = id_of(instance, form, sha256, own)
    checked = checks.find(form, instance, logic.circumstances(target.version_id or 0, target.time_zone))
    extra = (Finding("origin.version", value=instance.version, args={"version": instance.version}),) if unknown else ()
    return Arrival(
        instance,
        instance_id,
        upload.xml,
        sha256,
        checked,
        target.form_id,
        target.project_id,
        target.version_id or 0,
        draft,
        placed(upload.files, checked.files),
        upload.incomplete,
        sender,
        (*extra, *checked.findings),
        unknown,
    )


def _target(actor: Actor, project_id: int, instance: Instance, draft: bool, *, told: bool) -> tuple[Target, bool]:
    """The form with the version to check against, and whether the version named is unknown. `told`: of a program."""
    current = forms.target(project_id, instance.form_id, draft=draft)
    if current is None:
        raise problems.FORM_UNKNOWN(form=instance.form_id)
    # Who may publish a draft may try it.
    if not (draft and permissions.can(actor, "form.update", project_id=project_id, form_id=current.form_id)):
        permissions.require_filling(actor, project_id, current.form_id, instance.form_id)
    if draft:
        if current.version_id is None:
            raise problems.NOT_FOUND()
        return current, False
    if current.state == "closed":
        raise problems.NOT_ACCEPTING()
    if current.version_id is None and told:
        raise problems.FORM_VERSION_UNKNOWN(formVersion=instance.version)
    if current.version_id is None:
        raise problems.FORM_UNKNOWN(form=instance.form_id)
    if current.version == instance.version:
        return current, False
    named = forms.target(project_id, instance.form_id, version=instance.version)
    return (named, False) if named is not None and named.version_id is not None else (current, True)


def _store(actor: Actor, arrival: Arrival, fresh: bool, accepted: Container[Decision]) -> int | None:
    own, deprecated_id = arrival.instance_id, arrival.instance.deprecated_id
    with writing():
        chains.take_turns(arrival.form_id, own, edits=deprecated_id is not None)
        there = chains.known(arrival.form_id, arrival.draft, own, deprecated_id)
        known = chains.within(actor, own, there)
        if fresh:
            chains.refuse_repeat(known, own, root=deprecated_id is None)
        states = [Known(row.instance_id, row.xml_sha256, row.current, row.deleted_at is not None) for row in known]
        decision = decide(own, deprecated_id, arrival.sha256, states)
        refuse_other(decision, accepted, deprecated_id)
        files.record(arrival.files)
        numbers = {row.instance_id: row.id for row in known}
        edited = numbers.get(deprecated_id or "")
        if decision is Decision.AGAIN:
            version = _version(numbers[own])
            chains.add_files(actor, version, arrival.files)
            if edited and not arrival.incomplete:
                chains.inherit(_version(edited), version)
            return version.submission_id
        submission_id, version_id = _add(actor, arrival, decision, _version(edited) if edited else None)
        early = [row.id for row in known if row.deprecated_id == own and row.deleted_at is None]
        if early:
            added = _version(known_number(version_id))
            for number in sorted(early):
                chains.adopt(actor, added, _version(number))
        return known_number(submission_id) if fresh else None


def _version(version_id: int) -> SubmissionVersion:
    return db.session.get_one(SubmissionVersion, version_id)


def _add(actor: Actor, arrival: Arrival, decision: Decision, edited: SubmissionVersion | None) -> tuple[Number, Number]:
    """Rows for a version that is new: of a submission of its own, or of the one that it edits. Their numbers.

    Straight into the tables: this is what the server does all day.
    """
    late = [Finding(code)] if (code := LATE_EDITS.get(decision)) else []
    findings = [*late, *arrival.findings]
    origin = {
        "project_id": arrival.project_id,
        "form_id": arrival.form_id,
        "draft": arrival.draft,
        "instance_id": arrival.instance_id,
        "submitter_id": actor.id,
        "device_id": arrival.sender.device_id,
        "user_agent": arrival.sender.user_agent,
        "created_at": now(),
    }
    again = dismissals.of_current(edited.submission_id) if edited is not None and findings else {}
    if edited is None:
        unit_id = actor.sends_for(arrival.project_id, arrival.instance.form_id)
        submission_id: Number = insert(Submission, **origin, unit_id=unit_id, findings=len(findings))
    else:
        submission_id = chains.reopen(edited, sum(dismissals.key(finding) not in again for finding in findings))
        unit_id = db.session.get_one(Submission, submission_id).unit_id
    version_id = _add_version(arrival, origin, submission_id)
    _add_findings(arrival.project_id, version_id, findings, again)
    # While further parts are announced, a file may still come that the version before had too.
    before = None if arrival.incomplete else edited
    kept = chains.expect_files(version_id, arrival.checked.files, arrival.files, before)
    audits.log(
        actor,
        "submission.create" if edited is None else "submission.update.version",
        project_id=arrival.project_id,
        form_id=arrival.form_id,
        submission_id=submission_id,
        unit_id=unit_id,
        instanceId=arrival.instance_id,
    )
    _log_files(actor, arrival, submission_id, unit_id, kept)
    return submission_id, version_id


def _log_files(
    actor: Actor, arrival: Arrival, submission_id: Number, unit_id: int | None, kept: dict[str, str]
) -> None:
    """An entry for each file that came with it, or that it keeps of the version it edits, in the order of the XML."""
    told = [{"instanceId": arrival.instance_id, "name": name, "newBlobId": sha256} for name, sha256 in kept.items()]
    if told:
        place = {"project_id": arrival.project_id, "form_id": arrival.form_id, "submission_id": submission_id}
        audits.log_each(actor, "submission.attachment.update", told, **place, subject_id=None, unit_id=unit_id)


def _add_version(arrival: Arrival, origin: dict[str, Any], submission_id: Number) -> Number:
    return insert(
        SubmissionVersion,
        **origin,
        submission_id=submission_id,
        form_version_id=arrival.form_version_id,
        current=True,
        deprecated_id=arrival.instance.deprecated_id,
        instance_name=arrival.instance.instance_name,
        xml=arrival.xml,
        xml_sha256=arrival.sha256,
        answers=arrival.checked.answers,
        encrypted=arrival.instance.encrypted,
    )


def _add_findings(
    project_id: int, version_id: Number, findings: list[Finding], again: dict[dismissals.Key, dismissals.Columns]
) -> None:
    """`again`: what was dismissed of the version before, and stays so."""
    nobody = dict.fromkeys(dismissals.NAMES) if again else {}
    rows = [
        {
            "project_id": project_id,
            "version_id": version_id,
            "code": finding.code,
            "path": finding.path,
            "label": finding.label,
            "value": finding.value,
            "args": dict(finding.args),
        }
        | again.get(dismissals.key(finding), nobody)
        for finding in findings
    ]
    insert_all(FindingRow, rows)
