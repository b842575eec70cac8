"""Shifts over many articles: one event is one alert, and what speaks against it is told in its thread.

The relations are scripted; whether two wordings tell of one event is left to the shipped topic model.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from event_wordings import BASES, DENIAL, OTHERWISE, PAUSE, REPEATED_LINE, SECOND_DENIAL
from ledger_desk import NOW, POSITION, Said, ScriptedDesk
from sqlalchemy import Engine

from bot.core.desk import POLICY
from bot.core.policies import AlertPolicy
from bot.detection.featurizer import Featurizer
from bot.detection.onnx import SentenceEncoder
from bot.domain import Decision, Holder, Mode, Position, Relation
from bot.store import archive, assessments
from bot.store.archive import AlertOnFile
from bot.store.engine import snapshot
from bot.store.positions import Origin

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST = Said(words=PAUSE[0], speaker="Ada Berg")
DENIED = Said(words=DENIAL, relation=Relation.CONSISTENT, mode=Mode.DENIAL, speaker="the foreign ministry")


@pytest.fixture(scope="module")
def featurizer(root: Path) -> Featurizer:
    return Featurizer(scorer=None, embedder=SentenceEncoder(root / "models" / "topics", threads=1))  # type: ignore[arg-type]  # no scorer is asked here


@pytest.fixture
def desk(store: Engine, featurizer: Featurizer) -> ScriptedDesk:
    return ScriptedDesk(store, featurizer)


def test_thirty_outlets_are_one_alert_a_denial_disputes_it_and_another_event_of_the_day_is_a_second(
    desk: ScriptedDesk,
) -> None:
    for number, words in enumerate(PAUSE):
        desk.reads(spoken(words), at=NOW + number * MINUTE, outlet=f"Outlet{number}")
    assert (len(desk.deliveries("alert")), len(desk.deliveries("reply"))) == (1, 29)
    assert len(desk.deliveries("reply")[-1]["payload"]["parent"]["others"]) == 29
    (alert,) = alerts(desk)
    assert (len(alert.accounts), alert.corroborations, alert.disputed) == (30, 29, "")

    assert desk.reads(DENIED, at=NOW + HOUR, outlet="Gazette").disputes == 1
    (alert,) = alerts(desk)
    assert (alert.corroborations, bool(alert.disputed)) == (29, True)
    assert [entry.statement.text for entry in alert.disputes] == [DENIAL]

    for number, words in enumerate(BASES):
        desk.reads(Said(words=words, speaker="Nils Aker"), at=NOW + 2 * HOUR + number * MINUTE, outlet=f"Paper{number}")
    first, second = alerts(desk)
    assert (first.corroborations, bool(first.disputed)) == (29, True)
    assert (second.card.words, second.corroborations, second.disputed) == (BASES[0], 5, "")
    assert first.at.date() == second.at.date()


@pytest.mark.parametrize(("group_at", "made"), [(2.0, 5), (AlertPolicy().group_at, 2), (-2.0, 1)])
def test_likeness_decides_what_is_one_event_and_nothing_else_does(
    store: Engine, featurizer: Featurizer, group_at: float, made: int
) -> None:
    desk = ScriptedDesk(store, featurizer, AlertPolicy(group_at=group_at))
    for number, words in enumerate((*PAUSE[:4], BASES[0])):
        desk.reads(spoken(words), at=NOW + number * MINUTE, outlet=f"Outlet{number}")
    assert len(alerts(desk)) == made


def spoken(words: str) -> Said:
    return Said(words=words, speaker="Nils Aker" if "Aker" in words else "Ada Berg" if "Berg" in words else "")


def alerts(desk: ScriptedDesk) -> list[AlertOnFile]:
    with snapshot(desk.engine) as connection:
        return archive.alerts(connection)


@pytest.mark.parametrize("words", [DENIAL, SECOND_DENIAL])
def test_a_denial_flips_the_shift_to_disputed_and_is_told_in_its_thread(desk: ScriptedDesk, words: str) -> None:
    desk.reads(FIRST)
    (alert,) = desk.deliveries()
    report = desk.reads(replace(DENIED, words=words), at=NOW + HOUR, outlet="Gazette")
    assert (report.alerts, report.accounts, report.disputes) == (0, 0, 1)
    (reply,) = desk.deliveries("reply")
    assert reply["parent_key"] == alert["alert_key"]
    assert "denial" in reply["payload"]["says"]
    assert reply["payload"]["parent"]["disputed"] == reply["payload"]["says"]
    assert reply["payload"]["parent"]["others"] == []
    assert desk.shift(alert["alert_key"]).disputed == reply["payload"]["says"]


def test_a_second_denial_is_kept_and_not_told_again(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    desk.reads(DENIED, at=NOW + HOUR, outlet="Gazette")
    assert desk.reads(replace(DENIED, words=SECOND_DENIAL), at=NOW + 2 * HOUR, outlet="Post").disputes == 0
    assert len(desk.deliveries("reply")) == 1
    with snapshot(desk.engine) as connection:
        key = desk.deliveries("alert")[0]["alert_key"]
        assert len(assessments.disputes(connection, key)) == 2
        assert len(assessments.for_shift(connection, key)) == 1


def test_a_denial_in_the_article_that_reported_the_shift_disputes_nothing(desk: ScriptedDesk) -> None:
    assert desk.reads(FIRST, DENIED).disputes == 0
    assert len(desk.deliveries()) == 1


@pytest.mark.parametrize(("here", "beside", "disputed"), [(0.6, 0.7, "beside"), (0.7, 0.6, POSITION.id)])
def test_a_denial_that_names_no_subject_is_one_of_its_articles_subject(
    store: Engine, featurizer: Featurizer, here: float, beside: float, disputed: str
) -> None:
    desk = ScriptedDesk(store, featurizer, None, POSITION, replace(POSITION, id="beside"))
    desk.reads(FIRST, replace(FIRST, of=1))
    denied = replace(DENIED, words="They have never said so, a spokesman for Norland told reporters.", similarity=here)
    assert desk.reads(denied, replace(denied, similarity=beside, of=1), at=NOW + HOUR, outlet="Gazette").disputes == 1
    assert [alert.card.position_id for alert in alerts(desk) if alert.disputed] == [disputed]


def test_an_article_that_denies_a_shift_and_keeps_to_the_line_speaks_against_it_once(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    kept = Said(words=REPEATED_LINE, relation=Relation.CONSISTENT, speaker="Per Holm")
    assert desk.reads(DENIED, kept, at=NOW + HOUR, outlet="Gazette").disputes == 1


def test_another_outlet_that_has_the_statement_otherwise_is_an_alert_of_its_own_and_a_dispute(
    desk: ScriptedDesk,
) -> None:
    desk.reads(FIRST)
    other = Said(words=OTHERWISE, relation=Relation.CONSISTENT, speaker="Foreign Minister Ada Berg")
    report = desk.reads(other, at=NOW + HOUR, outlet="Gazette")
    assert (report.alerts, report.disputes) == (1, 1)
    first, second = desk.deliveries("alert")
    assert second["payload"]["about"] == "differ"
    assert PAUSE[0] in second["payload"]["reason"]
    assert second["payload"]["others"][0]["name"] == "Wire"
    assert desk.shift(first["alert_key"]).disputed
    assert desk.reads(other, at=NOW + 2 * HOUR, outlet="Post").alerts == 0
    assert desk.actions.reject(second["alert_key"], by="Ada", now=NOW, reason="misread").done


def test_a_further_report_joins_the_shift_and_not_the_alert_that_accounts_differ(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    desk.reads(Said(words=OTHERWISE, relation=Relation.CONSISTENT, speaker="Ada Berg"), at=NOW + HOUR, outlet="Gazette")
    desk.reads(Said(words=PAUSE[2], speaker="Ada Berg"), at=NOW + 2 * HOUR, outlet="Post")
    assert desk.deliveries("reply")[-1]["parent_key"] == desk.deliveries("alert")[0]["alert_key"]


def test_another_voice_that_keeps_to_the_line_is_told_as_mixed_signals(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    said = Said(words=REPEATED_LINE, relation=Relation.CONSISTENT, speaker="Per Holm")
    report = desk.reads(said, at=NOW + HOUR, outlet="Gazette")
    assert (report.alerts, report.disputes) == (0, 1)
    (reply,) = desk.deliveries("reply")
    assert reply["payload"]["heading"] == "Mixed signals"
    assert "Per Holm" in reply["payload"]["says"]
    assert reply["payload"]["parent"]["disputed"] == ""
    assert desk.shift(desk.deliveries("alert")[0]["alert_key"]).disputed == ""


def test_another_voice_that_goes_the_other_way_makes_an_alert_of_mixed_signals(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    harder = Said(words="Norland demands a ban on any Alliance aid for Estmark, Per Holm said.", speaker="Per Holm",
                  relation=Relation.HARDENING)  # fmt: skip
    assert desk.reads(harder, at=NOW + HOUR, outlet="Gazette").alerts == 1
    assert desk.deliveries("alert")[1]["payload"]["about"] == "mixed"
    assert desk.deliveries("reply")[0]["payload"]["heading"] == "Mixed signals"


def test_the_same_voice_that_repeats_the_line_later_is_no_mixed_signal(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    said = Said(words=REPEATED_LINE, relation=Relation.CONSISTENT, speaker="Ada Berg")
    assert desk.reads(said, at=NOW + HOUR).disputes == 0


def test_a_muted_position_wakes_nobody_and_the_ledger_says_why(desk: ScriptedDesk) -> None:
    desk.actions.mute(POSITION.id, by="Ada", now=NOW, until=NOW + 8 * HOUR)
    assert desk.reads(FIRST, at=NOW + MINUTE).alerts == 0
    assert desk.deliveries() == []
    (entry,) = desk.statements()
    assert entry.ruling.decision is Decision.SILENT
    assert "muted by Ada until 2 Mar 2026, 17:00 UTC" in entry.ruling.reason
    assert desk.reads(Said(words=BASES[0], speaker="Nils Aker"), at=NOW + 9 * HOUR).alerts == 1


def test_what_the_desk_judged_no_shift_stays_silent_in_other_outlets(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    key = desk.deliveries()[0]["alert_key"]
    desk.actions.reject(key, by="Ada", now=NOW + MINUTE, reason="old_news")
    report = desk.reads(Said(words=PAUSE[2], speaker="Ada Berg"), at=NOW + HOUR, outlet="Gazette")
    assert (report.alerts, report.accounts) == (0, 0)
    assert any("Ada judged this no shift (old news)" in entry.ruling.reason for entry in desk.statements())


def test_reports_of_a_merged_shift_go_into_the_thread_of_the_other(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    desk.reads(Said(words=BASES[0], speaker="Nils Aker"), at=NOW + MINUTE, outlet="Post")
    one, two = (alert["alert_key"] for alert in desk.deliveries("alert"))
    desk.actions.merge(two, one, by="Ada", now=NOW + MINUTE)
    assert desk.reads(Said(words=BASES[1], speaker="Nils Aker"), at=NOW + HOUR, outlet="Gazette").accounts == 1
    assert desk.deliveries("reply")[0]["parent_key"] == one


def test_a_shift_told_again_after_some_days_is_silent(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    report = desk.reads(Said(words=PAUSE[2], speaker="Ada Berg"), at=NOW + 5 * DAY, outlet="Gazette")
    assert (report.alerts, report.accounts) == (0, 0)
    assert any("repeats a shift that the desk was told of" in entry.ruling.reason for entry in desk.statements())


def test_later_reports_of_a_confirmed_shift_are_told_with_the_former_line(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    desk.actions.confirm(desk.deliveries()[0]["alert_key"], by="Ada", now=NOW + MINUTE)
    assert desk.reads(Said(words=PAUSE[2], speaker="Ada Berg"), at=NOW + HOUR, outlet="Gazette").accounts == 1
    assert desk.deliveries("reply")[0]["payload"]["parent"]["baseline"] == POSITION.baseline


def test_by_default_no_number_of_outlets_moves_the_line(desk: ScriptedDesk) -> None:
    for number in range(6):
        desk.reads(Said(words=PAUSE[number]), at=NOW + number * 3 * DAY, outlet=f"Outlet{number}")
    assert desk.line().revision == 1


def test_a_policy_lets_a_repeated_shift_become_the_line(store: Engine, featurizer: Featurizer) -> None:
    desk = ScriptedDesk(store, featurizer, AlertPolicy(line_after_outlets=3, line_after_days=4))
    for day, number in ((0, 0), (1, 2), (3, 20)):
        desk.reads(Said(words=PAUSE[number]), at=NOW + day * DAY, outlet=f"Outlet{number}")
        assert desk.line().revision == 1
    desk.reads(Said(words=PAUSE[11]), at=NOW + 5 * DAY, outlet="Outlet11")
    line = desk.line()
    assert (line.revision, line.origin) == (2, Origin.CONFIRMED)
    assert line.set_by == f"{POLICY} (4 outlets in 5 days)"


def test_an_article_is_measured_by_the_line_of_its_day(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    desk.actions.confirm(desk.deliveries()[0]["alert_key"], by="Ada", now=NOW + MINUTE)
    old = Said(words="Norland would take any accession as a hostile act.", relation=Relation.HARDENING)
    report = desk.reads(old, at=NOW + HOUR, published=NOW - DAY, outlet="Archive")
    assert report.alerts == 0
    entry = next(entry for entry in desk.statements() if entry.outlet == "Archive")
    assert (entry.position_revision, entry.ruling.decision) == (1, Decision.SILENT)
    assert "older than the line on record" in entry.ruling.reason
    desk.reads(replace(old, words="Norland calls accession an act of war."), at=NOW + 2 * HOUR, outlet="Post")
    assert next(entry for entry in desk.statements() if entry.outlet == "Post").position_revision == 2


def test_a_source_that_takes_the_words_back_is_told_in_the_thread(desk: ScriptedDesk) -> None:
    url = "https://wire.example/story"
    desk.reads(FIRST, url=url)
    kept = desk.reads(
        FIRST, Said(words="More soon.", relation=Relation.UNRELATED), at=NOW + MINUTE, url=url, revision=1
    )
    assert kept.disputes == 0
    taken = Said(words="The minister spoke of the talks.", relation=Relation.UNRELATED)
    assert desk.reads(taken, at=NOW + HOUR, url=url, revision=2).disputes == 1
    (reply,) = desk.deliveries("reply")
    assert (reply["payload"]["heading"], reply["payload"]["words"]) == ("Edited", PAUSE[0])


def test_a_position_tracked_from_the_page_is_assessed_from_the_next_article_on(desk: ScriptedDesk) -> None:
    desk.reads(FIRST)
    tracked = Position(
        id="jets", holder=Holder(name="Sudland"), topic="jets", baseline="Sudland sells no jets.", since=NOW.date()
    )
    desk.actions.track(tracked, by="Ada", now=NOW)
    desk.reads(Said(words=PAUSE[2]), at=NOW + HOUR, outlet="Gazette")
    assert [position.id for position in desk.judged_with[-1]] == [POSITION.id, "jets"]
