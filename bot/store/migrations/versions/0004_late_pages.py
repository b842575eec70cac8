"""Articles whose page could not be had when they came, and with each feed when the first of them is asked for again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'late_pages',
        sa.Column('article_id', sa.String(length=20), nullable=False),
        sa.Column('feed_url', sa.Text(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('due_at', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['article_id'], ['articles.id'], name=op.f('fk_late_pages_article_id')),
        sa.ForeignKeyConstraint(['feed_url'], ['feeds.url'], name=op.f('fk_late_pages_feed_url')),
        sa.PrimaryKeyConstraint('article_id', name=op.f('pk_late_pages')),
    )
    op.create_index(op.f('ix_late_pages_feed_url_due_at'), 'late_pages', ['feed_url', 'due_at'], unique=False)
    with op.batch_alter_table('feeds') as batch:
        batch.add_column(sa.Column('late_page_at', sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('feeds') as batch:
        batch.drop_column('late_page_at')
    op.drop_index(op.f('ix_late_pages_feed_url_due_at'), table_name='late_pages')
    op.drop_table('late_pages')
