"""Which statements a desk learns most from when it judges them: those of which the detector is least sure, no two alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from bot.core.likeness import content_words, shared
from bot.domain import Relation, shift_probability

SAME_POSITION = 0.85
"""What a candidate is worth beside one of the same position that was chosen already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A statement that nobody judged, with what the detector believes of it."""

    id: str
    position_id: str
    words: str
    probabilities: Mapping[Relation, float]


def uncertainty(probabilities: Mapping[Relation, float]) -> float:
    """Return how unsure the detector is, in [0, 1].

    Half of it is whether there is a shift at all, half which relation it is: the entropies of both, each by its greatest.
    """
    shift = shift_probability(probabilities)
    which = _entropy(list(probabilities.values())) / log(len(Relation))
    return (_entropy([shift, 1 - shift]) / log(2) + which) / 2


def most_useful(doubtful: Sequence[Doubtful], most: int) -> list[Doubtful]:
    """Return up to `most` of them, the most useful first: each by its uncertainty and by how little it is like those before it."""
    worth = {one.id: uncertainty(one.probabilities) for one in doubtful}
    words = {one.id: content_words(one.words) for one in doubtful}
    left = sorted(doubtful, key=lambda one: (-worth[one.id], one.id))
    chosen: list[Doubtful] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda one: worth[one.id])  # the first of equals: the order is that of the ids
        chosen.append(best)
        left.remove(best)
        for one in left:
            worth[one.id] *= 1 - shared(words[one.id], words[best.id])
            if one.position_id == best.position_id:
                worth[one.id] *= SAME_POSITION
    return chosen


def _entropy(shares: Sequence[float]) -> float:
    return -sum(share * log(share) for share in shares if share > 0)
