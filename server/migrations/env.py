"""Runs the steps on the connection that `server.actions.upkeep.migrate` hands over."""

from __future__ import annotations

from alembic import context

import server.models  # noqa: F401  (registers the tables)
from server.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
