"""Entries: which items of which feed have been seen, by which marks, and when last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from bot.core.revision import Known, Marks
from bot.domain import DateConfidence
from bot.store.engine import insert
from bot.store.schema import articles
from bot.store.schema import entries as table

AT_ONCE = 400
KNOWN = (
    table.c.id,
    table.c.feed_url,
    table.c.guid,
    table.c.url,
    table.c.title,
    table.c.content_hash,
    table.c.published_at.label("published"),
    table.c.revision,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An entry as it is stored: its marks, its date with what is known about that, and its revision (0: as first seen)."""

    id: str
    feed_url: str
    marks: Marks
    published_raw: str
    confidence: DateConfidence
    revision: int = 0


def known(connection: Connection, feed_url: str, items: Sequence[Marks]) -> list[Known]:
    """Return the entries that any of `items` may be: this feed's by guid, any feed's by address, this feed's by content.

    Content is looked up only for items that neither guid nor address finds, as it has no index of its own.
    """
    found: dict[str, Known] = {}
    guids = [item.guid for item in items if item.guid]
    for chunk in _chunks(guids):
        _collect(connection, found, (table.c.feed_url == feed_url) & table.c.guid.in_(chunk))
    met_guids = {entry.guid for entry in found.values()}
    for chunk in _chunks([item.url for item in items if item.url and item.guid not in met_guids]):
        _collect(connection, found, table.c.url.in_(chunk))
    met_urls = {entry.url for entry in found.values()}
    for chunk in _chunks(
        [item.content_hash for item in items if item.guid not in met_guids and item.url not in met_urls]
    ):
        _collect(connection, found, (table.c.feed_url == feed_url) & table.c.content_hash.in_(chunk))
    return list(found.values())


def _collect(connection: Connection, found: dict[str, Known], condition: ColumnElement[bool]) -> None:
    for row in connection.execute(select(*KNOWN).where(condition)).mappings():
        found[row["id"]] = Known(**row)


def save(connection: Connection, sightings: Iterable[Sighting], now: datetime) -> None:
    """Store new entries, and the new marks of those that are there: an edit replaces what the entry is known by."""
    rows = [
        {
            "id": sighting.id,
            "feed_url": sighting.feed_url,
            "guid": sighting.marks.guid,
            "url": sighting.marks.url,
            "title": sighting.marks.title,
            "published_at": sighting.marks.published,
            "published_raw": sighting.published_raw[:200],
            "date_confidence": sighting.confidence.value,
            "content_hash": sighting.marks.content_hash,
            "revision": sighting.revision,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for sighting in sightings
    ]
    if not rows:
        return
    statement = insert(connection, table)
    renewed = ("guid", "url", "title", "content_hash", "revision", "last_seen_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.id], set_={name: statement.excluded[name] for name in renewed}
        ),
        rows,
    )


def touch(connection: Connection, entry_ids: Sequence[str], now: datetime, *, older_than: datetime) -> None:
    """Note that entries are still in their feed, where that was last noted before `older_than`."""
    for chunk in _chunks(entry_ids):
        connection.execute(
            update(table).where(table.c.id.in_(chunk), table.c.last_seen_at < older_than).values(last_seen_at=now)
        )


def forget(connection: Connection, feed_urls: Sequence[str], before: datetime) -> int:
    """Forget the entries that have not been in these feeds since `before`; their articles stay. Return how many."""
    stale: list[str] = []
    for chunk in _chunks(feed_urls):
        query = select(table.c.id).where(table.c.feed_url.in_(chunk), table.c.last_seen_at < before)
        stale += connection.execute(query).scalars()
    for chunk in _chunks(stale):
        connection.execute(update(articles).where(articles.c.entry_id.in_(chunk)).values(entry_id=None))
        connection.execute(delete(table).where(table.c.id.in_(chunk)))
    return len(stale)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
