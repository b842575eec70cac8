"""Which sentences of an article may touch which tracked positions, told in two steps around the reading of who speaks.

The first looks at words and vectors, and names the sentences to be read; the second, once it is known whose voice each is, chooses
the pairs that are worth the encoder's time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bot.core.candidates import Match, MatchPolicy, TopicVectors, choose, hanging, may_match, nearness
from bot.core.naming import NameIndex, names_of
from bot.core.subject import Subjects
from bot.core.subject_index import SubjectIndex
from bot.domain import Position, Statement
from bot.ports import Sentence

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """An article's sentences as they stand to the positions whose holders it names.

    `present` are those positions by index; the others are (sentences, present): whether the subject is spoken of in or beside a
    sentence, how close it is (-1 where nobody looked), how near, and whether it may match.
    """

    present: NDArray[np.int64]
    speaking: NDArray[np.bool_]
    closeness: NDArray[np.floating]
    near: NDArray[np.floating]
    possible: NDArray[np.bool_]

    @property
    def wanted(self) -> set[int]:
        """Return the sentences of which it must be known who speaks."""
        return {int(index) for index in np.flatnonzero(self.possible.any(axis=1))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The matches, by sentence from the nearest, and how many more there would be but for another's stance or another subject."""

    matches: tuple[Match, ...]
    anothers: int = 0
    strays: int = 0


class Matcher:
    """Matches sentences to `positions`. `subjects` is None for judging whatever the vectors bring near."""

    def __init__(
        self, positions: Sequence[Position], vectors: Vectors, policy: MatchPolicy, subjects: Subjects | None
    ) -> None:
        self._positions = list(positions)
        self._vectors = vectors
        self._policy = policy
        called = cache(subjects.names_of if subjects else names_of)
        groups = [called(position.holder) for position in positions]
        holders = {names: number for number, names in enumerate(dict.fromkeys(groups))}
        self._named = NameIndex(list(holders))
        self._holder_of = np.array([holders[names] for names in groups], dtype=np.int64)
        self._topics = self._embed_topics(positions)
        self._about = SubjectIndex(subjects, [subjects.of(position) for position in positions]) if subjects else None

    def present(self, title: str, text: str) -> NDArray[np.int64]:
        """Return the positions whose holder an article names at all, by index."""
        named = self._named.mentioned(f"{title}\n{text}")
        return np.flatnonzero(np.isin(self._holder_of, list(named)))

    def look(
        self, title: str, texts: Sequence[str], sentences: Sequence[Sentence], present: NDArray[np.int64]
    ) -> Looked:
        """Return how an article's sentences, with their `texts`, stand to the positions that are `present`.

        A sentence is embedded where it speaks of a subject, or stands beside one whose match may hang on it.
        """
        beside = _beside(sentences)
        if self._about is None:
            speaking = np.ones((len(texts), len(present)), dtype=np.bool_)
        else:
            speaking = self._about.speaking(texts, title, beside)[:, present]
        closeness = self._closeness(texts, speaking, beside, present)
        near = nearness(closeness, beside, self._policy)
        possible = may_match(near, self._policy) & speaking
        return Looked(present=present, speaking=speaking, closeness=closeness, near=near, possible=possible)

    def choose(self, looked: Looked, said: Mapping[int, Statement], known: Collection[int]) -> Chosen:
        """Return the matches of sentences, of which `said` tells by index who speaks; `known` are left out, as judged before."""
        holders = [self._positions[index].holder.name for index in looked.present]
        voice, others = np.zeros(looked.near.shape), np.zeros_like(looked.possible)
        for index, statement in said.items():
            own = np.array([statement.holder == holder for holder in holders])
            unknown = bool(statement.speaker) and not statement.holder
            voice[index] = np.where(own, self._policy.own_voice, self._policy.unknown_voice * unknown)
            others[index] = ~own & bool(statement.speaker and (statement.holder or statement.outsider))
        news = np.ones((len(looked.near), 1), dtype=np.bool_)
        news[[index for index in known if index < len(news)]] = False
        enough = (looked.near >= self._policy.enough) & news
        subjects: NDArray[np.bool_] = np.logical_or.reduce(looked.speaking, axis=0)
        matches = choose(looked.near, looked.closeness, voice, looked.speaking & ~others & news, self._policy)
        return Chosen(
            matches=tuple(
                Match(sentence=one.sentence, position=int(looked.present[one.position]), similarity=one.similarity)
                for one in matches
            ),
            anothers=int((enough & looked.speaking & others).sum()),
            strays=int((enough & ~looked.speaking & subjects).sum()),
        )

    def _embed_topics(self, positions: Sequence[Position]) -> TopicVectors:
        if not positions:
            return TopicVectors([])
        texts = [[position.topic, *position.paraphrases, position.baseline] for position in positions]
        vectors = self._vectors([text for group in texts for text in group])
        cuts = np.cumsum([len(group) for group in texts])[:-1]
        return TopicVectors(np.split(vectors, cuts))

    def _closeness(
        self,
        texts: Sequence[str],
        speaking: NDArray[np.bool_],
        beside: Sequence[Sequence[int]],
        present: NDArray[np.int64],
    ) -> NDArray[np.floating]:
        closeness = np.full((len(texts), len(present)), -1.0)

        def look(rows: NDArray[np.bool_]) -> None:
            if rows.any():
                asked = [text for text, look_at in zip(texts, rows, strict=True) if look_at]
                closeness[rows] = self._topics.closeness(self._vectors(asked))[:, present]

        wanted: NDArray[np.bool_] = np.logical_or.reduce(speaking, axis=1)
        look(wanted)
        unsure = np.flatnonzero(hanging(np.where(speaking, closeness, -1.0), self._policy) & wanted)
        around = np.zeros_like(wanted)
        around[[other for index in unsure for other in beside[int(index)]]] = True
        look(around & ~wanted)
        return closeness


def _beside(sentences: Sequence[Sentence]) -> list[list[int]]:
    """Return for each sentence those that count as beside it: the one before, the one after, the question that it answers."""
    last = len(sentences) - 1
    return [
        sorted({*(other for other in (index - 1, index + 1) if 0 <= other <= last), *sentence.answers})
        for index, sentence in enumerate(sentences)
    ]
