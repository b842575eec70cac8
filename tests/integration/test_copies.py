"""Copies and later editions in the assess stage: over a real store, with a judge that notes what it is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from assessed_samples import assessed, tanks
from sqlalchemy import Engine, select

from bot.core.policies import AlertPolicy
from bot.domain import (
    Article,
    Decision,
    Position,
    Relation,
    Ruling,
    Statement,
)
from bot.reading.reader import ArticleReader
from bot.stages.assess import Assess
from bot.stages.judge import JudgedArticle
from bot.store import articles, assessments, positions, schema, tallies
from bot.store.articles import Arrival
from bot.store.engine import snapshot, transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TANKS = "Norland will send a dozen tanks, its defence minister Ada Berg said on Sunday."
PLANES = "Jets are to follow within weeks, a spokesman for the ministry in Berg added."
STORY = [
    "The envoys met for the third time in the old customs house by the harbour of Norport.",
    "They talked until late in the evening about a list that nobody has seen.",
    TANKS,
    "The list is said to name bridges, ports and a railway that has been closed since the winter.",
    "Nobody took questions when the envoys came out, and the cars left within minutes.",
    "A further meeting is planned for the end of the month, in the same house, officials of both sides say.",
    "Trade between the two ports has fallen by half since the spring, according to the harbour office.",
]
SHIFTING = (TANKS, PLANES)


def position(revision: int = 1) -> Position:
    return tanks("Norland will send nothing.", revision=revision)


class Vectors:
    """Likens no text to another, so that only a copy is the same shift."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(len(texts))


class Judge:
    """Calls the sentences of `SHIFTING` shifts, and notes which sentences of which article it looked at."""

    def __init__(self, tracked: Sequence[Position], looked: dict[str, list[str]]) -> None:
        self._tracked = tracked
        self._looked = looked
        self._reader = ArticleReader()

    def judge(self, article: Article, now: datetime, *, known: Collection[int] = ()) -> JudgedArticle:
        sentences = self._reader.sentences(article.text)
        texts = {i: article.text[s.start : s.end] for i, s in enumerate(sentences) if i not in known}
        self._looked[article.id] = list(texts.values())
        made = [
            (
                assessed(article, text, Relation.CONTRADICTION, self._tracked[0], start=sentences[i].start),
                Ruling(decision=Decision.ALERT, reason="shift"),
            )
            for i, text in texts.items()
            if text in SHIFTING
        ]
        return JudgedArticle(article=article, assessments=tuple(made), sentences=len(sentences))


class Desk:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.looked: dict[str, list[str]] = {}
        with transaction(engine) as connection:
            positions.seed(connection, [position()], NOW)
        self.stage = self._stage()

    def _stage(self) -> Assess:
        return Assess(
            self.engine,
            make_judge=lambda in_force: Judge(in_force, self.looked),
            configured=[position()],
            featurizer=Vectors(),
            policy=AlertPolicy(),
            channel_for=lambda _: "#desk",
        )

    def reads(self, name: str, *sentences: str, outlet: str = "Wire", minutes: float = 0, silent: bool = False) -> None:
        article = Article(
            id=name,
            url=f"https://{outlet.lower()}.example/{name}",
            title=f"Title {name}",
            text="\n\n".join(sentences),
            published=NOW,
            outlet=outlet,
            silent=silent,
        )
        with transaction(self.engine) as connection:
            articles.add(connection, [Arrival(article=article, entry_id=None)], NOW)
        self.stage.run_once(NOW + timedelta(minutes=minutes))

    def deliveries(self) -> list[str]:
        with snapshot(self.engine) as connection:
            query = select(schema.deliveries.c.kind).order_by(schema.deliveries.c.created_at, schema.deliveries.c.kind)
            return list(connection.execute(query).scalars())

    def statements(self, name: str) -> list[Statement]:
        with snapshot(self.engine) as connection:
            return [entry.statement for entry in assessments.for_article(connection, name)]


@pytest.fixture
def desk(store: Engine) -> Desk:
    return Desk(store)


def test_a_syndicated_copy_corroborates_and_is_not_assessed_again(desk: Desk) -> None:
    desk.reads("a", *STORY)
    desk.reads("b", "NORPORT (Wire)", *(s.replace("'", "’") for s in STORY[:6]), outlet="Gazette", minutes=1)
    assert desk.looked["a"] == STORY
    assert desk.looked["b"] == []
    assert desk.deliveries() == ["alert", "reply"]
    with snapshot(desk.engine) as connection:
        taken_over = connection.execute(select(schema.fingerprints.c.article_id, schema.fingerprints.c.original_id))
        assert {tuple(row) for row in taken_over} == {("a", ""), ("b", "a")}
        counted = {(t.outcome, t.reason): t.n for t in tallies.totals(connection, NOW.date())}
    assert counted["dropped", "same words as in an article assessed before"] == 6


def test_what_a_copy_takes_over_stands_at_its_own_place(desk: Desk) -> None:
    desk.reads("a", *STORY)
    lead = "The Gazette has learnt more about what went on in the customs house that evening."
    desk.reads("b", lead, *STORY, outlet="Gazette", minutes=1)
    (own,) = desk.statements("b")
    with snapshot(desk.engine) as connection:
        text = articles.get(connection, "b").text
    assert text[own.start : own.end] == own.text == TANKS
    assert text[own.source_start : own.source_end] == "Berg"
    assert (own.before, own.after) == (STORY[1], STORY[3])


def test_what_a_copy_adds_is_judged_and_alerts_on_its_own(desk: Desk) -> None:
    desk.reads("a", *STORY)
    desk.reads("b", *STORY, PLANES, outlet="Gazette", minutes=1)
    assert desk.looked["b"] == [PLANES]
    assert desk.deliveries() == ["alert", "alert", "reply"]


def test_a_copy_of_what_was_on_record_silently_stays_silent(desk: Desk) -> None:
    desk.reads("a", *STORY, silent=True)
    desk.reads("b", *STORY, outlet="Gazette", minutes=1)
    assert desk.deliveries() == []


def test_an_article_that_only_quotes_another_is_assessed_whole(desk: Desk) -> None:
    desk.reads("a", *STORY)
    own = [f"Sentence {n} of the Gazette's report tells of quite another evening in another port." for n in range(12)]
    desk.reads("b", *own, *STORY[1:4], outlet="Gazette", minutes=1)
    assert len(desk.looked["b"]) == 15


def test_after_the_line_on_record_has_moved_a_copy_is_assessed_against_the_new_one(desk: Desk) -> None:
    desk.reads("a", *STORY)
    with transaction(desk.engine) as connection:
        moved = Position(
            **{**{f: getattr(position(), f) for f in position().__slots__}, "baseline": "Norland sends it."}
        )
        positions.seed(connection, [moved], NOW + timedelta(seconds=1))
    desk.reads("b", *STORY, outlet="Gazette", minutes=1)
    assert desk.looked["b"] == STORY


def test_beyond_the_desks_window_a_copy_is_an_article_like_any_other(desk: Desk) -> None:
    desk.reads("a", *STORY)
    days = AlertPolicy().known_for_days * 1440 + 90
    desk.reads(
        "b",
        *[f"Sentence {n} has nothing to do with any other report of that long day." for n in range(9)],
        minutes=days,
    )
    desk.reads("c", *STORY, minutes=days + 1)
    assert desk.looked["c"] == STORY


def test_a_process_that_is_started_anew_still_knows_what_was_assessed(desk: Desk) -> None:
    desk.reads("a", *STORY)
    desk.stage = desk._stage()
    desk.reads("b", *STORY, outlet="Gazette", minutes=1)
    assert desk.looked["b"] == []
