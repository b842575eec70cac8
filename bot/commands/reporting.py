"""How figures of a judge are shown: as a table for people, as a line of JSON for machines."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from bot.commands.output import emit
from bot.detection.classifier import SHIFTS
from bot.domain import Relation
from bot.training.evaluation import Evaluation
from bot.training.evidence import EvidenceFigures, Spans


def report(title: str, figures: Evaluation) -> None:
    """Print an evaluation for people: alerts, relations, confusion matrix."""
    low, high = figures.alert_f1_interval
    alert = figures.alert
    lines = [
        f"{title}: {figures.rows} rows",
        f"  alerts     precision {alert.precision:.3f}  recall {alert.recall:.3f}  F1 {alert.f1:.3f}"
        + (f"  [{low:.3f}, {high:.3f}]" if low == low else ""),  # noqa: PLR0124 - a NaN where nothing was resampled
        f"  relations  macro-F1 {figures.macro_f1:.3f}  calibration error {figures.calibration_error:.3f}",
        f"  apart      alert F1 {figures.lenient.f1:.3f} where a defensible relation counts as the label",
        f"  {'':14}{'precision':>10}{'recall':>8}{'F1':>8}{'rows':>6}   judged as: "
        + " ".join(relation.value[:6].rjust(6) for relation in Relation),
    ]
    for index, (relation, score) in enumerate(figures.relations.items()):
        counts = " ".join(str(n).rjust(6) for n in figures.confusion[index])
        lines.append(
            f"  {relation.value:14}{score.precision:10.3f}{score.recall:8.3f}{score.f1:8.3f}{score.support:6}   {'':11}{counts}"
        )
    sys.stdout.write("\n".join(lines) + "\n")


def figures_line(figures: Evaluation) -> dict[str, object]:
    """Return an evaluation as the fields of a line of JSON."""
    return {
        "rows": figures.rows,
        "alert_precision": figures.alert.precision,
        "alert_recall": figures.alert.recall,
        "alert_precision_interval": figures.alert_precision_interval,
        "alert_recall_interval": figures.alert_recall_interval,
        "alert_f1": figures.alert.f1,
        "alert_f1_interval": figures.alert_f1_interval,
        "macro_f1": figures.macro_f1,
        "macro_f1_interval": figures.macro_f1_interval,
        "defensible": figures.defensible,
        "alert_f1_with_defensible": figures.lenient.f1,
        "calibration_error": figures.calibration_error,
        "relations": {
            relation.value: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "rows": s.support}
            | {"f1_interval": figures.relation_intervals[relation]}
            for relation, s in figures.relations.items()
        },
        "confusion": figures.confusion.tolist(),
        "shift_relations": [relation.value for relation, is_shift in zip(Relation, SHIFTS, strict=True) if is_shift],
    }


def evidence_words(found: EvidenceFigures) -> str:
    """Return the figures of the evidence as a line for people."""
    low, high = found.detector.token_f1_interval
    return (
        f"  evidence   token F1 {found.detector.token_f1:.3f}  [{low:.3f}, {high:.3f}]  overlaps {found.detector.overlap:.3f}"
        f"  on {found.judged} of {found.rows} shifts with labelled words"
        f"  (whole statement {found.whole.token_f1:.3f}, a clause by chance {found.chance.token_f1:.3f})"
    )


def evidence_fields(found: EvidenceFigures) -> dict[str, object]:
    """Return the figures of the evidence as a value in a line of JSON."""
    ways = {"detector": found.detector, "whole_statement": found.whole, "clause_by_chance": found.chance}
    return {"rows": found.rows, "judged": found.judged} | {name: _fields(one) for name, one in ways.items()}


def _fields(one: Spans) -> dict[str, object]:
    return {"token_f1": one.token_f1, "token_f1_interval": one.token_f1_interval, "overlap": one.overlap}


def report_spread(found: Sequence[Evaluation], *, json_: bool) -> None:
    """Show how far the figures of several classifiers lie apart."""
    for name, values in {
        "alert F1": [figures.alert.f1 for figures in found],
        "macro-F1": [figures.macro_f1 for figures in found],
    }.items():
        mean, deviation = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
        line = {"figure": name, "drawings": len(values), "mean": mean, "deviation": deviation}
        line |= {"least": min(values), "most": max(values)}
        if json_:
            emit(line)
        else:
            sys.stdout.write(
                f"frozen set, {len(values)} drawings of the rows: {name} {mean:.3f} ± {deviation:.3f}"
                f"  [{min(values):.3f}, {max(values):.3f}]\n"
            )
