"""Whether what is stored is whole and agrees: found wrong, one line each; read in pages beside a running server.

A page is one consistent read, so that what others write meanwhile looks like no mistake. Lines name numbers, hashes and
instance IDs, never answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from forms import xform
from schemas.problems import Problem
from server import dialect
from server.actions import check_tables
from server.actions.check_versions import examine_form, examine_submission
from server.db import db, end_read
from server.models import Blob, FindingRow, Form, FormVersion, Submission, SubmissionFile, SubmissionVersion
from server.parts import storage

PAGE = 200
CHUNK = 1 << 20
DEFINITIONS = 64

_VERSIONS = select(
    SubmissionVersion.id, SubmissionVersion.project_id, SubmissionVersion.form_id, SubmissionVersion.draft,
    SubmissionVersion.instance_id, SubmissionVersion.deprecated_id, SubmissionVersion.instance_name,
    SubmissionVersion.encrypted, SubmissionVersion.xml, SubmissionVersion.xml_sha256, SubmissionVersion.answers,
    SubmissionVersion.form_version_id, Form.xml_form_id,
).join(Form, Form.id == SubmissionVersion.form_id)  # fmt: skip
_FORMS = select(
    FormVersion.id, FormVersion.form_id, FormVersion.xml, FormVersion.md5, FormVersion.sha1, FormVersion.sha256
)


@dataclass(slots=True)
class Counts:
    """What was looked at."""

    seen: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, number: int = 1) -> None:
        """So many more."""
        self.seen[what] = self.seen.get(what, 0) + number


def check(counts: Counts, *, with_files: bool = True) -> Iterator[str]:
    """Everything that is wrong, a line each. `counts` is filled on the way. Raises OSError when the store is away."""
    yield from check_tables.examine()
    yield from _forms(counts)
    yield from _submissions(counts)
    yield from _chains(counts)
    if with_files:
        yield from _files(counts)
        yield from _strangers(counts)


def _pages(query: Select[Any], key: Any) -> Iterator[tuple[Connection, list[Any]]]:
    """Rows by their key, a page in each consistent read."""
    after: Any = None
    while True:
        with dialect.snapshot(db.engine) as connection:
            page = connection.execute((query if after is None else query.where(key > after)).order_by(key).limit(PAGE))
            rows = list(page)
            if not rows:
                return
            yield connection, rows
        after = rows[-1][0]


def _forms(counts: Counts) -> Iterator[str]:
    for _, page in _pages(_FORMS, FormVersion.id):
        counts.add("form versions", len(page))
        for row in page:
            for wrong in examine_form(row):
                yield f"form version {row.id} of form {row.form_id}: {wrong}"


class _Definitions:
    """Forms as they were compiled, the latest few: submissions that follow each other often share one."""

    def __init__(self) -> None:
        self._known: dict[int, xform.Form | None] = {}

    def get(self, connection: Connection, version_id: int) -> xform.Form | None:
        """None for one that is not there, or cannot be read."""
        if version_id not in self._known:
            if len(self._known) >= DEFINITIONS:
                self._known.clear()
            xml = connection.scalar(select(FormVersion.xml).where(FormVersion.id == version_id))
            try:
                self._known[version_id] = xform.parse(xml) if xml else None
            except Problem:
                self._known[version_id] = None
        return self._known[version_id]


def _submissions(counts: Counts) -> Iterator[str]:
    definitions = _Definitions()
    for connection, page in _pages(_VERSIONS, SubmissionVersion.id):
        counts.add("versions of submissions", len(page))
        files: dict[int, set[str]] = {row.id: set() for row in page}
        named = select(SubmissionFile.version_id, SubmissionFile.name)
        for version_id, name in connection.execute(named.where(SubmissionFile.version_id.in_(files))):
            files[version_id].add(name)
        for row in page:
            form = definitions.get(connection, row.form_version_id)
            for wrong in examine_submission(form, row, files[row.id]):
                yield f"{_place(row)}: {wrong}"


def _place(row: Any) -> str:
    draft = ", sent to a draft" if row.draft else ""
    return f"{row.instance_id} (project {row.project_id}, form {row.xml_form_id}{draft})"


# What each chain of versions must be; the conditions name what is wrong.
_OTHER, _HIS = aliased(SubmissionVersion), aliased(Submission)
_OWN = SubmissionVersion.submission_id == Submission.id
_CURRENT = (
    select(func.count())
    .select_from(SubmissionVersion)
    .where(_OWN, SubmissionVersion.current.is_(True))
    .correlate(Submission)
    .scalar_subquery()
)
_COUNTED = (
    select(func.count(FindingRow.id))
    .select_from(SubmissionVersion)
    .join(FindingRow, FindingRow.version_id == SubmissionVersion.id)
    .where(_OWN, SubmissionVersion.current.is_(True), FindingRow.dismissed_at.is_(None))
    .correlate(Submission)
    .scalar_subquery()
)
_FIRST = (
    select(func.count())
    .select_from(SubmissionVersion)
    .where(_OWN, SubmissionVersion.instance_id == Submission.instance_id)
    .correlate(Submission)
    .scalar_subquery()
)
_FOREIGN = (
    select(func.count())
    .select_from(SubmissionVersion)
    .join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    .where(
        _OWN,
        or_(
            SubmissionVersion.project_id != Submission.project_id,
            SubmissionVersion.form_id != Submission.form_id,
            SubmissionVersion.draft != Submission.draft,
            FormVersion.form_id != Submission.form_id,
            FormVersion.project_id != Submission.project_id,
        ),
    )
    .correlate(Submission)
    .scalar_subquery()
)
_APART = (
    select(func.count())
    .select_from(SubmissionVersion)
    .join(
        _OTHER,
        and_(
            _OTHER.form_id == SubmissionVersion.form_id,
            _OTHER.draft == SubmissionVersion.draft,
            _OTHER.instance_id == SubmissionVersion.deprecated_id,
            _OTHER.submission_id != SubmissionVersion.submission_id,
        ),
    )
    .join(_HIS, _HIS.id == _OTHER.submission_id)
    .where(_OWN, _HIS.deleted_at.is_(None))
    .correlate(Submission)
    .scalar_subquery()
)
_CHAINS = select(
    Submission.id, Submission.project_id, Submission.draft, Submission.instance_id, Submission.deleted_at,
    Submission.findings, Form.xml_form_id, Form.project_id.label("form_project_id"),
    _CURRENT.label("current"), _COUNTED.label("counted"), _FIRST.label("first"), _FOREIGN.label("foreign"),
    _APART.label("apart"),
).join(Form, Form.id == Submission.form_id)  # fmt: skip
_WRONG: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("not one of its versions is the current one, but {0.current}", lambda row: row.current != 1),
    ("none of its versions has its instance ID", lambda row: row.first != 1),
    ("its versions have {0.counted} findings, not {0.findings}", lambda row: row.counted != row.findings),
    ("it belongs to another project than its form", lambda row: row.project_id != row.form_project_id),
    ("a version belongs to another project, form or draft", lambda row: row.foreign > 0),
    ("it edits a submission that is there, and stands apart from it", lambda row: row.apart and not row.deleted_at),
)


def _chains(counts: Counts) -> Iterator[str]:
    for _, page in _pages(_CHAINS, Submission.id):
        counts.add("submissions", len(page))
        for row in page:
            for sentence, wrong in _WRONG:
                if wrong(row):
                    yield f"{_place(row)}: {sentence.format(row)}"


def _files(counts: Counts) -> Iterator[str]:
    after = ""
    query = select(Blob.sha256, Blob.md5, Blob.size).order_by(Blob.sha256).limit(PAGE)
    while page := db.session.execute(query.where(Blob.sha256 > after)).all():
        end_read()
        after = page[-1].sha256
        for row in page:
            counts.add("files")
            counts.add("bytes", row.size)
            wrong = _file(row)
            if wrong and _still(row.sha256):
                yield f"file {row.sha256}: {wrong}"
    end_read()


def _still(sha256: str) -> bool:
    """Whether the row is there yet: it may have been forgotten, and its file gone, since its page was read."""
    found = db.session.scalar(select(Blob.sha256).where(Blob.sha256 == sha256))
    end_read()
    return found is not None


def _file(row: Any) -> str:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with storage().open(row.sha256) as stream:
            while data := stream.read(CHUNK):
                sha256.update(data)
                md5.update(data)
                size += len(data)
    except FileNotFoundError:
        return "it is missing"
    if sha256.hexdigest() != row.sha256:
        return f"its contents are other ones ({size} bytes, {row.size} were stored)"
    if size != row.size or md5.hexdigest() != row.md5:
        return "its row has another size or MD5"
    return ""


def _strangers(counts: Counts) -> Iterator[str]:
    """Stored files that no row knows are only counted: the sweep's business."""
    batch: list[str] = []
    for stored in storage().walk():
        batch.append(stored.sha256)
        if len(batch) == PAGE:
            _count_unknown(counts, batch)
            batch = []
    _count_unknown(counts, batch)
    yield from ()


def _count_unknown(counts: Counts, batch: list[str]) -> None:
    known = set(db.session.scalars(select(Blob.sha256).where(Blob.sha256.in_(batch)))) if batch else set()
    end_read()
    counts.add("stored files that no row knows", len(set(batch) - known))
