"""The few places where SQLite and PostgreSQL differ. Nobody else asks which one it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Engine, Index, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session

JSON_TYPE = JSON().with_variant(JSONB(), "postgresql")


def pool(database_url: str, threads: int) -> dict[str, Any]:
    """How connections are kept: one for each thread, the warm one first. A file needs no trying whether it is there."""
    on_server = not database_url.startswith("sqlite")
    return {"pool_size": threads, "max_overflow": threads, "pool_pre_ping": on_server, "pool_use_lifo": True}


def prepare(engine: Engine) -> None:
    """Set what each connection needs (design 5.8): WAL, durable commits, foreign keys, writes that begin as writes."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN would make every write start as a read.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=20000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def unique_where(name: str, *columns: str, condition: str) -> Index:
    """A unique index over the rows that meet a condition."""
    return Index(name, *columns, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


def insert_missing(session: Session, model: type[DeclarativeBase], rows: list[dict[str, Any]]) -> None:
    """Insert rows, leaving those alone whose primary key is there already."""
    if rows:
        maker = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(maker(model).on_conflict_do_nothing(), rows)
