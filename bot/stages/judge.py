"""What an article does to the tracked positions: from its text to ruled assessments, without a database.

`scan`, the assess stage and the evaluation over a corpus all go through here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bot.core.alerting import rule
from bot.core.candidates import Match, MatchPolicy, match_topics
from bot.core.features import Pair, mentions
from bot.core.policies import AlertPolicy
from bot.detection.detector import Detector
from bot.domain import Article, Assessment, Candidate, Holder, Position, Ruling, Statement
from bot.ports import Abstained, Reader, Sentence

ANOTHERS_STANCE = "another's stance"
HOLDER_ABSENT = "holder not in the article"


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


def names_of(holder: Holder) -> tuple[str, ...]:
    """Return every word by which a text may call a holder or somebody who speaks for it."""
    voices = [name for voice in holder.voices for name in (voice.name, *voice.aliases)]
    return (holder.name, *holder.aliases, *voices)


class ArticleJudge:
    """Judges articles against `positions`. `readable` returns why a text is not to be read, or None."""

    def __init__(
        self,
        *,
        reader: Reader,
        detector: Detector,
        positions: Sequence[Position],
        alert: AlertPolicy,
        match: MatchPolicy,
        readable: Callable[[Article], Abstained | None],
    ) -> None:
        self._reader = reader
        self._detector = detector
        self._positions = list(positions)
        self._alert = alert
        self._match = match
        self._readable = readable
        self._names = [names_of(position.holder) for position in positions]
        self._topics = self._embed_topics(positions)

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
        dropped: Counter[str] = Counter()
        matches = self._matches(article, sentences, known, dropped)
        wanted = {match.sentence for match in matches}
        statements = self._reader.read(article, wanted) if wanted else ()
        return self._candidates(article, sentences, statements, matches, dropped), len(sentences), dropped

    def _embed_topics(self, positions: Sequence[Position]) -> list[NDArray[np.float32]]:
        if not positions:
            return []
        texts = [[position.topic, *position.paraphrases, position.baseline] for position in positions]
        vectors = self._detector.featurizer.vectors([text for group in texts for text in group])
        cuts = np.cumsum([len(group) for group in texts])[:-1]
        return list(np.split(vectors, cuts))

    def _matches(
        self, article: Article, sentences: Sequence[Sentence], known: Collection[int], dropped: Counter[str]
    ) -> list[Match]:
        """Match sentences to topics of those positions whose holder the article names at all."""
        whole = f"{article.title}\n{article.text}"
        present = [index for index, names in enumerate(self._names) if mentions(whole, names)]
        dropped[HOLDER_ABSENT] = len(self._positions) - len(present)
        if not present or len(set(known)) >= len(sentences):
            return []
        texts = [article.text[sentence.start : sentence.end] for sentence in sentences]
        vectors = self._detector.featurizer.vectors([*texts, article.title] if article.title else texts)
        title = vectors[-1] if article.title else None
        found = match_topics(vectors[: len(texts)], title, [self._topics[index] for index in present], self._match)
        return [replace(match, position=present[match.position]) for match in found if match.sentence not in known]

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
