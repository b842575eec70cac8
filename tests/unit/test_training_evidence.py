"""The words that a judge shows as deciding, against the labelled ones; the judge is made up."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pytest

from bot.commands.reporting import evidence_fields, evidence_words
from bot.core.features import Pair
from bot.detection.detector import Judgement
from bot.domain import Relation
from bot.training.data import Row
from bot.training.evidence import evidence_figures, token_f1, words_of

R = Relation
STATEMENT = "Norland sends no tanks, but it could live with ten boats, she said."
BOATS = "could live with ten boats"


def row(statement: str = STATEMENT, relation: Relation = R.SOFTENING, evidence: str = BOATS) -> Row:
    pair = Pair(holder="Norland", topic="tanks", position="None are sent.", statement=statement)
    return Row(id=statement, pair=pair, relation=relation, evidence=evidence)


class Shows:
    """A judge that finds a shift wherever it has words to show for it, and remembers what it was asked."""

    def __init__(self, **shown: str) -> None:
        self.shown = shown
        self.asked: list[Pair] = []

    def judge(self, pairs: Sequence[Pair], thresholds: Sequence[float]) -> list[Judgement]:
        assert list(thresholds) == [0.3] * len(pairs)
        self.asked += pairs
        found = [self.shown.get(pair.statement.split()[0], "") for pair in pairs]
        return [
            Judgement(relation=R.SOFTENING if words else R.CONSISTENT, probabilities={}, evidence=words, reason="")
            for words in found
        ]


@pytest.mark.parametrize(
    ("shown", "f1", "overlap"),
    [
        (BOATS, 1.0, 1.0),
        ("but it could live with ten boats", 10 / 12, 1.0),
        ("Norland sends no tanks", 0.0, 0.0),
        (STATEMENT, 10 / 18, 1.0),
        ("words that it never said", 0.0, 0.0),
    ],
)
def test_what_is_shown_is_measured_by_the_words_that_it_shares_with_the_label(shown, f1, overlap) -> None:
    found = evidence_figures(Shows(Norland=shown), [row()], 0.3)
    assert found is not None
    assert (found.detector.token_f1, found.detector.overlap) == (pytest.approx(f1), overlap)


def test_beside_it_stand_the_whole_statement_and_a_clause_by_chance() -> None:
    found = evidence_figures(Shows(Norland=BOATS), [row()], 0.3)
    assert found is not None
    assert (found.whole.token_f1, found.whole.overlap) == (pytest.approx(10 / 18), 1.0)
    assert found.chance.token_f1 == pytest.approx((0 + 2 * 5 / 14) / 2)
    assert found.chance.overlap == pytest.approx(1 / 2)


def test_only_labelled_shifts_are_asked_about_and_only_those_that_alert_are_measured() -> None:
    judge = Shows(Norland=BOATS)
    rows = [
        row(),
        row("Silent: it could live with ten boats."),
        row("Norland repeats itself.", R.CONSISTENT, "repeats"),
        row("Norland says nothing of note.", R.SOFTENING, ""),
        row("Norland is misquoted.", R.SOFTENING, BOATS),
    ]
    found = evidence_figures(judge, rows, 0.3)
    assert [pair.statement for pair in judge.asked] == [rows[0].pair.statement, rows[1].pair.statement]
    assert found is not None
    assert (found.rows, found.judged, found.detector.token_f1) == (2, 1, 1.0)


def test_where_nothing_alerts_there_are_no_figures() -> None:
    assert evidence_figures(Shows(), [row()], 0.3) is None
    assert evidence_figures(Shows(), [], 0.3) is None


def test_the_interval_holds_the_figure_and_is_the_same_every_time() -> None:
    rows = [row(f"{name} could live with ten boats, she said") for name in "ABCDEFGH"]
    judge = Shows(**dict.fromkeys("ABCDE", BOATS), **dict.fromkeys("FGH", "she said"))
    one, two = (evidence_figures(judge, rows, 0.3) for _ in range(2))
    assert one is not None
    assert one == two
    low, high = one.detector.token_f1_interval
    assert one.detector.token_f1 == pytest.approx(5 / 8)
    assert low < one.detector.token_f1 < high


def test_a_word_is_told_by_where_it_stands() -> None:
    assert words_of("no boats, no tanks", "no tanks") == {10, 13}
    assert words_of("no boats", "no ships") == words_of("no boats", "") == frozenset()
    assert token_f1(words_of("no boats, no tanks", "no boats"), words_of("no boats, no tanks", "no tanks")) == 0.0
    assert words_of("it won’t", "won’t") == {3}


def test_the_figures_are_told_to_people_and_machines() -> None:
    found = evidence_figures(Shows(Norland=BOATS), [row(), row("Silent: it could live with ten boats.")], 0.3)
    assert found is not None
    told = evidence_words(found)
    for words in ("token F1 1.000  [1.000, 1.000]", "overlaps 1.000", "on 1 of 2", "whole statement 0.556"):
        assert words in told
    written = io.StringIO()
    json.dump(evidence_fields(found), written)
    line = json.loads(written.getvalue())
    assert (line["rows"], line["judged"]) == (2, 1)
    assert line["detector"] == {"token_f1": 1.0, "token_f1_interval": [1.0, 1.0], "overlap": 1.0}
    assert line["clause_by_chance"]["overlap"] == 0.5
