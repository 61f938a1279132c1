"""Where forms are filled in a browser: IDs of their own, for what is published and for drafts."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    op.add_column('forms', sa.Column('web_id', text(64), nullable=True))
    op.add_column('forms', sa.Column('web_once_id', text(64), nullable=True))
    op.add_column('forms', sa.Column('web_forms', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('form_versions', sa.Column('web_id', text(64), nullable=True))
    for table, column in (('forms', 'web_id'), ('forms', 'web_once_id'), ('form_versions', 'web_id')):
        op.create_index(f'ix_{table}_{column}', table, [column], unique=True)
    give_ids()


def give_ids() -> None:
    """To every form that is published, and to every draft."""
    connection = op.get_bind()
    published = 'SELECT id FROM forms WHERE current_version_id IS NOT NULL ORDER BY id'
    for number in connection.execute(sa.text(published)).scalars().all():
        told = {'number': number, 'web': secrets.token_hex(16), 'once': secrets.token_hex(32)}
        connection.execute(sa.text('UPDATE forms SET web_id = :web, web_once_id = :once WHERE id = :number'), told)
    drafts = 'SELECT draft_version_id FROM forms WHERE draft_version_id IS NOT NULL ORDER BY id'
    for number in connection.execute(sa.text(drafts)).scalars().all():
        told = {'number': number, 'web': secrets.token_hex(16)}
        connection.execute(sa.text('UPDATE form_versions SET web_id = :web WHERE id = :number'), told)


def downgrade() -> None:
    op.drop_index('ix_form_versions_web_id', 'form_versions')
    op.drop_column('form_versions', 'web_id')
    for column in ('web_once_id', 'web_id'):
        op.drop_index(f'ix_forms_{column}', 'forms')
    for column in ('web_forms', 'web_once_id', 'web_id'):
        op.drop_column('forms', column)
