"""How fast alerts go out: python tests/benchmarks/deliver.py [--alerts 400] [--channels 40] [--rounds 3] [--json FILE]

Due deliveries are claimed, posted to a Slack on loopback and settled, each channel's one after the other; the pace of one message
a second a channel is turned off. Beside it, in the same run, slack_sdk's WebClient posts the same messages to the same Slack with
as many threads and no ledger: it is what claim, look-up and settlement cost that is measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1]), str(HERE.parents[2])]

import structlog  # noqa: E402  # the path above comes first
from delivering import fill  # noqa: E402  # as above
from measuring import machine, options, rate, tell  # noqa: E402  # as above
from slack_peer import TOKEN, FakeSlack, Peer  # noqa: E402  # as above
from slack_sdk import WebClient  # noqa: E402  # as above

from bot.core.policies import DispatchPolicy  # noqa: E402  # as above
from bot.slack.post import SlackNotifier  # noqa: E402  # as above
from bot.stages.deliver import Deliver  # noqa: E402  # as above
from bot.store.engine import open_engine  # noqa: E402  # as above
from bot.store.schema import metadata  # noqa: E402  # as above

POLICY = DispatchPolicy(gap_s=0.0, per_hour=10_000_000)
THREADS = 8


class Ours:
    """The stage over a store of its own."""

    def __init__(self, folder: Path, peer: Peer, slack: FakeSlack, channels: list[str]) -> None:
        self._folder, self._peer, self._slack, self._channels = folder, peer, slack, channels

    def work(self, number: int) -> Callable[[], float]:
        """Return what delivers `number` alerts; filling the store is not counted, as it is done by the stage before."""

        def run() -> float:
            stage, engine = self._ready.pop()
            posted = 0
            deadline = time.monotonic() + 300
            while posted < number and time.monotonic() < deadline:
                posted += stage.run_once(datetime.now(UTC)).outcomes.get("posted", 0)
            engine.dispose()
            assert posted == number, f"{posted} of {number} were posted"
            return float(number)

        return run

    def prepare(self, number: int, runs: int) -> None:
        """Make as many filled stores as there will be runs."""
        self._ready = []
        for _ in range(runs):
            url = f"sqlite:///{self._folder}/{time.monotonic_ns()}.db"
            engine = open_engine(url)
            metadata.create_all(engine)
            fill(url, self._channels, number)
            notifier = SlackNotifier(TOKEN, self._peer.url)
            self._ready.append((Deliver(engine, notifier, POLICY, threads=THREADS), engine))


def bare(peer: Peer, payloads: list[tuple[str, list[dict[str, object]]]]) -> Callable[[], float]:
    """Return what posts messages with the library alone."""

    def run() -> float:
        client = WebClient(TOKEN, base_url=peer.url)
        with ThreadPoolExecutor(THREADS) as threads:
            done = threads.map(
                lambda one: client.chat_postMessage(channel=one[0], text="t", blocks=one[1])["ok"], payloads
            )
            return float(sum(map(bool, done)))

    return run


def messages(slack: FakeSlack, channels: list[str], number: int) -> list[tuple[str, list[dict[str, object]]]]:
    """Return what the stage posted, as (channel, blocks)."""
    found = [(channel, message["blocks"]) for channel in channels for message in slack.shown(channel)]
    return found[:number]


def measure(given: argparse.Namespace, folder: Path) -> dict[str, object]:
    channels = [f"C0DESK{n:03d}" for n in range(given.channels)]
    slack = FakeSlack(*channels)
    with Peer(slack.respond) as peer:
        ours = Ours(folder, peer, slack, channels)
        ours.prepare(given.alerts, given.rounds + 1)
        stage = rate(ours.work(given.alerts), rounds=given.rounds)
        library = rate(bare(peer, messages(slack, channels, given.alerts)), rounds=given.rounds)
    return {
        **machine(),
        "alerts": given.alerts,
        "channels": given.channels,
        "walkback": stage.told(),
        "slack_sdk alone": library.told(),
        "ratio": round(stage.median / library.median, 2),
    }


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--alerts", type=int, default=400)
    parser.add_argument("--channels", type=int, default=40)
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # nothing is printed but the figures
    with tempfile.TemporaryDirectory() as folder:
        tell(measure(given, Path(folder)), given.json)


if __name__ == "__main__":
    main()
