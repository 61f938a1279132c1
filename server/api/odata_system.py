"""What OData says of a submission beside its answers: the columns of `__system`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.base import timestamp
from server.actions.data import DataRow


def of(each: DataRow, codes: Mapping[str, int] | None = None) -> dict[str, Any]:
    """The columns by name. `codes`: how often each finding was found in it, where that was asked for."""
    told = {
        "submissionDate": timestamp(each.created_at),
        "updatedAt": timestamp(each.updated_at),
        "deletedAt": timestamp(each.deleted_at),
        "submitterId": str(each.submitter_id) if each.submitter_id is not None else None,
        "submitterName": each.submitter,
        "attachmentsPresent": each.files_present,
        "attachmentsExpected": each.files_expected,
        "status": _status(each),
        "reviewState": each.review_state,
        "deviceId": each.device_id,
        "edits": each.edits,
        "formVersion": each.form_version,
    }
    if codes is None:
        return told
    return told | {"findings": sum(codes.values()), "findingCodes": " ".join(sorted(codes))}


def _status(each: DataRow) -> str | None:
    if not each.encrypted:
        return None
    return "notDecrypted" if each.sealed_present else "missingEncryptedFormData"
