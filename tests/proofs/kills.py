"""The proof that the one bot on SQLite loses nothing and does nothing twice, however often it is killed.

python tests/proofs/kills.py --kills 100
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

import working  # noqa: E402  # the path above comes first
from slack_peer import FakeSlack, Faults, Peer  # noqa: E402  # the path above comes first

from bot.store.backup import verify  # noqa: E402  # the path above comes first
from bot.store.engine import open_engine  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

RATES = {"429": 0.03, "5xx": 0.03, "5xx_after": 0.03, "reset_before": 0.03, "reset_after": 0.05, "slow_after": 0.003}


def main() -> int:
    """Run the proof, print its figures as one JSON line, and return 0 where it holds."""
    parser = argparse.ArgumentParser(description="Nothing is lost and nothing done twice.")
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--limit-s", type=float, default=3_600)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="walkback-proof-") as folder:
        path = Path(folder) / "walkback.db"
        engine = open_engine(f"sqlite:///{path}")
        upgrade(engine)
        slack, desk = FakeSlack(*working.CHANNELS), working.Desk(options.feeds, faults=0.02)
        with desk.serving(), Peer(slack.respond, Faults(RATES, seed=options.seed, slow_s=1.2)) as peer:
            desk.configure(engine)
            outcome = working.work_and_kill(
                f"sqlite:///{path}",
                peer.url,
                desk,
                each=options.articles // options.feeds,
                workers=1,
                kills=options.kills,
                limit_s=options.limit_s,
                every_s=(0.0, 2.0),
                seed=options.seed,
                say=_say,
            )
            met = dict(peer.faults.met)
        assessed = working.assessed_by_tally(engine)
        engine.dispose()
        verify(path)
    told = working.shown(m for details in slack.channels.values() for m in details["messages"])
    wanted = desk.shifts()
    figures = {
        "articles": desk.articles, "kills": outcome.kills, "seconds": round(outcome.seconds, 1), "states": dict(outcome.states),
        "times_assessed": assessed, "alerts": sum(wanted.values()), "lost": sum((wanted - told).values()),
        "shown_twice": sum((told - wanted).values()), "slack_faults": met, "database": "sound",
    }  # fmt: skip
    print(json.dumps(figures))  # noqa: T201  # the figures are what it is for
    return 0 if told == wanted and assessed == desk.articles and outcome.kills == options.kills else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # progress of a long run


if __name__ == "__main__":
    sys.exit(main())
