"""What the desk's verdicts leave for training, review and drift, over a real store."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from event_wordings import BASES, PAUSE
from ledger_desk import NOW, POSITION, Said, ScriptedDesk, Vectors
from sqlalchemy import Engine

from bot.core.desk import VerdictKind
from bot.domain import Relation
from bot.store import drift, lessons
from bot.store.engine import snapshot

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(store: Engine) -> ScriptedDesk:
    made = ScriptedDesk(store, Vectors())
    made.reads(Said(words=PAUSE[0], speaker="Ada Berg"))
    made.reads(Said(words=PAUSE[0] + " On Monday", speaker="Ada Berg"), at=NOW + HOUR, outlet="Gazette")
    made.reads(Said(words=BASES[0], speaker="Nils Aker"), at=NOW + HOUR, outlet="Post")
    made.reads(Said(words="Estmark is a neighbour.", probability=0.25), at=NOW + HOUR, outlet="Ledger")
    return made


def keys(desk: ScriptedDesk) -> list[str]:
    return [alert["alert_key"] for alert in desk.deliveries("alert")]


def test_every_report_of_a_judged_shift_is_a_lesson_against_the_line_of_then(desk: ScriptedDesk) -> None:
    desk.actions.confirm(keys(desk)[0], by="Ada", now=NOW + HOUR, baseline="Norland accepts a pause.")
    with snapshot(desk.engine) as connection:
        taught = lessons.taught(connection)
    assert [(one.words, one.opened) for one in taught] == [(PAUSE[0], True), (PAUSE[0] + " On Monday", False)]
    assert {(one.baseline, one.revision, one.kind, one.by) for one in taught} == {
        (POSITION.baseline, 1, VerdictKind.CONFIRM, "Ada")
    }
    assert (taught[0].speaker, taught[0].speaker_holder) == ("Ada Berg", "Norland")


def test_what_was_taken_back_teaches_nothing(desk: ScriptedDesk) -> None:
    verdict = desk.actions.reject(keys(desk)[1], by="Ada", now=NOW, reason="misread")
    desk.actions.undo(verdict.verdict_id, by="Ada", now=NOW)
    with snapshot(desk.engine) as connection:
        assert lessons.taught(connection) == ()


def test_a_statement_that_alerted_nobody_can_be_labelled_once(desk: ScriptedDesk) -> None:
    (quiet,) = [entry for entry in desk.statements() if entry.shift_key is None]
    assert desk.actions.label(quiet.id, by="Ada", now=NOW, relation="new_offer").done
    assert not desk.actions.label(quiet.id, by="Bo", now=NOW, relation="consistent").done
    assert not desk.actions.label("unknown", by="Bo", now=NOW, relation="consistent").done
    with pytest.raises(ValueError, match="nonsense"):
        desk.actions.label(quiet.id, by="Bo", now=NOW, relation="nonsense")
    with snapshot(desk.engine) as connection:
        (one,) = lessons.taught(connection)
    assert (one.kind, one.reason, one.words) == (VerdictKind.LABEL, "new_offer", "Estmark is a neighbour.")


def test_what_was_judged_is_not_up_for_review(desk: ScriptedDesk) -> None:
    def offered() -> set[str]:
        with snapshot(desk.engine) as connection:
            return {entry.statement.text for entry in lessons.to_review(connection, since=NOW)}

    assert {PAUSE[0], BASES[0], "Estmark is a neighbour."} <= offered()
    desk.actions.reject(keys(desk)[0], by="Ada", now=NOW, reason="misread")
    assert PAUSE[0] not in offered()
    with snapshot(desk.engine) as connection:
        assert len(lessons.to_review(connection, since=NOW, most=1)) == 1
        assert lessons.to_review(connection, since=NOW + timedelta(days=1)) == ()


def test_drift_has_the_shares_of_some_days_and_of_those_before(desk: ScriptedDesk) -> None:
    desk.actions.confirm(keys(desk)[0], by="Ada", now=NOW)
    desk.actions.reject(keys(desk)[1], by="Ada", now=NOW, reason="misread")
    with snapshot(desk.engine) as connection:
        week, before = drift.lately(connection, date(2026, 3, 8))
        late, was = drift.lately(connection, date(2026, 3, 9))
    assert (before.articles, before.rejected, before.off_topic) == (0, None, None)
    assert (late.articles, was.verdicts, was.rejected) == (0, 2, 0.5)
    assert (week.articles, week.verdicts, week.rejected, week.abstained) == (4, 2, 0.5, 0.0)
    assert week.off_topic == 0.0
    assert Relation.SOFTENING in {entry.relation for entry in desk.statements()}
