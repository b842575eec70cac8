"""From pairs to the classifier's features: both encoders over the texts, joined with what the core computes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Pair, encoder_pair, feature_matrix
from bot.detection.onnx import CrossEncoder, SentenceEncoder
from bot.ports import Embedder, PairScorer

REMEMBERED = 4_000
"""Texts whose vectors are kept, about 2 kB each: those of a day's lines and of the articles just read."""


class Featurizer:
    """Computes features. `scorer` is the cross-encoder, `embedder` the topic model.

    The vectors of the `remembered` texts asked for last are kept. For several threads at once.
    """

    def __init__(self, *, scorer: PairScorer, embedder: Embedder, remembered: int = REMEMBERED) -> None:
        self.scorer = scorer
        self.embedder = embedder
        self._remembered = remembered
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

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
        wanted = dict.fromkeys(texts)
        with self._lock:
            found = {text: self._known[text] for text in wanted if text in self._known}
        missing = [text for text in wanted if text not in found]
        if missing:
            found |= dict(zip(missing, self.embedder.embed(missing), strict=True))
        with self._lock:
            for text in wanted:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else np.empty((0, 0), dtype=np.float32)


def load_featurizer(folder: Path, *, threads: int = 2) -> Featurizer:
    """Return the featurizer over the encoders below `folder`; ModelError where one cannot be loaded."""
    return Featurizer(
        scorer=CrossEncoder(folder / "encoder", threads=threads),
        embedder=SentenceEncoder(folder / "topics", threads=threads),
    )
