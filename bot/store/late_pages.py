"""Late pages: articles that hold what their feed says of them, because their page could not be had when they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from bot.domain import Article
from bot.store import articles
from bot.store.engine import insert
from bot.store.schema import articles as article_table
from bot.store.schema import feeds, late_pages

MOST = 4
"""Pages that are asked for again in one poll, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePage:
    """An article whose page is awaited, with the entry that it belongs to and how often the page was asked for."""

    article: Article
    entry_id: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How often an article's page has been asked for now, and when again; None for never, since it came or will not."""

    article_id: str
    tries: int
    due_at: datetime | None


def due(connection: Connection, feed_url: str, now: datetime) -> list[LatePage]:
    """Return the articles of a feed whose page is to be asked for again, the latest first, at most `MOST`."""
    c = late_pages.c
    query = select(*articles.COLUMNS, article_table.c.entry_id, c.tries)
    query = query.join_from(late_pages, article_table, article_table.c.id == c.article_id)
    query = query.where(c.feed_url == feed_url, c.due_at <= now).order_by(article_table.c.published_at.desc())
    found = []
    for row in connection.execute(query.limit(MOST)).mappings():
        values = dict(row)
        entry_id, tries = values.pop("entry_id"), values.pop("tries")
        found.append(LatePage(article=Article(**values), entry_id=entry_id, tries=tries))
    return found


def save(connection: Connection, feed_url: str, tried: Sequence[Tried]) -> None:
    """Store what is awaited and what no longer is, and with the feed when the first of its pages is due."""
    if not tried:
        return
    again = [
        {"article_id": each.article_id, "feed_url": feed_url, "tries": each.tries, "due_at": each.due_at}
        for each in tried
        if each.due_at is not None
    ]
    connection.execute(delete(late_pages).where(late_pages.c.article_id.in_([each.article_id for each in tried])))
    if again:
        connection.execute(insert(connection, late_pages), again)
    first = select(func.min(late_pages.c.due_at)).where(late_pages.c.feed_url == feed_url).scalar_subquery()
    connection.execute(update(feeds).where(feeds.c.url == feed_url).values(late_page_at=first))
