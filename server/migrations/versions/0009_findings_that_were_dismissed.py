"""Who dismissed a finding, when and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

NAME = 'fk_findings_dismissed_by_id'


def number() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.add_column('findings', sa.Column('dismissed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('findings', sa.Column('dismissal', text(), nullable=True))
    if op.get_bind().dialect.name == 'sqlite':
        # By itself a column may point to another table; all else would write this one anew.
        told = f'INTEGER CONSTRAINT {NAME} REFERENCES actors (id)'
        op.execute(f'ALTER TABLE findings ADD COLUMN dismissed_by_id {told}')
    else:
        op.add_column('findings', sa.Column('dismissed_by_id', number(), nullable=True))
        op.create_foreign_key(NAME, 'findings', 'actors', ['dismissed_by_id'], ['id'])


def downgrade() -> None:
    raise RuntimeError('What was dismissed would be forgotten: restore a backup instead.')
