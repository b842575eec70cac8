"""What is kept for how long: an article's full text for a time, statements and the ledger for good."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select, text, update

from bot.domain import ArticleState
from bot.store.engine import transaction
from bot.store.schema import HAS_TEXT, articles

AT_ONCE = 500


def drop_some_texts(engine: Engine, now: datetime, keep_days: int) -> int:
    """Empty the text of some articles that were fetched over `keep_days` days ago and need no reading; return how many, 0 for none.

    What was said in them stays: statements have their own words and their neighbours', and the hash of the text stays, too, so
    that an edition which says the same is still known. A few hundred rows in a transaction, so that nobody waits.
    """
    c = articles.c
    over = (c.fetched_at < now - timedelta(days=keep_days), HAS_TEXT, c.state != ArticleState.PENDING.value)
    with transaction(engine) as connection:
        chosen = select(c.id).where(*over).limit(AT_ONCE)
        return connection.execute(update(articles).where(c.id.in_(chosen)).values(text="")).rowcount


def vacuum(engine: Engine) -> None:
    """Give room that is no longer used back to the disk. SQLite needs as much room again meanwhile, and nobody may write."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM (ANALYZE)"))
            connection.execute(text("RESET statement_timeout"))
        else:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
