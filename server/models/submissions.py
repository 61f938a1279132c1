"""Submissions: an immutable chain of versions, each with the XML as received, typed answers, findings and files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from server.db import Base
from server.dialect import index_where
from server.models.accounts import Actor

EDITS = "deprecated_id IS NOT NULL"


class Submission(Base):
    """What a phone sent once, whatever edits followed. `instance_id` is that of the first version.

    `review_state`: null (received), edited, hasIssues, approved, rejected. `findings` counts those of the current
    version that nobody dismissed. `draft`: sent while testing a draft.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("form_id", "draft", "instance_id"),
        Index("ix_submissions_form_id_draft_id", "form_id", "draft", "id"),
        # A page of what lies in some units is found here, without the rows.
        Index("ix_submissions_unit_id_form_id", "unit_id", "form_id", "draft", "deleted_at", "id"),
        Index("ix_submissions_project_id_created_at", "project_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    draft: Mapped[bool] = mapped_column(default=False)
    instance_id: Mapped[str]
    submitter_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    device_id: Mapped[str | None]
    user_agent: Mapped[str | None]
    review_state: Mapped[str | None] = mapped_column(String(10))
    findings: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    submitter: Mapped[Actor | None] = relationship()


class SubmissionVersion(Base):
    """One state of a submission. Never changed, but for erasure. `xml` is the evidence, `answers` what is read."""

    __tablename__ = "submission_versions"
    __table_args__ = (
        UniqueConstraint("form_id", "draft", "instance_id"),
        # Of edits alone. With all rows in it, a database that has not counted them yet takes it for the index to find
        # an instance by, and reads the whole form for each submission.
        index_where("ix_submission_versions_form_id_deprecated_id", "form_id", "deprecated_id", condition=EDITS),
        Index("ix_submission_versions_submission_id_current", "submission_id", "current"),
        index_where("uq_submission_versions_current", "submission_id", condition="current", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id"))
    draft: Mapped[bool] = mapped_column(default=False)
    current: Mapped[bool] = mapped_column(default=True)
    instance_id: Mapped[str]
    deprecated_id: Mapped[str | None]
    instance_name: Mapped[str | None]
    xml: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    xml_sha256: Mapped[str] = mapped_column(String(64))
    answers: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    encrypted: Mapped[bool] = mapped_column(default=False)
    submitter_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    device_id: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[datetime]

    submitter: Mapped[Actor | None] = relationship()


class FindingRow(Base):
    """A finding of one version, as `schemas.findings.Finding` has it. `dismissal`: why a supervisor dismissed it."""

    __tablename__ = "findings"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    path: Mapped[str]
    label: Mapped[str]
    value: Mapped[str | None]
    args: Mapped[dict[str, Any]] = mapped_column(default=dict)
    dismissed_at: Mapped[datetime | None]
    dismissed_by_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    dismissal: Mapped[str | None]

    dismissed_by: Mapped[Actor | None] = relationship()


class SubmissionFile(Base):
    """A file of one version: named in its XML (`expected`), sent with it, or both. Without a blob it is awaited.

    `inherited`: the blob is that of the version before, until the version's own file comes.
    """

    __tablename__ = "submission_files"
    __table_args__ = (UniqueConstraint("version_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id", ondelete="CASCADE"))
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    expected: Mapped[bool] = mapped_column(default=True)
    content_type: Mapped[str | None]
    blob_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    inherited: Mapped[bool] = mapped_column(default=False)


class Comment(Base):
    """What a reviewer wrote, on the submission or on one question (`path`)."""

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    path: Mapped[str | None]
    body: Mapped[str]
    created_at: Mapped[datetime]

    actor: Mapped[Actor | None] = relationship()
