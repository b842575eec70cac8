"""The detector: pairs in, judgements out. Joins the encoders, the features, the classifier and the words of the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.core.features import Pair, encoder_pair
from bot.core.verdict import clauses, decide, deciding_clause, explain, without
from bot.detection.classifier import RelationClassifier, load_classifier
from bot.detection.featurizer import Featurizer, load_featurizer
from bot.detection.manifest import read_manifest, verify
from bot.domain import Relation

RELATIONS = tuple(Relation)


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
        return sum(p for relation, p in self.probabilities.items() if relation.is_shift)


class Detector:
    """Judges pairs. `name` goes into the ledger with every assessment."""

    def __init__(self, *, featurizer: Featurizer, classifier: RelationClassifier, name: str) -> None:
        self.name = name
        self.featurizer = featurizer
        self._classifier = classifier

    def judge(self, pairs: Sequence[Pair], thresholds: Sequence[float]) -> list[Judgement]:
        """Return one judgement a pair; `thresholds` are the shift probabilities from which each is a shift."""
        if not pairs:
            return []
        rows = self._classifier.predict_proba(self.featurizer.features(pairs))
        judgements = []
        for pair, row, threshold in zip(pairs, rows, thresholds, strict=True):
            probabilities = {relation: float(p) for relation, p in zip(RELATIONS, row, strict=True)}
            relation = decide(probabilities, threshold)
            evidence = self._evidence(pair, relation) if relation.is_shift else ""
            reason = explain(pair, relation, evidence)
            judgements.append(
                Judgement(relation=relation, probabilities=probabilities, evidence=evidence, reason=reason)
            )
        return judgements

    def _evidence(self, pair: Pair, relation: Relation) -> str:
        """Leave each clause out in turn and take the one that the encoder's belief in the relation rests on."""
        spans = clauses(pair.statement)
        if len(spans) < 2:
            return pair.statement
        claim, evidence = encoder_pair(pair)
        head = evidence[: len(evidence) - len(pair.statement)]
        texts = [pair.statement, *(without(pair.statement, span) for span in spans)]
        logits = self.featurizer.scorer.score([(claim, head + text) for text in texts])[:, 3:]
        belief = logits[:, RELATIONS.index(relation)] - np.logaddexp.reduce(logits, axis=1)
        return deciding_clause(pair.statement, spans, [float(belief[0] - b) for b in belief[1:]])


def load_detector(folder: Path, *, threads: int = 2) -> Detector:
    """Return the detector of `models/`; ModelError where an artefact is missing, altered or of another version."""
    manifest = read_manifest(folder)
    verify(folder, manifest)
    return Detector(
        featurizer=load_featurizer(folder, threads=threads),
        classifier=load_classifier(folder / "classifier.skops"),
        name=manifest.name,
    )
