"""What an article does to the tracked positions: from its text to ruled assessments, without a database.

`scan`, the assess stage and the evaluation over a corpus all go through here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.alerting import rule_each
from bot.core.candidates import MatchPolicy
from bot.core.features import Pair
from bot.core.naming import names_of
from bot.core.policies import AlertPolicy
from bot.core.subject import Subjects
from bot.detection.detector import Detector
from bot.domain import Article, Assessment, Candidate, Position, Ruling, Statement
from bot.ports import Abstained, Reader, Sentence
from bot.stages.matching import Matcher

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
        self._readable = readable
        self.matcher = Matcher(positions, detector.featurizer.vectors, match, subjects)

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
        """Return what is worth the encoder's time, how many sentences were looked at, and what was dropped by reason.

        Sentences that speak of no subject whose holder the article names, and stand beside none, are not embedded: they could not
        match. Of those that may match it is read who speaks.
        """
        sentences = self._reader.sentences(article.text)
        article = replace(article, title=article.title or _heading(article.text, sentences))
        present = self.matcher.present(article.title, article.text)
        dropped = Counter({HOLDER_ABSENT: len(self._positions) - len(present)})
        if not len(present) or len(set(known)) >= len(sentences):
            return [], len(sentences), dropped
        texts = [article.text[sentence.start : sentence.end] for sentence in sentences]
        looked = self.matcher.look(article.title, texts, sentences, present)
        dropped[BESIDE_THE_SUBJECT] = int((~looked.speaking.any(axis=0)).sum())
        wanted = looked.wanted - set(known)
        if not wanted:
            return [], len(sentences), dropped
        said = _by_sentence(sentences, self._reader.read(article, wanted))
        chosen = self.matcher.choose(looked, said, known)
        dropped[BESIDE_THE_SUBJECT] += chosen.strays
        dropped[ANOTHERS_STANCE] += chosen.anothers
        candidates = [
            Candidate(
                statement=said[match.sentence],
                position=self._positions[match.position],
                similarity=match.similarity,
                title=article.title,
                published=article.published,
            )
            for match in chosen.matches
            if match.sentence in said
        ]
        return candidates, len(sentences), dropped

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
            assessed.append(assessment)
        return rule_each(assessed, self._alert, now)


def _by_sentence(sentences: Sequence[Sentence], statements: Sequence[Statement]) -> dict[int, Statement]:
    """Return the statements by the index of the sentence in which each begins."""
    starts = [sentence.start for sentence in sentences]
    return {bisect_right(starts, statement.start) - 1: statement for statement in statements}


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
        before=statement.before,
        speaker=statement.speaker,
        title=candidate.title,
        names=names_of(position.holder),
        speaker_holder=statement.holder,
        mode=statement.mode,
        certainty=statement.certainty,
    )
