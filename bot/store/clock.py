"""What a clock that was wrong leaves behind: rows that wait for a time which is far ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select, update

from bot.core.dispatch import QUIET_HOURS
from bot.domain import ArticleState, DeliveryState
from bot.store.schema import articles, deliveries, feeds

SLACK = timedelta(minutes=1)
"""How far ahead a row's past may lie and yet be believed."""
LONGEST_CLAIM = timedelta(hours=1)
"""Over every lease: a claim beyond it was made by another clock."""


def ahead_by(connection: Connection, now: datetime) -> timedelta:
    """Return how far the newest thing that happened lies in the future; zero where it does not."""
    seen = [
        connection.scalar(select(func.max(feeds.c.last_poll_at))),
        connection.scalar(select(func.max(deliveries.c.attempted_at))),
    ]
    return (
        max([moment - now for moment in seen if moment is not None], default=timedelta()) if any(seen) else timedelta()
    )


def mend(connection: Connection, now: datetime) -> int:
    """Let what a clock ahead of `now` has planned be done now; return how many rows that concerns.

    Feeds that were polled "in the future" are due, deliveries that were tried there may be tried again, and claims beyond every
    lease end. What was recorded as done stays as recorded.
    """
    later, never = now + SLACK, now + LONGEST_CLAIM
    f, d, a = feeds.c, deliveries.c, articles.c
    polled = update(feeds).where(f.last_poll_at > later).values(last_poll_at=now, next_poll_at=now)
    claimed = update(feeds).where(f.claimed_until > never).values(claimed_until=None)
    open_ = d.state.in_((DeliveryState.PENDING, DeliveryState.DOUBTFUL, DeliveryState.HELD))
    elsewhen = or_(d.attempted_at > later, d.created_at > later, and_(d.reason == QUIET_HOURS, d.not_before > later))
    due = update(deliveries).where(open_, elsewhen).values(not_before=now)
    tried = update(deliveries).where(d.attempted_at > later).values(attempted_at=now)
    posting = update(deliveries).where(d.state == DeliveryState.POSTING, d.claimed_until > never)
    reading = update(articles).where(a.state == ArticleState.PENDING.value, a.claimed_until > never)
    changes = (polled, claimed, due, tried, posting.values(claimed_until=now), reading.values(claimed_until=None))
    return sum(connection.execute(change).rowcount for change in changes)
