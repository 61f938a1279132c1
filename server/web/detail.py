"""Everything the page of one submission shows, gathered: answers in words, findings, files, versions, history."""

from __future__ import annotations

from typing import Any

from server.actions import access, audits, chains, forms, reviews, rows, unit_names
from server.i18n import language
from server.models import Form, Submission, SubmissionFile, SubmissionVersion
from server.web import answers, pages, role_words
from server.web.answers import Reader, Section


def _reader(version: SubmissionVersion) -> Reader:
    compiled = forms.compiled(forms.version_by_id(version.form_version_id))
    return Reader(compiled, language(), rows.findings(version.id), chains.of_version(version.id))


def _before(version: SubmissionVersion, versions: list[SubmissionVersion]) -> SubmissionVersion | None:
    """The version that this one is an edit of."""
    return next((other for other in versions if other.instance_id == version.deprecated_id), None)


def _changes(version: SubmissionVersion, now: Section, versions: list[SubmissionVersion]) -> list[tuple[str, str, str]]:
    before = _before(version, versions)
    if before is None or version.encrypted or before.encrypted:
        return []
    return answers.changes(_reader(before).read(before.answers), now)


def _other_files(version: SubmissionVersion, section: Section) -> list[SubmissionFile]:
    """Files that stand beside no question: an audit log, or sent without being named."""
    shown = {answer.file.id for answer in section.answers() if answer.file}
    return [file for file in chains.of_version(version.id) if file.id not in shown]


def gather(form: Form, submission: Submission, shown: SubmissionVersion) -> dict[str, Any]:
    """What the template needs."""
    versions = rows.versions(submission)
    reader = _reader(shown)
    section = reader.read(shown.answers)
    history = audits.of_submission(submission.id)
    newer, older = rows.neighbours(pages.actor(), form, submission)
    files = chains.of_version(shown.id)
    return {
        "form": form,
        # What is not hers to change on this very row is not offered.
        "allowed": rows.may(pages.actor(), submission, "submission.update"),
        "submission": submission,
        "version": shown,
        "versions": versions,
        "made_with": forms.version_by_id(shown.form_version_id).version,
        "section": section,
        "issues": reader.issues,
        "files": _other_files(shown, section),
        "missing": [file for file in files if file.expected and file.blob_sha256 is None],
        "changes": _changes(shown, section, versions),
        "comments": reviews.comments(submission),
        "history": history,
        "names": {entry.actor_id: access.actor_row(entry.actor_id) for entry in history},
        "newer": newer,
        "older": older,
        "unit": unit_names.of_submissions(pages.actor(), [submission]).get(submission.id),
        "unit_name": role_words.unit_of_kind,
    }
