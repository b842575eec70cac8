"""Proves the feedback loop: verdicts on what is new to the model raise the alerts' F1 there, at no cost elsewhere.

    python tests/proofs/feedback.py [--corpus ../shared/corpus] [--seeds 5] [--verdicts 200] [--threshold 0.3] [--models models]

Two things are new to the model in turn. Topics: for each seed topics are drawn from the rows that neither encoder nor classifier
may have seen, half as many rows again as verdicts are wanted, and the classifier is fitted without them. The corpus, where
there is one: real text, which the classifier is fitted without. The new rows are dealt into parts by statement; each part is
judged by the classifier before and by the one that was given verdicts on the other parts, as `walkback train` takes them. So
every row is held out once, and no statement is on both sides. Elsewhere is the frozen split without the drawn topics.

The encoder reads each pair once; its answers are kept (--cache). Prints one JSON line a seed, and one a subject with the means
and spreads. Exit code 1 where a mean does not rise, or falls elsewhere by more than the guard's margin.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

from bot.commands.corpus import CORPUS_DAY, completed
from bot.config import load_positions, load_settings
from bot.core.desk import VerdictKind
from bot.core.lessons import Lesson
from bot.stages.pairs import PairReader
from bot.training.data import (
    CLASSIFIER,
    CORPUS_LABELS,
    ENCODER,
    TEST,
    Row,
    own_rows,
    read_corpus_labels,
    read_texts,
    verify_corpus,
)
from bot.training.desk_rows import DeskRow
from bot.training.evaluation import evaluate
from bot.training.fit import MARGIN, fit_on, taught
from bot.training.remembered import remembering

DAY = datetime(2026, 2, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One seed's rows: what is new, what the classifier knows, and what lies elsewhere; as places in the table of features."""

    new: Sequence[int]
    known: Sequence[int]
    elsewhere: Sequence[int]


class Bench:
    """Rows with their features, computed once. Fits and scores on any choice of them."""

    def __init__(self, rows: Sequence[Row], features: NDArray[np.float64], threshold: float) -> None:
        self.rows = rows
        self._features = features
        self._threshold = threshold

    def probabilities(
        self, known: Sequence[int], verdicts: Sequence[int], judged: Sequence[int]
    ) -> NDArray[np.float64]:
        """Return what a classifier believes of the rows `judged` that learned from `known` and from verdicts."""
        desk = [verdict(self.rows[place], number) for number, place in enumerate(verdicts)]
        rows, weights = taught([replace(self.rows[place], split=CLASSIFIER) for place in known], (), desk)
        classifier = fit_on(self._features[[*known, *verdicts]], rows, weights)
        return classifier.predict_proba(self._features[list(judged)])

    def f1(self, places: Sequence[int], found: NDArray[np.float64]) -> float:
        """Return the alerts' F1 of probabilities of the rows at `places`."""
        truth = [self.rows[place].relation for place in places]
        return evaluate(truth, found, self._threshold, resamples=0).alert.f1


def verdict(row: Row, number: int) -> DeskRow:
    """Return the row as a desk's label of it would come."""
    pair = row.pair
    lesson = Lesson(
        verdict_id=f"v{number}", kind=VerdictKind.LABEL, reason=row.relation.value, by="simulated", at=DAY, shift_key="",
        position_id=row.group, revision=1, holder=pair.holder, topic=pair.topic, baseline=pair.position, words=pair.statement,
        speaker=pair.speaker, speaker_holder=pair.speaker_holder, mode=pair.mode, certainty=pair.certainty, title=pair.title,
        article_id=row.id, start=0, end=len(pair.statement), relation=row.relation, probabilities={},
    )  # fmt: skip
    return DeskRow(row=replace(row, split=CLASSIFIER), weight=1.0, lesson=lesson)  # none is held out: the parts are


def topics(rows: Sequence[Row], draw: random.Random, verdicts: int) -> Drawn:
    """Draw topics until they hold half as many rows again as verdicts are wanted."""
    groups = sorted({row.group for row in rows if row.split})
    draw.shuffle(groups)
    chosen: set[str] = set()
    new: list[int] = []
    while len(new) < verdicts * 3 // 2:
        chosen.add(groups[len(chosen)])
        new = [place for place, row in enumerate(rows) if row.group in chosen]
    return Drawn(
        new=new,
        known=[place for place, row in enumerate(rows) if row.split == CLASSIFIER and row.group not in chosen],
        elsewhere=[place for place, row in enumerate(rows) if row.split == TEST and row.group not in chosen],
    )


def corpus(rows: Sequence[Row], draw: random.Random, verdicts: int) -> Drawn:
    """Take the corpus as new, all of it."""
    del draw, verdicts
    return Drawn(
        new=[place for place, row in enumerate(rows) if not row.split],
        known=[place for place, row in enumerate(rows) if row.split == CLASSIFIER],
        elsewhere=[place for place, row in enumerate(rows) if row.split == TEST],
    )


def dealt(rows: Sequence[Row], new: Sequence[int], draw: random.Random, verdicts: int) -> list[list[int]]:
    """Deal new rows into parts by statement, so that all parts but one hold about as many as verdicts are wanted."""
    parts = max(2, round(len(new) / max(len(new) - verdicts, 1)))
    statements = sorted({rows[place].pair.statement for place in new})
    draw.shuffle(statements)
    part_of = {statement: number % parts for number, statement in enumerate(statements)}
    return [[place for place in new if part_of[rows[place].pair.statement] == part] for part in range(parts)]


def one_seed(
    bench: Bench, drawing: Callable[[Sequence[Row], random.Random, int], Drawn], seed: int, verdicts: int
) -> dict[str, float]:
    """Return the F1 on what is new and elsewhere, before and after the verdicts."""
    draw = random.Random(seed)
    drawn = drawing(bench.rows, draw, verdicts)
    parts = dealt(bench.rows, drawn.new, draw, verdicts)
    before = bench.probabilities(drawn.known, (), [*drawn.new, *drawn.elsewhere])
    held_out: list[int] = []
    after, elsewhere, given = [], [], []
    for part in parts:
        judged = [place for other in parts if other is not part for place in other]
        found = bench.probabilities(drawn.known, judged, [*part, *drawn.elsewhere])
        held_out += part
        after.append(found[: len(part)])
        elsewhere.append(bench.f1(drawn.elsewhere, found[len(part) :]))
        given.append(len(judged))
    return {
        "verdicts": round(mean(given)),
        "held_out": len(held_out),
        "new_before": round(bench.f1(drawn.new, before[: len(drawn.new)]), 4),
        "new_after": round(bench.f1(held_out, np.concatenate(after)), 4),
        "elsewhere_before": round(bench.f1(drawn.elsewhere, before[len(drawn.new) :]), 4),
        "elsewhere_after": round(mean(elsewhere), 4),
    }


def labelled(models: Path, folder: Path) -> list[Row]:
    """Return the corpus's labels on which its readers do not differ as rows; they are of no split."""
    labels, texts = read_corpus_labels(models / "data" / CORPUS_LABELS), read_texts(folder)
    verify_corpus(labels, texts)
    lines = {line.id: line for line in load_positions(folder / "positions.yaml")}
    reader = PairReader(list(lines.values()))
    rows = []
    for label in labels:
        if label.relation is None:
            continue
        line = lines[label.position]
        pair = reader.pair(
            CORPUS_DAY.date(), holder=line.holder.name, topic=line.topic, position=line.baseline, title="",
            statement=texts[label.document][label.start : label.end],
            speaker=label.speaker if label.speaker != "reporter" else "",
        )  # fmt: skip
        pair = replace(pair, certainty=label.certainty)
        rows.append(
            Row(id=f"{label.document}:{label.start}:{label.position}", pair=pair, relation=label.relation, family="new")
        )
    return rows


def prove(bench: Bench, name: str, given: argparse.Namespace) -> bool:
    """Print what all seeds give on one subject; return whether it shows what it should."""
    found = []
    for seed in range(given.seeds):
        found.append(one_seed(bench, topics if name == "topics" else corpus, seed, given.verdicts))
        sys.stdout.write(json.dumps({"new": name, "seed": seed} | found[-1]) + "\n")
        sys.stdout.flush()
    gains = [one["new_after"] - one["new_before"] for one in found]
    losses = [one["elsewhere_before"] - one["elsewhere_after"] for one in found]
    summary = {"new": name, "gain": round(mean(gains), 4), "gain_spread": spread(gains), "gained": sum(g > 0 for g in gains),
               "loss_elsewhere": round(mean(losses), 4), "loss_spread": spread(losses)}  # fmt: skip
    sys.stdout.write(json.dumps(summary) + "\n")
    return mean(gains) > 0 and mean(losses) <= MARGIN


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation over seeds, 0 for one."""
    return round(stdev(values), 4) if len(values) > 1 else 0.0


def main() -> int:
    """Run the proof; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--verdicts", type=int, default=200)
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--corpus", type=Path, help="the folder of the annotated corpus")
    parser.add_argument(
        "--cache", type=Path, help="where the encoder's answers are kept; in the data folder by default"
    )
    given = parser.parse_args()
    settings = load_settings()
    raw = [row for row in own_rows(given.models / "data") if row.split != ENCODER]
    rows = completed(raw, load_positions(settings.config_path / "positions.yaml"))
    rows += labelled(given.models, given.corpus) if given.corpus else []
    cache = given.cache or settings.data_dir / "encoder-cache"
    featurizer = remembering(given.models / "encoder", given.models / "topics", cache)
    bench = Bench(rows, featurizer.features([row.pair for row in rows]), given.threshold)
    shown = [prove(bench, name, given) for name in ("topics", *(["corpus"] if given.corpus else []))]
    return 0 if all(shown) else 1


if __name__ == "__main__":
    sys.exit(main())
