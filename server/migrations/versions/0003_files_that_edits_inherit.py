"""Files that an edit has from the version before it, until its own come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of those that are there nobody knows any more: they count as the version's own, and are never replaced.
    op.add_column('submission_files', sa.Column('inherited', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column('submission_files', 'inherited')
