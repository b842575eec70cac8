from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from bot.store.engine import snapshot, transaction
from bot.store.tallies import LONGEST_REASON, Tally, count, totals

MONDAY, TUESDAY = date(2026, 2, 9), date(2026, 2, 10)


def test_counts_add_up_over_calls_and_days(store: Engine) -> None:
    with transaction(store) as connection:
        count(connection, MONDAY, "ingest", "skipped", "language")
        count(connection, MONDAY, "ingest", "skipped", "language", 4)
        count(connection, TUESDAY, "ingest", "skipped", "language")
    with snapshot(store) as connection:
        assert totals(connection, MONDAY) == (Tally(stage="ingest", outcome="skipped", reason="language", n=6),)
        assert [tally.n for tally in totals(connection, TUESDAY)] == [1]
        assert totals(connection, date(2026, 2, 11)) == ()


def test_outcomes_and_reasons_are_told_apart_the_most_frequent_first(store: Engine) -> None:
    with transaction(store) as connection:
        count(connection, MONDAY, "ingest", "skipped", "consent_wall")
        count(connection, MONDAY, "ingest", "skipped", "language", 2)
        count(connection, MONDAY, "ingest", "ready")
        count(connection, MONDAY, "assess", "silent", "old")
        assert [(t.stage, t.outcome, t.reason, t.n) for t in totals(connection, MONDAY)] == [
            ("assess", "silent", "old", 1),
            ("ingest", "ready", "", 1),
            ("ingest", "skipped", "language", 2),
            ("ingest", "skipped", "consent_wall", 1),
        ]


def test_a_long_reason_is_cut(store: Engine) -> None:
    with transaction(store) as connection:
        count(connection, MONDAY, "ingest", "failed", "x" * 999)
        (tally,) = totals(connection, MONDAY)
    assert tally.reason == "x" * LONGEST_REASON
