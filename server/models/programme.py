"""The programme's own tables: schedules and visits, identity vault, consent, reports (domain 7, 8, 12)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class ScheduleTemplate(Base):
    """When visits are due after the anchor (domain 7.2 V3): `slots` is a list of day, days before, days after."""

    __tablename__ = "schedule_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    slots: Mapped[list[Any]]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))


class VisitSlot(Base):
    """One planned visit of one supported person (domain V5-V7, V12)."""

    __tablename__ = "visit_slots"
    __table_args__ = (
        UniqueConstraint("entity_id", "number"),
        Index("ix_visit_slots_unit_id_due", "unit_id", "due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    number: Mapped[int]
    opens: Mapped[date]
    due: Mapped[date]
    closes: Mapped[date]
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))
    excused_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    voided_at: Mapped[datetime | None]


class VaultEntry(Base):
    """Link between a client and the number of the paper file, encrypted apart (domain P4)."""

    __tablename__ = "vault"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    entity_uuid: Mapped[str] = mapped_column(String(36), unique=True)
    person_cipher: Mapped[str]
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class Consent(Base):
    """What a person agreed to, or withdrew, and how (domain P5)."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    entity_uuid: Mapped[str] = mapped_column(String(36), index=True)
    action: Mapped[str] = mapped_column(String(20))
    method: Mapped[str] = mapped_column(String(40))
    text_version: Mapped[str] = mapped_column(String(40))
    witnessed: Mapped[bool] = mapped_column(default=False)
    on: Mapped[date]
    recorded_at: Mapped[datetime]


class ReportSnapshot(Base):
    """A report as it was frozen: its figures, their hash, and corrections that came later (domain 5.2)."""

    __tablename__ = "report_snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    report: Mapped[str] = mapped_column(String(40))
    period_start: Mapped[date]
    period_end: Mapped[date]
    figures: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    corrections: Mapped[list[Any]] = mapped_column(default=list)
    frozen_at: Mapped[datetime]
    frozen_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
