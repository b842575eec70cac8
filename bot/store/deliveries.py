"""Deliveries: rows from which alerts go out, once each.

pending -> posting (claimed until) -> posted | pending again | held for a digest | dead; a claim that ran out is doubtful: it
may be on screen, and is looked up before anything is posted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, or_, select, true, update

from bot.core.card import renewed_record
from bot.core.dispatch import (
    INTERRUPTED,
    RETRY,
    STOPS_CHANNEL,
    ChannelLoad,
    Kind,
    Settlement,
    Waiting,
)
from bot.core.marks import with_marks
from bot.domain import Delivery, DeliveryState, identify
from bot.store import marks
from bot.store.engine import insert, take_turns
from bot.store.schema import deliveries

_C = deliveries.c
_HOUR = timedelta(hours=1)
ORPHANED = "its alert is dead"
_OPEN = (DeliveryState.PENDING, DeliveryState.DOUBTFUL)


def add(
    connection: Connection,
    *,
    alert_key: str,
    position_id: str,
    channel: str,
    payload: Mapping[str, object],
    priority: int,
    now: datetime,
    kind: Kind = Kind.ALERT,
    parent_key: str = "",
) -> bool:
    """Add a delivery that is due at once; False where the alert already has one for this channel.

    A reply names its alert's key as `parent_key` and waits until that is on screen; its own `alert_key` is its own.
    """
    row = {
        "id": identify("delivery", alert_key, channel),
        "alert_key": alert_key,
        "kind": kind,
        "parent_key": parent_key,
        "position_id": position_id,
        "channel": channel,
        "payload": dict(payload),
        "priority": priority,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "not_before": now,
        "created_at": now,
    }
    added = connection.execute(insert(connection, deliveries).values(row).on_conflict_do_nothing().returning(_C.id))
    return added.first() is not None


def known(connection: Connection, alert_key: str, channel: str) -> bool:
    """Whether a delivery is on file for an alert and a channel, however it stands."""
    query = select(_C.id).where(_C.alert_key == alert_key, _C.channel == channel)
    return connection.execute(query).first() is not None


def expire(connection: Connection, now: datetime) -> int:
    """Make claims that ran out doubtful, to be looked up at once; return how many."""
    return _interrupt(connection, _C.claimed_until <= now, look_at=now)


def abandon(connection: Connection, look_at: datetime) -> int:
    """Make all claims doubtful, to be looked up at `look_at`, where no other process can hold one; return how many."""
    return _interrupt(connection, true(), look_at=look_at)


def due(connection: Connection, now: datetime) -> list[Waiting]:
    """Return what is due: of each channel, position, kind, state and priority the oldest. Replies wait for their alert."""
    place = func.row_number().over(
        partition_by=(_C.channel, _C.position_id, _C.kind, _C.state, _C.priority), order_by=(_C.created_at, _C.id)
    )
    columns = (_C.id, _C.channel, _C.position_id, _C.kind, _C.priority, _C.state, _C.attempts, _C.created_at)
    ranked = (
        select(*columns, place.label("place")).where(_C.state.in_(_OPEN), _C.not_before <= now, _ready()).subquery()
    )
    rows = connection.execute(select(ranked).where(ranked.c.place == 1)).mappings()
    return [_waiting(row) for row in rows]


def loads(connection: Connection, now: datetime) -> dict[str, ChannelLoad]:
    """Return how each channel is loaded that has been used within the hour or has something waiting."""
    recent = _C.posted_at > now - _HOUR
    stops = or_(*(_C.reason.startswith(reason, autoescape=True) for reason in STOPS_CHANNEL))
    statement = select(
        _C.channel,
        func.count(_C.id).filter(and_(recent, _C.kind == Kind.ALERT, _C.digest_id == "")).label("posted"),
        func.max(_C.attempted_at).label("attempted_at"),
        func.max(_C.not_before).filter(and_(_C.state.in_(_OPEN), stops)).label("stopped_until"),
        func.count(_C.id).filter(_C.state == DeliveryState.POSTING).label("busy"),
    ).where(or_(recent, _C.state.in_((*_OPEN, DeliveryState.POSTING))))
    served: dict[str, dict[str, datetime]] = {}
    latest = select(_C.channel, _C.position_id, func.max(_C.posted_at).label("at")).where(recent)
    for row in connection.execute(latest.group_by(_C.channel, _C.position_id)).mappings():
        served.setdefault(row["channel"], {})[row["position_id"]] = row["at"]
    return {
        row["channel"]: ChannelLoad(
            posted=row["posted"],
            attempted_at=row["attempted_at"],
            stopped_until=row["stopped_until"],
            busy=row["busy"] > 0,
            served=served.get(row["channel"], {}),
        )
        for row in connection.execute(statement.group_by(_C.channel)).mappings()
    }


def claim(connection: Connection, wanted: Waiting, *, now: datetime, lease_s: float) -> Delivery | None:
    """Claim a delivery for `lease_s`, or return None where another was quicker with it or with its channel.

    The delivery comes back in the state in which it was found, so that its taker knows whether to look or to post, with
    the attempt counted. A reply or a renewal has its alert's ref in the payload under "thread", and under "parent" what
    that alert's message is to show, what the desk did included; nothing where a digest's message stands for it.
    """
    other = deliveries.alias("other")
    free = ~select(other.c.id).where(other.c.channel == wanted.channel, other.c.state == DeliveryState.POSTING).exists()
    values: dict[str, Any] = {"state": DeliveryState.POSTING, "claimed_until": now + timedelta(seconds=lease_s)}
    values |= {"attempted_at": now, "attempts": _C.attempts + 1}
    take_turns(connection, f"channel {wanted.channel}")
    mine = and_(_C.id == wanted.id, _C.state == wanted.state, _C.attempts == wanted.attempts)
    statement = update(deliveries).where(mine, free).values(values).returning(*_C)
    row = connection.execute(statement).mappings().first()
    if row is None:
        return None
    payload = _in_thread(connection, row) if row["parent_key"] else row["payload"]
    return delivery_of(row, state=wanted.state, payload=payload)


def settle(connection: Connection, delivery_id: str, settlement: Settlement, now: datetime) -> bool:
    """Write what became of a claimed delivery; a digest takes what it carries along. False where the claim was lost.

    What is on screen is written down even then.
    """
    posted = settlement.state is DeliveryState.POSTED
    values: dict[str, Any] = {
        "state": settlement.state,
        "not_before": settlement.not_before,
        "reason": settlement.reason,
    }
    values |= {"attempts": settlement.attempts, "claimed_until": None, "ref": settlement.ref}
    values |= {"posted_at": now} if posted else {}
    mine = true() if posted else _C.state == DeliveryState.POSTING
    settled = connection.execute(update(deliveries).where(_C.id == delivery_id, mine).values(values)).rowcount > 0
    if settled and settlement.state in (DeliveryState.POSTED, DeliveryState.DEAD):
        carried: dict[str, Any] = {
            "state": settlement.state,
            "ref": settlement.ref,
            "reason": settlement.reason or "in a digest",
        }
        carried |= {"posted_at": now} if posted else {}
        connection.execute(update(deliveries).where(_C.digest_id == delivery_id).values(carried))
    return settled


def renew(connection: Connection, channel: str, alert_key: str, payload: Mapping[str, object]) -> None:
    """Keep what an alert's message shows since a reply renewed it."""
    where = (_C.alert_key == alert_key, _C.channel == channel)
    connection.execute(update(deliveries).where(*where).values(payload=dict(payload)))


def wake(connection: Connection, channel: str, now: datetime) -> int:
    """Make due what waits in a channel only because an attempt failed there, now that one went through."""
    failed = or_(*(_C.reason.startswith(reason, autoescape=True) for reason in (RETRY, *STOPS_CHANNEL)))
    waiting = and_(_C.channel == channel, _C.state == DeliveryState.PENDING, _C.not_before > now, failed)
    return connection.execute(update(deliveries).where(waiting).values(not_before=now)).rowcount


def bury(connection: Connection, identifiers: Sequence[str], reason: str) -> None:
    """Give deliveries up that can never be shown, with the reason."""
    connection.execute(update(deliveries).where(_C.id.in_(identifiers)).values(state=DeliveryState.DEAD, reason=reason))


def bury_replies_to_the_dead(connection: Connection) -> int:
    """Give replies up whose alert is dead; return how many."""
    orphans = and_(_C.state.in_(_OPEN), _C.parent_key != "", _parent_is(DeliveryState.DEAD))
    values = {"state": DeliveryState.DEAD, "reason": ORPHANED}
    return connection.execute(update(deliveries).where(orphans).values(values)).rowcount


def next_due(connection: Connection, now: datetime, channel: str | None = None) -> datetime | None:
    """Return when the next delivery (of a channel, None for any) becomes due that is not yet, None where none does."""
    waiting = select(func.min(_C.not_before)).where(_C.state.in_(_OPEN), _C.not_before > now, _ready())
    waiting = waiting if channel is None else waiting.where(_C.channel == channel)
    earliest: datetime | None = connection.execute(waiting).scalar_one()
    return earliest


def wanting_channels(connection: Connection, now: datetime) -> list[str]:
    """Return the channels where there is something to do: due, held for a digest, or claimed by somebody who is gone."""
    due_now = and_(_C.state.in_(_OPEN), _C.not_before <= now)
    left = and_(_C.state == DeliveryState.POSTING, _C.claimed_until <= now)
    held_here = and_(_C.state == DeliveryState.HELD, _C.digest_id == "", _C.not_before <= now)
    query = select(_C.channel).where(or_(due_now, left, held_here)).distinct().order_by(_C.channel)
    return list(connection.scalars(query))


def counts(connection: Connection) -> dict[DeliveryState, int]:
    """Return how many deliveries stand in each state; states that none stands in are 0."""
    rows = connection.execute(select(_C.state, func.count()).group_by(_C.state))
    return dict.fromkeys(DeliveryState, 0) | {DeliveryState(state): number for state, number in rows}


def troubled(connection: Connection, limit: int = 50) -> list[Delivery]:
    """Return what a person should know of: dead deliveries, and those that wait for something to be mended."""
    waits = and_(_C.state == DeliveryState.PENDING, _C.reason.startswith(STOPS_CHANNEL[1], autoescape=True))
    where = or_(_C.state == DeliveryState.DEAD, waits)
    rows = connection.execute(select(deliveries).where(where).order_by(_C.created_at, _C.id).limit(limit)).mappings()
    return [delivery_of(row) for row in rows]


def _ready() -> ColumnElement[bool]:
    """Whether a delivery waits for no other: it is no reply, or its alert is on screen."""
    return or_(_C.parent_key == "", _parent_is(DeliveryState.POSTED))


def _parent_is(state: DeliveryState) -> ColumnElement[bool]:
    parent = deliveries.alias("parent")
    where = (parent.c.alert_key == _C.parent_key, parent.c.channel == _C.channel, parent.c.state == state)
    return select(parent.c.id).where(*where).exists()


def _in_thread(connection: Connection, reply: RowMapping) -> dict[str, object]:
    columns = select(_C.ref, _C.payload, _C.digest_id, _C.posted_at)
    where = (_C.alert_key == reply["parent_key"], _C.channel == reply["channel"])
    alert = connection.execute(columns.where(*where)).mappings().one()
    payload: dict[str, Any] = {**reply["payload"], "thread": alert["ref"]}
    record = payload.pop("parent", None)
    renews = record or reply["kind"] == Kind.RENEWAL
    if alert["digest_id"] or not renews:
        return payload
    shown = renewed_record(alert["payload"], record) if record else alert["payload"]
    done = marks.on_alert(connection, reply["parent_key"], reply["position_id"], alert["posted_at"])
    return payload | {"parent": with_marks(shown, done)}


def _interrupt(connection: Connection, condition: ColumnElement[bool], *, look_at: datetime) -> int:
    values = {"state": DeliveryState.DOUBTFUL, "claimed_until": None, "not_before": look_at, "reason": INTERRUPTED}
    statement = update(deliveries).where(_C.state == DeliveryState.POSTING, condition)
    return connection.execute(statement.values(values)).rowcount


def _waiting(row: RowMapping) -> Waiting:
    return Waiting(
        id=row["id"],
        channel=row["channel"],
        position_id=row["position_id"],
        kind=Kind(row["kind"]),
        priority=row["priority"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
    )


def delivery_of(row: RowMapping, **changes: Any) -> Delivery:
    """Return a row as a delivery, with `changes` to its fields."""
    fields = {name: row[name] for name in Delivery.__slots__} | {"state": DeliveryState(row["state"])} | changes
    return Delivery(**fields)
