"""The detector: pairs in, judgements out. Joins the encoders, the features, the classifier and the words of the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Pair, encoder_pair
from bot.core.verdict import clauses, decide, deciding_words, explain
from bot.detection.classifier import Classifier, load_classifier, shift_probabilities
from bot.detection.featurizer import Featurizer, load_featurizer
from bot.detection.manifest import CLASSIFIER_FILE, read_manifest, verify
from bot.domain import Relation, shift_probability

RELATIONS = tuple(Relation)
LIKELY, UNDONE_BELOW = 0.5, 0.3
"""Probability of a shift from which a statement is read again with the sentence before it, and below which that one undoes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the detector makes of one pair. `evidence` is a part of the statement, "" where it is no shift."""

    relation: Relation
    probabilities: Mapping[Relation, float]
    evidence: str
    reason: str

    @property
    def shift_probability(self) -> float:
        """Probability of any shift, in [0, 1]."""
        return shift_probability(self.probabilities)


class Detector:
    """Judges pairs. `name` goes into the ledger with every assessment."""

    def __init__(self, *, featurizer: Featurizer, classifier: Classifier, name: str) -> None:
        self.name = name
        self.featurizer = featurizer
        self._classifier = classifier

    def judge(self, pairs: Sequence[Pair], thresholds: Sequence[float]) -> list[Judgement]:
        """Return one judgement a pair; `thresholds` are the shift probabilities from which each is a shift."""
        if not pairs:
            return []
        rows = self._classifier.predict_proba(self.featurizer.features(pairs))
        rows = in_context(self.featurizer, self._classifier, pairs, rows)
        beliefs = [{relation: float(p) for relation, p in zip(RELATIONS, row, strict=True)} for row in rows]
        relations = [decide(belief, threshold) for belief, threshold in zip(beliefs, thresholds, strict=True)]
        moved = [index for index, relation in enumerate(relations) if relation.is_shift]
        found = self._evidence([pairs[index] for index in moved])
        evidence = dict(zip(moved, found, strict=True))
        return [
            Judgement(
                relation=relation,
                probabilities=belief,
                evidence=evidence.get(index, ""),
                reason=explain(pair, relation, evidence.get(index, "")),
            )
            for index, (pair, belief, relation) in enumerate(zip(pairs, beliefs, relations, strict=True))
        ]

    def _evidence(self, pairs: Sequence[Pair]) -> list[str]:
        """Read each clause of each statement alone, and take what the encoder then believes to be a shift.

        Any shift, not the relation decided: which of them it is the encoder knows less well (docs/detector.md).
        """
        asked: list[tuple[str, str]] = []
        spans = [clauses(pair.statement) for pair in pairs]
        for pair, cuts in zip(pairs, spans, strict=True):
            claim, evidence = encoder_pair(pair)
            head = evidence[: len(evidence) - len(pair.statement)]
            asked += [(claim, head + pair.statement[start:end]) for start, end in cuts if len(cuts) > 1]
        logits = self.featurizer.scorer.score(asked)[:, 3:] if asked else np.empty((0, len(RELATIONS)))
        beliefs = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
        answers = iter(shift_probabilities(beliefs).tolist())
        return [
            deciding_words(pair.statement, cuts, [next(answers) for _ in cuts] if len(cuts) > 1 else [])
            for pair, cuts in zip(pairs, spans, strict=True)
        ]


def in_context(
    featurizer: Featurizer, classifier: Classifier, pairs: Sequence[Pair], alone: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability of each relation, shape (pairs, 6), where `alone` are those of the statements by themselves.

    What is likely to be a shift alone is read with the sentence before it, too. If it is none there, that reading stands
    (docs/decisions/0014).
    """
    asked = np.flatnonzero((shift_probabilities(alone) >= LIKELY) & [bool(pair.before) for pair in pairs])
    if not len(asked):
        return alone
    read = classifier.predict_proba(featurizer.features([_with_before(pairs[int(index)]) for index in asked]))
    undone = shift_probabilities(read) < UNDONE_BELOW
    rows = alone.copy()
    rows[asked[undone]] = read[undone]
    return rows


def _with_before(pair: Pair) -> Pair:
    return replace(pair, statement=f"{pair.before} {pair.statement}")


def load_detector(folder: Path, *, threads: int = 2) -> Detector:
    """Return the detector of `models/`; ModelError where an artefact is missing, altered or of another version."""
    manifest = read_manifest(folder)
    verify(folder, manifest)
    return Detector(
        featurizer=load_featurizer(folder, threads=threads),
        classifier=load_classifier(folder / CLASSIFIER_FILE),
        name=manifest.name,
    )
