from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from bot.domain import Holder, Position
from bot.store import positions as ledger
from bot.store.engine import snapshot, transaction
from bot.store.positions import Origin

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 9, tzinfo=UTC)
DOCKS = Position(
    id="union-wages",
    holder=Holder(name="Dockers' Union"),
    topic="wages",
    baseline="The union demands nine percent for one year.",
    since=date(2026, 1, 5),
    source="letter of 5 January 2026",
)
BANK = replace(DOCKS, id="bank-rate", holder=Holder(name="Bank"), topic="rates", baseline="No cut before summer.")


def seed(engine: Engine, *positions: Position, now: datetime = NOW) -> int:
    with transaction(engine) as connection:
        return ledger.seed(connection, positions, now)


def confirm(engine: Engine, baseline: str, since: date = date(2026, 2, 20)) -> ledger.LedgerRevision:
    with transaction(engine) as connection:
        return ledger.add_revision(
            connection, DOCKS.id, baseline=baseline, since=since, source="Harbour Gazette", origin=Origin.CONFIRMED,
            set_by="Ada", now=LATER,
        )  # fmt: skip


def current(engine: Engine) -> dict[str, tuple[int, str]]:
    with snapshot(engine) as connection:
        return {name: (filed.revision, filed.baseline) for name, filed in ledger.current(connection).items()}


def test_seeding_files_each_position_once(store: Engine) -> None:
    assert seed(store, DOCKS, BANK) == 2
    assert seed(store, DOCKS, BANK, now=LATER) == 0
    assert current(store) == {DOCKS.id: (1, DOCKS.baseline), BANK.id: (1, BANK.baseline)}


def test_the_first_revision_holds_what_the_configuration_says(store: Engine) -> None:
    seed(store, DOCKS)
    with snapshot(store) as connection:
        (filed,) = ledger.history(connection, DOCKS.id)
    assert filed == ledger.LedgerRevision(
        position_id=DOCKS.id, revision=1, holder="Dockers' Union", topic="wages", baseline=DOCKS.baseline,
        since=DOCKS.since, source=DOCKS.source, origin=Origin.CONFIGURATION, set_by="", set_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"baseline": "The union demands eight percent."},
        {"since": date(2026, 1, 6)},
        {"topic": "pay"},
        {"holder": Holder(name="Port Workers")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_line_in_the_configuration_is_a_further_revision(store: Engine, changed: dict[str, object]) -> None:
    seed(store, DOCKS)
    assert seed(store, replace(DOCKS, **changed), now=LATER) == 1
    with snapshot(store) as connection:
        first, second = ledger.history(connection, DOCKS.id)
    assert (first.revision, first.baseline, first.set_at) == (1, DOCKS.baseline, NOW)
    assert (second.revision, second.set_at) == (2, LATER)


@pytest.mark.parametrize(
    "changed",
    [
        {"source": "elsewhere"},
        {"paraphrases": ("pay",)},
        {"channel": "docks"},
        {"holder": Holder(name="Dockers' Union", aliases=("union",))},
    ],
    ids=["source", "paraphrases", "channel", "aliases"],
)  # fmt: skip
def test_what_is_not_the_line_makes_no_revision(store: Engine, changed: dict[str, object]) -> None:
    seed(store, DOCKS)
    assert seed(store, replace(DOCKS, **changed)) == 0


def test_an_unchanged_configuration_does_not_undo_a_confirmed_shift(store: Engine) -> None:
    seed(store, DOCKS)
    confirm(store, "The union accepts six percent.")
    assert seed(store, DOCKS, now=LATER) == 0
    assert current(store)[DOCKS.id] == (2, "The union accepts six percent.")


def test_a_changed_configuration_follows_a_confirmed_shift(store: Engine) -> None:
    seed(store, DOCKS)
    confirm(store, "The union accepts six percent.")
    assert seed(store, replace(DOCKS, baseline="The union accepts five percent.")) == 1
    assert current(store)[DOCKS.id] == (3, "The union accepts five percent.")
    with snapshot(store) as connection:
        assert [filed.origin for filed in ledger.history(connection, DOCKS.id)] == [
            Origin.CONFIGURATION, Origin.CONFIRMED, Origin.CONFIGURATION,
        ]  # fmt: skip


def test_a_revision_can_be_taken_back_by_the_configuration(store: Engine) -> None:
    seed(store, DOCKS)
    seed(store, replace(DOCKS, baseline="Another."))
    assert seed(store, DOCKS) == 1
    assert current(store)[DOCKS.id] == (3, DOCKS.baseline)


def test_an_unknown_position_gets_no_revision(store: Engine) -> None:
    with pytest.raises(LookupError, match="union-wages"):
        confirm(store, "x")
    with snapshot(store) as connection:
        assert ledger.history(connection, DOCKS.id) == ()


def test_the_ledger_tells_what_held_on_a_day(store: Engine) -> None:
    seed(store, DOCKS)
    confirm(store, "The union accepts six percent.", since=date(2026, 2, 20))
    with snapshot(store) as connection:
        found = [ledger.baseline_as_of(connection, DOCKS.id, day) for day in
                 (date(2026, 1, 4), date(2026, 1, 5), date(2026, 2, 19), date(2026, 2, 20), date(2027, 1, 1))]  # fmt: skip
        assert ledger.baseline_as_of(connection, "unknown", date(2026, 1, 5)) is None
    assert [filed and filed.revision for filed in found] == [None, 1, 1, 2, 2]


def test_positions_carry_the_line_in_force(store: Engine) -> None:
    seed(store, DOCKS, BANK)
    confirm(store, "The union accepts six percent.")
    unknown = replace(DOCKS, id="new")
    with snapshot(store) as connection:
        docks, bank, new = ledger.with_ledger([DOCKS, BANK, unknown], ledger.current(connection))
    assert docks == replace(
        DOCKS, baseline="The union accepts six percent.", since=date(2026, 2, 20), source="Harbour Gazette", revision=2
    )
    assert (bank, new) == (BANK, unknown)
