"""How near the words that the detector shows as deciding come to the ones that were labelled so.

Both spans are sets of words of one statement, told by where they stand. The F1 of a row is that of these sets (as in Rajpurkar et
al. 2016, arXiv:1606.05250, but for places instead of spellings); two spans overlap where they share a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Pair
from bot.core.verdict import clauses
from bot.detection.detector import Judgement
from bot.training.data import Row

_WORD = re.compile(r"\w+(?:[’'-]\w+)*")


class Judge(Protocol):
    """What evidence is asked of: `detection.detector.Detector`, or what stands in for it."""

    def judge(self, pairs: Sequence[Pair], thresholds: Sequence[float]) -> list[Judgement]:
        """Return one judgement a pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """How well one way to choose a span does: the mean token F1 and the share of rows whose spans overlap, in [0, 1]."""

    token_f1: float
    token_f1_interval: tuple[float, float]
    """95 % percentile bootstrap over rows."""
    overlap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFigures:
    """Over `rows` rows that are labelled a shift with its evidence; the figures are those of the `judged` ones, which alert."""

    rows: int
    judged: int
    detector: Spans
    whole: Spans
    """Had the whole statement been shown."""
    chance: Spans
    """Had one of the statement's clauses been shown, whichever: the mean over them."""


def evidence_figures(
    judge: Judge, rows: Sequence[Row], threshold: float, *, resamples: int = 1000
) -> EvidenceFigures | None:
    """Return the figures over those of `rows` that can be measured; None where no such row is judged a shift.

    A row can be measured where it is labelled a shift and its evidence stands in its statement, word for word.
    """
    told = [row for row in rows if row.relation.is_shift and words_of(row.pair.statement, row.evidence)]
    judgements = judge.judge([row.pair for row in told], [threshold] * len(told))
    woken = [(row, one.evidence) for row, one in zip(told, judgements, strict=True) if one.relation.is_shift]
    if not woken:
        return None
    shown, whole, chance = [], [], []
    for row, evidence in woken:
        text = row.pair.statement
        labelled = words_of(text, row.evidence)
        shown.append(_row(labelled, [words_of(text, evidence)]))
        whole.append(_row(labelled, [words_of(text, text)]))
        chance.append(_row(labelled, [words_of(text, text[start:end]) for start, end in clauses(text)]))
    return EvidenceFigures(
        rows=len(told),
        judged=len(woken),
        detector=_spans(shown, resamples),
        whole=_spans(whole, resamples),
        chance=_spans(chance, resamples),
    )


def words_of(text: str, span: str) -> frozenset[int]:
    """Return where the words of `span` start in `text`, at its first occurrence; none where it does not stand there."""
    start = text.find(span) if span else -1
    if start < 0:
        return frozenset()
    end = start + len(span)
    return frozenset(word.start() for word in _WORD.finditer(text) if word.start() < end and word.end() > start)


def token_f1(labelled: frozenset[int], shown: frozenset[int]) -> float:
    """Return the F1 of two sets of words, 0.0 where they share none."""
    return 2 * len(labelled & shown) / max(len(labelled) + len(shown), 1)


def _row(labelled: frozenset[int], chosen: Sequence[frozenset[int]]) -> tuple[float, float]:
    """Return F1 and overlap, the mean over `chosen`."""
    return (
        float(np.mean([token_f1(labelled, one) for one in chosen])),
        float(np.mean([bool(labelled & one) for one in chosen])),
    )


def _spans(rows: Sequence[tuple[float, float]], resamples: int) -> Spans:
    values: NDArray[np.float64] = np.array(rows)
    drawn = np.random.default_rng(0).integers(0, len(values), size=(resamples, len(values)))
    means = values[:, 0][drawn].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5]) if resamples else (float("nan"), float("nan"))
    return Spans(
        token_f1=float(values[:, 0].mean()),
        token_f1_interval=(float(low), float(high)),
        overlap=float(values[:, 1].mean()),
    )
