"""Indexes of articles by when they were fetched: without them, retention and counts of the day read every article."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    has_text = sa.text("text != ''")
    op.create_index(op.f('ix_articles_fetched_at'), 'articles', ['fetched_at'], unique=False)
    op.create_index('ix_articles_fetched_at_with_text', 'articles', ['fetched_at'], unique=False,
                    sqlite_where=has_text, postgresql_where=has_text)


def downgrade() -> None:
    op.drop_index('ix_articles_fetched_at_with_text', table_name='articles')
    op.drop_index(op.f('ix_articles_fetched_at'), table_name='articles')
