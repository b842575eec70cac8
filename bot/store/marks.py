"""What the desk did to alerts that are on screen, and what is to be shown of it. All functions work in the caller's transaction.

The verdicts are the truth: a message that does not show one yet is found here, whoever decided where and whatever was killed since.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, or_, select, update

from bot.core.desk import VerdictKind
from bot.core.dispatch import MUTED, RENEWING, Kind
from bot.core.marks import Mark, mark
from bot.domain import DeliveryState, identify
from bot.store import mutes
from bot.store.engine import insert
from bot.store.schema import deliveries, positions, verdicts

_C, _V = deliveries.c, verdicts.c
_LOOK_BACK = timedelta(days=2)
_SHOWS_MUTES = timedelta(days=1)
"""How old an alert may be when its position is muted, to show that."""
_ON_SHIFTS = (VerdictKind.CONFIRM.value, VerdictKind.REJECT.value, VerdictKind.MERGE.value)


def on_alert(connection: Connection, alert_key: str, position_id: str, posted_at: datetime) -> tuple[Mark, ...]:
    """Return what was done to an alert, the latest first: the verdicts on its shift, and the mutes that it shows."""
    muted = and_(
        _V.kind == VerdictKind.MUTE.value,
        _V.position_id == position_id,
        _V.at >= posted_at,
        _V.at < posted_at + _SHOWS_MUTES,
    )
    on_shift = and_(_V.kind.in_(_ON_SHIFTS), _V.shift_key == alert_key)
    query = select(verdicts).where(or_(on_shift, muted)).order_by(_V.at.desc(), _V.id).limit(8)
    rows = connection.execute(query).mappings().all()
    lines = _lines(connection, position_id, {row["revision_after"] for row in rows} - {0})
    return tuple(_mark(row, lines.get(row["revision_after"], "")) for row in rows)


def renew(connection: Connection, now: datetime) -> int:
    """Add a renewal for each alert on screen that does not show a verdict of the last two days yet; return how many."""
    recent = or_(_V.at > now - _LOOK_BACK, _V.undone_at > now - _LOOK_BACK)
    on_screen = and_(_C.kind == Kind.ALERT, _C.state == DeliveryState.POSTED, _C.digest_id == "", _C.ref != "")
    concerns = or_(
        and_(_V.kind.in_(_ON_SHIFTS), _V.shift_key == _C.alert_key),
        and_(_V.kind == VerdictKind.MUTE.value, _V.position_id == _C.position_id, _C.posted_at <= _V.at),
    )
    columns = (_C.alert_key, _C.position_id, _C.channel, _C.posted_at, _V.id, _V.kind, _V.at, _V.undone_at)
    found = connection.execute(select(*columns).join(verdicts, concerns).where(recent, on_screen)).mappings()
    rows = {row["id"]: row for row in (_renewal(each, now) for each in found if _shows(each))}
    known = set(connection.scalars(select(_C.id).where(_C.id.in_(rows)))) if rows else set()
    fresh = [row for identifier, row in rows.items() if identifier not in known]
    if fresh:
        connection.execute(insert(connection, deliveries).on_conflict_do_nothing(), fresh)
    return len(fresh)


def hold_muted(connection: Connection, now: datetime) -> int:
    """Hold alerts that wait for muted positions until the mute is over, and let go what a mute held that was ended early.

    Return how many were held.
    """
    active = mutes.active(connection, now)
    ended = and_(_C.state == DeliveryState.HELD, _C.reason == MUTED, _C.not_before > now)
    early = and_(ended, _C.position_id.not_in(list(active)))
    connection.execute(update(deliveries).where(early).values(state=DeliveryState.PENDING, not_before=now, reason=""))
    held = 0
    for position_id, mute in active.items():
        waits = and_(_C.position_id == position_id, _C.state == DeliveryState.PENDING, _C.kind == Kind.ALERT)
        values = {"state": DeliveryState.HELD, "not_before": mute.until, "reason": MUTED}
        held += connection.execute(update(deliveries).where(waits).values(values)).rowcount
    return held


def _shows(row: RowMapping) -> bool:
    return bool(row["kind"] != VerdictKind.MUTE.value or row["at"] < row["posted_at"] + _SHOWS_MUTES)


def _renewal(row: RowMapping, now: datetime) -> dict[str, Any]:
    key = identify("renewal", row["alert_key"], row["id"], "undone" if row["undone_at"] else "stands")
    return {
        "id": identify("delivery", key, row["channel"]),
        "alert_key": key,
        "kind": Kind.RENEWAL,
        "parent_key": row["alert_key"],
        "position_id": row["position_id"],
        "channel": row["channel"],
        "payload": {"kind": Kind.RENEWAL.value},
        "priority": RENEWING,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "not_before": now,
        "created_at": now,
    }


def _mark(row: RowMapping, line: str) -> Mark:
    return mark(
        verdict_id=row["id"],
        kind=VerdictKind(row["kind"]),
        by=row["by"],
        at=row["at"],
        reason=row["reason"],
        until=row["until"],
        undone="" if row["undone_by"] == mutes.EXPIRED else row["undone_by"],
        line=line,
    )


def _lines(connection: Connection, position_id: str, revisions: Collection[int]) -> dict[int, str]:
    """Return the lines of some revisions of a position."""
    if not revisions:
        return {}
    query = select(positions.c.revision, positions.c.baseline)
    wanted = query.where(positions.c.id == position_id, positions.c.revision.in_(list(revisions)))
    return {row.revision: row.baseline for row in connection.execute(wanted)}
