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


class TopicVectors:
    """The unit vectors of all positions' topics, in one matrix: a text is as near to a position as to the nearest of its own.

    `topics` has for each position the vectors of its topic and paraphrases, shape (k, width), k at least 1.
    """

    def __init__(self, topics: Sequence[NDArray[np.floating]]) -> None:
        self._columns = np.ascontiguousarray(np.concatenate(topics).T) if topics else np.empty((0, 0))
        self._starts = np.cumsum([0, *(len(topic) for topic in topics)])[:-1]

    def closeness(self, texts: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the cosine of each text, shape (n, width), with each position; shape (n, positions)."""
        if not len(texts) or not len(self._starts):
            return np.empty((len(texts), len(self._starts)))
        nearest: NDArray[np.floating] = np.maximum.reduceat(texts @ self._columns, self._starts, axis=1)
        return nearest


def match_closeness(
    closeness: NDArray[np.floating], of_title: NDArray[np.floating] | None, policy: MatchPolicy
) -> list[Match]:
    """Return the matches, by sentence and then from the closest.

    `closeness` is (sentences, positions), `of_title` (positions,) or None where there is no title.
    """
    if not closeness.size:
        return []
    support = _neighbours(closeness)
    if of_title is not None:
        support = np.maximum(support, of_title)
    wanted = (closeness >= policy.alone) | ((closeness >= policy.supported) & (support >= policy.alone))
    matches = []
    for index in np.flatnonzero(wanted.any(axis=1)):
        found = np.flatnonzero(wanted[index] & (closeness[index] >= closeness[index].max() - policy.margin))
        order = found[np.argsort(-closeness[index, found], kind="stable")][: policy.per_sentence]
        matches += [Match(sentence=int(index), position=int(p), similarity=float(closeness[index, p])) for p in order]
    return matches


def hanging(
    closeness: NDArray[np.floating], of_title: NDArray[np.floating] | None, policy: MatchPolicy
) -> NDArray[np.bool_]:
    """Return for each sentence whether a match of it hangs on how close the sentences beside it are."""
    middling = (closeness >= policy.supported) & (closeness < policy.alone)
    if of_title is not None:
        middling &= of_title < policy.alone
    found: NDArray[np.bool_] = np.logical_or.reduce(middling, axis=1)
    return found


def _neighbours(closeness: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return for each sentence the greater closeness of the two beside it, 0 at the ends."""
    edge = np.zeros((1, closeness.shape[1]))
    before = np.vstack([edge, closeness[:-1]])
    after = np.vstack([closeness[1:], edge])
    return np.maximum(before, after)
