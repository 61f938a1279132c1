"""The index by which edits of a submission are found holds edits alone.

With all submissions in it, a PostgreSQL that has not counted the rows of a new table took it for the index to find an
instance by: then every submission read all that was stored of its form.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

NAME = 'ix_submission_versions_form_id_deprecated_id'
TABLE = 'submission_versions'
COLUMNS = ['form_id', 'deprecated_id']
EDITS = sa.text('deprecated_id IS NOT NULL')


def upgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, COLUMNS, sqlite_where=EDITS, postgresql_where=EDITS)


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, COLUMNS)
