from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from bot.domain import Holder, Position, Relation
from bot.store import positions, shifts
from bot.store.engine import snapshot, transaction
from bot.store.shifts import ShiftRecord

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POSITION = Position(
    id="docks", holder=Holder(name="Union"), topic="wages", baseline="Nine percent.", since=date(2026, 1, 5)
)
SHIFT = ShiftRecord(
    key="k1", position_id="docks", position_revision=1, relation=Relation.SOFTENING, words="We could live with six.",
    opened_at=NOW, last_seen_at=NOW,
)  # fmt: skip


@pytest.fixture
def filed(store: Engine) -> Engine:
    with transaction(store) as connection:
        positions.seed(connection, [POSITION, replace(POSITION, id="rates")], NOW)
        shifts.save(connection, SHIFT)
    return store


def test_a_shift_comes_back_as_it_was_saved(filed: Engine) -> None:
    with snapshot(filed) as connection:
        assert shifts.get(connection, "k1") == SHIFT
        assert shifts.get(connection, "k2") is None


def test_the_same_key_is_saved_once(filed: Engine) -> None:
    with transaction(filed) as connection:
        assert shifts.save(connection, replace(SHIFT, words="others")) is False
        assert shifts.save(connection, replace(SHIFT, key="k2")) is True
        assert shifts.get(connection, "k1") == SHIFT


def test_a_shift_needs_a_revision_that_the_ledger_knows(filed: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(filed) as connection:
        shifts.save(connection, replace(SHIFT, key="k2", position_revision=2))


def test_recent_shifts_are_the_positions_own_from_the_newest(filed: Engine) -> None:
    with transaction(filed) as connection:
        shifts.save(connection, replace(SHIFT, key="k2", last_seen_at=NOW + DAY))
        shifts.save(connection, replace(SHIFT, key="k3", position_id="rates"))
        assert [shift.key for shift in shifts.recent(connection, "docks", NOW)] == ["k2", "k1"]
        assert [shift.key for shift in shifts.recent(connection, "docks", NOW + timedelta(seconds=1))] == ["k2"]


def test_a_further_account_keeps_a_shift_recent_and_never_makes_it_older(filed: Engine) -> None:
    with transaction(filed) as connection:
        shifts.touch(connection, "k1", NOW + DAY)
        shifts.touch(connection, "k1", NOW)
        found = shifts.get(connection, "k1")
    assert found == replace(SHIFT, last_seen_at=NOW + DAY)
