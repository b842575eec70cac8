"""Proves the feedback loop: verdicts on topics new to the model raise alert F1 on their held-out rows, at no cost elsewhere.

    python tests/proofs/feedback.py [--seeds 5] [--verdicts 200] [--threshold 0.3] [--models models]

For each seed, topics are drawn from the rows that neither encoder nor classifier may have seen, until they hold one and a half
times as many rows as verdicts are wanted. The classifier is fitted without them, then again with the verdicts, as `walkback
train` takes them; what is left of the drawn topics is held out, and so is the rest of the frozen split. Prints one JSON line a
seed and one with the means; exit code 1 where the mean does not rise, or falls elsewhere by more than the guard's margin.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev

from bot.core.desk import VerdictKind
from bot.core.lessons import Lesson
from bot.detection.classifier import RelationClassifier
from bot.detection.featurizer import Featurizer, load_featurizer
from bot.stages.pairs import PairReader
from bot.training.data import CLASSIFIER, ENCODER, PAIRS, TEST, Row, read_rows
from bot.training.desk_rows import DeskRow
from bot.training.evaluation import evaluate
from bot.training.fit import MARGIN, fit_classifier, probabilities

DAY = datetime(2026, 2, 10, tzinfo=UTC)


class Remembering(Featurizer):
    """Computes each pair's features once over all seeds."""

    def __init__(self, inner: Featurizer) -> None:
        super().__init__(scorer=inner.scorer, embedder=inner.embedder)
        self._features: dict[object, object] = {}

    def features(self, pairs):
        import numpy as np

        missing = list(dict.fromkeys(pair for pair in pairs if pair not in self._features))
        self._features |= dict(zip(missing, super().features(missing), strict=True))
        return np.stack([self._features[pair] for pair in pairs])


def verdict(row: Row, number: int) -> DeskRow:
    """Return the row as a desk's label of it would come."""
    pair = row.pair
    lesson = Lesson(
        verdict_id=f"v{number}", kind=VerdictKind.LABEL, reason=row.relation.value, by="simulated", at=DAY, shift_key="",
        position_id=row.group, revision=1, holder=pair.holder, topic=pair.topic, baseline=pair.position, words=pair.statement,
        speaker=pair.speaker, speaker_holder=pair.speaker_holder, mode=pair.mode, certainty=pair.certainty, title=pair.title,
        article_id=row.id, start=0, end=len(pair.statement), relation=row.relation, probabilities={},
    )  # fmt: skip
    return DeskRow(row=row, weight=1.0, lesson=lesson)


def alert_f1(classifier: RelationClassifier, featurizer: Featurizer, rows: Sequence[Row], threshold: float) -> float:
    """Return the alert F1 over `rows`."""
    found = probabilities(classifier, featurizer, rows)
    return evaluate([row.relation for row in rows], found, threshold, resamples=0).alert.f1


def one_seed(
    featurizer: Featurizer, rows: Sequence[Row], seed: int, verdicts: int, threshold: float
) -> dict[str, float]:
    """Return the F1 on the new topics and elsewhere, before and after the verdicts."""
    draw = random.Random(seed)
    groups = sorted({row.group for row in rows})
    draw.shuffle(groups)
    new: list[Row] = []
    chosen: set[str] = set()
    for group in groups:
        if len(new) >= verdicts * 3 // 2:
            break
        chosen.add(group)
        new += [row for row in rows if row.group == group]
    draw.shuffle(new)
    taught, held_out = new[:verdicts], new[verdicts:]
    known = [row for row in rows if row.group not in chosen and row.split == CLASSIFIER]
    elsewhere = [row for row in rows if row.group not in chosen and row.split == TEST]
    before = fit_classifier(featurizer, known)
    after = fit_classifier(featurizer, known, desk=[verdict(row, number) for number, row in enumerate(taught)])
    figures = {"seed": float(seed), "topics": float(len(chosen)), "held_out": float(len(held_out))}
    for name, judged in (("new", held_out), ("elsewhere", elsewhere)):
        figures[f"{name}_before"] = round(alert_f1(before, featurizer, judged, threshold), 4)
        figures[f"{name}_after"] = round(alert_f1(after, featurizer, judged, threshold), 4)
    return figures


def main() -> int:
    """Run the proof; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--verdicts", type=int, default=200)
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("--models", type=Path, default=Path("models"))
    given = parser.parse_args()
    reader = PairReader(())
    raw = [row for row in read_rows(given.models / "data" / PAIRS) if row.split != ENCODER]
    rows = [Row(**_fields(row) | {"pair": reader.complete(row.pair, DAY.date())}) for row in raw]
    featurizer = Remembering(load_featurizer(given.models))
    found = []
    for seed in range(given.seeds):
        found.append(one_seed(featurizer, rows, seed, given.verdicts, given.threshold))
        sys.stdout.write(json.dumps(found[-1]) + "\n")
        sys.stdout.flush()
    gains = [one["new_after"] - one["new_before"] for one in found]
    losses = [one["elsewhere_before"] - one["elsewhere_after"] for one in found]
    spread = stdev(gains) if len(gains) > 1 else 0.0
    summary = {"gain": round(mean(gains), 4), "gain_spread": round(spread, 4), "loss_elsewhere": round(mean(losses), 4)}
    sys.stdout.write(json.dumps(summary) + "\n")
    return 0 if mean(gains) > 0 and mean(losses) <= MARGIN else 1


def _fields(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in Row.__slots__}


if __name__ == "__main__":
    sys.exit(main())
