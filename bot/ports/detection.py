"""What the detector asks of its encoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class PairScorer(Protocol):
    """The cross-encoder: how statements stand to claims."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of `score` are, in order."""
        ...

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return one row of logits per (claim, evidence), shape (pairs, len(names))."""
        ...


class Embedder(Protocol):
    """Sentence embeddings for topics."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (texts, width)."""
        ...
