"""Levels of units as rows, and which card was made instead of a lost one. What nothing uses any more goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def number() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def listed(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False)


def upgrade() -> None:
    # It stays empty: until somebody changes them, the levels are those that there were.
    op.create_table(
        'unit_levels',
        sa.Column('id', number(), nullable=False),
        sa.Column('code', text(40), nullable=False),
        sa.Column('rank', number(), nullable=False),
        sa.Column('name_vi', text(), nullable=False),
        sa.Column('name_en', text(), nullable=False),
        listed('types'),
        listed('above'),
        sa.PrimaryKeyConstraint('id', name='pk_unit_levels'),
        sa.UniqueConstraint('code', name='uq_unit_levels_code'),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table('app_users') as phones:
        phones.add_column(sa.Column('replaces', number(), nullable=True))
        phones.create_foreign_key('fk_app_users_replaces', 'actors', ['replaces'], ['id'])
        phones.create_unique_constraint('uq_app_users_replaces', ['replaces'])
    with op.batch_alter_table('users') as users:
        users.drop_column('failed_logins')
        users.drop_column('locked_until')


def downgrade() -> None:
    raise RuntimeError('Levels would be forgotten: restore a backup instead.')
