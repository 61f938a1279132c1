"""Entity lists (datasets) and entities with their versions. A later slice fills them; other rows point here already."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class Dataset(Base):
    """An entity list of a project."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    approval_required: Mapped[bool] = mapped_column(default=False)
    owner_only: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class DatasetProperty(Base):
    """A property that entities of a list may have."""

    __tablename__ = "dataset_properties"
    __table_args__ = (UniqueConstraint("dataset_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    name: Mapped[str]
    published_at: Mapped[datetime | None]


class Entity(Base):
    """One thing of a list, as it is now. `conflict`: null, soft or hard."""

    __tablename__ = "entities"
    __table_args__ = (
        UniqueConstraint("dataset_id", "uuid"),
        Index("ix_entities_dataset_id_id", "dataset_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    uuid: Mapped[str] = mapped_column(String(36))
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    conflict: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class EntityVersion(Base):
    """One state of an entity, with where it came from and which state it was based on."""

    __tablename__ = "entity_versions"
    __table_args__ = (UniqueConstraint("entity_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))
    version: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    base_version: Mapped[int | None]
    trunk_version: Mapped[int | None]
    branch_id: Mapped[str | None] = mapped_column(String(36), index=True)
    branch_base_version: Mapped[int | None]
    label: Mapped[str]
    data: Mapped[dict[str, Any]]
    data_received: Mapped[dict[str, Any]]
    conflicting_properties: Mapped[list[Any] | None]
    source_version_id: Mapped[int | None] = mapped_column(ForeignKey("submission_versions.id"))
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    created_at: Mapped[datetime]


class EntityHold(Base):
    """An offline update that waits for the one before it on its branch (design 5.4)."""

    __tablename__ = "entity_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    submission_version_id: Mapped[int] = mapped_column(ForeignKey("submission_versions.id"))
    entity_uuid: Mapped[str] = mapped_column(String(36), index=True)
    branch_id: Mapped[str] = mapped_column(String(36), index=True)
    branch_base_version: Mapped[int]
    held_at: Mapped[datetime]
