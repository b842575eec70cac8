"""What the ledger holds against a shift, as the page and the export show it: denials, other accounts, other voices."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from event_wordings import DENIAL, OTHERWISE, PAUSE, REPEATED_LINE
from ledger_desk import NOW, POSITION, Said, ScriptedDesk
from page_site import client_of
from sqlalchemy import Engine, event

from bot.core.alert_words import day
from bot.detection.featurizer import Featurizer
from bot.detection.onnx import SentenceEncoder
from bot.domain import Mode, Relation
from bot.export import rows
from bot.export.atom import shift_entry
from bot.stages.desk_sheets import history
from bot.stages.pictures import HistoryPictures
from bot.store.engine import snapshot
from bot.store.pages import ShiftFilter, ShiftSheet, shift_sheet

HOUR = timedelta(hours=1)
FIRST = Said(words=PAUSE[0], speaker="Ada Berg")
OTHER = Said(words=OTHERWISE, relation=Relation.CONSISTENT, speaker="Foreign Minister Ada Berg")
DENIED = Said(words=DENIAL, relation=Relation.CONSISTENT, mode=Mode.DENIAL, speaker="the foreign ministry")


@pytest.fixture(scope="module")
def featurizer(root: Path) -> Featurizer:
    return Featurizer(scorer=None, embedder=SentenceEncoder(root / "models" / "topics", threads=1))  # type: ignore[arg-type]  # no scorer is asked here


@pytest.fixture
def desk(store: Engine, featurizer: Featurizer) -> ScriptedDesk:
    made = ScriptedDesk(store, featurizer)
    made.reads(FIRST)
    return made


def keys(desk: ScriptedDesk) -> list[str]:
    return [alert["alert_key"] for alert in desk.deliveries("alert")]


def exported(desk: ScriptedDesk) -> dict[str, dict[str, object]]:
    with snapshot(desk.engine) as connection:
        return {line.shift.key: rows.shift_row(line) for line in rows.shifts(connection, ShiftFilter())}


def sheet(desk: ScriptedDesk, key: str) -> ShiftSheet:
    with snapshot(desk.engine) as connection:
        found = shift_sheet(connection, key)
    assert found
    return found


def updated(desk: ScriptedDesk, key: str) -> datetime:
    return shift_entry(exported(desk)[key]).updated


def test_an_alert_that_accounts_differ_shows_both_accounts(desk: ScriptedDesk) -> None:
    desk.reads(OTHER, at=NOW + HOUR, outlet="Gazette")
    first, second = keys(desk)
    found = sheet(desk, second)
    assert [(entry.outlet, entry.statement.text) for entry in found.accounts] == [
        ("Wire", PAUSE[0]),
        ("Gazette", OTHERWISE),
    ]
    assert (found.original, found.disputes) == (first, ())
    text = client_of(desk.engine).get(f"/shifts/{second}").text
    assert "<h2>2 accounts</h2>" in text
    assert '<span class="disputed">accounts differ</span>' in text
    assert f'href="/shifts/{first}"' in text
    listed = client_of(desk.engine).get("/shifts").text
    assert "no account on file" not in listed
    assert '<span class="disputed">accounts differ</span>' in listed


def test_an_alert_that_accounts_differ_is_exported_with_whom_it_cites(desk: ScriptedDesk) -> None:
    desk.reads(OTHER, at=NOW + HOUR, outlet="Gazette")
    first, second = keys(desk)
    row = exported(desk)[second]
    assert (row["kind"], row["speaker"], row["outlet"], row["reports"]) == ("differ", OTHER.speaker, "Gazette", 2)
    assert str(row["url"]).startswith("https://gazette.example/")
    assert exported(desk)[first]["reports"] == 1


def test_what_moves_the_line_the_other_way_is_an_alert_with_an_account_of_its_own(desk: ScriptedDesk) -> None:
    hard = Said(words=OTHERWISE, relation=Relation.HARDENING, speaker="Ada Berg")
    desk.reads(hard, at=NOW + HOUR, outlet="Gazette")
    (key,) = set(keys(desk)[1:])
    found = sheet(desk, key)
    assert (found.shift.kind, [entry.outlet for entry in found.accounts], found.original) == ("differ", ["Gazette"], "")
    assert exported(desk)[key]["outlet"] == "Gazette"


def test_a_denial_stands_on_its_shifts_page_and_is_no_report_of_it(desk: ScriptedDesk) -> None:
    desk.reads(DENIED, at=NOW + HOUR, outlet="Gazette")
    (key,) = keys(desk)
    assert [entry.statement.text for entry in sheet(desk, key).disputes] == [DENIAL]
    assert exported(desk)[key]["reports"] == 1
    text = client_of(desk.engine).get(f"/shifts/{key}").text
    assert "<h2>1 account</h2>" in text
    against = text.partition("<h2>Against it</h2>")[2]
    assert "1 statement speaks against it." in against
    assert DENIAL in against.replace("&#39;", "'")
    assert '<span class="disputed">denies a shift</span>' in against
    assert "more account" not in client_of(desk.engine).get("/shifts").text
    on_position = client_of(desk.engine).get(f"/positions/{POSITION.id}").text
    assert on_position.count('<span class="disputed">denies a shift</span>') == 1


def test_a_voice_that_keeps_to_the_line_is_called_another_voice(desk: ScriptedDesk) -> None:
    desk.reads(
        Said(words=REPEATED_LINE, relation=Relation.CONSISTENT, speaker="Per Holm"), at=NOW + HOUR, outlet="Post"
    )
    (key,) = keys(desk)
    assert '<span class="disputed">another voice</span>' in client_of(desk.engine).get(f"/shifts/{key}").text


def test_a_shift_that_another_voice_opened_is_called_mixed_signals(desk: ScriptedDesk) -> None:
    hard = Said(words="Estmark must never join the Alliance.", relation=Relation.HARDENING, speaker="Per Holm")
    desk.reads(hard, at=NOW + HOUR, outlet="Post")
    assert '<span class="disputed">mixed signals</span>' in client_of(desk.engine).get(f"/shifts/{keys(desk)[1]}").text


def test_an_entry_is_updated_by_a_dispute_a_verdict_and_its_undoing(desk: ScriptedDesk) -> None:
    (key,) = keys(desk)
    assert updated(desk, key) == NOW
    desk.reads(DENIED, at=NOW + HOUR, outlet="Gazette")
    assert updated(desk, key) == NOW + HOUR
    done = desk.actions.reject(key, by="Ada", now=NOW + 2 * HOUR, reason="misread")
    assert updated(desk, key) == NOW + 2 * HOUR
    desk.actions.undo(done.verdict_id, by="Ada", now=NOW + 3 * HOUR)
    assert updated(desk, key) == NOW + 3 * HOUR


def test_an_alert_that_accounts_differ_is_updated_by_a_further_such_account(desk: ScriptedDesk) -> None:
    desk.reads(OTHER, at=NOW + HOUR, outlet="Gazette")
    desk.reads(OTHER, at=NOW + 2 * HOUR, outlet="Post")
    second = keys(desk)[1]
    assert updated(desk, second) == NOW + 2 * HOUR
    assert [entry.outlet for entry in sheet(desk, second).accounts] == ["Wire", "Gazette", "Post"]
    assert exported(desk)[second]["outlet"] == "Gazette"


@pytest.fixture
def busy(desk: ScriptedDesk) -> ScriptedDesk:
    """Four statements on the line, and three newer ones that are unrelated."""
    for hour, relation in enumerate((*[Relation.CONSISTENT] * 3, *[Relation.UNRELATED] * 3), start=1):
        said = Said(words=f"Number {hour} was read out in the harbour.", relation=relation)
        desk.reads(said, at=NOW + hour * HOUR, outlet="Post")
    return desk


def test_a_picture_has_the_newest_statements_that_bear_on_the_line_and_says_where_it_is_cut(
    busy: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stages.pictures.MOST_POINTS", 3)
    picture = HistoryPictures(busy.engine)({"position": POSITION.id})
    assert picture
    assert picture.title.endswith("(newest 3 of 4 statements)")
    assert f"3 statements since {day((NOW + HOUR).date())}, of which 3 as on record." in picture.alt
    monkeypatch.setattr("bot.stages.pictures.MOST_POINTS", 4)
    picture = HistoryPictures(busy.engine)({"position": POSITION.id})
    assert picture
    assert picture.title == f"{POSITION.holder.name} on {POSITION.topic}"


def test_a_positions_page_draws_what_bears_on_the_line_and_says_where_it_is_cut(
    busy: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.views.STATEMENTS", 3)
    reader = client_of(busy.engine)
    text = reader.get(f"/positions/{POSITION.id}").text
    assert "The picture has the newest 3 of 4 statements on the topic." in text
    assert "The newest 3 of 7 statements." in text
    assert all(f"Number {number} " in text.partition("</svg>")[0] for number in (1, 2, 3))
    kept = reader.get(f"/positions/{POSITION.id}?relation=softening").text
    assert "1 statement marked “softening”." in kept
    assert kept.count("<blockquote>") == 1
    monkeypatch.setattr("bot.web.views.STATEMENTS", 4)
    assert "The picture has the newest" not in reader.get(f"/positions/{POSITION.id}").text


def test_what_the_desk_is_shown_of_a_position_is_not_crowded_out_by_what_is_unrelated(
    busy: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stages.desk_sheets.MOST_SAID", 2)
    with snapshot(busy.engine) as connection:
        found = history(connection, [POSITION], POSITION.id, NOW + 9 * HOUR)
    assert found
    assert [finding.words.split()[1] for finding in found.findings] == ["3", "2"]


def test_a_page_of_what_speaks_against_a_shift_takes_as_few_queries_and_keeps_its_outline(desk: ScriptedDesk) -> None:
    desk.reads(OTHER, at=NOW + HOUR, outlet="Gazette")
    counted: list[str] = []
    event.listen(desk.engine, "before_cursor_execute", lambda c, cursor, statement, *_: counted.append(statement))
    reader = client_of(desk.engine)
    for page in ("/shifts", *(f"/shifts/{key}" for key in keys(desk))):
        counted.clear()
        text = reader.get(page).text
        assert len([statement for statement in counted if not statement.startswith("BEGIN")]) <= 6, page
        levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
