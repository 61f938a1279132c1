"""Entries of the audit on the wire, and the names by which they are asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

from marshmallow import fields

from schemas.access import ActorShape
from schemas.base import Shape, Timestamp

_THINGS = UUID("5d0d3c3e-6f1b-4a0e-9a53-2f6f0c1d7b11")
# What an entry is about, by the first word of its action. All others are about an actor, if about anything.
ABOUT = {
    "project": "project",
    "actor_property": "project",
    "form": "form",
    "submission": "form",
    "finding": "form",
    "dataset": "dataset",
    "entity": "dataset",
    "unit": "unit",
}
# Looks at rows and files; failures, which change nothing; and changes that the dialect has no action for. Its clients
# know none of these, so they are told only when they ask.
LOOKS = frozenset({"submission.read", "submission.attachment.read", "submission.list.read", "submission.data.read"})
OURS = frozenset(
    {
        "submission.comment.create",
        "submission.recheck",
        "finding.dismiss",
        "finding.restore",
        "user.session.end",
        "audit.export",
    }
)
UNTOLD = LOOKS | OURS | {"user.session.failure", "form.submission.decrypt.failure"}


def _actions(thing: str, *verbs: str) -> frozenset[str]:
    return frozenset(f"{thing}.{verb}" for verb in verbs)


_ASSIGNED = ("assignment.create", "assignment.delete", "session.end", "delete", "property.set")
_SUBMISSION = _actions(
    "submission", "create", "update", "update.version", "attachment.update", "backlog.hold", "backlog.reprocess",
    "backlog.force", "delete", "restore",
)  # fmt: skip
_ENTITY = _actions(
    "entity", "create", "bulk.create", "error", "update.version", "update.resolve", "delete", "restore", "purge"
)
_BULK = _actions("entity", "bulk.delete", "bulk.restore")
# Words that stand for several actions at once.
CATEGORIES: dict[str, frozenset[str]] = {
    "user": _actions(
        "user", "create", "update", "delete", "assignment.create", "assignment.delete", "session.create",
        "session.lockout",
    ),
    "field_key": _actions("field_key", "create", *_ASSIGNED),
    "public_link": _actions("public_link", "create", *_ASSIGNED),
    "project": _actions("project", "create", "update", "delete") | {"actor_property.create"},
    "form": _actions(
        "form", "create", "update", "delete", "restore", "purge", "attachment.update", "submission.export",
        "update.draft.set", "update.draft.delete", "update.draft.replace", "update.publish",
    ),
    "submission": _SUBMISSION | {"submission.purge"},
    "dataset": _actions("dataset", "create", "update", "delete", "update.property.delete") | _BULK,
    "entity": _ENTITY | _BULK,
    "upgrade": _actions("upgrade", "server", "process.form", "process.form.draft", "process.form.entities_version"),
    "config": frozenset({"config.set"}),
    "look": LOOKS,
}  # fmt: skip
# What happens all day, left out when it is not asked for.
VERBOSE = _SUBMISSION | _ENTITY | UNTOLD | {"user.preference.update", "user.preference.delete", "backup", "analytics"}


def actee_id(kind: str, number: int) -> str:
    """The name of a thing for clients of the dialect, which know it by a UUID. `kind`: actor, project, form, …"""
    return str(uuid5(_THINGS, f"{kind} {number}"))


def file_number(sha256: str) -> int:
    """The number of a file for clients of the dialect, which know files by one. It fits into a number of JavaScript."""
    return int(sha256[:13], 16)


# A `+` in an address that was not escaped is a space.
_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)([T ](?P<time>\d\d:\d\d(:\d\d)?)(\.(?P<part>\d{1,9}))?)?"
    r"(?P<zone>[Zz]|[-+ ]\d\d(:?\d\d)?)?",
    re.ASCII,
)


def moment(text: str) -> datetime | None:
    """A time as clients write it: a date alone is its midnight, and without a zone it is UTC. None for what is none."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    try:
        read = datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}")
        read += timedelta(microseconds=int(f"{found['part'] or 0:0<6}"[:6]))
        return read.replace(tzinfo=_zone(found["zone"] or "z")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    if text in "zZ":
        return UTC
    digits = text[1:].replace(":", "")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-length if text[0] == "-" else length)


class AuditShape(Shape):
    """An entry."""

    actor_id = fields.Integer()
    action = fields.String()
    actee_id = fields.String()
    details = fields.Dict()
    logged_at = Timestamp()
    notes = fields.String()


class ExtendedAuditShape(AuditShape):
    """An entry with who did it."""

    actor = fields.Nested(ActorShape)


class FullAuditShape(ExtendedAuditShape):
    """An entry with who did it, and to what."""

    actee = fields.Dict()
