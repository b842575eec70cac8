"""An hour or more at a thousand feeds with faults on: memory, threads and handles stay flat, and alerts come in time.

python tests/proofs/soak.py --feeds 1000 --minutes 60
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

from soaking import soak  # noqa: E402  # the path above comes first

from bot.store.engine import open_engine  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

SETTLED_FROM = 0.33
"""The first third fills caches and pools."""


def main() -> int:
    """Run the proof, print its figures as one JSON line, and return 0 where it holds."""
    parser = argparse.ArgumentParser(description="The bot stays as it is for as long as it runs.")
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every-s", type=float, default=1.0, help="seconds between two new articles, over all feeds")
    parser.add_argument("--faults", type=float, default=0.05, help="the share of a feed's answers that are broken")
    parser.add_argument("--most-mb-per-hour", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="walkback-proof-") as folder:
        url = f"sqlite:///{folder}/walkback.db"
        upgrade(open_engine(url))
        seen = soak(
            url,
            feeds=options.feeds,
            seconds=options.minutes * 60,
            every_s=options.every_s,
            sample_s=10.0,
            faults=options.faults,
            say=_say,
        )
    figures = seen.figures(SETTLED_FROM)
    print(json.dumps({"feeds": options.feeds, **figures}))  # noqa: T201  # the figures are what it is for
    flat = figures["memory_mb_per_hour"] <= options.most_mb_per_hour  # type: ignore[operator]  # a number
    return 0 if flat and not seen.lost and not seen.shown_twice else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # progress of a long run


if __name__ == "__main__":
    sys.exit(main())
