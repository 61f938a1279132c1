"""Pages of the submissions that lie in some units, found in an index alone."""

from __future__ import annotations

from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ['unit_id', 'form_id', 'draft', 'deleted_at', 'id']
    op.create_index('ix_submissions_unit_id_form_id', 'submissions', columns)
    op.drop_index('ix_submissions_unit_id', 'submissions')


def downgrade() -> None:
    op.create_index('ix_submissions_unit_id', 'submissions', ['unit_id'])
    op.drop_index('ix_submissions_unit_id_form_id', 'submissions')
