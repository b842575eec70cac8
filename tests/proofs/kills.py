"""The proof that the one bot on SQLite loses nothing and does nothing twice, however often it is killed.

python tests/proofs/kills.py --kills 100 --json kills.json
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

import working  # noqa: E402  # the path above comes first
from figures import say, tell  # noqa: E402  # the path above comes first
from outlets import CHANNELS, Desk, shown  # noqa: E402  # the path above comes first
from slack_peer import FakeSlack, Faults, Peer  # noqa: E402  # the path above comes first
from soaking import quantiles  # noqa: E402  # the path above comes first

import bot  # noqa: E402  # the path above comes first
from bot.store.backup import verify  # noqa: E402  # the path above comes first
from bot.store.engine import open_engine  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

RATES = {"429": 0.03, "5xx": 0.03, "5xx_after": 0.03, "reset_before": 0.03, "reset_after": 0.05, "slow_after": 0.003}


def main() -> int:
    """Run the proof, tell its figures, and return 0 where it holds."""
    options = _options()
    say(f"the code is {bot.__file__}")
    with tempfile.TemporaryDirectory(prefix="walkback-proof-") as folder:
        path = Path(folder) / "walkback.db"
        engine = open_engine(f"sqlite:///{path}")
        upgrade(engine)
        slack, desk = FakeSlack(*CHANNELS), Desk(options.feeds, faults=0.02)
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
                say=say,
            )
            met = dict(peer.faults.met)
        assessed = working.assessed_by_tally(engine)
        engine.dispose()
        verify(path)
    told = shown(m for details in slack.channels.values() for m in details["messages"])
    wanted = desk.shifts()
    figures = {
        "feeds": options.feeds, "articles": desk.articles, "kills": outcome.kills, "seconds": round(outcome.seconds, 1),
        "states": dict(outcome.states), "times_assessed": assessed, "alerts": sum(wanted.values()),
        "lost": sum((wanted - told).values()), "shown_twice": sum((told - wanted).values()), "slack_faults": met,
        "s_from_kill_to_next_article": quantiles(outcome.recoveries_s), "database": "sound",
    }  # fmt: skip
    tell(figures, options.json, "Kills of the one bot on SQLite")
    return 0 if told == wanted and assessed == desk.articles and outcome.kills == options.kills else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Nothing is lost and nothing done twice.")
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--limit-s", type=float, default=3_600, help="after which what there is has to do")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
