"""One current version of each submission; on PostgreSQL, numbers of 64 bits and text that sorts as on SQLite."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

INDEX = 'uq_submission_versions_current'
LATEST = """
UPDATE submission_versions SET current = :no WHERE current AND id < (
    SELECT max(other.id) FROM submission_versions AS other
    WHERE other.submission_id = submission_versions.submission_id AND other.current)
"""


def upgrade() -> None:
    op.execute(sa.text(LATEST).bindparams(sa.bindparam('no', False, sa.Boolean())))
    where = sa.text('current')
    op.create_index(
        INDEX, 'submission_versions', ['submission_id'], unique=True, sqlite_where=where, postgresql_where=where
    )
    if op.get_bind().dialect.name == 'postgresql':
        widen()


def widen() -> None:
    # SQLite has numbers of 64 bits and compares text byte by byte: so does this database now, whatever its locale,
    # and an update of the operating system's locales cannot put its indexes out of order.
    inspector = sa.inspect(op.get_bind())
    quote = op.get_bind().dialect.identifier_preparer.quote
    for table in inspector.get_table_names():
        if table == 'alembic_version':
            continue
        changes = []
        for column in inspector.get_columns(table):
            name, kind = quote(column['name']), column['type']
            if isinstance(kind, sa.Integer) and not isinstance(kind, sa.BigInteger):
                changes.append(f'ALTER COLUMN {name} TYPE BIGINT')
            elif isinstance(kind, sa.String):
                length = f'({kind.length})' if kind.length else ''
                changes.append(f'ALTER COLUMN {name} TYPE VARCHAR{length} COLLATE "C"')
        op.execute(f'ALTER TABLE {quote(table)} {", ".join(changes)}')
    for sequence in inspector.get_sequence_names():
        op.execute(f'ALTER SEQUENCE {quote(sequence)} AS BIGINT')


def downgrade() -> None:
    raise RuntimeError("Numbers may be too large for what was before: restore a backup instead.")
