"""The bot is killed without warning while Slack misbehaves: nothing is lost and nothing shown twice.

The short form; `tests/proofs/deliveries.py` is the long one, against a Slack that this project did not write.
"""

from __future__ import annotations

from collections import Counter

import pytest
from delivering import fill, run_and_kill
from slack_peer import FakeSlack, Faults, Peer

RATES = {
    "429": 0.05, "storm": 0.02, "5xx": 0.05, "5xx_after": 0.05, "reset_before": 0.05, "reset_after": 0.08, "slow_after": 0.02,
}  # fmt: skip


def test_nothing_is_lost_or_shown_twice_whatever_slack_does_and_whenever_the_bot_dies(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    slack = FakeSlack("C0DESKONE", "C0DESKTWO", "C0DESKSIX")
    with Peer(slack.respond, Faults(RATES, seed=11, slow_s=1.2)) as peer:
        added = fill(store_url, list(slack.channels), 60)
        figures = run_and_kill(store_url, peer.url, kills=3, limit_s=60)
        met = set(peer.faults.met)
    assert figures.kills == 3
    assert met >= {"429", "status", "lost_after", "reset_before", "reset_after"}
    assert figures.states == {"posted": 60}
    assert slack.keys() == Counter(added)
