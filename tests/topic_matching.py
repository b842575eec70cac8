"""Matching from vectors in one step, as the stages do it in two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.core.candidates import Match, MatchPolicy, TopicVectors, match_closeness


def match_topics(
    sentences: NDArray[np.floating],
    title: NDArray[np.floating] | None,
    topics: Sequence[NDArray[np.floating]],
    policy: MatchPolicy,
) -> list[Match]:
    """Return the matches of unit vectors: `sentences` (n, width), `title` (width,), `topics` as `TopicVectors` has them."""
    vectors = TopicVectors(topics)
    of_title = None if title is None else vectors.closeness(title[None])[0]
    return match_closeness(vectors.closeness(sentences), of_title, policy)
