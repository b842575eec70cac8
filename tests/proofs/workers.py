"""The proof that workers lose nothing and do nothing twice: kills, restarts of PostgreSQL, a faulty Slack; patience as shipped.

    python tests/proofs/workers.py --feeds 200 --articles 5000 --workers 4 --kills 100 --restarts 2 --json workers.json

Articles carry their own text and are judged by what it says; everything else is as in `walkback worker`. PostgreSQL flushes to
disk.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

import working  # noqa: E402  # the path above comes first
from figures import say, tell  # noqa: E402  # the path above comes first
from outlets import CHANNELS, Desk, shown  # noqa: E402  # the path above comes first
from postgres_server import SAFE, Server  # noqa: E402  # the path above comes first
from slack_peer import FakeSlack, Faults, Peer  # noqa: E402  # the path above comes first
from soaking import quantiles  # noqa: E402  # the path above comes first

import bot  # noqa: E402  # the path above comes first
from bot.runtime.queue import prepare_queue  # noqa: E402  # the path above comes first
from bot.store.engine import open_engine  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

RATES = {"429": 0.02, "5xx": 0.02, "5xx_after": 0.02, "reset_before": 0.02, "reset_after": 0.04, "slow_after": 0.002}


def main() -> int:
    """Run the proof, tell its figures, and return 0 where it holds."""
    options = _options()
    say(f"the code is {bot.__file__}")
    habits = working.Habits(pace=options.pace, fastest_s=options.fastest_s, cost_s=options.cost_s)
    with Server(SAFE) as server:
        engine = open_engine(server.url())
        upgrade(engine)
        prepare_queue(engine)
        slack, desk = FakeSlack(*CHANNELS), Desk(options.feeds, faults=0.02)
        faults = Faults(RATES, seed=options.seed, slow_s=8 * options.pace + 1)
        with desk.serving(), Peer(slack.respond, faults) as peer:
            desk.configure(engine)
            outcome = working.work_and_kill(
                server.url(),
                peer.url,
                desk,
                each=options.articles // options.feeds,
                workers=options.workers,
                kills=options.kills,
                limit_s=options.limit_s,
                every_s=(2.0, 6.0),
                restart=server.restart,
                restarts=options.restarts,
                seed=options.seed,
                habits=habits,
                say=say,
            )
            met = dict(peer.faults.met)
        told, wanted = shown(m for details in slack.channels.values() for m in details["messages"]), desk.shifts()
        assessed = working.assessed_by_tally(engine)
        engine.dispose()
    figures = {
        "feeds": options.feeds, "articles": desk.articles, "workers": options.workers, "kills": outcome.kills,
        "restarts_of_postgresql": outcome.restarts, "seconds": round(outcome.seconds, 1), "states": dict(outcome.states),
        "times_assessed": assessed, "alerts": sum(wanted.values()), "lost": sum((wanted - told).values()),
        "shown_twice": sum((told - wanted).values()), "deliveries": dict(outcome.deliveries), "slack_faults": met,
        "jobs_taken_over": len(outcome.takeovers_s), "s_until_taken_over": quantiles(outcome.takeovers_s),
        "s_from_kill_to_next_article": quantiles(outcome.recoveries_s),
    }  # fmt: skip
    tell(figures, options.json, "Workers on PostgreSQL under kills")
    holds = told == wanted and assessed == desk.articles == outcome.states["assessed"]
    return 0 if holds and outcome.kills >= options.kills and outcome.restarts == options.restarts else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Workers lose nothing and do nothing twice.")
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--restarts", type=int, default=2, help="of PostgreSQL, spread over the kills")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="less than 1.0 shortens how long the dead are waited for"
    )
    parser.add_argument("--fastest-s", type=float, default=5.0, help="between two polls of the busiest feed")
    parser.add_argument("--cost-s", type=float, default=0.0, help="processor time that judging an article takes")
    parser.add_argument("--limit-s", type=float, default=3_600, help="after which what there is has to do")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
