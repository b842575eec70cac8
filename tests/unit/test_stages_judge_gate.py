"""The gate before the embeddings: what it leaves out could not have matched."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.candidates import MatchPolicy, TopicVectors, choose, nearness
from bot.core.features import mentions
from bot.core.naming import names_of
from bot.core.policies import AlertPolicy
from bot.core.subject import Subjects
from bot.domain import Article, Holder, Position, Statement, identify
from bot.ports import Sentence
from bot.stages.judge import ArticleJudge

HOLDERS = [Holder(name="Norland", aliases=("Oslohavn",)), Holder(name="Sudland"), Holder(name="Westland")]
TOPICS = ["tanks for Sudland", "grain from Westland", "the harbour treaty", "talks"]
POSITIONS = [
    Position(
        id=f"{holder.name} {topic}",
        holder=holder,
        topic=topic,
        baseline=f"{holder.name} refuses {topic}.",
        since=date(2026, 1, 1),
    )
    for holder in HOLDERS[:2]
    for topic in TOPICS
]
WORDS = [
    "Norland",
    "Sudland",
    "Westland",
    "Oslohavn",
    "tanks",
    "grain",
    "harbour",
    "treaty",
    "rain",
    "refuses",
    "singers",
]
POLICY = MatchPolicy(enough=0.7, own_voice=0.2, support=0.5, most_support=0.6, lag=1.0, per_sentence=2)
LINES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=8)


class Vectors:
    """A text's vector is the sum of its words', which are drawn by their letters; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def vectors(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        return np.stack([self._vector(text) for text in texts])

    @staticmethod
    def _vector(text: str) -> np.ndarray:
        words = [word.strip(".") for word in text.split()] or ["nothing"]
        rows = [np.random.default_rng(sum(word.encode()) * 7 + len(word)).normal(size=6) for word in words]
        row = np.sum(rows, axis=0)
        return row / np.linalg.norm(row)


class Reader:
    """Each line is a sentence, said by the one holder that its first word names."""

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        places, start = [], 0
        for index, line in enumerate(text.split("\n")):
            places.append(Sentence(start=start, end=start + len(line), paragraph=index))
            start += len(line) + 1
        return tuple(places)

    def read(self, article: Article, wanted: Collection[int] | None = None) -> tuple[Statement, ...]:
        return tuple(
            Statement(
                id=identify(article.id, place.start),
                article_id=article.id,
                start=place.start,
                end=place.end,
                text=article.text[place.start : place.end],
                holder=speaker_of(article.text[place.start : place.end]),
            )
            for index, place in enumerate(self.sentences(article.text))
            if wanted is None or index in wanted
        )


def speaker_of(line: str) -> str:
    return next((holder.name for holder in HOLDERS if line.split(" ", maxsplit=1)[0] == holder.name), "")


def by_looking_at_everything(article: Article, subjects: Subjects) -> set[tuple[int, str]]:
    lines = article.text.split("\n")
    present = [one for one in POSITIONS if mentions(f"{article.title}\n{article.text}", names_of(one.holder))]
    topics = [Vectors().vectors([one.topic, *one.paraphrases, one.baseline]) for one in present]
    closeness = TopicVectors(topics).closeness(Vectors().vectors(lines))
    if not closeness.size:
        return set()
    beside = [[other for other in (index - 1, index + 1) if 0 <= other < len(lines)] for index in range(len(lines))]
    near = nearness(closeness, beside, POLICY)
    own = np.array([[speaker_of(line) == one.holder.name for one in present] for line in lines])
    voice = own * POLICY.own_voice
    about = np.array(
        [
            [
                subjects.speaks_of(" . ".join([*lines[max(index - 1, 0) : index + 2], article.title]), subjects.of(one))
                for one in present
            ]
            for index in range(len(lines))
        ]
    )
    found = choose(near, closeness, voice, about, POLICY)
    return {(match.sentence, present[match.position].id) for match in found}


@settings(max_examples=150, deadline=None)
@given(LINES, st.one_of(st.just(""), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)))
def test_the_matches_are_those_of_looking_at_every_sentence(lines: list[str], title: str) -> None:
    subjects, vectors = Subjects({}, HOLDERS), Vectors()
    judge = ArticleJudge(
        reader=Reader(),
        detector=SimpleNamespace(featurizer=vectors, name="none"),
        positions=POSITIONS,
        alert=AlertPolicy(),
        match=POLICY,
        readable=lambda _: None,
        subjects=subjects,
    )
    article = Article(
        id="a", url="https://x/a", title=title, text="\n".join(lines), published=datetime(2026, 3, 1, tzinfo=UTC)
    )
    vectors.asked.clear()
    starts = {place.start: index for index, place in enumerate(Reader().sentences(article.text))}
    found = {(starts[one.statement.start], one.position.id) for one in judge.candidates(article)[0]}
    assert found == by_looking_at_everything(article, subjects)
    assert len(vectors.asked) <= len(lines)
    without_names = replace(article, title="", text="\n".join("rain singers" for _ in lines))
    vectors.asked.clear()
    assert judge.candidates(without_names)[0] == []
    assert vectors.asked == []
