"""An evaluation as a folder: report.md with its tables, and two pictures beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.detection.classifier import shift_probabilities
from bot.training.data import Row
from bot.training.evaluation import Evaluation, evaluate, reliability
from bot.training.evidence import EvidenceFigures
from bot.training.figures import confusion_png, reliability_png
from bot.training.slices import Mistake, Slice, mistakes, slices

REPORT, CURVE, CONFUSION = "report.md", "reliability.png", "confusion.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A judge on labelled rows, and what it is set beside (by name, in the order of the table)."""

    title: str
    rows: Sequence[Row]
    probabilities: NDArray[np.floating]
    threshold: float
    beside: Mapping[str, tuple[float, Evaluation]]
    """Threshold and figures of each other judge."""
    evidence: EvidenceFigures | None = None
    """How near the words that it shows come to the labelled ones, None where nothing is labelled."""


def write_report(measured: Measured, folder: Path, *, worst: int = 25) -> Path:
    """Write the report into `folder`, made where it is missing, and return the path of its Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = [row.relation for row in measured.rows]
    also_ok = [row.also_ok for row in measured.rows]
    figures = evaluate(truth, measured.probabilities, measured.threshold, also_ok=also_ok)
    happened = np.array([relation.is_shift for relation in truth])
    bins = reliability(happened, shift_probabilities(measured.probabilities))
    (folder / CURVE).write_bytes(reliability_png(bins, f"{measured.title}: reliability"))
    (folder / CONFUSION).write_bytes(confusion_png(figures.confusion, f"{measured.title}: labels and judgements"))
    parts = slices(measured.rows, measured.probabilities, measured.threshold)
    wrong = mistakes(measured.rows, measured.probabilities, measured.threshold)
    text = "\n\n".join(
        [
            f"# {measured.title}",
            _summary(figures, measured.threshold),
            "## By relation\n\n" + _relations(figures),
            f"![Labels against judgements]({CONFUSION})",
            _calibration(figures),
            *([_evidence(measured.evidence)] if measured.evidence else []),
            *(["## By part\n\n" + _slices(parts)] if parts else []),
            *(["## Beside other judges\n\n" + _beside(figures, measured)] if measured.beside else []),
            f"## The worst mistakes ({min(worst, len(wrong))} of {len(wrong)})\n\n" + _mistakes(wrong[:worst]),
        ]
    )
    (folder / REPORT).write_text(text + "\n", encoding="utf-8")
    return folder / REPORT


def _summary(figures: Evaluation, threshold: float) -> str:
    alert, lenient = figures.alert, figures.lenient
    rows = [
        ("rows", str(figures.rows)),
        ("threshold of an alert", f"{threshold:.2f}"),
        ("alert precision", f"{alert.precision:.3f} {_span(figures.alert_precision_interval)}"),
        ("alert recall", f"{alert.recall:.3f} {_span(figures.alert_recall_interval)}"),
        ("alert F1", f"{alert.f1:.3f} {_span(figures.alert_f1_interval)}"),
        ("macro-F1 over the relations", f"{figures.macro_f1:.3f} {_span(figures.macro_f1_interval)}"),
        ("*apart from these:* alert F1 where a defensible relation counts as the label", f"{lenient.f1:.3f}"),
        ("*apart from these:* rows judged as the label or a defensible relation", f"{figures.defensible:.3f}"),
    ]
    return _table(("", "figure [95 % bootstrap interval]"), rows)


def _calibration(figures: Evaluation) -> str:
    return (
        f"## Calibration\n\nExpected calibration error of the shift's probability: {figures.calibration_error:.3f}. "
        f"Beside each mark stands how many rows it is made of.\n\n![Reliability curve]({CURVE})"
    )


def _evidence(found: EvidenceFigures) -> str:
    ways = {
        "**the detector's deciding clause**": found.detector,
        "the whole statement": found.whole,
        "a clause by chance": found.chance,
    }
    rows = [
        (name, f"{one.token_f1:.3f} {_span(one.token_f1_interval)}", f"{one.overlap:.3f}") for name, one in ways.items()
    ]
    return (
        f"## Evidence\n\nOf {found.rows} shifts whose deciding words are labelled, the {found.judged} that are judged "
        "a shift.\n\n" + _table(("what is shown", "token F1 [95 %]", "overlaps"), rows)
    )


def _relations(figures: Evaluation) -> str:
    rows = [
        (
            relation.value,
            f"{score.precision:.3f}",
            f"{score.recall:.3f}",
            f"{score.f1:.3f} {_span(figures.relation_intervals[relation])}",
            str(score.support),
        )
        for relation, score in figures.relations.items()
    ]
    return _table(("relation", "precision", "recall", "F1 [95 %]", "rows"), rows)


def _slices(parts: Sequence[Slice]) -> str:
    rows = [
        (
            part.by,
            part.value,
            str(part.figures.rows),
            f"{part.figures.alert.precision:.3f}",
            f"{part.figures.alert.recall:.3f}",
            f"{part.figures.alert.f1:.3f} {_span(part.figures.alert_f1_interval)}",
            f"{part.figures.macro_f1:.3f} {_span(part.figures.macro_f1_interval)}",
        )
        for part in parts
    ]
    return _table(("by", "part", "rows", "alert P", "alert R", "alert F1 [95 %]", "macro-F1 [95 %]"), rows)


def _beside(figures: Evaluation, measured: Measured) -> str:
    judges = {"**detector**": (measured.threshold, figures), **measured.beside}
    return judges_table(judges)


def judges_table(judges: Mapping[str, tuple[float, Evaluation]]) -> str:
    """Return the Markdown table of several judges: threshold, alerts, relations, calibration."""
    rows = [
        (
            name,
            f"{threshold:.2f}",
            f"{found.alert.precision:.3f}",
            f"{found.alert.recall:.3f}",
            f"{found.alert.f1:.3f} {_span(found.alert_f1_interval)}",
            f"{found.macro_f1:.3f} {_span(found.macro_f1_interval)}",
            f"{found.calibration_error:.3f}",
        )
        for name, (threshold, found) in judges.items()
    ]
    heads = ("judge", "threshold", "alert P", "alert R", "alert F1 [95 %]", "macro-F1 [95 %]", "calibration error")
    return _table(heads, rows)


def _mistakes(wrong: Sequence[Mistake]) -> str:
    if not wrong:
        return "None."
    rows = [
        (
            one.id,
            _what(one),
            f"{one.shift:.2f}",
            f"{one.believed:.2f}",
            f"{one.pair.holder} on {one.pair.topic}: {one.pair.position}",
            f"{one.pair.speaker or 'report'}: {one.pair.statement}",
        )
        for one in wrong
    ]
    return _table(("row", "label, judged as", "P(shift)", "P(label)", "line", "statement"), rows)


def _what(one: Mistake) -> str:
    kind = "" if not one.wakes_wrongly else " (false alarm)" if one.judged.is_shift else " (missed)"
    return f"{one.label.value}, {one.judged.value}{kind}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _span(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"[{low:.3f}, {high:.3f}]" if low == low else ""  # noqa: PLR0124 - a NaN where nothing was resampled
