"""Positions that could be tracked: what holders keep saying, in an archive of their words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import log

import numpy as np
from numpy.typing import NDArray

from bot.core.desk import draft_baseline
from bot.core.lexicon import cues_in
from bot.core.likeness import content_words

LEAST_DOCUMENTS = 3
SAID_AGAIN_AT = 0.5
"""Cosine from which one statement says what another does."""
MOST_SOURCES = 5
_FEWEST_WORDS, _MOST_WORDS = 6, 60
_LONGEST_TOPIC = 8
_TOKEN = re.compile(r"[^\W_](?:[\w.&’'-]*[^\W_])?")
_AHEAD = re.compile(r"^[^\w“\"‘'«(]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uttered:
    """A statement of a holder's in an archive.

    `document` tells articles apart, `where` is what a person finds one by: its address, or the name of its file.
    `published` is None where it bears no date.
    """

    holder: str
    speaker: str
    words: str
    document: str
    published: date | None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A position as it could be tracked: the statement that is most like all the others, and how often and where it was said.

    `since` is the first day on which it was said, None where no article of it bears a date. `sources` are the earliest
    reports, those without a date last.
    """

    id: str
    holder: str
    topic: str
    baseline: str
    since: date | None
    documents: int
    sources: tuple[Uttered, ...]


def worth_reading(words: str) -> bool:
    """Whether a statement may be a stance: it has the length of one, and refuses, demands, offers or opens something.

    Thanks, greetings and accounts of meetings are what official texts repeat most, and no line that could move.
    """
    return _FEWEST_WORDS <= len(words.split()) <= _MOST_WORDS and bool(cues_in(words))


def suggest(
    said: Sequence[Uttered],
    vectors: NDArray[np.floating],
    *,
    least: int = LEAST_DOCUMENTS,
    at: float = SAID_AGAIN_AT,
    most: int = 20,
) -> list[Suggestion]:
    """Return what holders repeat in at least `least` documents, the most repeated first.

    `vectors` are the unit vectors of the statements, shape (len(said), width); `at` is the cosine from which two are alike.
    """
    rarity = _rarity(said)
    found: list[Suggestion] = []
    for holder in sorted({one.holder for one in said}):
        own = [index for index, one in enumerate(said) if one.holder == holder]
        clusters = _clusters([said[i] for i in own], vectors[own], least, at)
        found += [_suggestion([said[own[i]] for i in cluster], rarity) for cluster in clusters]
    found.sort(key=lambda one: (-one.documents, one.holder, one.id))
    return _with_own_ids(found[:most])


def _clusters(said: Sequence[Uttered], vectors: NDArray[np.floating], least: int, at: float) -> list[list[int]]:
    """Return groups of statements around the one that most documents repeat, that one first; each statement is in one at most."""
    alike = (vectors @ vectors.T) >= at
    left = np.ones(len(said), dtype=bool)
    clusters = []
    while left.any():
        reach = [
            len({said[int(j)].document for j in np.flatnonzero(alike[i] & left)}) if left[i] else 0
            for i in range(len(said))
        ]
        centre = int(np.argmax(reach))
        if reach[centre] < least:
            break
        members = [int(j) for j in np.flatnonzero(alike[centre] & left)]
        clusters.append([centre, *(j for j in members if j != centre)])
        left[members] = False
    return clusters


def _suggestion(said: Sequence[Uttered], rarity: dict[str, float]) -> Suggestion:
    centre = said[0]
    documents = {one.document for one in said}
    baseline = draft_baseline(centre.holder, _AHEAD.sub("", centre.words))
    topic = _topic(said, baseline, rarity)
    by_time = sorted(said, key=lambda one: (one.published or date.max, one.document))
    sources = tuple({one.document: one for one in reversed(by_time)}.values())[::-1][:MOST_SOURCES]
    return Suggestion(
        id=_slug(f"{centre.holder} {topic}"),
        holder=centre.holder,
        topic=topic,
        baseline=baseline,
        since=by_time[0].published,
        documents=len(documents),
        sources=sources,
    )


def _rarity(said: Sequence[Uttered]) -> dict[str, float]:
    """Return how telling each word is: the logarithm of how few statements have it."""
    having = Counter(word for one in said for word in content_words(one.words))
    return {word: log((1 + len(said)) / n) for word, n in having.items()}


def _topic(said: Sequence[Uttered], baseline: str, rarity: dict[str, float]) -> str:
    """Return what the statements share and others lack, as it stands in the line: the passage with these words, if it is short."""
    shared = Counter(word for one in said for word in content_words(one.words))
    cues = " ".join(cues_in(said[0].words).values())  # what is done to the topic is not the topic
    own = content_words(f"{said[0].holder} {said[0].speaker} {cues}")
    eligible = {word for word in content_words(baseline) - own if not word.isdecimal()}
    scores = {word: n * rarity.get(word, 0.0) for word, n in shared.items() if word in eligible}
    best = set(sorted(scores, key=lambda word: (-scores[word], word))[:4])
    tokens = _TOKEN.findall(baseline)
    places = [place for place, token in enumerate(tokens) if token.lower() in best]
    if not places:
        return " ".join(sorted(best)) or "stance"
    first, last = places[0], places[-1]
    chosen = tokens[first : last + 1] if last - first < _LONGEST_TOPIC else [tokens[place] for place in places]
    return " ".join(dict.fromkeys(chosen))


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.casefold()))[:60].strip("-") or "position"


def _with_own_ids(found: Sequence[Suggestion]) -> list[Suggestion]:
    seen: Counter[str] = Counter()
    named = []
    for one in found:
        seen[one.id] += 1
        named.append(one if seen[one.id] == 1 else replace(one, id=f"{one.id}-{seen[one.id]}"))
    return named
