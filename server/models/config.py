"""What administrators set for the whole server over the API; what the operator sets stands in `server.config`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class Config(Base):
    """One thing that is set: a value, or a file with its content type. Set anew it is another row."""

    __tablename__ = "config"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    value: Mapped[dict[str, Any] | None]
    blob_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    content_type: Mapped[str | None]
    set_at: Mapped[datetime]
