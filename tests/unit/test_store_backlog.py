"""What is not on screen yet, counted for whoever must say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update

from bot.core.dispatch import OVER_CAP, QUIET_HOURS, Kind
from bot.domain import DeliveryState
from bot.store import backlog, deliveries, schema
from bot.store.engine import transaction

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
MEND = "mend: missing_scope (Slack asks for channels:read; the token has chat:write)"


def put(store: Engine, key: str, *, kind: Kind = Kind.ALERT, channel: str = "#d", **columns: object) -> None:
    """Add a delivery and bring it where it is to stand."""
    with transaction(store) as connection:
        deliveries.add(
            connection, alert_key=key, position_id="p", channel=channel, payload={}, priority=10, now=NOW, kind=kind
        )
        if columns:
            where = schema.deliveries.c.alert_key == key
            connection.execute(update(schema.deliveries).where(where).values(**columns))


def standing(store: Engine) -> list[tuple[str, str, str, str, int]]:
    with transaction(store) as connection:
        rows = backlog.backlog(connection, dead_since=NOW)
    return [(row.channel, row.kind.value, row.state.value, row.reason, row.n) for row in rows]


def test_what_waits_is_counted_by_channel_kind_and_reason(store: Engine) -> None:
    put(store, "a", reason=MEND)
    put(store, "b")
    put(store, "c")
    put(store, "d", kind=Kind.REPLY)
    put(store, "e", channel="#a", reason=QUIET_HOURS)
    put(store, "f", state=DeliveryState.HELD, reason=OVER_CAP)
    assert standing(store) == [
        ("#a", "alert", "pending", QUIET_HOURS, 1),
        ("#d", "alert", "held", OVER_CAP, 1),
        ("#d", "alert", "pending", "", 2),
        ("#d", "alert", "pending", MEND, 1),
        ("#d", "reply", "pending", "", 1),
    ]


def test_what_is_on_screen_or_follows_what_is_does_not_wait(store: Engine) -> None:
    put(store, "a", state=DeliveryState.POSTED)
    put(store, "b", kind=Kind.PICTURE)
    put(store, "c", kind=Kind.RENEWAL)
    put(store, "d", state=DeliveryState.HELD, digest_id="x")
    assert standing(store) == []


def test_what_came_on_screen_is_counted_by_kind_and_a_picture_of_nothing_is_none(store: Engine) -> None:
    for key, kind, ref, at in (
        ("a", Kind.ALERT, "C:1", NOW),
        ("b", Kind.ALERT, "C:2", NOW),
        ("c", Kind.PICTURE, "", NOW),
        ("d", Kind.REPLY, "C:3", NOW - timedelta(seconds=1)),
        ("e", Kind.DIGEST, "C:4", NOW),
    ):
        put(store, key, kind=kind, state=DeliveryState.POSTED, ref=ref, posted_at=at)
    put(store, "f", state=DeliveryState.POSTED, ref="C:4", posted_at=NOW, digest_id="x")
    with transaction(store) as connection:
        assert backlog.shown(connection, NOW) == {Kind.ALERT: 2, Kind.DIGEST: 1}


def test_only_what_was_given_up_lately_is_told_of(store: Engine) -> None:
    put(store, "a", state=DeliveryState.DEAD, reason="bug: old", attempted_at=NOW - timedelta(seconds=1))
    put(store, "b", state=DeliveryState.DEAD, reason="bug: new", attempted_at=NOW)
    assert standing(store) == [("#d", "alert", "dead", "bug: new", 1)]


def test_what_waits_for_a_person_is_tried_again_at_once_and_nothing_else_is(store: Engine) -> None:
    late = NOW + timedelta(minutes=15)
    put(store, "a", reason=MEND, not_before=late)
    put(store, "b", reason="ratelimited", not_before=late, channel="#b")
    put(store, "c", reason=QUIET_HOURS, not_before=late, channel="#c")
    with transaction(store) as connection:
        assert [row.channel for row in deliveries.due(connection, NOW)] == []
        assert backlog.try_mended(connection, NOW) == 1
        assert [row.channel for row in deliveries.due(connection, NOW)] == ["#d"]
        assert backlog.try_mended(connection, NOW) == 0
