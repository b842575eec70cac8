"""How alike two reports of a statement are, beyond what every statement on their topic has in common.

Sentences on one topic are near each other whatever they say of it (cosines of .2 to .8, measured on thirty wordings of one event
and six of another). What the line on record and its topic have in common with both is therefore taken out of the vectors
first; what remains tells events apart, with the speaker and the figures named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W\d_]{3,}|\d+")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_COMMON = frozenset(
    """
    the and that for with has have had was were will would not its
    his her their from into this said says say who which than are been
    being but also any all after before about over under there they them she
    him our your
    """.split()  # noqa: SIM905 - a block of words is easier to keep than a list
)
_NUMBERS = {
    word: value
    for value, words in {
        2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten", 11: "eleven",
        12: "twelve dozen", 15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy",
        80: "eighty", 90: "ninety", 100: "hundred", 1000: "thousand",
    }.items()
    for word in words.split()
}  # fmt: skip
SAME_SPEAKER, OTHER_SPEAKER = 0.1, -0.2
SAME_FIGURE, OTHER_FIGURE, ONE_FIGURE = 0.15, -0.1, -0.05
SHARED_WORDS = 0.4
"""Jaccard index of what two reports say beside the line's own words, from which they are one whatever their vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One report of a statement: its words, and whom it gives them to, "" for nobody."""

    words: str
    speaker: str = ""


def content_words(text: str) -> frozenset[str]:
    """Return the words of `text` that carry meaning, in lower case, and its numbers."""
    return frozenset(word.lower() for word in _WORD.findall(text)) - _COMMON


def overlap(one: str, other: str, ignoring: Collection[str] = ()) -> float:
    """Return the Jaccard index, in [0, 1], of the content words of two texts; 0 where either has none."""
    return shared(*(content_words(text) - frozenset(ignoring) for text in (one, other)))


def shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index, in [0, 1], of two sets of words; 0 where either is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0


def figures(text: str) -> frozenset[int]:
    """Return the numbers that `text` names in digits or words ("two decades" is 20), years left out."""
    found = set()
    tokens = _TOKEN.findall(text.lower())
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        value = int(token) if token.isdecimal() and len(token) < 10 else _NUMBERS.get(token, 0)
        if following.startswith("decade"):
            value *= 10
        if value > 1 and not 1900 <= value <= 2100:
            found.add(value)
    return frozenset(found)


def surname(speaker: str) -> str:
    """Return the last capitalised word of a speaker's name in lower case, "" for an office or nobody ("the minister")."""
    names = [word.strip(".,'’") for word in speaker.split()]
    named = [word for word in names if word[:1].isupper()]
    return named[-1].casefold() if named and named[-1] == names[-1] and not speaker.startswith(("the ", "a ")) else ""


def apart(vectors: NDArray[np.floating], ground: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return `vectors` (n, width) as unit vectors without what lies in the span of `ground` (k, width); zeros for none left."""
    basis, _ = np.linalg.qr(np.asarray(ground, dtype=np.float64).T)
    left = np.asarray(vectors, dtype=np.float64)
    left = left - left @ basis @ basis.T
    lengths = np.linalg.norm(left, axis=1, keepdims=True)
    units: NDArray[np.float64] = np.divide(left, lengths, out=np.zeros_like(left), where=lengths > 1e-6)
    return units


def likeness(one: Telling, other: Telling, cosine: float, ignoring: Collection[str] = ()) -> float:
    """Return how alike two reports are, about in [-1, 1.3]. `cosine` is that of their vectors set `apart` from the line.

    `ignoring` are the line's own content words. The same words are 1.0.
    """
    if one.words == other.words or overlap(one.words, other.words, ignoring) >= SHARED_WORDS:
        return 1.0
    speakers = surname(one.speaker), surname(other.speaker)
    if all(speakers):
        cosine += SAME_SPEAKER if speakers[0] == speakers[1] else OTHER_SPEAKER
    named = figures(one.words), figures(other.words)
    if all(named):
        cosine += SAME_FIGURE if named[0] & named[1] else OTHER_FIGURE
    elif any(named):
        cosine += ONE_FIGURE
    return cosine


def best_likeness(
    one: Telling, others: Sequence[Telling], vectors: NDArray[np.floating], ignoring: Collection[str] = ()
) -> float:
    """Return the greatest likeness of `one` and any of `others`; row 0 of `vectors` is the one's, set `apart`. -1 for none."""
    cosines = vectors[1:] @ vectors[0] if len(others) else ()
    return max(
        (likeness(one, other, float(cosine), ignoring) for other, cosine in zip(others, cosines, strict=True)),
        default=-1.0,
    )
