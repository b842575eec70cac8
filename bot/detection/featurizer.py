"""From pairs to the classifier's features: both encoders over the texts, joined with what the core computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Pair, encoder_pair, feature_matrix
from bot.detection.onnx import CrossEncoder, SentenceEncoder
from bot.ports import Embedder, PairScorer

REMEMBERED = 20_000


class Featurizer:
    """Computes features. `scorer` is the cross-encoder, `embedder` the topic model; embeddings are remembered by text."""

    def __init__(self, *, scorer: PairScorer, embedder: Embedder) -> None:
        self.scorer = scorer
        self.embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def features(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the feature matrix of `pairs`, shape (pairs, features)."""
        logits = self.scorer.score([encoder_pair(pair) for pair in pairs])
        return feature_matrix(pairs, logits, self.similarities(pairs))

    def similarities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the cosines of each statement with its topic and its baseline, shape (pairs, 2)."""
        if not pairs:
            return np.empty((0, 2))
        statements = self.vectors([pair.statement for pair in pairs])
        topics = self.vectors([pair.topic for pair in pairs])
        lines = self.vectors([pair.position for pair in pairs])
        cosines = [(statements * topics).sum(axis=1), (statements * lines).sum(axis=1)]
        return np.stack(cosines, axis=1).astype(np.float64)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of `texts`, each embedded only once while it is remembered; shape (texts, width)."""
        known = self._known if len(self._known) < REMEMBERED else {}
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        known = known | dict(zip(missing, self.embedder.embed(missing), strict=True)) if missing else known
        self._known = known
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, 0), dtype=np.float32)


def load_featurizer(folder: Path, *, threads: int = 2) -> Featurizer:
    """Return the featurizer over the encoders below `folder`; ModelError where one cannot be loaded."""
    return Featurizer(
        scorer=CrossEncoder(folder / "encoder", threads=threads),
        embedder=SentenceEncoder(folder / "topics", threads=threads),
    )
