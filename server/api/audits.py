"""The audit of the whole server, and how its entries are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask, Response, request

from schemas import problems
from schemas.access import ActorShape
from schemas.audits import AuditShape, ExtendedAuditShape, FullAuditShape, actee_id, file_number, moment
from schemas.base import timestamp
from schemas.forms import FormShape
from schemas.projects import ProjectShape
from server import identity
from server.actions import audits
from server.actions.audits import Named
from server.api import wire
from server.api.forms import deletion, form_dict
from server.models import Audit, Form

api = wire.blueprint("audits")
# Of these, clients are also told which version was meant.
OF_FILES = "submission.attachment.update"
OF_VERSIONS = ("submission.create", "submission.update", "submission.update.version", OF_FILES)
# Their details are told another way: what is gone with the thing itself.
WITHOUT_DETAILS = ("form.purge",)
# Where a client can tell an object that is empty from none.
WITH_EMPTY_ONES = ("user.session.create",)
FILES = ("oldBlobId", "newBlobId")
OF_VERSION_ALONE = ("name", "version", "hash", "sha", "sha256", "key_id", "draft_token", "published_at", "validated")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.get("/audits")
def list_all() -> Response:
    """Entries, newest first, filtered by `action`, `start` and `end`."""
    found = audits.listed(
        identity.actor(),
        action=request.args.get("action"),
        start=_moment("start"),
        end=_moment("end"),
        limit=wire.number("limit"),
        offset=wire.number("offset") or 0,
    )
    shown = entry_dicts(found)
    if not wire.extended():
        return wire.reply(AuditShape, shown)
    named = audits.named(found)
    full = [
        each | {"actor": named.actors.get(entry.actor_id or 0), "actee": _actee(named, entry)}
        for entry, each in zip(found, shown, strict=True)
    ]
    return wire.reply(FullAuditShape, full)


def of_submission(found: Sequence[Audit], *, numbers: bool = True, notes: bool = True) -> Response:
    """Entries about one submission. `numbers`: also those of the submission and its version. `notes`: why, too."""
    shown = [each if notes else each | {"notes": None} for each in entry_dicts(found, numbers=numbers)]
    if not wire.extended():
        return wire.reply(AuditShape, shown)
    actors = audits.named(found).actors
    full = [each | {"actor": actors.get(entry.actor_id or 0)} for entry, each in zip(found, shown, strict=True)]
    return wire.reply(ExtendedAuditShape, full)


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    if text is None:
        return None
    found = moment(text)
    if found is None:
        raise problems.INVALID_DATA_TYPE(value=text[:80], expected="timestamp with time zone")
    return found


def entry_dicts(entries: Sequence[Audit], *, numbers: bool = True) -> list[dict[str, Any]]:
    """Entries as they are shown. `numbers`: those of submissions and their versions, too."""
    versions = audits.version_numbers(entries) if numbers else None
    return [_entry_dict(entry, versions) for entry in entries]


def _entry_dict(entry: Audit, versions: dict[tuple[int, str], int] | None) -> dict[str, Any]:
    thing = audits.about(entry)
    details = _details(entry, versions)
    return {
        "actor_id": entry.actor_id,
        "action": entry.action,
        "actee_id": actee_id(*thing) if thing else None,
        "details": details if details or entry.action in WITH_EMPTY_ONES else None,
        "logged_at": entry.logged_at,
        "notes": entry.notes,
    }


def _details(entry: Audit, versions: dict[tuple[int, str], int] | None) -> dict[str, Any]:
    if entry.action in WITHOUT_DETAILS:
        return {}
    details = dict(entry.details)
    if entry.submission_id is not None and versions is not None:
        version = versions.get((entry.submission_id, str(details.get("instanceId"))))
        if entry.action in OF_VERSIONS and version is not None:
            details["submissionDefId"] = version
        if entry.action != OF_FILES:
            details = {"submissionId": entry.submission_id} | details
    for name in FILES:
        if isinstance(details.get(name), str):
            details[name] = file_number(details[name])
    return details


def _actee(named: Named, entry: Audit) -> dict[str, Any] | None:
    """The thing itself, in its own shape; what is known of it where it is gone."""
    kind, number = audits.about(entry) or ("", 0)
    if kind == "actor" and number in named.actors:
        return dict(ActorShape().dump(named.actors[number]))
    if kind == "project" and number in named.projects:
        return dict(ProjectShape().dump(named.projects[number]))
    if kind == "form" and number in named.forms:
        return _form(named.forms[number])
    if kind == "form" and number in named.purged:
        return _purged(named.purged[number])
    return None


def _form(form: Form) -> dict[str, Any]:
    version = form.current
    if version is not None:
        shown = dict(FormShape().dump(form_dict(form, version)))
    else:
        names = ("project_id", "xml_form_id", "state", "created_at", "updated_at")
        alone = {name: getattr(form, name) for name in names} | deletion(form)
        shown = dict(FormShape(exclude=OF_VERSION_ALONE).dump(alone))
    return shown


def _purged(entry: Audit) -> dict[str, Any]:
    details = {"projectId": entry.project_id, "formId": entry.form_id, **entry.details}
    return {"purgedAt": timestamp(entry.logged_at), "purgedName": details.pop("name", None), "details": details}
