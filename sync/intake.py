"""What an arriving submission is, decided from what is known. Pure; the action only carries it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from schemas import problems


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
