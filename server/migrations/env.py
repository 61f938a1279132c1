"""Runs the steps on the connection that `server.actions.upkeep.migrate` hands over, all in one transaction.

It begins as a write and looks then which steps are missing, so that of two processes the second finds nothing to do.
"""

from __future__ import annotations

from alembic import context

import server.models  # noqa: F401  (registers the tables)
from server.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
