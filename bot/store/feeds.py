"""Feeds: what is configured, when each is polled next, and how the last polls went."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, Text, bindparam, case, func, or_, select, update

from bot.core.schedule import FeedState, Plan
from bot.domain import Feed
from bot.store.engine import insert
from bot.store.schema import feeds as table

AT_ONCE = 400
"""Values in one IN list, well under every database's limit."""
PLAIN = (
    "fetch_url", "interval_s", "next_poll_at", "last_poll_at", "failures", "last_outcome", "moved_to", "moved_since", "etag",
    "last_modified", "body_hash", "last_full_fetch_at", "last_new_at", "last_success_at",
)  # fmt: skip
SETTLE = (
    update(table)
    .where(table.c.url == bindparam("of_url"))
    .values(
        status=case((table.c.status == "removed", "removed"), else_=bindparam("new_status", type_=String())),
        last_problem=func.coalesce(bindparam("new_last_problem", type_=Text()), table.c.last_problem),
        claimed_until=None,
        **{name: bindparam(f"new_{name}") for name in PLAIN},
    )
)
"""One statement for every way a poll ends, so that many are stored by one call."""
STATE_COLUMNS = tuple(field.name for field in fields(FeedState))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What bringing the store up to the configuration changed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What is stored of a poll beside its plan. None leaves a column as it is; `validators` replaces both or neither."""

    outcome: str
    problem: str | None = None
    validators: tuple[str | None, str | None] | None = None
    body_hash: str | None = None
    forget_body: bool = False
    full_fetch: bool = False
    found_new: bool = False
    succeeded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A feed as it was claimed, with how its poll went and what follows."""

    feed: FeedState
    plan: Plan
    poll: Poll
    at: datetime


def sync_feeds(connection: Connection, feeds: Sequence[Feed], now: datetime) -> SyncReport:
    """Bring the store up to the configured feeds, in the caller's transaction.

    New feeds are due at once. Feeds that are no longer configured are marked removed, with all they had; one that returns
    begins with a first run again, so that what it published meanwhile floods nobody.
    """
    known = {row.url: row for row in connection.execute(select(table))}
    added = changed = returned = 0
    for feed in {feed.url: feed for feed in feeds}.values():
        wanted = {
            "name": feed.name,
            "outlet": feed.outlet,
            "language": feed.language,
            "first_run": feed.first_run,
            "full_text": feed.full_text,
        }
        row = known.get(feed.url)
        if row is None:
            new = {"url": feed.url, "fetch_url": feed.url, "next_poll_at": now, "created_at": now, **wanted}
            added += connection.execute(insert(connection, table).values(**new).on_conflict_do_nothing()).rowcount
            continue
        changes = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if row.status == "removed":
            changes |= {"status": "active", "next_poll_at": now, "last_success_at": None, "failures": 0}
            changes |= {"etag": None, "last_modified": None, "body_hash": None}
            returned += 1
        elif changes:
            changed += 1
        if changes:
            connection.execute(update(table).where(table.c.url == feed.url).values(**changes))
    gone = {url for url, row in known.items() if row.status != "removed"} - {feed.url for feed in feeds}
    for url in gone:
        connection.execute(update(table).where(table.c.url == url).values(status="removed", claimed_until=None))
    return SyncReport(added=added, changed=changed, removed=len(gone), returned=returned)


def claim_due(
    connection: Connection,
    now: datetime,
    *,
    limit: int,
    lease_s: float,
    force: bool = False,
    only: Collection[str] | None = None,
) -> list[FeedState]:
    """Claim up to `limit` feeds whose time has come and return them, the longest overdue first.

    A claim holds for `lease_s`. `force` claims whatever is not claimed, due or not; `only` names the feeds to look among, None
    for all.
    """
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    query = select(table.c.url).where(table.c.status.in_(("active", "gone")), free)
    if not force:
        query = query.where(table.c.next_poll_at <= now)
    if only is not None:
        query = query.where(table.c.url.in_(only))
    query = query.order_by(table.c.next_poll_at).limit(limit).with_for_update(skip_locked=True)
    urls = list(connection.execute(query).scalars())
    claimed: list[FeedState] = []
    for chunk in _chunks(urls):
        connection.execute(
            update(table).where(table.c.url.in_(chunk)).values(claimed_until=now + timedelta(seconds=lease_s))
        )
        rows = connection.execute(select(*(table.c[name] for name in STATE_COLUMNS)).where(table.c.url.in_(chunk)))
        claimed += [FeedState(**row) for row in rows.mappings()]
    return sorted(claimed, key=lambda feed: feed.next_poll_at)


def due(connection: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Return up to `limit` feeds whose time has come and that nobody has claimed, with where they are fetched from."""
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    query = select(table.c.url, table.c.fetch_url).where(
        table.c.status.in_(("active", "gone")), free, table.c.next_poll_at <= now
    )
    rows = connection.execute(query.order_by(table.c.next_poll_at).limit(limit))
    return [(row.url, row.fetch_url) for row in rows]


def renew(connection: Connection, urls: Sequence[str], until: datetime) -> None:
    """Let claims hold until `until`."""
    for chunk in _chunks(urls):
        connection.execute(update(table).where(table.c.url.in_(chunk)).values(claimed_until=until))


def release(connection: Connection, urls: Sequence[str]) -> None:
    """Give claims back, so that the feeds may be polled by anyone."""
    for chunk in _chunks(urls):
        connection.execute(update(table).where(table.c.url.in_(chunk)).values(claimed_until=None))


def release_all(connection: Connection) -> int:
    """Give back every claim; only where no other process polls. Return how many there were."""
    done = connection.execute(update(table).where(table.c.claimed_until.is_not(None)).values(claimed_until=None))
    return done.rowcount


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Store how polls went and when the next are due, and give the claims back. A removed feed stays removed."""
    if settlements:
        connection.execute(SETTLE, [_settled(each) for each in settlements])


def _settled(each: Settlement) -> dict[str, Any]:
    feed, decided, poll, now = each.feed, each.plan, each.poll, each.at
    moved = decided.fetch_url != feed.fetch_url
    etag, last_modified = (None, None) if moved else poll.validators or (feed.etag, feed.last_modified)
    return {
        "of_url": feed.url,
        "new_fetch_url": decided.fetch_url,
        "new_status": decided.status,
        "new_interval_s": decided.interval_s,
        "new_next_poll_at": decided.next_poll_at,
        "new_last_poll_at": now,
        "new_failures": decided.failures,
        "new_last_outcome": poll.outcome,
        "new_moved_to": decided.moved_to,
        "new_moved_since": decided.moved_since,
        "new_last_problem": None if poll.problem is None else poll.problem[:500],
        "new_etag": etag,
        "new_last_modified": last_modified,
        "new_body_hash": None if poll.forget_body else poll.body_hash or feed.body_hash,
        "new_last_full_fetch_at": now if poll.full_fetch else feed.last_full_fetch_at,
        "new_last_new_at": now if poll.found_new else feed.last_new_at,
        "new_last_success_at": now if poll.succeeded else feed.last_success_at,
    }


def unread(connection: Connection) -> dict[str, str]:
    """Return the configured feeds that never answered as one, by address, with what their first reading does ("silent", "post")."""
    query = select(table.c.url, table.c.first_run).where(table.c.status != "removed", table.c.last_success_at.is_(None))
    return {row.url: row.first_run for row in connection.execute(query)}


def next_due(connection: Connection) -> datetime | None:
    """Return when the next feed is due, None where nothing is polled."""
    query = select(func.min(table.c.next_poll_at)).where(table.c.status.in_(("active", "gone")))
    found: datetime | None = connection.execute(query).scalar()
    return found


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
