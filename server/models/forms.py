"""Forms, their numbered versions (one draft, many published) and the files a version expects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from server.db import Base
from server.dialect import index_where


class FormVersion(Base):
    """One definition of a form. `xml` is served byte for byte, `md5` is of those bytes.

    Published when `published_at` is set. A draft carries the key of its test address.
    """

    __tablename__ = "form_versions"
    __table_args__ = (UniqueConstraint("form_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    number: Mapped[int]
    version: Mapped[str]
    title: Mapped[str]
    xml: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    md5: Mapped[str] = mapped_column(String(32))
    sha1: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    workbook_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    workbook_type: Mapped[str | None] = mapped_column(String(10))
    workbook_name: Mapped[str | None]
    validated: Mapped[bool] = mapped_column(default=False)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    datasets: Mapped[list[Any]] = mapped_column(default=list)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("keys.id"))
    draft_key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    draft_key_cipher: Mapped[str | None]
    web_id: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)
    publish_notes: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))


class Form(Base):
    """A form of a project. `state`: open, closing (takes data, is not offered), closed.

    By `web_id` browsers fill what is published, by `web_once_id` once each; a draft has a `web_id` of its own.
    `web_forms`: whether clients show it with ODK Web Forms.
    """

    __tablename__ = "forms"
    __table_args__ = (
        index_where(
            "uq_forms_project_id_xml_form_id", "project_id", "xml_form_id", condition="deleted_at IS NULL", unique=True
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    xml_form_id: Mapped[str]
    state: Mapped[str] = mapped_column(String(10), default="open")
    current_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("form_versions.id", use_alter=True, name="fk_forms_current_version_id")
    )
    draft_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("form_versions.id", use_alter=True, name="fk_forms_draft_version_id")
    )
    strip_metadata: Mapped[bool] = mapped_column(default=False)
    web_id: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)
    web_once_id: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)
    web_forms: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    current: Mapped[FormVersion | None] = relationship(foreign_keys=[current_version_id], post_update=True)
    draft: Mapped[FormVersion | None] = relationship(foreign_keys=[draft_version_id], post_update=True)


class FormFile(Base):
    """A file that a version of a form expects: uploaded, linked to an entity list, or still missing."""

    __tablename__ = "form_files"
    __table_args__ = (UniqueConstraint("version_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("form_versions.id", ondelete="CASCADE"))
    name: Mapped[str]
    type: Mapped[str] = mapped_column(String(10))
    content_type: Mapped[str | None]
    blob_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("datasets.id"))
    updated_at: Mapped[datetime | None]
