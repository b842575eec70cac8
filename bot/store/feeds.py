"""Feeds: what is configured, when each is polled next, and how the last polls went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, case, func, or_, select, update

from bot.core.schedule import FeedState, Plan
from bot.domain import Feed
from bot.store.engine import insert
from bot.store.schema import feeds as table

AT_ONCE = 400
"""Values in one IN list, well under every database's limit."""
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
class Standing:
    """A feed as people look at it."""

    url: str
    name: str
    outlet: str
    status: str
    fetch_url: str
    last_outcome: str
    last_problem: str
    failures: int
    interval_s: float
    next_poll_at: datetime
    last_poll_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None


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
    connection: Connection, now: datetime, *, limit: int, lease_s: float, force: bool = False
) -> list[FeedState]:
    """Claim up to `limit` feeds whose time has come and return them, the longest overdue first.

    A claim holds for `lease_s`. `force` claims whatever is not claimed, due or not.
    """
    free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
    query = select(table.c.url).where(table.c.status.in_(("active", "gone")), free)
    if not force:
        query = query.where(table.c.next_poll_at <= now)
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


def settle(connection: Connection, url: str, plan: Plan, poll: Poll, now: datetime) -> None:
    """Store how a poll went and when the next is due, and give the claim back. A removed feed stays removed."""
    values: dict[str, Any] = {
        "fetch_url": plan.fetch_url,
        "status": case((table.c.status == "removed", "removed"), else_=plan.status),
        "interval_s": plan.interval_s,
        "next_poll_at": plan.next_poll_at,
        "claimed_until": None,
        "last_poll_at": now,
        "failures": plan.failures,
        "last_outcome": poll.outcome,
        "moved_to": plan.moved_to,
        "moved_since": plan.moved_since,
    }
    if poll.problem is not None:
        values["last_problem"] = poll.problem[:500]
    if poll.validators is not None:
        values["etag"], values["last_modified"] = poll.validators
    if poll.body_hash is not None or poll.forget_body:
        values["body_hash"] = poll.body_hash
    for column, happened in (
        ("last_full_fetch_at", poll.full_fetch),
        ("last_new_at", poll.found_new),
        ("last_success_at", poll.succeeded),
    ):
        if happened:
            values[column] = now
    connection.execute(update(table).where(table.c.url == url).values(**values))


def next_due(connection: Connection) -> datetime | None:
    """Return when the next feed is due, None where nothing is polled."""
    query = select(func.min(table.c.next_poll_at)).where(table.c.status.in_(("active", "gone")))
    found: datetime | None = connection.execute(query).scalar()
    return found


def standings(connection: Connection, *, removed: bool = False) -> list[Standing]:
    """Return all feeds as people look at them, by name."""
    query = select(*(table.c[field.name] for field in fields(Standing))).order_by(table.c.name, table.c.url)
    if not removed:
        query = query.where(table.c.status != "removed")
    return [_standing(row) for row in connection.execute(query).mappings()]


def _standing(row: RowMapping) -> Standing:
    return Standing(**row)


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
