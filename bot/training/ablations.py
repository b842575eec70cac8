"""What each part of the detector is worth: the same rows judged without it. One table beside the simple baselines'.

Judges that learn do so on our own pairs of the split `classifier`; every judge but the detector itself alerts at the threshold that
is best for it there, which for those that learnt is taken from predictions across folds of groups.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.core.features import ATTRIBUTION_NAMES, ENCODER_NAMES, FEATURE_NAMES, Pair
from bot.detection.featurizer import Featurizer
from bot.domain import Relation
from bot.training import baselines
from bot.training.data import CLASSIFIER, ENCODER, Row
from bot.training.evaluation import best_threshold
from bot.training.fit import fit_on

RELATIONS = tuple(Relation)
FOLDS = 5
NLI = (Relation.CONSISTENT, Relation.UNRELATED, Relation.CONTRADICTION)
"""What entailment, neutral and contradiction stand for, where nothing is known but them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A judge's probabilities, shape (rows, 6), and the threshold at which it alerts."""

    probabilities: NDArray[np.float64]
    threshold: float


def simple(featurizer: Featurizer, rows: Sequence[Row], pairs: Sequence[Row]) -> dict[str, Judged]:
    """Return what needs no encoder of ours: alert on everything, cosine, a bag of words."""
    learn, choose = _split(pairs, ENCODER), _split(pairs, CLASSIFIER)
    near, near_chosen = featurizer.similarities(_pairs(rows)), featurizer.similarities(_pairs(choose))
    both = {
        "alert on everything": (baselines.alert_on_everything(rows), baselines.alert_on_everything(choose)),
        "cosine": (baselines.cosine(near), baselines.cosine(near_chosen)),
        "bag of words (TF-IDF)": _parted(baselines.bag_of_words(learn, [*rows, *choose]), len(rows)),
    }
    return {name: _judged(found, chosen, choose) for name, (found, chosen) in both.items()}


def ablations(featurizer: Featurizer, rows: Sequence[Row], pairs: Sequence[Row]) -> dict[str, Judged]:
    """Return the detector's parts one by one, and what is left of it without them."""
    choose = _split(pairs, CLASSIFIER)
    features, chosen = featurizer.features(_pairs(rows)), featurizer.features(_pairs(choose))
    blind_rows, blind_choose = [_blind(row) for row in rows], [_blind(row) for row in choose]
    blind, blind_chosen = featurizer.features(_pairs(blind_rows)), featurizer.features(_pairs(blind_choose))
    made = {
        "encoder alone": _judged(_relations(features), _relations(chosen), choose),
        "encoder alone, without the line": _judged(_relations(blind), _relations(blind_chosen), choose),
        "plain three-way NLI of the encoder": _judged(_nli(featurizer, rows), _nli(featurizer, choose), choose),
    }
    learnt: dict[str, tuple[NDArray[np.float64], NDArray[np.float64], Collection[str]]] = {
        "detector without the line": (blind, blind_chosen, ()),
        "detector without the encoder": (features, chosen, ENCODER_NAMES),
        "detector without attribution": (features, chosen, ATTRIBUTION_NAMES),
    }
    return made | {name: _refitted(found, own, choose, without) for name, (found, own, without) in learnt.items()}


def _refitted(
    features: NDArray[np.float64], chosen: NDArray[np.float64], choose: Sequence[Row], without: Collection[str]
) -> Judged:
    """Fit the classifier anew on the columns that are left."""
    from sklearn.base import clone
    from sklearn.model_selection import GroupKFold, cross_val_predict

    from bot.training.classifier import relation_labels

    kept = [place for place, name in enumerate(FEATURE_NAMES) if name not in without]
    labels = relation_labels([row.relation for row in choose])
    groups = [row.group for row in choose]
    folds = GroupKFold(n_splits=min(FOLDS, len(set(groups))))
    leading = sum(FEATURE_NAMES[place] in ENCODER_NAMES for place in kept)
    classifier = fit_on(chosen[:, kept], choose, np.ones(len(choose)), leading=leading)
    across = cross_val_predict(
        clone(classifier), chosen[:, kept], labels, groups=groups, cv=folds, method="predict_proba"
    )
    found = _six(classifier.predict_proba(features[:, kept]), classifier.classes_)
    return _judged(found, _six(across, np.unique(labels)), choose)


def _six(probabilities: NDArray[np.float64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    made = np.zeros((len(probabilities), len(RELATIONS)))
    made[:, classes] = probabilities
    return made


def _relations(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the encoder's own probabilities of the relations: its six columns are their logarithms."""
    raised = np.exp(features[:, 3 : len(ENCODER_NAMES)])
    result: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return result


def _nli(featurizer: Featurizer, rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return the first head's three classes of bare line and bare statement, as the relations that they stand for."""
    logits = featurizer.scorer.score([(row.pair.position, row.pair.statement) for row in rows])[:, :3]
    raised = np.exp(np.asarray(logits, dtype=np.float64) - logits.max(axis=1, keepdims=True))
    made = np.zeros((len(rows), len(RELATIONS)))
    made[:, [RELATIONS.index(relation) for relation in NLI]] = raised / raised.sum(axis=1, keepdims=True)
    return made


def _judged(found: NDArray[np.float64], chosen: NDArray[np.float64], choose: Sequence[Row]) -> Judged:
    return Judged(probabilities=found, threshold=best_threshold([row.relation for row in choose], chosen))


def _blind(row: Row) -> Row:
    """Return the row without its line: whoever judges it can go by the sound of the statement alone."""
    return replace(row, pair=replace(row.pair, position=""))


def _split(pairs: Sequence[Row], split: str) -> list[Row]:
    return [row for row in pairs if row.split == split]


def _pairs(rows: Sequence[Row]) -> list[Pair]:
    return [row.pair for row in rows]


def _parted(found: NDArray[np.float64], at: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return found[:at], found[at:]
