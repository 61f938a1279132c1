"""What an arriving submission is, decided from what is known. Pure; the action only carries it out."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID, uuid5

from forms.instance import Instance
from forms.xform import Form
from schemas import problems

_OF_CONTENT = UUID("5b0c8d0e-55d5-4b0c-9a39-0f1f0d6b2c11")


class Decision(Enum):
    """NEW: the first of its kind. EDIT: replaces the version it names. STALE_EDIT: names a version that was replaced
    already. ORPHAN_EDIT: names one that has not arrived. AGAIN: known already; its files may still be missing."""

    NEW = "new"
    EDIT = "edit"
    STALE_EDIT = "stale"
    ORPHAN_EDIT = "orphan"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Known:
    """A version that is stored already."""

    instance_id: str
    xml_sha256: str
    current: bool
    deleted: bool = False


def id_of(instance: Instance, form: Form, xml_sha256: str, own: str = "") -> str:
    """The instance ID of what arrives, or what is made for one without it. Raises MISSING_PARAMETER.

    `own`: what it may get. A phone can give none where the form has no place for it: then the content says it, so that
    it is the same whenever it is sent again.
    """
    found = instance.instance_id or ("" if instance.encrypted else own)
    if found:
        return found
    has_place = any(field.name in ("instanceID", "@instanceID") for field in (*form.fields, *form.attributes))
    if instance.encrypted or has_place:
        raise problems.MISSING_PARAMETER(field="instanceID")
    return f"uuid:{uuid5(_OF_CONTENT, chr(0).join((instance.form_id, instance.version, xml_sha256)))}"


def refuse_other(decision: Decision, accepted: Container[Decision], deprecated_id: str | None) -> None:
    """Raise EXPECTED_DEPRECATION or DEPRECATING_OLD for what is nothing that its sender accepts: it is not the edit
    that it was meant to be, or another one came before."""
    if decision in accepted:
        return
    if not deprecated_id:
        raise problems.EXPECTED_DEPRECATION()
    raise problems.DEPRECATING_OLD(deprecatedId=deprecated_id)


def decide(instance_id: str, deprecated_id: str | None, xml_sha256: str, known: Iterable[Known]) -> Decision:
    """Raises XML_CONFLICT for another body under a used instance ID, SUBMISSION_DELETED for a deleted one.

    Repeats are recognised by the hash of what was received (design 5.14), whatever they claim to edit.
    """
    by_id = {version.instance_id: version for version in known}
    same = by_id.get(instance_id)
    if same is not None:
        if same.deleted:
            raise problems.SUBMISSION_DELETED()
        if same.xml_sha256 != xml_sha256:
            raise problems.XML_CONFLICT()
        return Decision.AGAIN
    if not deprecated_id:
        return Decision.NEW
    edited = by_id.get(deprecated_id)
    if edited is None:
        return Decision.ORPHAN_EDIT
    if edited.deleted:
        raise problems.SUBMISSION_DELETED()
    return Decision.EDIT if edited.current else Decision.STALE_EDIT
