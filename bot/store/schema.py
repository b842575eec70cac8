"""The tables. They are the truth: a stage asks them what is pending, and a queue is only a hint.

Times are stored as ISO 8601 text in UTC with microseconds, so that they sort as text alike on SQLite and PostgreSQL; ids are
the domain's. `Moment` converts on the way in and out and refuses a time without a zone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy import text as literal_sql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as ISO 8601 text in UTC."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Return the text of an aware time; ValueError for a naive one."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the aware time of stored text."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


feeds = Table(
    "feeds",
    metadata,
    Column("url", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("outlet", Text, nullable=False, default=""),
    Column("language", String(16), nullable=False, default="en"),
    Column("first_run", String(8), nullable=False, default="silent"),
    Column("full_text", Boolean, nullable=False, default=False),
    Column("fetch_url", Text, nullable=False),  # where it is polled: `url`, or where it has moved for good
    Column(
        "status", String(8), nullable=False, default="active"
    ),  # active, gone (410), removed (from the configuration)
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("interval_s", Float, nullable=False, default=600.0),
    Column("next_poll_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("last_poll_at", Moment),
    Column("last_success_at", Moment),
    Column("last_new_at", Moment),
    Column("last_full_fetch_at", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("last_outcome", String(32), nullable=False, default=""),
    Column("last_problem", Text, nullable=False, default=""),
    Column("moved_to", Text),
    Column("moved_since", Moment),
    Column("late_page_at", Moment),  # when the first of its late pages is asked for again
    Column("created_at", Moment, nullable=False),
    Index(None, "status", "next_poll_at"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("feed_url", Text, ForeignKey("feeds.url"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("url", Text, nullable=False),  # canonical
    Column("title", Text, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("published_raw", Text, nullable=False, default=""),
    Column("date_confidence", String(16), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Index(None, "feed_url", "guid"),
    Index(None, "url"),
    Index(None, "last_seen_at"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("entry_id", String(20), ForeignKey("entries.id")),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("outlet", Text, nullable=False, default=""),
    Column("author", Text, nullable=False, default=""),
    Column("published_at", Moment, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("language", String(16), nullable=False, default=""),
    Column("text", Text, nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("silent", Boolean, nullable=False, default=False),
    Column("state", String(8), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("claimed_until", Moment),
    Column("assessed_at", Moment),
    Index(None, "state", "published_at"),
    Index(None, "url"),
    Index(None, "text_hash"),
    Index(None, "entry_id"),
    Index(None, "fetched_at"),
)
HAS_TEXT = literal_sql("text != ''")
"""Written out, not as a parameter: only so does SQLite see that the index below has what is asked for."""
Index(
    "ix_articles_fetched_at_with_text", articles.c.fetched_at, sqlite_where=HAS_TEXT, postgresql_where=HAS_TEXT
)  # what `retention` looks for, however many articles have lost their text

late_pages = Table(
    "late_pages",
    metadata,
    Column("article_id", String(20), ForeignKey("articles.id"), primary_key=True),
    Column("feed_url", Text, ForeignKey("feeds.url"), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Index(None, "feed_url", "due_at"),
)

positions = Table(
    "positions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("baseline", Text, nullable=False),
    Column("since", String(10), nullable=False),
    Column("source", Text, nullable=False, default=""),
    Column("origin", String(16), nullable=False),  # configuration, confirmed, edit
    Column("set_by", Text, nullable=False, default=""),
    Column("set_at", Moment, nullable=False),
    Column("details", JSON, nullable=False, default=dict, server_default="{}"),  # of a position that no file has
    Column("retired", Boolean, nullable=False, default=False, server_default="0"),  # tracked no longer, from here on
)

statements = Table(
    "statements",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("article_id", String(20), ForeignKey("articles.id"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("before", Text, nullable=False, default=""),
    Column("after", Text, nullable=False, default=""),
    Column("speaker", Text, nullable=False, default=""),
    Column("holder", Text, nullable=False, default=""),
    Column("attributed", Boolean, nullable=False, default=False),
    Column("mode", String(16), nullable=False),
    Column("certainty", String(16), nullable=False),
    Column("cue", Text, nullable=False, default=""),
    Column("source_start", Integer),
    Column("source_end", Integer),
    Index(None, "article_id"),
)

shifts = Table(
    "shifts",
    metadata,
    Column("key", String(20), primary_key=True),
    Column("position_id", String(64), nullable=False),
    Column("position_revision", Integer, nullable=False),
    Column("relation", String(16), nullable=False),
    Column("words", Text, nullable=False),  # the statement that opened it, for grouping later accounts
    Column("opened_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("alerted", Boolean, nullable=False, default=False),
    Column("kind", String(16), nullable=False, default="shift", server_default="shift"),  # shift, differ, mixed
    Column("disputed", Text, nullable=False, default="", server_default=""),  # what a later account does to it
    Column(
        "merged_into", String(20), nullable=False, default="", server_default=""
    ),  # the shift that it is the same as
    ForeignKeyConstraint(["position_id", "position_revision"], ["positions.id", "positions.revision"]),
    Index(None, "position_id", "last_seen_at"),
    Index(None, "opened_at", "key"),
    Index(None, "position_id", "opened_at"),
)

assessments = Table(
    "assessments",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("statement_id", String(20), ForeignKey("statements.id"), nullable=False),
    Column("position_id", String(64), nullable=False),
    Column("position_revision", Integer, nullable=False),
    Column("relation", String(16), nullable=False),
    Column("probabilities", JSON, nullable=False),
    Column("similarity", Float, nullable=False),
    Column("evidence", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("decision", String(8), nullable=False),
    Column("decision_reason", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("shift_key", String(20), ForeignKey("shifts.key")),
    Column(
        "bearing", String(8), nullable=False, default="", server_default=""
    ),  # denies, differs, mixed; "": an account
    Column("assessed_at", Moment, nullable=False),
    ForeignKeyConstraint(["position_id", "position_revision"], ["positions.id", "positions.revision"]),
    UniqueConstraint("statement_id", "position_id"),
    Index(None, "position_id", "assessed_at"),
    Index(None, "shift_key"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("alert_key", String(64), nullable=False),
    Column("kind", String(8), nullable=False, default="alert"),  # alert, reply (to the message of parent_key), digest
    Column("parent_key", String(64), nullable=False, default=""),
    Column("position_id", String(64), nullable=False, default=""),
    Column("channel", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("priority", Integer, nullable=False, default=0),  # lower goes first
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("attempted_at", Moment),
    Column("posted_at", Moment),
    Column("digest_id", String(20), nullable=False, default=""),  # the delivery that carries it, where it was held
    Column("ref", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    UniqueConstraint("alert_key", "channel"),
    Index(None, "state", "not_before"),
    Index(None, "channel", "posted_at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("kind", String(8), nullable=False),  # confirm, reject, merge, mute, track, label
    Column("subject", String(80), nullable=False),  # shift:KEY, mute:POSITION, track:POSITION or label:ASSESSMENT
    Column("standing", String(80), unique=True),  # the subject while the verdict stands: one at a time
    Column("shift_key", String(20), nullable=False, default=""),
    Column("position_id", String(64), nullable=False),
    Column("into_key", String(20), nullable=False, default=""),  # of a merge; of a label the assessment
    Column("reason", String(16), nullable=False, default=""),  # of a reject; of a label the relation
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Moment),  # of a mute
    Column("revision_before", Integer, nullable=False, default=0),
    Column("revision_after", Integer, nullable=False, default=0),
    Column("undone_at", Moment),
    Column("undone_by", Text, nullable=False, default=""),
    Index(None, "subject"),
    Index(None, "position_id", "at"),
    Index(None, "at"),
)

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("article_id", String(20), ForeignKey("articles.id"), primary_key=True),
    Column("signature", Text, nullable=False),  # 60 numbers of 32 bits, hexadecimal
    Column("ledger", String(20), nullable=False),  # the positions that the article was assessed against
    Column("original_id", String(20), nullable=False, default=""),  # the article whose assessments it took over
    Column("created_at", Moment, nullable=False),
    Index(None, "created_at"),
    Index(None, "original_id"),
)

bands = Table(
    "bands",
    metadata,
    Column("band", String(16), primary_key=True),
    Column("article_id", String(20), ForeignKey("articles.id"), primary_key=True),
    Index(None, "article_id"),
)

edits = Table(
    "edits",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("article_id", String(20), ForeignKey("articles.id"), nullable=False),  # the later edition
    Column("earlier_id", String(20), ForeignKey("articles.id"), nullable=False),
    Column("kind", String(8), nullable=False),  # changed, removed
    Column("before_start", Integer, nullable=False),
    Column("before_end", Integer, nullable=False),
    Column("before_text", Text, nullable=False),
    Column("after_start", Integer),
    Column("after_end", Integer),
    Column("after_text", Text, nullable=False, default=""),
    Column("noticed", Boolean, nullable=False, default=False),  # whether the later edition says that it was changed
    Column("seen_at", Moment, nullable=False),
    Index(None, "article_id"),
    Index(None, "earlier_id"),
    Index(None, "seen_at"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("stage", String(16), primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("reason", String(200), primary_key=True),
    Column("n", Integer, nullable=False),
)
