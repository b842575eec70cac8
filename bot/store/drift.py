"""Whether the bot still fits what it reads: shares over time. All functions work in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from bot.core.desk import VerdictKind
from bot.store.schema import tallies as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One week from its Monday on. Shares are in [0, 1], None where there is nothing to take a share of.

    `abstained` is the share of articles that were not read, `off_topic` of those read that touch no tracked topic, `rejected`
    of the desk's verdicts on shifts that called it none, `near_misses` of near misses among what might have alerted.
    """

    week: date
    articles: int
    alerts: int
    verdicts: int
    abstained: float | None
    off_topic: float | None
    rejected: float | None
    near_misses: float | None


def weekly(connection: Connection, since: date) -> tuple[Drift, ...]:
    """Return the weeks from that of `since` on in which anything was counted, the earliest first."""
    monday = since - timedelta(days=since.weekday())
    query = select(table).where(table.c.day >= monday.isoformat(), table.c.stage.in_(["assess", "desk"]))
    weeks: dict[date, Counter[str]] = {}
    for row in connection.execute(query).mappings():
        day = date.fromisoformat(row["day"])
        counted = weeks.setdefault(day - timedelta(days=day.weekday()), Counter())
        counted[f"{row['stage']} {row['outcome']}"] += row["n"]
        counted[f"{row['stage']} {row['outcome']} {row['reason']}"] += row["n"]
    return tuple(_week(week, counted) for week, counted in sorted(weeks.items()))


def _week(week: date, counted: Counter[str]) -> Drift:
    read, skipped = counted["assess assessed"], counted["assess skipped"]
    alerts, near = counted["assess alert"], counted["assess digest"]
    rejects, confirms = counted[f"desk {VerdictKind.REJECT}"], counted[f"desk {VerdictKind.CONFIRM}"]
    return Drift(
        week=week,
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
