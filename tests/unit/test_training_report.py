"""Slices, mistakes, pictures and the report of an evaluation, on rows that were made up."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.core.features import Pair
from bot.domain import Certainty, Relation
from bot.training.data import Row
from bot.training.evaluation import Bin, evaluate, reliability
from bot.training.evidence import EvidenceFigures, Spans
from bot.training.figures import confusion_png, reliability_png
from bot.training.report import Measured, write_report
from bot.training.slices import mistakes, slices

R = Relation
RELATIONS = list(Relation)


def row(name: str, relation: Relation, *, family: str = "", statement: str = "We sell 3 | 4.", **more) -> Row:
    pair = Pair(holder="Norland", topic="tanks", position="None are sold.", statement=statement, **more)
    return Row(id=name, pair=pair, relation=relation, family=family)


def belief(**shares: float) -> np.ndarray:
    made = np.zeros(6)
    for name, share in shares.items():
        made[RELATIONS.index(Relation(name))] = share
    return made


ROWS = [
    row("right", R.SOFTENING, family="trade"),
    row("kind", R.SOFTENING, family="trade"),
    row("missed", R.CONTRADICTION, family="grain"),
    row("alarm", R.UNRELATED, family="grain", certainty=Certainty.REPORTED),
]
BELIEFS = np.stack(
    [
        belief(softening=0.8, consistent=0.2),
        belief(hardening=0.6, softening=0.3, consistent=0.1),
        belief(contradiction=0.2, consistent=0.8),
        belief(new_offer=0.9, unrelated=0.1),
    ]
)


def test_mistakes_come_with_wrong_alerts_first_and_the_surest_of_them_before_the_others() -> None:
    found = mistakes(ROWS, BELIEFS, 0.5)
    assert [(one.id, one.wakes_wrongly) for one in found] == [("alarm", True), ("missed", True), ("kind", False)]
    assert found[0].shift == pytest.approx(0.9)
    assert (found[2].label, found[2].judged, found[2].believed) == (R.SOFTENING, R.HARDENING, pytest.approx(0.3))


def test_slices_part_the_rows_and_a_division_into_one_part_is_none() -> None:
    found = {(part.by, part.value): part.figures for part in slices(ROWS, BELIEFS, 0.5, resamples=0)}
    assert set(found) == {
        ("topic family", "grain"),
        ("topic family", "trade"),
        ("certainty", "reported"),
        ("certainty", "stated"),
    }
    assert found["topic family", "trade"].alert.f1 == 1.0
    assert found["topic family", "grain"].alert.f1 == 0.0


def test_a_bin_says_how_often_a_belief_came_true() -> None:
    bins = reliability(np.array([True, False, True]), np.array([0.12, 0.18, 1.0]))
    assert bins == [Bin(believed=pytest.approx(0.15), happened=0.5, rows=2), Bin(believed=1.0, happened=1.0, rows=1)]


def test_the_pictures_are_pngs_that_differ_with_what_they_show() -> None:
    curves = [reliability_png([Bin(believed=b, happened=b, rows=3)], "t") for b in (0.2, 0.7)]
    matrices = [confusion_png(np.eye(6, dtype=np.int64) * n, "t") for n in (1, 5)]
    for png in (*curves, *matrices):
        assert Image.open(io.BytesIO(png)).width > 500
    assert len({*curves, *matrices}) == 4


def test_the_report_has_its_tables_its_pictures_and_its_mistakes(tmp_path: Path) -> None:
    other = evaluate([one.relation for one in ROWS], BELIEFS, 0.95)
    measured = Measured(
        title="cases", rows=ROWS, probabilities=BELIEFS, threshold=0.5, beside={"cosine": (0.95, other)}
    )
    text = write_report(measured, tmp_path / "made").read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "made").iterdir()} == {"report.md", "reliability.png", "confusion.png"}
    for words in ("alert precision | 0.667 [", "| cosine | 0.95 |", "| topic family | grain | 2 |", "3 of 3"):
        assert words in text
    assert "unrelated, new_offer (false alarm)" in text
    assert "We sell 3 \\| 4." in text


def test_the_report_tells_of_the_evidence_where_any_was_measured(tmp_path: Path) -> None:
    spans = [Spans(token_f1=f1, token_f1_interval=(f1 - 0.1, f1 + 0.1), overlap=0.5) for f1 in (0.7, 0.6, 0.3)]
    figures = EvidenceFigures(rows=5, judged=4, detector=spans[0], whole=spans[1], chance=spans[2])
    plain = Measured(title="cases", rows=ROWS, probabilities=BELIEFS, threshold=0.5, beside={})
    assert "Evidence" not in write_report(plain, tmp_path / "plain").read_text(encoding="utf-8")
    text = write_report(replace(plain, evidence=figures), tmp_path / "told").read_text(encoding="utf-8")
    assert "Of 5 shifts whose deciding words are labelled, the 4 that are judged a shift." in text
    assert "| a clause by chance | 0.300 [0.200, 0.400] | 0.500 |" in text
