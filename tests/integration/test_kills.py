"""The one bot on SQLite is killed without warning, again and again: nothing is lost and nothing shown twice.

The short form; `tests/proofs/kills.py` is the long one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import working
from outlets import CHANNELS, TRACKED, Desk, shown
from slack_peer import FakeSlack, Faults, Peer
from sqlalchemy import Engine, select

from bot.core.policies import AlertPolicy
from bot.domain import Article, Position
from bot.stages.assess import Assess
from bot.stages.judge import JudgedArticle
from bot.store import articles, migrate
from bot.store.articles import Arrival
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.schema import articles as article_table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATES = {"429": 0.04, "5xx": 0.04, "5xx_after": 0.04, "reset_before": 0.04, "reset_after": 0.06}


def test_whenever_the_bot_dies_each_article_is_assessed_once_and_each_alert_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    url = f"sqlite:///{tmp_path / 'walkback.db'}"
    engine = open_engine(url)
    migrate.upgrade(engine)
    slack, desk = FakeSlack(*CHANNELS), Desk(4)
    with desk.serving(), Peer(slack.respond, Faults(RATES, seed=3)) as peer:
        desk.configure(engine)
        outcome = working.work_and_kill(url, peer.url, desk, each=3, workers=1, kills=3, limit_s=900.0)
    told = shown(message for details in slack.channels.values() for message in details["messages"])
    assert outcome.kills == 3
    assert outcome.states == {"assessed": desk.articles}
    assert working.assessed_by_tally(engine) == desk.articles
    assert told == desk.shifts()
    engine.dispose()


class Death(BaseException):
    """Nothing in a stage may hold this up."""


class Mortal:
    """Judges that an article says nothing, and dies over one."""

    def __init__(self, over: str) -> None:
        self._over = over

    def judge(self, article: Article, now: datetime) -> JudgedArticle:
        if article.id == self._over:
            raise Death
        return JudgedArticle(article=article, sentences=1)


def assess(store: Engine, over: str) -> Assess:
    def make_judge(lines: Sequence[Position]) -> Mortal:
        return Mortal(over)

    return Assess(
        store,
        make_judge=make_judge,
        configured=TRACKED,
        featurizer=working.Apart(),
        policy=AlertPolicy(),
        channel_for=lambda position: position.channel,
    )


def test_whoever_dies_over_an_article_has_not_tried_those_behind_it(store: Engine) -> None:
    made = [Article(id=name, url=f"https://x/{name}", title=name, text="Words.", published=NOW) for name in "abcd"]
    with transaction(store) as connection:
        articles.add(connection, [Arrival(article=each, entry_id=None) for each in made], NOW)
    for n in range(articles.MOST_ATTEMPTS):
        with pytest.raises(Death):
            assess(store, "b").run_once(NOW)
        with transaction(store) as connection:
            assert articles.release_all(connection) == 3, f"death {n}"
    assert assess(store, "b").run_once(NOW).outcomes == {"assessed": 2}
    c = article_table.c
    with snapshot(store) as connection:
        found = connection.execute(select(c.id, c.state, c.attempts).order_by(c.id)).all()
    assert [tuple(row) for row in found] == [
        ("a", "assessed", 1),
        ("b", "failed", 5),
        ("c", "assessed", 1),
        ("d", "assessed", 1),
    ]
