"""What waits because the desk wants it so: quiet hours, and the cap of alerts in an hour, above which a digest tells the rest.

All functions work in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, select, update

from bot.core.dispatch import OVER_CAP, QUIET_HOURS, URGENT, Kind
from bot.domain import Delivery, DeliveryState, identify
from bot.store.deliveries import add, delivery_of
from bot.store.schema import deliveries

_C = deliveries.c


def postpone(connection: Connection, channel: str, *, until: datetime, spare_urgent: bool, now: datetime) -> int:
    """Let what is due in a channel wait for the end of the quiet hours; return how many."""
    values = {"not_before": until, "reason": QUIET_HOURS}
    return connection.execute(update(deliveries).where(_due_in(channel, now, spare_urgent)).values(values)).rowcount


def hold(connection: Connection, channel: str, now: datetime) -> int:
    """Hold the alerts that are due in a channel, contradictions excepted, for the next digest; return how many."""
    values = {"state": DeliveryState.HELD, "not_before": now, "reason": OVER_CAP}
    over = and_(_due_in(channel, now, spare_urgent=True), _C.kind == Kind.ALERT)
    return connection.execute(update(deliveries).where(over).values(values)).rowcount


def by_channel(connection: Connection, now: datetime, waited_s: float) -> dict[str, list[Delivery]]:
    """Return what is held and in no digest yet, oldest first, where the oldest has waited `waited_s`."""
    statement = select(deliveries).where(_C.state == DeliveryState.HELD, _C.digest_id == "", _C.not_before <= now)
    found: dict[str, list[Delivery]] = {}
    for row in connection.execute(statement.order_by(_C.not_before, _C.created_at, _C.id).limit(500)).mappings():
        found.setdefault(row["channel"], []).append(delivery_of(row))
    ready = now - timedelta(seconds=waited_s)
    return {channel: rows for channel, rows in found.items() if rows[0].not_before <= ready}


def add_digest(
    connection: Connection, channel: str, carried: Sequence[Delivery], payload: Mapping[str, object], now: datetime
) -> None:
    """Add the digest of some held deliveries of a channel, which go out with it."""
    identifiers = [delivery.id for delivery in carried]
    key = identify("digest", channel, *identifiers)
    add(
        connection,
        alert_key=key,
        position_id="",
        channel=channel,
        payload=payload,
        priority=30,
        now=now,
        kind=Kind.DIGEST,
    )
    values = {"digest_id": identify("delivery", key, channel)}
    connection.execute(update(deliveries).where(_C.id.in_(identifiers)).values(values))


def _due_in(channel: str, now: datetime, spare_urgent: bool) -> ColumnElement[bool]:
    loud = _C.kind != Kind.RENEWAL
    condition = and_(_C.channel == channel, _C.state == DeliveryState.PENDING, _C.not_before <= now, loud)
    return and_(condition, _C.priority > URGENT) if spare_urgent else condition
