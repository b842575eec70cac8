"""The assess stage over a real store, with a judge that says what each test wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from assessed_samples import assessed, tanks
from sqlalchemy import Engine, select

from bot.core.policies import AlertPolicy
from bot.domain import (
    Article,
    ArticleState,
    Decision,
    Position,
    Relation,
    Ruling,
)
from bot.ports import Abstained
from bot.stages.assess import Assess
from bot.stages.judge import JudgedArticle
from bot.store import articles, assessments, positions, schema, tallies
from bot.store.articles import Arrival
from bot.store.engine import snapshot, transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POSITION = tanks()
ALERT = Ruling(decision=Decision.ALERT, reason="shift at 0.80, threshold 0.50")
WORDS = "Norland will send a dozen tanks"


class Vectors:
    """Likens texts by their first word alone."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        words = sorted({text.split()[0] for text in texts})
        return np.stack([np.eye(len(words))[words.index(text.split()[0])] for text in texts])


class Judge:
    """Finds in each article what `says` holds for its id: (words, relation, ruling), a reason not to read, or a fault."""

    def __init__(self, tracked: Sequence[Position], says: dict[str, object]) -> None:
        self.tracked = tracked
        self.says = says

    def judge(self, article: Article, now: datetime) -> JudgedArticle:
        said = self.says.get(article.id, [])
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Abstained):
            return JudgedArticle(article=article, abstained=said)
        made = [(assessed(article, *one[:2], self.tracked[0]), one[2]) for one in said]
        return JudgedArticle(article=article, assessments=tuple(made), sentences=3, dropped=Counter({"other": 2}))


class Desk:
    """A store with the assess stage over it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.says: dict[str, object] = {}
        self.judges = 0
        with transaction(engine) as connection:
            positions.seed(connection, [POSITION], NOW)
        self.stage = Assess(
            engine,
            make_judge=self._make_judge,
            configured=[POSITION],
            featurizer=Vectors(),
            policy=AlertPolicy(),
            channel_for=lambda position: "#desk",
        )

    def _make_judge(self, in_force: Sequence[Position]) -> Judge:
        self.judges += 1
        return Judge(in_force, self.says)

    def arrives(self, name: str, *, said: object = (), outlet: str = "Wire", silent: bool = False) -> None:
        text = "A beginning. " + " ".join(one[0] + "." for one in said) if isinstance(said, list) else "Nothing."
        self.says[name] = said
        article = Article(
            id=name,
            url=f"https://x/{name}",
            title=f"Title {name}",
            text=text,
            published=NOW,
            outlet=outlet,
            silent=silent,
        )
        with transaction(self.engine) as connection:
            articles.add(connection, [Arrival(article=article, entry_id=None)], NOW)

    def deliveries(self) -> list[dict]:
        with snapshot(self.engine) as connection:
            query = select(schema.deliveries).order_by(schema.deliveries.c.created_at, schema.deliveries.c.kind)
            return [dict(row) for row in connection.execute(query).mappings()]

    def state(self, name: str) -> tuple[str, str]:
        with snapshot(self.engine) as connection:
            row = connection.execute(
                select(schema.articles.c.state, schema.articles.c.reason).where(schema.articles.c.id == name)
            ).one()
        return row.state, row.reason


@pytest.fixture
def desk(store: Engine) -> Desk:
    return Desk(store)


def shift(words: str = WORDS, relation: Relation = Relation.CONTRADICTION, ruling: Ruling = ALERT) -> list:
    return [(words, relation, ruling)]


def test_a_shift_becomes_one_delivery_with_the_words_and_the_former_line(desk: Desk) -> None:
    desk.arrives("a", said=shift())
    report = desk.stage.run_once(NOW)
    assert (report.articles, report.alerts) == (1, 1)
    (delivery,) = desk.deliveries()
    assert (delivery["channel"], delivery["kind"], delivery["state"]) == ("#desk", "alert", "pending")
    assert delivery["payload"]["words"] == WORDS
    assert delivery["payload"]["baseline"] == POSITION.baseline
    assert desk.state("a") == (ArticleState.ASSESSED, "")


def test_nothing_pending_is_nothing_done(desk: Desk) -> None:
    assert desk.stage.run_once(NOW).articles == 0
    assert desk.judges == 0


def test_another_outlet_goes_into_the_thread_of_the_alert(desk: Desk) -> None:
    desk.arrives("a", said=shift())
    desk.stage.run_once(NOW)
    desk.arrives("b", said=shift(WORDS + " soon"), outlet="Gazette")
    report = desk.stage.run_once(NOW + timedelta(minutes=1))
    assert (report.alerts, report.accounts) == (0, 1)
    alert, reply = desk.deliveries()
    assert (reply["kind"], reply["parent_key"]) == ("reply", alert["alert_key"])
    assert reply["payload"]["account"]["name"] == "Gazette"
    assert [other["name"] for other in reply["payload"]["parent"]["others"]] == ["Gazette"]


def test_a_third_outlet_finds_the_second_in_the_parent(desk: Desk) -> None:
    for minute, (name, outlet) in enumerate([("a", "Wire"), ("b", "Gazette"), ("c", "Ledger")]):
        desk.arrives(name, said=shift(), outlet=outlet)
        desk.stage.run_once(NOW + timedelta(minutes=minute))
    parent = desk.deliveries()[-1]["payload"]["parent"]
    assert parent["first"]["name"] == "Wire"
    assert [other["name"] for other in parent["others"]] == ["Gazette", "Ledger"]


def test_another_event_of_the_position_is_another_alert(desk: Desk) -> None:
    desk.arrives("a", said=shift())
    desk.arrives("b", said=shift("Jets may follow within weeks"))
    assert desk.stage.run_once(NOW).alerts == 2


def test_two_sentences_of_one_article_are_one_alert(desk: Desk) -> None:
    desk.arrives("a", said=[*shift(), *shift("Jets may follow within weeks", Relation.SOFTENING)])
    assert desk.stage.run_once(NOW).alerts == 1
    assert len(desk.deliveries()) == 1


def test_the_other_direction_is_an_alert_of_its_own_in_another_article_but_not_in_the_same(desk: Desk) -> None:
    other = shift("Norland also demands bases", Relation.HARDENING)
    desk.arrives("a", said=[*shift(), *other])
    assert desk.stage.run_once(NOW).alerts == 1
    desk.arrives("b", said=other, outlet="Gazette")
    assert desk.stage.run_once(NOW).alerts == 1


def test_a_silent_article_fills_the_ledger_and_posts_nothing_nor_do_its_echoes(desk: Desk) -> None:
    desk.arrives("a", said=shift(), silent=True)
    desk.stage.run_once(NOW)
    desk.arrives("b", said=shift(), outlet="Gazette")
    desk.stage.run_once(NOW + timedelta(minutes=1))
    assert desk.deliveries() == []
    with snapshot(desk.engine) as connection:
        entries = assessments.for_position(connection, "no-tanks")
    assert len(entries) == 2
    assert {entry.ruling.decision for entry in entries} == {Decision.SILENT}
    assert any("first run" in entry.ruling.reason for entry in entries)
    assert any("on record before" in entry.ruling.reason for entry in entries)


@pytest.mark.parametrize("decision", [Decision.DIGEST, Decision.SILENT])
def test_what_is_no_alert_is_kept_with_its_reason_and_not_delivered(desk: Desk, decision: Decision) -> None:
    desk.arrives("a", said=shift(ruling=Ruling(decision=decision, reason="near miss")))
    desk.stage.run_once(NOW)
    assert desk.deliveries() == []
    with snapshot(desk.engine) as connection:
        (entry,) = assessments.for_position(connection, "no-tanks")
    assert (entry.ruling.decision, entry.ruling.reason) == (decision, "near miss")


def test_an_article_that_is_not_read_is_skipped_with_its_reason_and_counted(desk: Desk) -> None:
    desk.arrives("a", said=Abstained(reason="consent_wall"))
    report = desk.stage.run_once(NOW)
    assert report.outcomes == Counter(skipped=1)
    assert desk.state("a") == (ArticleState.SKIPPED, "consent_wall")
    with snapshot(desk.engine) as connection:
        assert tallies.Tally(stage="assess", outcome="skipped", reason="consent_wall", n=1) in tallies.totals(
            connection, date(2026, 1, 1)
        )


def test_a_failure_concerns_its_article_alone_and_is_tried_again_when_its_claim_runs_out(desk: Desk) -> None:
    desk.arrives("a", said=RuntimeError("broken"))
    desk.arrives("b", said=shift())
    report = desk.stage.run_once(NOW)
    assert report.outcomes == Counter(failed=1, assessed=1)
    desk.says["a"] = shift("Nothing")
    assert desk.stage.run_once(NOW + timedelta(seconds=10)).articles == 0
    assert desk.stage.run_once(NOW + timedelta(hours=1)).articles == 1


def test_assessing_again_after_a_crash_changes_nothing(desk: Desk) -> None:
    desk.arrives("a", said=shift())
    desk.stage.run_once(NOW)
    before = desk.deliveries()
    with transaction(desk.engine) as connection:
        connection.execute(schema.articles.update().values(state="pending", claimed_until=None))
    report = desk.stage.run_once(NOW + timedelta(hours=1))
    assert (report.alerts, report.accounts) == (0, 0)
    assert desk.deliveries() == before


def test_a_moved_ledger_makes_a_new_judge_and_an_unmoved_one_does_not(desk: Desk) -> None:
    for name in ("a", "b"):
        desk.arrives(name)
        desk.stage.run_once(NOW)
    assert desk.judges == 1
    with transaction(desk.engine) as connection:
        positions.add_revision(
            connection,
            "no-tanks",
            baseline="Norland sends tanks.",
            since=date(2026, 2, 1),
            source="",
            origin=positions.Origin.CONFIRMED,
            set_by="editor",
            now=NOW,
        )
    desk.arrives("c", said=shift())
    desk.stage.run_once(NOW)
    assert desk.judges == 2
    assert desk.deliveries()[0]["payload"]["baseline"] == "Norland sends tanks."
