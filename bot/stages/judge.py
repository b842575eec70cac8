"""What an article does to the tracked positions: from its text to ruled assessments, without a database.

`scan`, the assess stage and the evaluation over a corpus all go through here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bot.core.alerting import rule
from bot.core.candidates import Match, MatchPolicy, TopicVectors, hanging, match_closeness
from bot.core.features import Pair
from bot.core.naming import NameIndex, names_of
from bot.core.policies import AlertPolicy
from bot.core.subject import Subjects
from bot.core.subject_index import SubjectIndex
from bot.detection.detector import Detector
from bot.domain import Article, Assessment, Candidate, Position, Ruling, Statement
from bot.ports import Abstained, Reader, Sentence

ANOTHERS_STANCE = "another's stance"
HOLDER_ABSENT = "holder not in the article"
BESIDE_THE_SUBJECT = "beside the subject"
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedArticle:
    """The assessments of an article with their rulings, strongest shift first; `abstained` says why it was not read.

    `dropped` counts matches that were not assessed, by reason.
    """

    article: Article
    assessments: tuple[tuple[Assessment, Ruling], ...] = ()
    abstained: Abstained | None = None
    sentences: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    carried: Mapping[str, str] = field(default_factory=dict)
    """Of assessments taken over from an article with the same words: the shift that each belongs to, by `carried_as`."""


def carried_as(assessment: Assessment) -> str:
    """Return under which name a taken-over assessment stands in `JudgedArticle.carried`."""
    return f"{assessment.candidate.statement.id} {assessment.candidate.position.id}"


class ArticleJudge:
    """Judges articles against `positions`. `readable` returns why a text is not to be read, or None.

    `subjects` tells whether a passage speaks of what a position is about; None for judging whatever the vectors bring near.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        detector: Detector,
        positions: Sequence[Position],
        alert: AlertPolicy,
        match: MatchPolicy,
        readable: Callable[[Article], Abstained | None],
        subjects: Subjects | None = None,
    ) -> None:
        self._reader = reader
        self._detector = detector
        self._positions = list(positions)
        self._alert = alert
        self._match = match
        self._readable = readable
        called = cache(subjects.names_of if subjects else names_of)
        groups = [called(position.holder) for position in positions]
        holders = {names: number for number, names in enumerate(dict.fromkeys(groups))}
        self._named = NameIndex(list(holders))
        self._holder_of = np.array([holders[names] for names in groups], dtype=np.int64)
        self._topics = self._embed_topics(positions)
        self._about = SubjectIndex(subjects, [subjects.of(position) for position in positions]) if subjects else None

    def judge(self, article: Article, now: datetime, *, known: Collection[int] = ()) -> JudgedArticle:
        """Return what `article` does to the positions, as of `now`. Sentences `known` by index are left out, as judged before."""
        abstained = self._readable(article)
        if abstained:
            return JudgedArticle(article=article, abstained=abstained)
        candidates, sentences, dropped = self.candidates(article, known)
        assessed = self._assess(candidates, now)
        assessed.sort(key=lambda item: -item[0].shift_probability)
        return JudgedArticle(article=article, assessments=tuple(assessed), sentences=sentences, dropped=dropped)

    def candidates(self, article: Article, known: Collection[int] = ()) -> tuple[list[Candidate], int, Counter[str]]:
        """Return what is worth the encoder's time, how many sentences were looked at, and what was dropped by reason."""
        sentences = self._reader.sentences(article.text)
        article = replace(article, title=article.title or _heading(article.text, sentences))
        dropped: Counter[str] = Counter()
        matches = self._matches(article, sentences, known, dropped)
        wanted = {match.sentence for match in matches}
        statements = self._reader.read(article, wanted) if wanted else ()
        return self._candidates(article, sentences, statements, matches, dropped), len(sentences), dropped

    def _embed_topics(self, positions: Sequence[Position]) -> TopicVectors:
        if not positions:
            return TopicVectors([])
        texts = [[position.topic, *position.paraphrases, position.baseline] for position in positions]
        vectors = self._detector.featurizer.vectors([text for group in texts for text in group])
        cuts = np.cumsum([len(group) for group in texts])[:-1]
        return TopicVectors(np.split(vectors, cuts))

    def _matches(
        self, article: Article, sentences: Sequence[Sentence], known: Collection[int], dropped: Counter[str]
    ) -> list[Match]:
        """Match sentences to topics of those positions whose holder the article names at all.

        Sentences that speak of no such position's subject, and have no such neighbour, are not embedded: they could not match.
        """
        named = self._named.mentioned(f"{article.title}\n{article.text}")
        present = np.flatnonzero(np.isin(self._holder_of, list(named)))
        dropped[HOLDER_ABSENT] = len(self._positions) - len(present)
        if not len(present) or len(set(known)) >= len(sentences):
            return []
        texts = [article.text[sentence.start : sentence.end] for sentence in sentences]
        speaking = self._speaking(texts, article.title)[:, present]
        dropped[BESIDE_THE_SUBJECT] += int((~speaking.any(axis=0)).sum())
        speaking[[index for index in known if index < len(texts)]] = False
        if not speaking.any():
            return []
        closeness, of_title = self._closeness(texts, speaking, article.title, present)
        found = match_closeness(closeness, of_title, self._match)
        on_subject = [match for match in found if speaking[match.sentence, match.position]]
        subjects: NDArray[np.bool_] = np.logical_or.reduce(speaking, axis=0)
        strays = sum(subjects[match.position] and match.sentence not in known for match in found) - len(on_subject)
        dropped[BESIDE_THE_SUBJECT] += int(strays)
        return [replace(match, position=int(present[match.position])) for match in on_subject]

    def _speaking(self, texts: Sequence[str], title: str) -> NDArray[np.bool_]:
        """Return whether each sentence, one beside it or the title speaks of what each position is about."""
        if self._about is None:
            return np.ones((len(texts), len(self._positions)), dtype=np.bool_)
        return self._about.speaking(texts, title)

    def _closeness(
        self, texts: Sequence[str], speaking: NDArray[np.bool_], title: str, present: NDArray[np.int64]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating] | None]:
        """Return how close sentences and the title are to the present positions; -1 for a sentence that was not looked at.

        Looked at are those that speak of a subject, and those beside them where that can make a match.
        """
        closeness = np.full((len(texts), len(present)), -1.0)
        vectors = self._detector.featurizer.vectors
        of_title = self._topics.closeness(vectors([title]))[0, present] if title else None

        def look(rows: NDArray[np.bool_]) -> None:
            if rows.any():
                asked = [text for text, look_at in zip(texts, rows, strict=True) if look_at]
                closeness[rows] = self._topics.closeness(vectors(asked))[:, present]

        wanted: NDArray[np.bool_] = np.logical_or.reduce(speaking, axis=1)
        look(wanted)
        unsure = hanging(np.where(speaking, closeness, -1.0), of_title, self._match)
        beside = np.zeros_like(unsure)
        beside[1:] |= unsure[:-1]
        beside[:-1] |= unsure[1:]
        look(beside & ~wanted)
        return closeness, of_title

    def _candidates(
        self,
        article: Article,
        sentences: Sequence[Sentence],
        statements: Sequence[Statement],
        matches: Sequence[Match],
        dropped: Counter[str],
    ) -> list[Candidate]:
        """Join matches with the statements that stand in their sentences, leaving out what is plainly another's stance."""
        by_sentence: dict[int, list[Statement]] = {}
        for statement in statements:
            for index, sentence in enumerate(sentences):
                if sentence.start <= statement.start < sentence.end:
                    by_sentence.setdefault(index, []).append(statement)
        candidates = []
        for match in matches:
            position = self._positions[match.position]
            for statement in by_sentence.get(match.sentence, ()):
                # Whoever is cited speaks for the holder, or tells of its stance; what the report itself says passes.
                if statement.speaker and statement.holder != position.holder.name:
                    dropped[ANOTHERS_STANCE] += 1
                    continue
                candidates.append(
                    Candidate(
                        statement=statement,
                        position=position,
                        similarity=match.similarity,
                        title=article.title,
                        published=article.published,
                    )
                )
        return candidates

    def _assess(self, candidates: Sequence[Candidate], now: datetime) -> list[tuple[Assessment, Ruling]]:
        thresholds = [
            self._alert.alert_at_by_position.get(candidate.position.id, self._alert.alert_at)
            for candidate in candidates
        ]
        judgements = self._detector.judge([pair_of(candidate) for candidate in candidates], thresholds)
        assessed = []
        for candidate, judgement in zip(candidates, judgements, strict=True):
            assessment = Assessment(
                candidate=candidate,
                relation=judgement.relation,
                probabilities=dict(judgement.probabilities),
                evidence=judgement.evidence,
                reason=judgement.reason,
                model=self._detector.name,
            )
            assessed.append((assessment, rule(assessment, self._alert, now)))
        return assessed


def _heading(text: str, sentences: Sequence[Sentence]) -> str:
    """Return what stands above the first sentence that is read, as far as it could be a title: a post has its own there."""
    above = text[: sentences[0].start] if sentences else ""
    return next((line for line in map(str.strip, above.splitlines()) if len(line) <= LONGEST_TITLE), "")


def pair_of(candidate: Candidate) -> Pair:
    """Return what the detector is asked about a candidate."""
    position, statement = candidate.position, candidate.statement
    return Pair(
        holder=position.holder.name,
        topic=position.topic,
        position=position.baseline,
        statement=statement.text,
        speaker=statement.speaker,
        title=candidate.title,
        names=names_of(position.holder),
        speaker_holder=statement.holder,
        mode=statement.mode,
        certainty=statement.certainty,
    )
