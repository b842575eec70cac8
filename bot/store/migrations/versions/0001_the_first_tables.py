"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("alert_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("parent_key", sa.String(length=64), nullable=False),
        sa.Column("position_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(length=32), nullable=False),
        sa.Column("claimed_until", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("attempted_at", sa.String(length=32), nullable=True),
        sa.Column("posted_at", sa.String(length=32), nullable=True),
        sa.Column("digest_id", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("alert_key", "channel", name=op.f("uq_deliveries_alert_key_channel")),
    )
    op.create_index(op.f("ix_deliveries_channel_posted_at"), "deliveries", ["channel", "posted_at"], unique=False)
    op.create_index(op.f("ix_deliveries_state_not_before"), "deliveries", ["state", "not_before"], unique=False)
    op.create_table(
        "feeds",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("first_run", sa.String(length=8), nullable=False),
        sa.Column("full_text", sa.Boolean(), nullable=False),
        sa.Column("fetch_url", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.Column("next_poll_at", sa.String(length=32), nullable=False),
        sa.Column("claimed_until", sa.String(length=32), nullable=True),
        sa.Column("last_poll_at", sa.String(length=32), nullable=True),
        sa.Column("last_success_at", sa.String(length=32), nullable=True),
        sa.Column("last_new_at", sa.String(length=32), nullable=True),
        sa.Column("last_full_fetch_at", sa.String(length=32), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.String(length=32), nullable=False),
        sa.Column("last_problem", sa.Text(), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("moved_since", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_feeds")),
    )
    op.create_index(op.f("ix_feeds_status_next_poll_at"), "feeds", ["status", "next_poll_at"], unique=False)
    op.create_table(
        "positions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("baseline", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name=op.f("pk_positions")),
    )
    op.create_table(
        "tallies",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "stage", "outcome", "reason", name=op.f("pk_tallies")),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published_at", sa.String(length=32), nullable=False),
        sa.Column("published_raw", sa.Text(), nullable=False),
        sa.Column("date_confidence", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.String(length=32), nullable=False),
        sa.Column("last_seen_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["feed_url"], ["feeds.url"], name=op.f("fk_entries_feed_url")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    op.create_index(op.f("ix_entries_feed_url_guid"), "entries", ["feed_url", "guid"], unique=False)
    op.create_index(op.f("ix_entries_last_seen_at"), "entries", ["last_seen_at"], unique=False)
    op.create_index(op.f("ix_entries_url"), "entries", ["url"], unique=False)
    op.create_table(
        "shifts",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("position_id", sa.String(length=64), nullable=False),
        sa.Column("position_revision", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("last_seen_at", sa.String(length=32), nullable=False),
        sa.Column("alerted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["position_id", "position_revision"],
            ["positions.id", "positions.revision"],
            name=op.f("fk_shifts_position_id_position_revision"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_shifts")),
    )
    op.create_index(op.f("ix_shifts_position_id_last_seen_at"), "shifts", ["position_id", "last_seen_at"], unique=False)
    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("entry_id", sa.String(length=20), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("published_at", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.String(length=32), nullable=True),
        sa.Column("assessed_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_articles_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    op.create_index(op.f("ix_articles_entry_id"), "articles", ["entry_id"], unique=False)
    op.create_index(op.f("ix_articles_state_published_at"), "articles", ["state", "published_at"], unique=False)
    op.create_index(op.f("ix_articles_text_hash"), "articles", ["text_hash"], unique=False)
    op.create_index(op.f("ix_articles_url"), "articles", ["url"], unique=False)
    op.create_table(
        "statements",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("article_id", sa.String(length=20), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("attributed", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("certainty", sa.String(length=16), nullable=False),
        sa.Column("cue", sa.Text(), nullable=False),
        sa.Column("source_start", sa.Integer(), nullable=True),
        sa.Column("source_end", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_statements_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
    )
    op.create_index(op.f("ix_statements_article_id"), "statements", ["article_id"], unique=False)
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("statement_id", sa.String(length=20), nullable=False),
        sa.Column("position_id", sa.String(length=64), nullable=False),
        sa.Column("position_revision", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("shift_key", sa.String(length=20), nullable=True),
        sa.Column("assessed_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["position_id", "position_revision"],
            ["positions.id", "positions.revision"],
            name=op.f("fk_assessments_position_id_position_revision"),
        ),
        sa.ForeignKeyConstraint(["shift_key"], ["shifts.key"], name=op.f("fk_assessments_shift_key")),
        sa.ForeignKeyConstraint(["statement_id"], ["statements.id"], name=op.f("fk_assessments_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("statement_id", "position_id", name=op.f("uq_assessments_statement_id_position_id")),
    )
    op.create_index(
        op.f("ix_assessments_position_id_assessed_at"), "assessments", ["position_id", "assessed_at"], unique=False
    )
    op.create_index(op.f("ix_assessments_shift_key"), "assessments", ["shift_key"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_assessments_shift_key"), table_name="assessments")
    op.drop_index(op.f("ix_assessments_position_id_assessed_at"), table_name="assessments")
    op.drop_table("assessments")
    op.drop_index(op.f("ix_statements_article_id"), table_name="statements")
    op.drop_table("statements")
    op.drop_index(op.f("ix_articles_url"), table_name="articles")
    op.drop_index(op.f("ix_articles_text_hash"), table_name="articles")
    op.drop_index(op.f("ix_articles_state_published_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_entry_id"), table_name="articles")
    op.drop_table("articles")
    op.drop_index(op.f("ix_shifts_position_id_last_seen_at"), table_name="shifts")
    op.drop_table("shifts")
    op.drop_index(op.f("ix_entries_url"), table_name="entries")
    op.drop_index(op.f("ix_entries_last_seen_at"), table_name="entries")
    op.drop_index(op.f("ix_entries_feed_url_guid"), table_name="entries")
    op.drop_table("entries")
    op.drop_table("tallies")
    op.drop_table("positions")
    op.drop_index(op.f("ix_feeds_status_next_poll_at"), table_name="feeds")
    op.drop_table("feeds")
    op.drop_index(op.f("ix_deliveries_state_not_before"), table_name="deliveries")
    op.drop_index(op.f("ix_deliveries_channel_posted_at"), table_name="deliveries")
    op.drop_table("deliveries")
