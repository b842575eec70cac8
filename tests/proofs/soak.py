"""An hour or more of the whole bot at a thousand feeds, with faults: memory, threads and handles stay flat, alerts come in time.

    python tests/proofs/soak.py --feeds 1000 --minutes 60 --json soak.json

It is `walkback run` with the shipped detector, which reads every article; but what moves a line is what the article's text says
(`tests/whole_bot.py`), so that it is known what Slack has to show. A fifth of the feeds have their articles on pages. Servers of
feeds fail at the rate of `--faults`, Slack limits, refuses, drops and accepts without answering.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

from figures import say, tell  # noqa: E402  # the path above comes first
from soaking import soak  # noqa: E402  # the path above comes first

import bot  # noqa: E402  # the path above comes first

SETTLED_FROM = 0.5
"""Until then caches fill, such as the embeddings of 4,000 sentences."""


def main() -> int:
    """Run the proof, tell its figures, and return 0 where it holds."""
    parser = argparse.ArgumentParser(description="The bot stays as it is for as long as it runs.")
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--minutes", type=float, default=60.0, help="after every feed has been read once")
    parser.add_argument("--every-s", type=float, default=2.0, help="seconds between two new articles, over all feeds")
    parser.add_argument("--faults", type=float, default=0.05, help="the share of a feed's answers that are broken")
    parser.add_argument("--most-mb-per-hour", type=float, default=20.0, help="by which memory may grow")
    parser.add_argument("--patience-s", type=float, default=300.0, help="for what is under way at the end")
    parser.add_argument("--folder", type=Path, help="an empty folder to work in, kept; a temporary one where left out")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    say(f"the code is {bot.__file__}")
    with tempfile.TemporaryDirectory(prefix="walkback-proof-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        seen = soak(
            folder,
            feeds=options.feeds,
            seconds=options.minutes * 60,
            every_s=options.every_s,
            sample_s=10.0,
            faults=options.faults,
            patience_s=options.patience_s,
            say=say,
        )
    figures = seen.figures(SETTLED_FROM)
    tell({"feeds": options.feeds, **figures}, options.json, "A soak of the whole bot")
    flat = all(
        float(str(figures[name])) <= most
        for name, most in (
            ("memory_mb_per_hour", options.most_mb_per_hour),
            ("threads_per_hour", 5.0),
            ("handles_per_hour", 20.0),
        )
    )
    return 0 if flat and seen.sound else 1


if __name__ == "__main__":
    sys.exit(main())
