"""Which sentences touch a tracked position nearly enough to be read by the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPolicy:
    """How near a sentence must be to a position to be read against it.

    Its nearness is its closeness (cosine with the topic or the line), plus `support` times that of the sentences beside it and of
    the question that it answers (no more than `most_support` counts), less `lag` times how far it is behind the position that the
    sentence is closest to: a sentence on one topic is near its neighbours, too, and what it does to those is nothing. From
    `enough` on it is read. In the holder's own voice `own_voice` less will do, since who speaks for the holder seldom names the
    subject in each sentence, and `unknown_voice` less in that of somebody who speaks for no tracked holder as far as the article
    says: an official whose state it leaves unsaid, or one who tells what the holder did. At most `per_sentence` positions are kept
    of a sentence.

    The weights are those of a logistic regression for "says something of the position" over the project's own documents, divided
    by that of closeness; `enough` is where cross-validation over them stops finding shifts (docs/decisions/0010 and 0014).
    """

    enough: float = 0.66
    own_voice: float = 0.3
    unknown_voice: float = 0.1
    support: float = 0.6
    most_support: float = 0.6
    lag: float = 1.8
    per_sentence: int = 2


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


def nearness(
    closeness: NDArray[np.floating], beside: Sequence[Sequence[int]], policy: MatchPolicy
) -> NDArray[np.floating]:
    """Return how near each sentence is to each position, shape (sentences, positions) as `closeness`.

    `beside` has for each sentence those that support it, by index. A sentence that was not looked at has a closeness of -1.
    """
    support = np.zeros_like(closeness)
    for index, others in enumerate(beside):
        if others:
            support[index] = closeness[list(others)].max(axis=0)
    return alone(closeness, policy) + policy.support * np.clip(support, 0.0, policy.most_support)


def alone(closeness: NDArray[np.floating], policy: MatchPolicy) -> NDArray[np.floating]:
    """Return how near each sentence is without what stands beside it."""
    if not closeness.size:
        return closeness
    behind: NDArray[np.floating] = closeness.max(axis=1, keepdims=True) - closeness
    return closeness - policy.lag * behind


def may_match(near: NDArray[np.floating], policy: MatchPolicy) -> NDArray[np.bool_]:
    """Return which sentences match which positions if the holder should be the one who speaks."""
    found: NDArray[np.bool_] = near + policy.own_voice >= policy.enough
    return found


def hanging(closeness: NDArray[np.floating], policy: MatchPolicy) -> NDArray[np.bool_]:
    """Return for each sentence whether a match of it may hang on how close the sentences beside it are."""
    most = alone(closeness, policy) + policy.support * policy.most_support
    found: NDArray[np.bool_] = np.logical_or.reduce(may_match(most, policy), axis=1)
    return found


def choose(
    near: NDArray[np.floating],
    closeness: NDArray[np.floating],
    voice: NDArray[np.floating],
    allowed: NDArray[np.bool_],
    policy: MatchPolicy,
) -> list[Match]:
    """Return the matches by sentence, from the nearest. All are (sentences, positions).

    `voice` is how much less nearness will do for whose voice it is, `allowed` what may match at all.
    """
    heard = near + voice
    wanted = (heard >= policy.enough) & allowed
    matches = []
    for index in np.flatnonzero(wanted.any(axis=1)):
        found = np.flatnonzero(wanted[index])
        order = found[np.argsort(-heard[index, found], kind="stable")][: policy.per_sentence]
        matches += [Match(sentence=int(index), position=int(p), similarity=float(closeness[index, p])) for p in order]
    return matches
