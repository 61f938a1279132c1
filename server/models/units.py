"""The dated tree of units, the levels it has, and who reaches whom in it (domain 5.1)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class UnitLevel(Base):
    """A level that units can be of. While there is none, the levels are those that `schemas.unit_levels` begins with.

    `above`: codes of the levels right below which it may stand; none: any that is higher.
    """

    __tablename__ = "unit_levels"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    rank: Mapped[int]
    name_vi: Mapped[str]
    name_en: Mapped[str]
    types: Mapped[list[Any]] = mapped_column(default=list)
    above: Mapped[list[Any]] = mapped_column(default=list)


class Unit(Base):
    """A unit of the dated tree (domain 5.1). Levels are data; `successors` are codes after a merge or split."""

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    level: Mapped[str] = mapped_column(String(40))
    type_label: Mapped[str]
    name_vi: Mapped[str]
    name_en: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successors: Mapped[list[Any]] = mapped_column(default=list)
    is_hotspot: Mapped[bool] = mapped_column(default=False)


class UnitReach(Base):
    """Whoever may see `unit_id` sees `within_id`: itself, what lies below, and what was merged into these.

    Made anew whenever the tree changes, so that scope is one look into an index.
    """

    __tablename__ = "unit_reach"

    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"), primary_key=True)
    within_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"), primary_key=True, index=True)
