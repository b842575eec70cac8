"""Whether the bot still fits what it reads: shares of what was counted. All functions work in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from bot.core.desk import VerdictKind
from bot.store.schema import tallies as table

RECENT, EARLIER = timedelta(days=7), timedelta(days=28)
"""How long the days are that are looked at, and those before them that they are held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What some days brought. Shares are in [0, 1], None where there is nothing to take a share of.

    `abstained` is the share of articles that were not read, `off_topic` of those read that touch no tracked topic, `rejected`
    of the desk's verdicts on shifts that called it none, `near_misses` of near misses among what might have alerted.
    """

    articles: int
    alerts: int
    verdicts: int
    abstained: float | None
    off_topic: float | None
    rejected: float | None
    near_misses: float | None


def lately(connection: Connection, today: date) -> tuple[Drift, Drift]:
    """Return the shares of the days until `today`, and of the days before those."""
    begins = today - RECENT + timedelta(days=1)
    return shares(connection, begins, today), shares(connection, begins - EARLIER, begins - timedelta(days=1))


def shares(connection: Connection, first: date, last: date) -> Drift:
    """Return the shares of the days from `first` to `last`, both included."""
    query = (
        select(table.c.stage, table.c.outcome, table.c.reason, func.sum(table.c.n).label("n"))
        .where(table.c.day >= first.isoformat(), table.c.day <= last.isoformat(), table.c.stage.in_(["assess", "desk"]))
        .group_by(table.c.stage, table.c.outcome, table.c.reason)
    )
    counted: Counter[str] = Counter()
    for row in connection.execute(query).mappings():
        counted[f"{row['stage']} {row['outcome']}"] += int(row["n"])
        counted[f"{row['stage']} {row['outcome']} {row['reason']}"] += int(row["n"])
    return _shares(counted)


def _shares(counted: Counter[str]) -> Drift:
    read, skipped = counted["assess assessed"], counted["assess skipped"]
    alerts, near = counted["assess alert"], counted["assess digest"]
    rejects, confirms = counted[f"desk {VerdictKind.REJECT}"], counted[f"desk {VerdictKind.CONFIRM}"]
    return Drift(
        articles=read + skipped,
        alerts=alerts,
        verdicts=rejects + confirms,
        abstained=_share(skipped, read + skipped),
        off_topic=_share(counted["assess assessed no tracked topic"], read),
        rejected=_share(rejects, rejects + confirms),
        near_misses=_share(near, near + alerts),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
