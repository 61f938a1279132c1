"""Failed sign-ins, counted by account and source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def number() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'sign_in_attempts',
        sa.Column('account', text(64), nullable=False),
        sa.Column('source', text(64), nullable=False),
        sa.Column('failures', number(), nullable=False),
        sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('account', 'source', name='pk_sign_in_attempts'),
    )


def downgrade() -> None:
    op.drop_table('sign_in_attempts')
