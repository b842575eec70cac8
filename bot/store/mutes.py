"""Positions that the desk wants quiet for a while. All functions work in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.core.desk import VerdictKind
from bot.store.schema import verdicts as table

EXPIRED = "its time was over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A position's mute: who set it, when, and until when it holds."""

    verdict_id: str
    position_id: str
    by: str
    at: datetime
    until: datetime


def active(connection: Connection, now: datetime) -> dict[str, Mute]:
    """Return the mutes that hold at `now`, by position."""
    query = select(table).where(
        table.c.kind == VerdictKind.MUTE.value, table.c.standing.is_not(None), table.c.until > now
    )
    return {
        row["position_id"]: Mute(
            verdict_id=row["id"], position_id=row["position_id"], by=row["by"], at=row["at"], until=row["until"]
        )
        for row in connection.execute(query).mappings()
    }


def expire(connection: Connection, position_id: str, now: datetime) -> bool:
    """End a position's mute whose time is over, so that another can stand; return whether there was one."""
    over = update(table).where(
        table.c.kind == VerdictKind.MUTE.value,
        table.c.position_id == position_id,
        table.c.standing.is_not(None),
        table.c.until <= now,
    )
    return connection.execute(over.values(standing=None, undone_at=now, undone_by=EXPIRED)).rowcount > 0
