"""What the detector is measured against: alert on everything, cosine similarity, bag of words, and the model without the line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.domain import Relation
from bot.training.data import Row

RELATIONS = tuple(Relation)


def alert_on_everything(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return probabilities that make every row the commonest shift, softening."""
    probabilities = np.zeros((len(rows), len(RELATIONS)))
    probabilities[:, RELATIONS.index(Relation.SOFTENING)] = 1.0
    return probabilities


def cosine(similarities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return probabilities from (n, 2) cosines with topic and baseline: the nearer the baseline, the likelier a shift.

    Cosine knows no direction, so all of the shift's probability is contradiction's and the rest is consistent's.
    """
    probabilities = np.zeros((len(similarities), len(RELATIONS)))
    shift = np.clip(similarities[:, 1], 0.0, 1.0)
    probabilities[:, RELATIONS.index(Relation.CONTRADICTION)] = shift
    probabilities[:, RELATIONS.index(Relation.CONSISTENT)] = 1.0 - shift
    return probabilities


def bag_of_words(train: Sequence[Row], rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return probabilities of TF-IDF over baseline and statement with logistic regression, trained on `train`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), LogisticRegression(C=5.0, max_iter=2000)
    )
    model.fit([_text(row) for row in train], [RELATIONS.index(row.relation) for row in train])
    probabilities = np.zeros((len(rows), len(RELATIONS)))
    probabilities[:, model[-1].classes_] = model.predict_proba([_text(row) for row in rows])
    return probabilities


def _text(row: Row) -> str:
    return f"{row.pair.holder} {row.pair.topic} {row.pair.position} || {row.pair.speaker} {row.pair.statement}"
