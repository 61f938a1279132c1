"""What administrators set for the whole server: how the sign-in looks, its pictures, whether usage is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'config',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), primary_key=True),
        sa.Column('key', text(), nullable=False),
        sa.Column('value', sa.JSON().with_variant(JSONB(), 'postgresql'), nullable=True),
        sa.Column('blob_sha256', text(64), nullable=True),
        sa.Column('content_type', text(), nullable=True),
        sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['blob_sha256'], ['blobs.sha256'], name=op.f('fk_config_blob_sha256_blobs')),
        sa.UniqueConstraint('key', name=op.f('uq_config_key')),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table('config')
