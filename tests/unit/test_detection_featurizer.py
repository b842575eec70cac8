"""Which vectors are remembered: what is asked for again is not embedded again, and no more is kept than was said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.detection.featurizer import Featurizer


class Counting:
    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


class NoScorer:
    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        raise AssertionError(pairs)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


def featurizer(embedder: Counting, remembered: int) -> Featurizer:
    return Featurizer(scorer=NoScorer(), embedder=embedder, remembered=remembered)


def test_a_text_is_embedded_once_while_it_is_remembered(embedder: Counting) -> None:
    found = featurizer(embedder, 10)
    first = found.vectors(["a", "bb", "a"])
    again = found.vectors(["bb", "ccc"])
    assert embedder.asked == [["a", "bb"], ["ccc"]]
    assert first.tolist() == [[1, 1], [2, 1], [1, 1]]
    assert again.tolist() == [[2, 1], [3, 1]]


def test_what_was_asked_for_longest_ago_is_forgotten_first(embedder: Counting) -> None:
    found = featurizer(embedder, 2)
    found.vectors(["a", "bb"])
    found.vectors(["a"])
    found.vectors(["ccc"])
    embedder.asked.clear()
    found.vectors(["a", "ccc"])
    found.vectors(["bb"])
    assert embedder.asked == [["bb"]]


def test_more_texts_at_once_than_are_remembered_all_have_their_vector(embedder: Counting) -> None:
    found = featurizer(embedder, 1)
    assert found.vectors(["a", "bb", "ccc"])[:, 0].tolist() == [1, 2, 3]
    assert found.vectors([]).shape == (0, 0)
