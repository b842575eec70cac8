"""What is counted and measured from the tables for monitoring, so that it outlives the process that did the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from bot.domain import ArticleState, DeliveryState
from bot.store import drift, tallies
from bot.store.drift import Drift
from bot.store.pages import SILENT
from bot.store.schema import articles, deliveries, feeds, statements
from bot.store.schema import tallies as counted
from bot.store.tallies import Tally

EVER = date(2000, 1, 1)
LAGS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How much waits, and since when the oldest of it; None where nothing waits."""

    depth: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One look at the tables. `lags_s` are seconds from publication to the post, of the last day's alerts."""

    tallies: tuple[Tally, ...]
    statements: int
    queues: Mapping[str, Queue]
    feeds: Mapping[str, int]
    lags_s: tuple[float, ...]
    recent: tuple[Tally, ...]
    """The judgements (stage assess, by decision and relation) of the last seven days."""
    earlier: tuple[Tally, ...]
    """Those of the 28 days before."""
    week: Drift
    """What became of the articles and verdicts of the last seven days."""


def measure(connection: Connection, now: datetime) -> Measured:
    """Look at everything once. A fixed number of queries."""
    week = now.date() - timedelta(days=7)
    return Measured(
        tallies=tallies.totals(connection, EVER),
        statements=connection.execute(select(func.count()).select_from(statements)).scalar_one(),
        queues={
            "feeds": _due_feeds(connection, now),
            "articles": _pending_articles(connection),
            "deliveries": _open_deliveries(connection),
        },
        feeds=_feeds(connection),
        lags_s=_lags(connection, now),
        recent=_judgements(connection, week, now.date()),
        earlier=_judgements(connection, week - timedelta(days=28), week - timedelta(days=1)),
        week=drift.lately(connection, now.date())[0],
    )


def is_reachable(connection: Connection) -> bool:
    """Whether the database answers and has this version's tables; StoreError where it does not."""
    connection.execute(select(counted.c.n).limit(1)).first()
    return True


def _due_feeds(connection: Connection, now: datetime) -> Queue:
    where = (feeds.c.status.in_(("active", "gone")), feeds.c.next_poll_at <= now)
    row = connection.execute(select(func.count(), func.min(feeds.c.next_poll_at)).where(*where)).one()
    return Queue(depth=row[0], oldest=row[1])


def _pending_articles(connection: Connection) -> Queue:
    where = articles.c.state == ArticleState.PENDING.value
    row = connection.execute(select(func.count(), func.min(articles.c.fetched_at)).where(where)).one()
    return Queue(depth=row[0], oldest=row[1])


def _open_deliveries(connection: Connection) -> Queue:
    where = deliveries.c.state.in_((DeliveryState.PENDING, DeliveryState.POSTING, DeliveryState.DOUBTFUL))
    row = connection.execute(select(func.count(), func.min(deliveries.c.created_at)).where(where)).one()
    return Queue(depth=row[0], oldest=row[1])


def _feeds(connection: Connection) -> dict[str, int]:
    """Return how many feeds are configured, failing, silent and gone."""
    configured = feeds.c.status != "removed"
    silent = feeds.c.last_problem.startswith(SILENT) & (feeds.c.failures == 0) & (feeds.c.status == "active")
    query = select(
        func.count().label("configured"),
        func.count().filter(feeds.c.failures > 0).label("failing"),
        func.count().filter(silent).label("silent"),
        func.count().filter(feeds.c.status == "gone").label("gone"),
    ).where(configured)
    return {name: int(n) for name, n in connection.execute(query).mappings().one().items()}


def _lags(connection: Connection, now: datetime) -> tuple[float, ...]:
    """Return how long the last day's alerts took from their article's publication to the post, at most `LAGS` of them."""
    query = (
        select(deliveries.c.payload, deliveries.c.posted_at)
        .where(deliveries.c.posted_at > now - timedelta(days=1), deliveries.c.kind == "alert")
        .order_by(deliveries.c.posted_at.desc())
        .limit(LAGS)
    )
    lags = []
    for payload, posted_at in connection.execute(query):
        published = str((payload.get("first") or {}).get("published", ""))
        if published:
            lags.append((posted_at - datetime.fromisoformat(published)).total_seconds())
    return tuple(lags)


def _judgements(connection: Connection, since: date, until: date) -> tuple[Tally, ...]:
    query = (
        select(counted.c.stage, counted.c.outcome, counted.c.reason, func.sum(counted.c.n).label("n"))
        .where(
            counted.c.day >= since.isoformat(),
            counted.c.day <= until.isoformat(),
            counted.c.stage == "assess",
            counted.c.outcome.in_(("alert", "digest", "silent")),
        )
        .group_by(counted.c.stage, counted.c.outcome, counted.c.reason)
    )
    return tuple(Tally(**{**row, "n": int(row["n"])}) for row in connection.execute(query).mappings())
