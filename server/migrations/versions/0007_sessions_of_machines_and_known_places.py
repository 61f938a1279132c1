"""Which sessions are a machine's, from where accounts sign in, and from where new passwords are asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def number() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    bind = op.get_bind()
    on_a_file = bind.dialect.name == 'sqlite'
    last = bind.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'").scalar() if on_a_file else None
    # A file makes the table anew: numbers still go on where they were.
    with op.batch_alter_table('sessions', table_kwargs={'sqlite_autoincrement': True}) as sessions:
        sessions.add_column(sa.Column('app_password_id', number(), nullable=True))
        sessions.create_foreign_key('fk_sessions_app_password_id', 'app_passwords', ['app_password_id'], ['id'])
        sessions.create_index('ix_sessions_app_password_id', ['app_password_id'])
    if last is not None:
        bind.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'sessions'")
        bind.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('sessions', ?)", (last,))
    # Nobody can tell any more which of these a machine opened: all of them sign in again.
    op.execute('DELETE FROM sessions WHERE actor_id IN (SELECT actor_id FROM app_passwords)')
    op.add_column('password_resets', sa.Column('source', text(64), nullable=True))
    op.add_column('sign_in_attempts', sa.Column('known_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise RuntimeError('Sessions of machines would become a person\'s: restore a backup instead.')
