"""Deliveries as rows: added once, claimed by one, settled with what became of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from alert_samples import sample_alert
from sqlalchemy import Engine, select

from bot.core import dispatch
from bot.core.card import alert_record
from bot.core.dispatch import Kind, Settlement
from bot.domain import Delivery, DeliveryState
from bot.store import deliveries, held, schema
from bot.store.engine import transaction

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
POSTED = Settlement(state=DeliveryState.POSTED, not_before=NOW, attempts=1, ref="C1:1")


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def settled(state: DeliveryState, reason: str = "", *, at: datetime = NOW) -> Settlement:
    return Settlement(state=state, not_before=at, attempts=1, reason=reason)


def add(store: Engine, key: str, channel: str = "C1", position: str = "p", **options: object) -> bool:
    values: dict[str, object] = {"payload": alert_record(sample_alert(key=key)), "priority": 10, "now": NOW}
    with transaction(store) as connection:
        return deliveries.add(connection, alert_key=key, position_id=position, channel=channel, **(values | options))


def claim(store: Engine, *, now: datetime = NOW, lease_s: float = 60) -> list[Delivery]:
    with transaction(store) as connection:
        rows = sorted(deliveries.due(connection, now), key=lambda row: (row.channel, row.created_at))
        claims = [deliveries.claim(connection, row, now=now, lease_s=lease_s) for row in rows]
        return [claimed for claimed in claims if claimed]


def settle(store: Engine, delivery: Delivery, settlement: Settlement, *, at: datetime = NOW) -> bool:
    with transaction(store) as connection:
        return deliveries.settle(connection, delivery.id, settlement, at)


def test_an_alert_has_one_delivery_for_each_channel(store: Engine) -> None:
    assert [add(store, "k"), add(store, "k"), add(store, "k", "C2")] == [True, False, True]


def test_a_delivery_comes_back_as_it_was_added(store: Engine) -> None:
    add(store, "k")
    (delivery,) = claim(store)
    assert delivery.payload == alert_record(sample_alert(key="k"))
    assert (delivery.alert_key, delivery.channel, delivery.attempts, delivery.state, delivery.created_at) == (
        "k", "C1", 1, DeliveryState.PENDING, NOW,
    )  # fmt: skip


def test_of_each_position_in_a_channel_the_oldest_is_due(store: Engine) -> None:
    add(store, "old", now=later(-9))
    add(store, "new", now=later(-5))
    add(store, "other", position="q", now=later(-1))
    add(store, "future", position="r", now=later(60))
    with transaction(store) as connection:
        assert len(deliveries.due(connection, NOW)) == 2
        assert {row.created_at for row in deliveries.due(connection, NOW)} == {later(-9), later(-1)}


def test_two_never_have_one_delivery_nor_one_channel_at_a_time(store: Engine) -> None:
    add(store, "k1", now=later(-1))
    add(store, "k2", position="q")
    with transaction(store) as connection:
        one, other = sorted(deliveries.due(connection, NOW), key=lambda row: row.created_at)
        assert deliveries.claim(connection, one, now=NOW, lease_s=60)
        assert deliveries.claim(connection, one, now=NOW, lease_s=60) is None
        assert deliveries.claim(connection, other, now=NOW, lease_s=60) is None


def test_a_claim_that_ran_out_is_doubtful_and_a_live_one_is_left_alone(store: Engine) -> None:
    add(store, "k1")
    add(store, "k2", "C2")
    short, long = claim(store)
    with transaction(store) as connection:
        assert deliveries.expire(connection, later(59)) == 0
        assert deliveries.expire(connection, later(60)) == 2
        found = {row.id: row.state for row in deliveries.due(connection, later(60))}
    assert found == {short.id: DeliveryState.DOUBTFUL, long.id: DeliveryState.DOUBTFUL}


def test_claims_of_a_dead_process_are_abandoned_without_waiting(store: Engine) -> None:
    add(store, "k1")
    claim(store)
    with transaction(store) as connection:
        assert deliveries.abandon(connection, later(5)) == 1
        assert deliveries.due(connection, later(4)) == []
        assert deliveries.due(connection, later(5))[0].state is DeliveryState.DOUBTFUL


def test_what_is_on_screen_is_written_down_even_by_one_who_lost_the_claim(store: Engine) -> None:
    add(store, "k")
    (claimed,) = claim(store)
    with transaction(store) as connection:
        deliveries.expire(connection, later(61))
    assert not settle(store, claimed, settled(DeliveryState.PENDING, "mend: x"))
    assert settle(store, claimed, POSTED)
    with transaction(store) as connection:
        rows = connection.execute(
            select(schema.deliveries.c.ref).where(schema.deliveries.c.state == DeliveryState.POSTED)
        )
        assert list(rows.scalars()) == ["C1:1"]


def test_a_channels_load_knows_posts_pace_stops_and_turns(store: Engine) -> None:
    for number, position in enumerate(("p", "q", "r")):
        add(store, f"k{number}", position=position, now=later(number - 10))
    (first,) = claim(store, now=later(-10))
    settle(store, first, POSTED, at=later(-10))
    (second,) = claim(store, now=later(-5))
    settle(store, second, settled(DeliveryState.PENDING, dispatch.RATE_LIMITED, at=later(30)))
    with transaction(store) as connection:
        load = deliveries.loads(connection, NOW)["C1"]
        assert (load.posted, load.attempted_at, load.stopped_until, load.busy) == (1, later(-5), later(30), False)
        assert load.served == {"p": later(-10)}
        assert deliveries.loads(connection, later(3600))["C1"].posted == 0
    claim(store)
    with transaction(store) as connection:
        assert deliveries.loads(connection, NOW)["C1"].busy


def test_a_post_that_went_through_wakes_what_failed_before_but_not_what_is_quiet(store: Engine) -> None:
    for key, channel in (("k1", "C1"), ("k2", "C1"), ("k3", "C2")):
        add(store, key, channel)
        claimed = claim(store)[0]
        settle(store, claimed, settled(DeliveryState.PENDING, "mend: not_in_channel", at=later(900)))
    add(store, "k4")
    with transaction(store) as connection:
        held.postpone(connection, "C1", until=later(3600), spare_urgent=True, now=NOW)
        assert deliveries.wake(connection, "C1", later(1)) == 2
        assert len(deliveries.troubled(connection)) == 3
        assert deliveries.next_due(connection, NOW) == later(1)


def test_held_alerts_go_with_their_digest(store: Engine) -> None:
    for number in range(3):
        add(store, f"k{number}", now=later(number - 10))
    add(store, "urgent", priority=dispatch.URGENT, now=later(-20))
    with transaction(store) as connection:
        assert held.hold(connection, "C1", NOW) == 3
        assert held.by_channel(connection, later(3599), 3600) == {}
        carried = held.by_channel(connection, later(3600), 3600)["C1"]
        held.add_digest(connection, "C1", carried, {"kind": "digest", "cards": []}, later(3600))
        assert held.by_channel(connection, later(3600), 3600) == {}
        digest = next(row for row in deliveries.due(connection, later(3600)) if row.kind is Kind.DIGEST)
        assert deliveries.claim(connection, digest, now=later(3600), lease_s=60)
        deliveries.settle(connection, digest.id, POSTED, later(3601))
        assert deliveries.counts(connection)[DeliveryState.POSTED] == 4
        assert deliveries.loads(connection, later(3601))["C1"].posted == 0


def test_a_reply_is_due_once_its_alert_is_on_screen_and_knows_where(store: Engine) -> None:
    add(store, "k-1", now=later(-5), payload={"kind": "reply"}, kind=Kind.REPLY, parent_key="k")
    assert claim(store, now=later(-4)) == []
    add(store, "k")
    (alert,) = claim(store)
    settle(store, alert, POSTED)
    (reply,) = claim(store, now=later(2))
    assert (reply.alert_key, reply.payload["thread"]) == ("k-1", "C1:1")


@pytest.mark.parametrize("state", [DeliveryState.DEAD, DeliveryState.POSTED])
def test_states_are_counted(store: Engine, state: DeliveryState) -> None:
    add(store, "k1")
    add(store, "k2", position="q")
    settle(store, claim(store)[0], settled(state))
    with transaction(store) as connection:
        counts = deliveries.counts(connection)
    assert (counts[state], counts[DeliveryState.PENDING], counts[DeliveryState.HELD]) == (1, 1, 0)
