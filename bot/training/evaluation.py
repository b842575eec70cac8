"""How well judgements agree with labels: alerts, the six relations, calibration, by slice, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict import decide
from bot.detection.classifier import SHIFTS, shift_probabilities
from bot.domain import Relation

RELATIONS = tuple(Relation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall and F1 in [0, 1], over `support` true rows."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The figures of one evaluation. `confusion[i][j]` counts rows of relation i judged as relation j."""

    rows: int
    alert: Score
    alert_f1_interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    relations: dict[Relation, Score]
    confusion: NDArray[np.int64]
    calibration_error: float
    alert_precision_interval: tuple[float, float]
    alert_recall_interval: tuple[float, float]
    relation_intervals: dict[Relation, tuple[float, float]]
    """Of each relation's F1."""
    defensible: float
    """Share of rows whose relation is the label or one that the annotators noted as defensible."""
    lenient: Score
    """Alerts once more, where a row judged as a relation that the annotators noted as defensible counts as labelled so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of like belief: how sure the judge was on average, in what share there was a shift, and how many they are."""

    believed: float
    happened: float
    rows: int


def decisions(probabilities: NDArray[np.floating], threshold: float) -> NDArray[np.int64]:
    """Return the index of the relation decided for each row of (n, 6) probabilities."""
    return np.array(
        [
            RELATIONS.index(decide({r: float(p) for r, p in zip(RELATIONS, row, strict=True)}, threshold))
            for row in probabilities
        ],
        dtype=np.int64,
    )


def evaluate(
    truth: Sequence[Relation],
    probabilities: NDArray[np.floating],
    threshold: float,
    *,
    also_ok: Sequence[Sequence[Relation]] | None = None,
    resamples: int = 1000,
) -> Evaluation:
    """Return the figures for `truth` and (n, 6) `probabilities` at a shift threshold; ValueError for no rows."""
    from sklearn.metrics import confusion_matrix

    if not truth:
        raise ValueError("there are no labelled rows to evaluate on")
    true = np.array([RELATIONS.index(relation) for relation in truth], dtype=np.int64)
    judged = decisions(probabilities, threshold)
    fine = [
        {t, *(RELATIONS.index(r) for r in extra)} for t, extra in zip(true, also_ok or [()] * len(true), strict=True)
    ]
    confusion = confusion_matrix(true, judged, labels=range(len(RELATIONS)))
    spans, relations = _intervals(confusion, resamples), _relations(true, judged)
    lenient = np.array([j if j in ok else t for t, j, ok in zip(true, judged, fine, strict=True)], dtype=np.int64)
    return Evaluation(
        rows=len(true),
        alert=_alert(true, judged),
        alert_f1_interval=spans["f1"],
        macro_f1=float(np.mean([score.f1 for score in relations.values() if score.support])),
        macro_f1_interval=spans["macro_f1"],
        relations=relations,
        confusion=confusion,
        calibration_error=calibration_error(SHIFTS[true], shift_probabilities(probabilities)),
        alert_precision_interval=spans["precision"],
        alert_recall_interval=spans["recall"],
        relation_intervals={relation: spans[relation.value] for relation in RELATIONS},
        defensible=float(np.mean([int(j) in ok for j, ok in zip(judged, fine, strict=True)])),
        lenient=_alert(lenient, judged),
    )


def calibration_error(happened: NDArray[np.bool_], believed: NDArray[np.floating], bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al. 2015) of probabilities in [0, 1], over equal-width bins."""
    return sum(abs(b.happened - b.believed) * b.rows for b in reliability(happened, believed, bins)) / len(believed)


def reliability(happened: NDArray[np.bool_], believed: NDArray[np.floating], bins: int = 10) -> list[Bin]:
    """Return the bins of equal width that hold any row, from the least to the most believed."""
    places = np.minimum((believed * bins).astype(int), bins - 1)
    return [
        Bin(believed=float(believed[here].mean()), happened=float(happened[here].mean()), rows=int(here.sum()))
        for here in (places == number for number in range(bins))
        if here.any()
    ]


def best_threshold(truth: Sequence[Relation], probabilities: NDArray[np.floating]) -> float:
    """Return the shift threshold, on a grid of hundredths, with the best alert F1; the middle one of those that tie."""
    true = np.array([relation.is_shift for relation in truth])
    believed = shift_probabilities(probabilities)
    grid = np.arange(0.05, 0.96, 0.01)
    scores = np.array([_f1(true, believed >= threshold) for threshold in grid])
    best = grid[scores >= scores.max() - 1e-12]
    return float(best[len(best) // 2])


def _f1(true: NDArray[np.bool_], judged: NDArray[np.bool_]) -> float:
    hits = int((true & judged).sum())
    return 2 * hits / max(int(true.sum()) + int(judged.sum()), 1)


def _alert(true: NDArray[np.int64], judged: NDArray[np.int64]) -> Score:
    is_shift, alerted = SHIFTS[true], SHIFTS[judged]
    hits = int((is_shift & alerted).sum())
    return Score(
        precision=hits / max(int(alerted.sum()), 1),
        recall=hits / max(int(is_shift.sum()), 1),
        f1=_f1(is_shift, alerted),
        support=int(is_shift.sum()),
    )


def _relations(true: NDArray[np.int64], judged: NDArray[np.int64]) -> dict[Relation, Score]:
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, support = precision_recall_fscore_support(
        true, judged, labels=range(len(RELATIONS)), zero_division=0
    )
    return {
        relation: Score(precision=float(p), recall=float(r), f1=float(f), support=int(s))
        for relation, p, r, f, s in zip(RELATIONS, precision, recall, f1, support, strict=True)
    }


def _intervals(confusion: NDArray[np.int64], resamples: int) -> dict[str, tuple[float, float]]:
    """Return the 95 % percentile bootstrap intervals (Efron 1979) of the alerts' figures and each relation's F1, by name.

    Rows that are drawn again with replacement are cells of the confusion matrix drawn from a multinomial.
    """
    names = ["precision", "recall", "f1", "macro_f1", *(relation.value for relation in RELATIONS)]
    if resamples == 0:
        return dict.fromkeys(names, (float("nan"), float("nan")))
    total = int(confusion.sum())
    draws = np.random.default_rng(0).multinomial(total, confusion.ravel() / total, size=resamples)
    drawn = draws.reshape(resamples, *confusion.shape).astype(np.float64)
    true, judged = drawn.sum(axis=2), drawn.sum(axis=1)
    hits = drawn[:, SHIFTS][:, :, SHIFTS].sum(axis=(1, 2))
    shifts, alerts = true[:, SHIFTS].sum(axis=1), judged[:, SHIFTS].sum(axis=1)
    f1 = 2 * np.diagonal(drawn, axis1=1, axis2=2) / np.maximum(true + judged, 1)
    occurs = true > 0
    values = {
        "precision": hits / np.maximum(alerts, 1),
        "recall": hits / np.maximum(shifts, 1),
        "f1": 2 * hits / np.maximum(shifts + alerts, 1),
        "macro_f1": (f1 * occurs).sum(axis=1) / np.maximum(occurs.sum(axis=1), 1),
    } | {relation.value: f1[:, place] for place, relation in enumerate(RELATIONS)}
    limits = {name: np.percentile(value, [2.5, 97.5]) for name, value in values.items()}
    return {name: (float(low), float(high)) for name, (low, high) in limits.items()}
