"""Which entity lists a version of a form saves to: told of those, too, that were kept before it was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from forms import xform
from schemas.problems import Problem

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

VERSIONS = sa.table(
    'form_versions',
    sa.column('id', sa.BigInteger),
    sa.column('xml', sa.LargeBinary),
    sa.column('datasets', sa.JSON().with_variant(JSONB(), 'postgresql')),
)


def lists_of(xml: bytes) -> list[str]:
    """As `drafts.set_definition` keeps them. Of a definition that is no longer taken, none."""
    if b'entit' not in xml:
        return []
    try:
        parsed = xform.parse(xml)
    except Problem:
        return []
    names = (one.name for one in parsed.entities if one.name)
    return [] if parsed.public_key else list(dict.fromkeys(names))


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(VERSIONS.c.id, VERSIONS.c.datasets).order_by(VERSIONS.c.id)).all()
    for number in (row.id for row in rows if not row.datasets):
        # One after the other: there may be many, and long ones.
        xml = connection.execute(sa.select(VERSIONS.c.xml).where(VERSIONS.c.id == number)).scalar_one()
        if names := lists_of(bytes(xml or b'')):
            connection.execute(sa.update(VERSIONS).where(VERSIONS.c.id == number).values(datasets=names))


def downgrade() -> None:
    pass
