"""Matching from vectors in one step, as the stages do it in two with the reading between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.core.candidates import Match, MatchPolicy, TopicVectors, choose, nearness


def match_topics(
    sentences: NDArray[np.floating],
    topics: Sequence[NDArray[np.floating]],
    policy: MatchPolicy,
    *,
    own: Sequence[int] = (),
    allowed: NDArray[np.bool_] | None = None,
) -> list[Match]:
    """Return the matches of unit vectors: `sentences` (n, width), `topics` as `TopicVectors` has them.

    `own` are the sentences in which each position's holder speaks, `allowed` those that may match at all (all by default).
    """
    closeness = TopicVectors(topics).closeness(sentences)
    if not closeness.size:
        return []
    beside = [
        [other for other in (index - 1, index + 1) if 0 <= other < len(sentences)] for index in range(len(sentences))
    ]
    voice = np.zeros(closeness.shape)
    voice[list(own)] = policy.own_voice
    everywhere = np.ones(closeness.shape, dtype=np.bool_)
    near = nearness(closeness, beside, policy)
    return choose(near, closeness, voice, everywhere if allowed is None else allowed, policy)
