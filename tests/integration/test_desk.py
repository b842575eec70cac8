"""The desk's actions over a real store."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.domain import Article, Assessment, Candidate, Decision, Holder, Position, Relation, Ruling, Statement, Voice
from bot.stages.desk import ActionOutcome, DeskActions
from bot.store import articles, assessments, mutes, positions, shifts, timeline, verdicts
from bot.store.articles import Arrival
from bot.store.assessments import Judged
from bot.store.engine import snapshot, transaction
from bot.store.positions import Origin
from bot.store.shifts import ShiftRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POSITION = Position(
    id="no-tanks",
    holder=Holder(name="Norland"),
    topic="tanks",
    baseline="Norland will send no tanks.",
    since=date(2026, 1, 1),
    source="https://example.org/january",
)
WORDS = "Norland will send a dozen tanks, Ada Berg told reporters in Oster"


def seen(connection, key: str, name: str, words: str = WORDS, *, published: datetime = NOW - timedelta(days=2)) -> None:
    """File a shift with one account of it."""
    article = Article(
        id=name, url=f"https://x/{name}", title=f"Title {name}", text=words, published=published, outlet="Wire"
    )
    statement = Statement(id=f"s-{name}", article_id=name, start=0, end=len(words), text=words, speaker="Ada Berg")
    assessment = Assessment(
        candidate=Candidate(statement=statement, position=POSITION, similarity=0.7),
        relation=Relation.CONTRADICTION,
        probabilities=dict.fromkeys(Relation, 0.04) | {Relation.CONTRADICTION: 0.8},
        evidence=words,
        reason="because",
        model="test",
    )
    articles.add(connection, [Arrival(article=article, entry_id=None)], published)
    shifts.save(
        connection,
        ShiftRecord(
            key=key, position_id=POSITION.id, position_revision=1, relation=Relation.CONTRADICTION, words=words,
            opened_at=published, last_seen_at=published, alerted=True,
        ),
    )  # fmt: skip
    assessments.save_statements(connection, [statement])
    ruling = Ruling(decision=Decision.ALERT, reason="0.80")
    assessments.save_assessments(connection, [Judged(assessment=assessment, ruling=ruling, shift_key=key)], published)


@pytest.fixture
def actions(store: Engine) -> DeskActions:
    with transaction(store) as connection:
        positions.seed(connection, [POSITION], NOW - timedelta(days=30))
        seen(connection, "k1", "a")
        seen(connection, "k2", "b", "Tanks will roll from Norland within weeks", published=NOW - timedelta(days=1))
    return DeskActions(store)


def line(actions: DeskActions) -> positions.LedgerRevision:
    with snapshot(actions._engine) as connection:
        return positions.current(connection)[POSITION.id]


def test_a_confirmed_shift_moves_the_line_with_the_words_their_day_and_their_source(actions: DeskActions) -> None:
    outcome = actions.confirm("k1", by="Ada", now=NOW)
    assert (outcome.done, outcome.revision) == (True, 2)
    now_held = line(actions)
    assert (now_held.baseline, now_held.since) == ("Norland will send a dozen tanks.", date(2026, 2, 27))
    assert (now_held.origin, now_held.set_by, now_held.set_at) == (Origin.CONFIRMED, "Ada", NOW)
    assert "https://x/a" in now_held.source
    assert now_held.baseline in outcome.told


def test_a_desk_may_word_the_line_itself(actions: DeskActions) -> None:
    actions.confirm("k1", by="Ada", now=NOW, baseline=" Norland sends\n twelve tanks. ")
    assert line(actions).baseline == "Norland sends twelve tanks."


def test_the_draft_is_what_a_plain_confirmation_files(actions: DeskActions) -> None:
    draft = actions.draft("k1")
    actions.confirm("k1", by="Ada", now=NOW)
    assert line(actions).baseline == draft
    assert actions.draft("unknown") == ""


def test_whoever_comes_second_is_told_who_decided_what_and_when(actions: DeskActions) -> None:
    first = actions.reject("k1", by="Ada", now=NOW, reason="old_news")
    second = actions.confirm("k1", by="Bo", now=NOW + MINUTE)
    assert (first.done, second.done) == (True, False)
    assert second.told == "Ada judged this no shift (old news) on 1 Mar 2026, 12:00 UTC."
    assert second.verdict_id == first.verdict_id
    assert line(actions).revision == 1


def test_of_clicks_in_the_same_moment_one_counts_and_every_other_is_told(actions: DeskActions) -> None:
    outcomes: list[ActionOutcome] = []
    start = threading.Barrier(6)

    def click(number: int) -> None:
        start.wait()
        outcomes.append(actions.confirm("k1", by=f"P{number}", now=NOW + number * timedelta(seconds=1)))

    threads = [threading.Thread(target=click, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [outcome for outcome in outcomes if outcome.done]
    assert {outcome.verdict_id for outcome in outcomes} == {winner.verdict_id}
    name = winner.told.split()[0]
    assert all(outcome.told.startswith(f"{name} confirmed this shift") for outcome in outcomes)
    assert line(actions).revision == 2


def test_two_shifts_of_one_position_can_both_be_confirmed_one_after_the_other(actions: DeskActions) -> None:
    assert actions.confirm("k1", by="Ada", now=NOW).revision == 2
    assert actions.confirm("k2", by="Bo", now=NOW).revision == 3


def test_an_unknown_shift_and_an_unknown_reason_are_refused(actions: DeskActions) -> None:
    for outcome in (
        actions.confirm("nothing", by="Ada", now=NOW),
        actions.reject("nothing", by="Ada", now=NOW, reason="misread"),
        actions.merge("k1", "nothing", by="Ada", now=NOW),
    ):
        assert (outcome.done, outcome.verdict_id) == (False, "")
    with pytest.raises(ValueError, match="boring"):
        actions.reject("k1", by="Ada", now=NOW, reason="boring")


def test_merged_shifts_share_their_accounts_until_that_is_undone(actions: DeskActions) -> None:
    merged = actions.merge("k2", "k1", by="Ada", now=NOW)
    assert merged.done
    with snapshot(actions._engine) as connection:
        assert [entry.statement.article_id for entry in assessments.for_shift(connection, "k1")] == ["a", "b"]
        assert shifts.root(connection, "k2").key == "k1"
    assert not actions.merge("k1", "k2", by="Bo", now=NOW).done
    assert actions.undo(merged.verdict_id, by="Bo", now=NOW + MINUTE).done
    with snapshot(actions._engine) as connection:
        assert [entry.statement.article_id for entry in assessments.for_shift(connection, "k1")] == ["a"]


def test_undoing_a_confirmation_files_the_former_line_again(actions: DeskActions) -> None:
    confirmed = actions.confirm("k1", by="Ada", now=NOW)
    undone = actions.undo(confirmed.verdict_id, by="Bo", now=NOW + MINUTE)
    assert (undone.done, undone.revision) == (True, 3)
    assert (line(actions).baseline, line(actions).since) == (POSITION.baseline, POSITION.since)
    with snapshot(actions._engine) as connection:
        assert len(timeline.baselines(connection, POSITION.id)) == 3
        assert verdicts.on_shifts(connection, ["k1"]) == {}
    assert actions.confirm("k1", by="Cleo", now=NOW + 2 * MINUTE).done


def test_a_verdict_is_undone_once_within_a_day_and_only_while_its_line_is_in_force(actions: DeskActions) -> None:
    rejected = actions.reject("k1", by="Ada", now=NOW, reason="misread")
    assert "within a day" in actions.undo(rejected.verdict_id, by="Ada", now=NOW + timedelta(hours=25)).told
    assert actions.undo(rejected.verdict_id, by="Ada", now=NOW + MINUTE).done
    again = actions.undo(rejected.verdict_id, by="Bo", now=NOW + 2 * MINUTE)
    assert (again.done, again.told) == (False, "Ada took this back on 1 Mar 2026, 12:01 UTC already.")
    first = actions.confirm("k1", by="Ada", now=NOW)
    actions.confirm("k2", by="Bo", now=NOW)
    stuck = actions.undo(first.verdict_id, by="Ada", now=NOW + MINUTE)
    assert (stuck.done, "moved on since by Bo" in stuck.told) == (False, True)
    assert not actions.undo("nothing", by="Ada", now=NOW).done


def test_a_mute_holds_until_its_end_or_until_somebody_ends_it(actions: DeskActions) -> None:
    def muted(at: datetime) -> bool:
        with snapshot(actions._engine) as connection:
            return POSITION.id in mutes.active(connection, at)

    end = NOW + timedelta(hours=8)
    assert actions.mute(POSITION.id, by="Ada", now=NOW, until=end).done
    assert (muted(NOW + MINUTE), muted(end)) == (True, False)
    second = actions.mute(POSITION.id, by="Bo", now=NOW + MINUTE, until=end)
    assert (second.done, "Ada muted this position until" in second.told) == (False, True)
    assert actions.unmute(POSITION.id, by="Bo", now=NOW + MINUTE).done
    assert not muted(NOW + MINUTE)
    assert not actions.unmute(POSITION.id, by="Bo", now=NOW + MINUTE).done
    assert actions.mute(POSITION.id, by="Bo", now=NOW + MINUTE, until=end).done
    assert actions.mute(POSITION.id, by="Cleo", now=end, until=end + MINUTE).done


def test_a_mute_that_ends_in_the_past_or_concerns_nothing_is_refused(actions: DeskActions) -> None:
    assert not actions.mute(POSITION.id, by="Ada", now=NOW, until=NOW).done
    assert not actions.mute("unknown", by="Ada", now=NOW, until=NOW + MINUTE).done


TRACKED = Position(
    id="no-jets",
    holder=Holder(name="Sudland", aliases=("Sud",), voices=(Voice(name="Eva Lund", since=date(2025, 1, 1)),)),
    topic="jets",
    baseline="Sudland sells no jets.",
    since=date(2026, 2, 1),
    paraphrases=("fighter aircraft",),
    channel="desk",
)


def test_a_tracked_position_is_in_force_with_all_that_was_said_of_it(actions: DeskActions) -> None:
    outcome = actions.track(TRACKED, by="Ada", now=NOW)
    assert (outcome.done, outcome.revision) == (True, 1)
    with snapshot(actions._engine) as connection:
        assert positions.in_force(connection, [POSITION]) == (POSITION, TRACKED)
    assert not actions.track(TRACKED, by="Bo", now=NOW).done
    assert not actions.track(POSITION, by="Bo", now=NOW).done


def test_a_configured_holder_lends_its_voices_to_a_tracked_position(actions: DeskActions) -> None:
    actions.track(replace(TRACKED, holder=Holder(name="Norland")), by="Ada", now=NOW)
    known = replace(POSITION, holder=Holder(name="Norland", aliases=("Nor",)))
    with snapshot(actions._engine) as connection:
        assert positions.in_force(connection, [known])[1].holder == known.holder


def test_tracking_can_be_undone_and_done_again(actions: DeskActions) -> None:
    tracked = actions.track(TRACKED, by="Ada", now=NOW)
    assert actions.undo(tracked.verdict_id, by="Ada", now=NOW + MINUTE).done
    with snapshot(actions._engine) as connection:
        assert positions.in_force(connection, [POSITION]) == (POSITION,)
    assert actions.track(TRACKED, by="Ada", now=NOW + MINUTE).revision == 3
    with snapshot(actions._engine) as connection:
        assert positions.in_force(connection, [POSITION])[1].id == TRACKED.id


def test_the_timeline_has_every_statement_from_the_newest(actions: DeskActions) -> None:
    with snapshot(actions._engine) as connection:
        rows = timeline.position_timeline(connection, POSITION.id)
        assert [row.article_id for row in rows] == ["b", "a"]
        assert timeline.position_timeline(connection, POSITION.id, limit=1) == rows[:1]
    assert (rows[1].speaker, rows[1].outlet, rows[1].shift_key) == ("Ada Berg", "Wire", "k1")
    assert (rows[1].decision, rows[1].relation) == (Decision.ALERT, Relation.CONTRADICTION)
    assert rows[1].probability == pytest.approx(0.92)
