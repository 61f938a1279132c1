"""Second factors, ways back in, properties of actors, and who sees which unit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def number() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def text(length: int | None = None) -> sa.types.TypeEngine:
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key_to(column: str, target: str, table: str, **options: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f'fk_{table}_{column}', **options)


def upgrade() -> None:
    second_factors()
    op.create_table(
        'actor_properties',
        sa.Column('id', number(), nullable=False),
        sa.Column('project_id', number(), nullable=False),
        sa.Column('name', text(), nullable=False),
        moment('created_at'),
        key_to('project_id', 'projects.id', 'actor_properties'),
        sa.PrimaryKeyConstraint('id', name='pk_actor_properties'),
        sa.UniqueConstraint('project_id', 'name', name='uq_actor_properties_project_id_name'),
        sqlite_autoincrement=True,
    )
    op.create_table(
        'unit_reach',
        sa.Column('unit_id', number(), nullable=False),
        sa.Column('within_id', number(), nullable=False),
        key_to('unit_id', 'units.id', 'unit_reach', ondelete='CASCADE'),
        key_to('within_id', 'units.id', 'unit_reach', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('unit_id', 'within_id', name='pk_unit_reach'),
    )
    op.create_index('ix_unit_reach_within_id', 'unit_reach', ['within_id'])
    op.add_column('audits', sa.Column('notes', text()))
    op.add_column('audits', sa.Column('source', text(64)))
    op.create_index('ix_audits_action_id', 'audits', ['action', 'id'])


def second_factors() -> None:
    with op.batch_alter_table('users') as users:
        users.alter_column('password_hash', existing_type=text(), nullable=True)
        users.add_column(sa.Column('totp_cipher', text()))
        users.add_column(moment('totp_since', nullable=True))
        users.add_column(sa.Column('totp_step', number()))
    op.create_table(
        'recovery_codes',
        sa.Column('id', number(), nullable=False),
        sa.Column('actor_id', number(), nullable=False),
        sa.Column('code_hash', text(64), nullable=False),
        moment('used_at', nullable=True),
        key_to('actor_id', 'actors.id', 'recovery_codes'),
        sa.PrimaryKeyConstraint('id', name='pk_recovery_codes'),
        sqlite_autoincrement=True,
    )
    op.create_table(
        'app_passwords',
        sa.Column('id', number(), nullable=False),
        sa.Column('actor_id', number(), nullable=False),
        sa.Column('name', text(), nullable=False),
        sa.Column('secret_hash', text(64), nullable=False),
        moment('created_at'),
        moment('last_used_at', nullable=True),
        key_to('actor_id', 'actors.id', 'app_passwords'),
        sa.PrimaryKeyConstraint('id', name='pk_app_passwords'),
        sa.UniqueConstraint('secret_hash', name='uq_app_passwords_secret_hash'),
        sqlite_autoincrement=True,
    )
    op.create_table(
        'password_resets',
        sa.Column('id', number(), nullable=False),
        sa.Column('actor_id', number(), nullable=False),
        sa.Column('token_hash', text(64), nullable=False),
        moment('created_at'),
        moment('expires_at'),
        moment('used_at', nullable=True),
        key_to('actor_id', 'actors.id', 'password_resets'),
        sa.PrimaryKeyConstraint('id', name='pk_password_resets'),
        sa.UniqueConstraint('token_hash', name='uq_password_resets_token_hash'),
        sqlite_autoincrement=True,
    )
    for table in ('recovery_codes', 'app_passwords', 'password_resets'):
        op.create_index(f'ix_{table}_actor_id', table, ['actor_id'])


def downgrade() -> None:
    raise RuntimeError('Users may be without a password: restore a backup instead.')
