"""Which sentences touch a tracked position closely enough to be read by the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPolicy:
    """How close a sentence must be to a topic: cosines in [-1, 1].

    `alone` lets a sentence through by itself; `supported` when its neighbours or the article's title are on the topic, too.
    Of the positions that a sentence is close to, those are kept that come within `margin` of the closest, at most `per_sentence`:
    a sentence on one topic is near its neighbours, too, and what it does to those is nothing.
    """

    alone: float = 0.42
    supported: float = 0.32
    margin: float = 0.03
    per_sentence: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Sentence `sentence` (index) touches position `position` (index) with cosine `similarity`."""

    sentence: int
    position: int
    similarity: float


def match_topics(
    sentences: NDArray[np.floating],
    title: NDArray[np.floating] | None,
    topics: Sequence[NDArray[np.floating]],
    policy: MatchPolicy,
) -> list[Match]:
    """Return the matches, by sentence and then from the closest.

    `sentences` is (n, width) of unit vectors, `title` (width,) or None, and `topics` has for each position the unit vectors
    of its topic and paraphrases, shape (k, width); a sentence is as close to a position as to the nearest of these.
    """
    if not len(sentences) or not topics:
        return []
    closeness = np.stack([(sentences @ topic.T).max(axis=1) for topic in topics], axis=1)
    support = _neighbours(closeness)
    if title is not None:
        support = np.maximum(support, np.array([float((topic @ title).max()) for topic in topics]))
    wanted = (closeness >= policy.alone) | ((closeness >= policy.supported) & (support >= policy.alone))
    matches = []
    for index in range(len(sentences)):
        found = np.flatnonzero(wanted[index] & (closeness[index] >= closeness[index].max() - policy.margin))
        order = found[np.argsort(-closeness[index, found], kind="stable")][: policy.per_sentence]
        matches += [Match(sentence=index, position=int(p), similarity=float(closeness[index, p])) for p in order]
    return matches


def _neighbours(closeness: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return for each sentence the greater closeness of the two beside it, 0 at the ends."""
    edge = np.zeros((1, closeness.shape[1]))
    before = np.vstack([edge, closeness[:-1]])
    after = np.vstack([closeness[1:], edge])
    return np.maximum(before, after)
