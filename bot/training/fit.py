"""`walkback train`: the classifier over the standing encoder, and whether the new artefact may go live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

from bot.core.features import FEATURE_NAMES
from bot.detection.classifier import RelationClassifier, load_classifier, relation_labels, save_classifier
from bot.detection.featurizer import Featurizer
from bot.detection.manifest import MANIFEST, Manifest, file_hash, read_manifest, write_manifest
from bot.errors import ModelError
from bot.training.data import CLASSIFIER, TEST, Row
from bot.training.evaluation import Evaluation, evaluate

ARTEFACTS = ("encoder/model.onnx", "encoder/tokenizer.json", "topics/model.onnx", "topics/tokenizer.json")
MARGIN = 0.01
"""By how much alert F1 on the frozen set may fall before a new artefact is refused."""
CORPUS_WEIGHT = 0.3
"""How much a corpus row counts beside one of our pairs: nearly all of them are no shift, on whatever topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gave: the classifier, its figures on the frozen set, the standing one's, and why it may not go live."""

    classifier: RelationClassifier
    rows: Counter[str]
    figures: Evaluation
    standing: Evaluation | None
    refused: str


def fit_classifier(
    featurizer: Featurizer, pairs: Sequence[Row], corpus: Sequence[Row] = (), *, c: float = 0.1
) -> RelationClassifier:
    """Fit on those of our pairs that the encoder has not seen, and on the corpus where it is given.

    An encoder believes too much of rows that it was taught on; a classifier trained on those would trust it too far.
    """
    rows = [row for row in pairs if row.split == CLASSIFIER] + list(corpus)
    weights = np.array([CORPUS_WEIGHT if row.family == "corpus" else 1.0 for row in rows])
    features = featurizer.features([row.pair for row in rows])
    labels = relation_labels([row.relation for row in rows])
    return RelationClassifier(C=c).fit(features, labels, sample_weight=weights)


def train(
    featurizer: Featurizer, models: Path, pairs: Sequence[Row], corpus: Sequence[Row], *, threshold: float
) -> Trained:
    """Train and compare with the standing artefact on the frozen set (split "test"); writes nothing."""
    classifier = fit_classifier(featurizer, pairs, corpus)
    frozen = [row for row in pairs if row.split == TEST]
    features = featurizer.features([row.pair for row in frozen])
    figures = _figures(classifier, features, frozen, threshold)
    standing = _standing(models, features, frozen, threshold)
    refused = ""
    if standing and figures.alert.f1 < standing.alert.f1 - MARGIN:
        refused = (
            f"alert F1 on the frozen set is {figures.alert.f1:.3f}, below the standing {standing.alert.f1:.3f} "
            f"by more than {MARGIN:g}"
        )
    counts = Counter({"pairs": sum(row.split == CLASSIFIER for row in pairs), "corpus": len(corpus)})
    return Trained(classifier=classifier, rows=counts, figures=figures, standing=standing, refused=refused)


def install(trained: Trained, models: Path, *, name: str, forced: bool) -> Manifest:
    """Write the classifier and the manifest into `models`; ModelError where it was refused and not forced."""
    if trained.refused and not forced:
        raise ModelError(
            f"the new classifier was not installed: {trained.refused}. Use --force to install it all the same."
        )
    save_classifier(trained.classifier, models / "classifier.skops")
    manifest = Manifest(
        name=name,
        artefacts={path: file_hash(models / path) for path in (*ARTEFACTS, "classifier.skops")},
        features=FEATURE_NAMES,
        scikit_learn=sklearn.__version__,
        trained_on=dict(trained.rows),
        figures={
            "frozen_rows": trained.figures.rows,
            "frozen_alert_f1": round(trained.figures.alert.f1, 4),
            "frozen_macro_f1": round(trained.figures.macro_f1, 4),
        },
        forced=trained.refused,
    )
    write_manifest(models, manifest)
    return manifest


def probabilities(classifier: RelationClassifier, featurizer: Featurizer, rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return the classifier's probabilities, shape (rows, 6)."""
    return classifier.predict_proba(featurizer.features([row.pair for row in rows]))


def _standing(models: Path, features: NDArray[np.float64], rows: Sequence[Row], threshold: float) -> Evaluation | None:
    """Return the standing classifier's figures, or None where there is none that could be compared."""
    if not (models / MANIFEST).exists() or not (models / "classifier.skops").exists():
        return None
    if read_manifest(models).features != FEATURE_NAMES:
        return None
    return _figures(load_classifier(models / "classifier.skops"), features, rows, threshold)


def _figures(
    classifier: RelationClassifier, features: NDArray[np.float64], rows: Sequence[Row], threshold: float
) -> Evaluation:
    probabilities_ = classifier.predict_proba(features)
    return evaluate([row.relation for row in rows], probabilities_, threshold, resamples=0)
