"""The audit: who did, or looked at, what and when. Append-only. And the lease that upkeep takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class Audit(Base):
    """One entry. `action` is the verb's name (`submission.create`). No answers in `details`.

    `notes`: why, as whoever did it said. `source`: the network address that it was done from.
    """

    __tablename__ = "audits"
    __table_args__ = (
        Index("ix_audits_project_id_id", "project_id", "id"),
        Index("ix_audits_action_id", "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    logged_at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actors.id"), index=True)
    # Plain numbers on purpose: an entry outlives what it tells of.
    project_id: Mapped[int | None]
    form_id: Mapped[int | None]
    submission_id: Mapped[int | None] = mapped_column(index=True)
    subject_id: Mapped[int | None]
    unit_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    notes: Mapped[str | None]
    source: Mapped[str | None] = mapped_column(String(64))


class Lease(Base):
    """Held by the one process that does a piece of upkeep."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]
