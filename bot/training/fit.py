"""`walkback train`: the classifier over an encoder, and whether the new artefact may go live."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.core.features import ENCODER_NAMES, FEATURE_NAMES
from bot.detection.classifier import Classifier, load_classifier, save_classifier
from bot.detection.featurizer import Featurizer
from bot.detection.manifest import CLASSIFIER_FILE, MANIFEST, Manifest, file_hash, read_manifest, write_manifest
from bot.errors import ModelError
from bot.training.data import CLASSIFIER, TEST, Row
from bot.training.desk_rows import DeskRow
from bot.training.evaluation import Evaluation, evaluate

if TYPE_CHECKING:
    from bot.training.classifier import RelationClassifier

ARTEFACTS = ("encoder/model.onnx", "encoder/tokenizer.json", "topics/model.onnx", "topics/tokenizer.json")
MARGIN = 0.01
"""By how much a figure on the frozen set may fall before a new artefact is refused."""
BESIDE_THE_ENCODER = 0.1
"""Scale of the features that the encoder does not give. At full scale they learn how our pairs were written: nothing is gained
on the frozen set, and 0.04 of alert F1 lost on cases from the press."""
CORPUS_WEIGHT = 0.3
"""How much a corpus row counts beside one of our pairs: nearly all of them are no shift, on whatever topic."""
DESK_WEIGHT = 3.0
"""How much a row that the desk judged counts beside one of our pairs: it is of the text that the bot meets (docs/ledger.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gave: the classifier, its figures on the frozen set, the standing one's, and why it may not go live."""

    classifier: RelationClassifier
    rows: Counter[str]
    figures: Evaluation
    standing: Evaluation | None
    refused: str
    frozen: str = ""
    """Which rows the frozen set is, by `frozen_hash`."""
    desk: Evaluation | None = None
    """On the desk's own rows that were held out, None where there are none; `desk_standing` is the standing one's there."""
    desk_standing: Evaluation | None = None


def fit_classifier(
    featurizer: Featurizer,
    pairs: Sequence[Row],
    corpus: Sequence[Row] = (),
    *,
    c: float = 0.1,
    desk: Sequence[DeskRow] = (),
) -> RelationClassifier:
    """Fit on those of our pairs that the encoder has not seen, and on the corpus and the desk's verdicts where they are given.

    An encoder believes too much of rows that it was taught on; a classifier trained on those would trust it too far.
    """
    rows, weights = taught(pairs, corpus, desk)
    return fit_on(featurizer.features([row.pair for row in rows]), rows, weights, c=c)


def taught(
    pairs: Sequence[Row], corpus: Sequence[Row] = (), desk: Sequence[DeskRow] = ()
) -> tuple[list[Row], NDArray[np.float64]]:
    """Return the rows that a classifier learns from, and how much each counts."""
    judged = [made for made in desk if not made.held_out]
    rows = [row for row in pairs if row.split == CLASSIFIER] + list(corpus)
    weights = [
        *(CORPUS_WEIGHT if row.family == "corpus" else 1.0 for row in rows),
        *(DESK_WEIGHT * m.weight for m in judged),
    ]
    return [*rows, *(made.row for made in judged)], np.array(weights)


def fit_on(
    features: NDArray[np.float64],
    rows: Sequence[Row],
    weights: NDArray[np.float64],
    *,
    c: float = 0.1,
    leading: int = len(ENCODER_NAMES),
) -> RelationClassifier:
    """Fit on features of `rows`, shape (rows, features), that are at hand; the first `leading` are the encoder's."""
    from bot.training.classifier import RelationClassifier, relation_labels

    labels = relation_labels([row.relation for row in rows])
    classifier = RelationClassifier(C=c, leading=leading or None, rest=BESIDE_THE_ENCODER)
    return classifier.fit(features, labels, sample_weight=weights)


def spread(
    featurizer: Featurizer,
    pairs: Sequence[Row],
    corpus: Sequence[Row],
    *,
    threshold: float,
    seeds: int,
    desk: Sequence[DeskRow] = (),
) -> list[Evaluation]:
    """Return the figures on the frozen set of `seeds` classifiers, each fitted on another drawing of groups with replacement.

    The fit itself has no chance in it; what a figure owes to the rows that happened to be written shows here.
    """
    rows, weights = taught(pairs, corpus, desk)
    features = featurizer.features([row.pair for row in rows])
    frozen = [row for row in pairs if row.split == TEST]
    frozen_features = featurizer.features([row.pair for row in frozen])
    groups = np.array([row.group for row in rows])
    places = [np.flatnonzero(groups == group) for group in sorted(set(groups.tolist()))]
    found = []
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        chosen = np.concatenate([places[i] for i in generator.integers(0, len(places), len(places))])
        classifier = fit_on(features[chosen], [rows[i] for i in chosen], weights[chosen])
        found.append(_figures(classifier, frozen_features, frozen, threshold))
    return found


def train(
    featurizer: Featurizer,
    models: Path,
    pairs: Sequence[Row],
    corpus: Sequence[Row],
    *,
    threshold: float,
    desk: Sequence[DeskRow] = (),
    before: Featurizer | None = None,
) -> Trained:
    """Train and compare with the standing artefact on the frozen set (split "test"); writes nothing.

    `before` is the standing encoder's where `featurizer` has another: then one whole is compared with the other.
    """
    classifier = fit_classifier(featurizer, pairs, corpus, desk=desk)
    frozen = [row for row in pairs if row.split == TEST]
    features = featurizer.features([row.pair for row in frozen])
    figures = _figures(classifier, features, frozen, threshold)
    standing = _standing(models, before or featurizer, frozen, threshold)
    refused = _refusal(figures, _recorded(models, frozen) if standing is None else _bars(standing))
    counts = Counter({"pairs": sum(row.split == CLASSIFIER for row in pairs), "corpus": len(corpus)})
    held_out = [made.row for made in desk if made.held_out]
    counts += Counter({"desk": len(desk) - len(held_out)})
    trained = Trained(
        classifier=classifier,
        rows=counts,
        figures=figures,
        standing=standing,
        refused=refused,
        frozen=frozen_hash(frozen),
    )
    if not held_out:
        return trained
    features = featurizer.features([row.pair for row in held_out])
    return replace(
        trained,
        desk=_figures(classifier, features, held_out, threshold),
        desk_standing=_standing(models, before or featurizer, held_out, threshold),
    )


def install(
    trained: Trained, models: Path, *, name: str, forced: bool, replaced: Mapping[str, Path] | None = None
) -> Manifest:
    """Write the classifier and the manifest into `models`; ModelError where it was refused and not forced.

    `replaced` are the folders of the encoders that it was trained over and that are not those in `models`, by the names of
    their folders there ("encoder", "topics"): they go in, too.
    """
    from bot.training.classifier import served

    if trained.refused and not forced:
        raise ModelError(
            f"the new classifier was not installed: {trained.refused}. Use --force to install it all the same."
        )
    for place, folder in (replaced or {}).items():
        for artefact in ("model.onnx", "tokenizer.json"):
            part = models / place / f"{artefact}.part"
            part.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / artefact, part)
            part.replace(models / place / artefact)
    save_classifier(served(trained.classifier), models / CLASSIFIER_FILE)
    manifest = Manifest(
        name=name,
        artefacts={path: file_hash(models / path) for path in (*ARTEFACTS, CLASSIFIER_FILE)},
        features=FEATURE_NAMES,
        scikit_learn=version("scikit-learn"),
        trained_on=dict(trained.rows),
        figures={
            "frozen_set": trained.frozen,
            "frozen_rows": trained.figures.rows,
            "frozen_alert_f1": round(trained.figures.alert.f1, 4),
            "frozen_macro_f1": round(trained.figures.macro_f1, 4),
        },
        forced=trained.refused,
    )
    write_manifest(models, manifest)
    return manifest


def probabilities(classifier: Classifier, featurizer: Featurizer, rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return the classifier's probabilities, shape (rows, 6)."""
    return classifier.predict_proba(featurizer.features([row.pair for row in rows]))


def has_encoders(models: Path) -> bool:
    """Whether encoders stand in `models`, with which others can be compared."""
    return all((models / path).exists() for path in ARTEFACTS)


def frozen_hash(rows: Sequence[Row]) -> str:
    """Return a name for a frozen set that is another where any row or label of it is."""
    lines = [f"{row.id}\t{row.pair.position}\t{row.pair.statement}\t{row.relation.value}" for row in rows]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _standing(models: Path, featurizer: Featurizer, rows: Sequence[Row], threshold: float) -> Evaluation | None:
    """Return the standing detector's figures, or None where there is none, or its encoder has been replaced already."""
    if not (models / MANIFEST).exists() or not (models / CLASSIFIER_FILE).exists():
        return None
    manifest = read_manifest(models)
    if manifest.features != FEATURE_NAMES or any(
        not (models / path).exists() or file_hash(models / path) != manifest.artefacts.get(path) for path in ARTEFACTS
    ):
        return None
    features = featurizer.features([row.pair for row in rows])
    return _figures(load_classifier(models / CLASSIFIER_FILE), features, rows, threshold)


def _bars(standing: Evaluation) -> dict[str, float]:
    return {"alert F1": standing.alert.f1, "macro-F1": standing.macro_f1}


def _recorded(models: Path, frozen: Sequence[Row]) -> dict[str, float]:
    """Return the figures that the manifest has of the standing detector, empty where they were taken on another frozen set."""
    if not (models / MANIFEST).exists():
        return {}
    figures = read_manifest(models).figures
    if figures.get("frozen_set") != frozen_hash(frozen):
        return {}
    return {"alert F1": float(figures["frozen_alert_f1"]), "macro-F1": float(figures["frozen_macro_f1"])}


def _refusal(figures: Evaluation, bars: dict[str, float]) -> str:
    """Return why a detector with these figures may not replace one that has `bars`, "" where nothing stands against it."""
    reached = _bars(figures)
    return "; ".join(
        f"{name} on the frozen set is {reached[name]:.3f}, below the standing {bar:.3f} by more than {MARGIN:g}"
        for name, bar in bars.items()
        if reached[name] < bar - MARGIN
    )


def _figures(
    classifier: Classifier, features: NDArray[np.float64], rows: Sequence[Row], threshold: float
) -> Evaluation:
    probabilities_ = classifier.predict_proba(features)
    return evaluate([row.relation for row in rows], probabilities_, threshold, resamples=0)
