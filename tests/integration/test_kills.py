"""The one bot on SQLite is killed without warning, again and again: nothing is lost and nothing shown twice.

The short form; `tests/proofs/kills.py` is the long one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import working
from slack_peer import FakeSlack, Faults, Peer

from bot.store import migrate
from bot.store.engine import open_engine

RATES = {"429": 0.04, "5xx": 0.04, "5xx_after": 0.04, "reset_before": 0.04, "reset_after": 0.06}


def test_whenever_the_bot_dies_each_article_is_assessed_once_and_each_alert_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    url = f"sqlite:///{tmp_path / 'walkback.db'}"
    engine = open_engine(url)
    migrate.upgrade(engine)
    slack, desk = FakeSlack(*working.CHANNELS), working.Desk(4)
    with desk.serving(), Peer(slack.respond, Faults(RATES, seed=3)) as peer:
        desk.configure(engine)
        outcome = working.work_and_kill(url, peer.url, desk, each=3, workers=1, kills=3, limit_s=900.0)
    told = working.shown(message for details in slack.channels.values() for message in details["messages"])
    assert outcome.kills == 3
    assert outcome.states == {"assessed": desk.articles}
    assert working.assessed_by_tally(engine) == desk.articles
    assert told == desk.shifts()
    engine.dispose()
