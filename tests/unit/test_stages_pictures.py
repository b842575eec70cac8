"""What a timeline shows of the store, the same on the page, in Slack and in a replay's report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.charts.geometry import lay_out
from bot.domain import Decision, Relation
from bot.stages.pictures import changes_of, points_of, title_of
from bot.store.positions import LedgerRevision, Origin
from bot.store.timeline import TimelineRow

FILED = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


def revision(number: int, since: date) -> LedgerRevision:
    return LedgerRevision(
        position_id="no-tanks", revision=number, holder="Norland", topic="tanks", baseline=f"Line {number}.", since=since,
        source="", origin=Origin.EDIT, set_by="Ada", set_at=FILED,
    )  # fmt: skip


def row(decision: Decision, *, bearing: str = "", shift_key: str = "k") -> TimelineRow:
    return TimelineRow(
        at=FILED, relation=Relation.SOFTENING, words="We could.", speaker="Ada Berg", outlet="Wire", title="", url="",
        decision=decision, probability=0.8, shift_key=shift_key, article_id="a", bearing=bearing,
    )  # fmt: skip


def test_a_line_holds_from_the_midnight_of_its_day() -> None:
    (change,) = changes_of([revision(1, date(2026, 1, 5))])
    assert (change.at, change.baseline) == (datetime(2026, 1, 5, tzinfo=UTC), "Line 1.")


def test_a_line_that_is_dated_before_the_one_it_follows_holds_from_when_it_was_filed() -> None:
    changes = changes_of([revision(1, date(2026, 1, 5)), revision(2, date(2025, 11, 1))])
    assert [change.at for change in changes] == [datetime(2026, 1, 5, tzinfo=UTC), FILED]


def test_a_statement_is_marked_where_the_desk_was_told_of_it_whatever_it_does_to_its_shift() -> None:
    rows = [row(Decision.ALERT), row(Decision.ALERT, bearing="denies"), row(Decision.SILENT), row(Decision.DIGEST)]
    assert [point.alerted for point in points_of(rows)] == [True, True, False, False]


def test_a_picture_says_how_many_statements_it_leaves_out_however_long_its_topic_is() -> None:
    line = replace(revision(1, date(2026, 1, 5)), topic="the sale of tanks, and of whatever else is needed, " * 4)
    title = title_of(line, 120, 431)
    assert title.startswith("Norland on the sale of tanks")
    assert title.endswith("… (newest 120 of 431 statements)")
    assert lay_out(points_of([row(Decision.ALERT)]), changes_of([line]), title=title).title == title
    assert title_of(revision(1, date(2026, 1, 5)), 3, 3) == "Norland on tanks"
