"""What the tests of replays share: a line, articles that we wrote, and a detector that knows what each says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np

from bot.core.policies import AlertPolicy
from bot.domain import (
    Article,
    Assessment,
    Candidate,
    Decision,
    Holder,
    Mode,
    Position,
    Relation,
    Ruling,
    Statement,
    identify,
)
from bot.ports import Abstained
from bot.replay.archive import ArchiveItem, item_of
from bot.replay.judging import FreshJudge
from bot.stages.judge import JudgedArticle

START = datetime(2024, 3, 4, 9, tzinfo=UTC)
LINE = Position(
    id="no-tanks",
    holder=Holder(name="Norland"),
    topic="tanks for Sudland",
    baseline="Norland will send no tanks to Sudland.",
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
    start = one.article.text.index(words)
    return (
        Assessment(
            candidate=Candidate(
                statement=Statement(
                    id=identify(one.article.id, start),
                    article_id=one.article.id,
                    start=start,
                    end=start + len(words),
                    text=words,
                    speaker=speaker,
                    holder="Norland",
                    mode=mode,
                ),
                position=line,
                similarity=0.7,
                title=one.article.title,
                published=one.article.published,
            ),
            relation=relation,
            probabilities=dict.fromkeys(Relation, 0.0) | {Relation.UNRELATED: 1 - probability, relation: probability},
            evidence=words,
            reason="because",
            model="sample",
        ),
        Ruling(decision=Decision.ALERT, reason="sample"),
    )


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
