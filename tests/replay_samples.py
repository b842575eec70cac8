"""What the tests of replays share: a line, articles that we wrote, and a detector that knows what each says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from assessed_samples import assessed as assessed_in
from assessed_samples import tanks

from bot.app import build_judge
from bot.core.features import Pair
from bot.core.policies import AlertPolicy
from bot.core.verdict import decide
from bot.detection.classifier import even_odds
from bot.detection.detector import Detector, Judgement
from bot.detection.featurizer import Featurizer
from bot.domain import (
    Article,
    Assessment,
    Decision,
    Holder,
    Mode,
    Position,
    Relation,
    Ruling,
    identify,
)
from bot.ports import Abstained
from bot.replay.archive import ArchiveItem, item_of
from bot.replay.judging import FreshJudge
from bot.stages.judge import JudgedArticle

START = datetime(2024, 3, 4, 9, tzinfo=UTC)
LINE = tanks(
    "Norland will send no tanks to Sudland.",
    topic="tanks for Sudland",
    since=date(2024, 1, 1),
    source="a speech of the premier",
)
HARBOUR = Position(
    id="harbour",
    holder=Holder(name="Norland"),
    topic="the harbour of Eastport",
    baseline="Norland will not sell the harbour.",
    since=date(2024, 1, 1),
)
POLICY = AlertPolicy(alert_at=0.5, digest_at=0.3)
SHIFT = 0.8


class Words:
    """Embeds a text by the words that it has, so that the same words are alike."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", "").split():
                row[int(identify(word)[:6], 16) % 64] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


class NoScores:
    """A scorer that nobody asks."""

    names: tuple[str, ...] = ()

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        raise AssertionError("a replay of judged articles asks no encoder")


def detector() -> SimpleNamespace:
    """A detector as far as a replay needs one."""
    return SimpleNamespace(name="sample", featurizer=SimpleNamespace(scorer=NoScores(), embedder=Words()))


def item(name: str, *sentences: str, hours: float = 0, outlet: str = "", url: str = "") -> ArchiveItem:
    """An article of `sentences`, `hours` after the first."""
    article = Article(
        id=identify(name),
        url=url,
        title=f"Title of {name}",
        text=" ".join(sentences),
        published=START + timedelta(hours=hours),
        outlet=outlet or f"Paper {name}",
    )
    return item_of(name, article)


def assessed(
    one: ArchiveItem,
    words: str,
    relation: Relation,
    *,
    line: Position = LINE,
    probability: float = SHIFT,
    speaker: str = "Ada Berg",
    mode: Mode = Mode.ASSERTION,
) -> tuple[Assessment, Ruling]:
    """A statement of an article with what it does to `line`."""
    made = assessed_in(
        one.article, words, relation, line, probability=probability, rest=Relation.UNRELATED, speaker=speaker, mode=mode
    )
    return made, Ruling(decision=Decision.ALERT, reason="sample")


def judged(one: ArchiveItem, *found: tuple[Assessment, Ruling], abstained: Abstained | None = None) -> JudgedArticle:
    """A judged article."""
    return JudgedArticle(
        article=one.article, assessments=found, abstained=abstained, sentences=2, dropped=Counter({"other": 1})
    )


class CountingJudge(FreshJudge):
    """Judges without a model: a statement a sentence, by its words alone. Counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def judge(self, one: ArchiveItem, known: Sequence[int] = ()) -> JudgedArticle:
        self.asked.append(one.document)
        if "broken" in one.article.text:
            raise ValueError("broken")
        return judged(one, assessed(one, one.article.text, Relation.SOFTENING, probability=len(one.document) / 100))


def make_judge() -> FreshJudge:
    """Build one, also in another process."""
    return CountingJudge()


class KeywordDetector(Detector):
    """Judges by one word: "could" is a likely shift, "may" a less likely, "might" a doubtful one. A "deaf" one hears none."""

    def __init__(self, name: str) -> None:
        super().__init__(featurizer=Featurizer(scorer=NoScores(), embedder=Words()), classifier=even_odds(), name=name)

    def judge(self, pairs: Sequence[Pair], thresholds: Sequence[float]) -> list[Judgement]:
        return [self._judged(pair, threshold) for pair, threshold in zip(pairs, thresholds, strict=True)]

    def _judged(self, pair: Pair, threshold: float) -> Judgement:
        heard = set(pair.statement.split()) if self.name != "deaf" else set()
        shift = 0.9 if "could" in heard else 0.6 if "may" in heard else 0.4 if "might" in heard else 0.05
        found = dict.fromkeys(Relation, 0.0) | {Relation.SOFTENING: shift, Relation.CONSISTENT: 1 - shift}
        relation = decide(found, threshold)
        return Judgement(relation=relation, probabilities=found, evidence=pair.statement, reason="by one word")


class SampleMaker:
    """Makes judges as the command does, with a detector that loads nothing; in other processes, too."""

    judged: ClassVar[list[str]] = []
    stops_after: ClassVar[int | None] = None

    def __init__(self, model: Path, lines: Sequence[Position], policy: AlertPolicy, detector: object = None) -> None:
        del detector
        alone = replace(policy, alert_at_by_position=dict(policy.alert_at_by_position))  # a read-only view is not sent
        self._made_of = (model, tuple(lines), alone)

    def __call__(self) -> FreshJudge:
        model, lines, policy = self._made_of
        detector = KeywordDetector(model.name)
        return _NotedJudge(build_judge(detector, lines, policy), detector)


class _NotedJudge(FreshJudge):
    def judge(self, one: ArchiveItem, known: Sequence[int] = ()) -> JudgedArticle:
        if len(SampleMaker.judged) == SampleMaker.stops_after:
            raise KeyboardInterrupt
        SampleMaker.judged.append(one.document)
        return super().judge(one, known)
