"""The classifier as it is served: a matrix over named features, and its artefact.

`training.classifier` fits it with scikit-learn. Whoever serves it needs neither scikit-learn nor what that brings:
110 MB, and over a second at every start.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.core.features import FEATURE_NAMES
from bot.domain import Relation
from bot.errors import ModelError

SHIFTS = np.array([relation.is_shift for relation in Relation])
"""Which of the columns of probabilities are those of shifts."""


class Classifier(Protocol):
    """Gives probabilities of the six relations."""

    def predict_proba(self, features: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Return probabilities, shape (n, 6) in the order of `Relation`, for features of shape (n, features)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearClassifier:
    """A multinomial logistic regression: `weights` of shape (6, features), `bias` of shape (6,), for features as they come."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def predict_proba(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities, shape (n, 6) in the order of `Relation`, for features of shape (n, features)."""
        logits = features @ self.weights.T + self.bias
        found: NDArray[np.float64] = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
        return found


def shift_probabilities(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probability of any shift, shape (n,), for probabilities of shape (n, 6) in the order of `Relation`."""
    found: NDArray[np.float64] = rows[:, SHIFTS].sum(axis=1)
    return found


def even_odds() -> LinearClassifier:
    """Return a classifier that has learnt nothing, for where a detector's candidates are wanted and no judgement."""
    return LinearClassifier(weights=np.zeros((len(Relation), len(FEATURE_NAMES))), bias=np.zeros(len(Relation)))


def save_classifier(classifier: LinearClassifier, path: Path) -> None:
    """Write the classifier as NumPy's archive of arrays, whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, weights=classifier.weights, bias=classifier.bias)
    part.replace(path)


def load_classifier(path: Path) -> LinearClassifier:
    """Return the classifier at `path`; arrays of numbers are read from the file and nothing else."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            weights, bias = np.asarray(arrays["weights"], np.float64), np.asarray(arrays["bias"], np.float64)
    except Exception as fault:  # NumPy raises whatever zip and its own format raise on a damaged file
        raise ModelError(
            f"{path}: the classifier cannot be loaded ({fault}). Rebuild it with `walkback train`."
        ) from fault
    if weights.ndim != 2 or len(weights) != len(Relation) or bias.shape != (len(Relation),):
        raise ModelError(f"{path}: this is no classifier of the six relations. Rebuild it with `walkback train`.")
    return LinearClassifier(weights=weights, bias=bias)
