"""Everything the page of one submission shows, gathered: answers in words, findings, files, versions, history."""

from __future__ import annotations

from typing import Any

from forms.free_text import Rule
from server.actions import access, audits, chains, edits, findings, forms, free_text, reviews, rows, unit_names
from server.i18n import language
from server.models import Form, Submission, SubmissionFile, SubmissionVersion
from server.web import answers, pages, role_words
from server.web.answers import Reader, Section, gathered


def _reader(submission: Submission, version: SubmissionVersion, rule: Rule | None) -> Reader:
    compiled = forms.compiled(forms.version_by_id(version.form_version_id))
    found = findings.of_version(pages.actor(), submission, version.id)
    return Reader(compiled, language(), found, _files(version, rule), rule)


def _files(version: SubmissionVersion, rule: Rule | None) -> list[SubmissionFile]:
    """Those that she is shown: what is in them, and what they are called, is for who is shown free text."""
    return chains.of_version(version.id) if rule is None else []


def _before(version: SubmissionVersion, versions: list[SubmissionVersion]) -> SubmissionVersion | None:
    """The version that this one is an edit of."""
    return next((other for other in versions if other.instance_id == version.deprecated_id), None)


def _changes(
    submission: Submission,
    version: SubmissionVersion,
    now: Section,
    versions: list[SubmissionVersion],
    rule: Rule | None,
) -> list[tuple[str, str, str]]:
    before = _before(version, versions)
    if before is None or version.encrypted or before.encrypted:
        return []
    return answers.changes(_reader(submission, before, rule).read(before.answers), now)


def _other_files(files: list[SubmissionFile], section: Section) -> list[SubmissionFile]:
    """Files that stand beside no question: an audit log, or sent without being named."""
    shown = {answer.file.id for answer in section.answers() if answer.file}
    return [file for file in files if file.id not in shown]


def gather(form: Form, submission: Submission, shown: SubmissionVersion) -> dict[str, Any]:
    """What the template needs."""
    versions = rows.versions(submission)
    rule = free_text.rule_for(pages.actor(), submission)
    reader = _reader(submission, shown, rule)
    section = reader.read(shown.answers)
    history = audits.of_submission(submission.id)
    newer, older = rows.neighbours(pages.actor(), form, submission)
    files = _files(shown, rule)
    return {
        "form": form,
        # What is not hers to change on this very row is not offered.
        "allowed": rows.may(pages.actor(), submission, "submission.update"),
        "editing": shown.current and edits.offered(pages.actor(), form, submission, shown),
        "judging": shown.current and rows.may(pages.actor(), submission, findings.DISMISS),
        "submission": submission,
        "version": shown,
        "versions": versions,
        "made_with": forms.version_by_id(shown.form_version_id).version,
        "section": section,
        "issues": reader.issues,
        "gathered": gathered(reader.issues),
        "dismissed": reader.dismissed,
        "hidden": rule is not None,
        "files": _other_files(files, section),
        "missing": [file for file in files if file.expected and file.blob_sha256 is None],
        "changes": _changes(submission, shown, section, versions, rule),
        "comments": reviews.comments(pages.actor(), submission),
        "history": history,
        "names": {entry.actor_id: access.actor_row(entry.actor_id) for entry in history},
        "newer": newer,
        "older": older,
        "unit": unit_names.of_submissions(pages.actor(), [submission]).get(submission.id),
        "unit_name": role_words.unit_of_kind,
    }
