"""What is not on screen yet, for whoever must say so: how much waits for each channel, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update

from bot.core.dispatch import MEND, Kind
from bot.domain import DeliveryState
from bot.store.schema import deliveries

_C = deliveries.c
_WORDS = (Kind.ALERT, Kind.REPLY, Kind.DIGEST, Kind.DAILY)
_WAITS = (DeliveryState.PENDING, DeliveryState.POSTING, DeliveryState.DOUBTFUL, DeliveryState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """`n` deliveries of one kind that stand alike. `reason` is as `core.dispatch` words it, "" where none was tried yet."""

    channel: str
    kind: Kind
    state: DeliveryState
    reason: str
    n: int


def backlog(connection: Connection, *, dead_since: datetime) -> list[Waits]:
    """Return what waits for each channel, and what was given up since a moment.

    Pictures and renewals follow messages that are on screen, and what a digest carries is told with it: neither is counted.
    """
    given_up = and_(_C.state == DeliveryState.DEAD, _C.attempted_at >= dead_since)
    own = and_(_C.kind.in_(_WORDS), _C.digest_id == "")
    columns = (_C.channel, _C.kind, _C.state, _C.reason)
    query = select(*columns, func.count().label("n")).where(own, or_(_C.state.in_(_WAITS), given_up))
    rows = connection.execute(query.group_by(*columns).order_by(*columns)).mappings()
    return [
        Waits(
            channel=row["channel"],
            kind=Kind(row["kind"]),
            state=DeliveryState(row["state"]),
            reason=row["reason"],
            n=row["n"],
        )
        for row in rows
    ]


def shown(connection: Connection, since: datetime) -> dict[Kind, int]:
    """Return how many messages of each kind came on screen since a moment; what a digest carried is that one digest."""
    query = select(_C.kind, func.count().label("n")).where(_C.posted_at >= since, _C.ref != "", _C.digest_id == "")
    return {Kind(row.kind): row.n for row in connection.execute(query.group_by(_C.kind))}


def try_mended(connection: Connection, now: datetime) -> int:
    """Make due what waits for a person to mend something, who may have done so; return how much."""
    mended = and_(_C.state == DeliveryState.PENDING, _C.reason.startswith(MEND, autoescape=True), _C.not_before > now)
    return connection.execute(update(deliveries).where(mended).values(not_before=now)).rowcount
