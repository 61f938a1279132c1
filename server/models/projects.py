"""Projects: the widest circle of forms, people and data that belong together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class ProjectKey(Base):
    """A key of encrypted forms: managed by the server, or only the public half that came in a form."""

    __tablename__ = "keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_key: Mapped[str] = mapped_column(unique=True)
    private_cipher: Mapped[str | None]
    managed: Mapped[bool] = mapped_column(default=False)
    hint: Mapped[str | None]
    created_at: Mapped[datetime]


class Project(Base):
    """A project. `language` is that of volunteers without one of their own; `time_zone` an IANA name."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    archived: Mapped[bool | None]
    key_id: Mapped[int | None] = mapped_column(ForeignKey("keys.id"))
    language: Mapped[str] = mapped_column(String(10), default="vi")
    time_zone: Mapped[str] = mapped_column(String(64), default="Asia/Ho_Chi_Minh")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
