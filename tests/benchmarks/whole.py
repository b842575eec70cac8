"""From feed to accepted post, by the whole bot: python tests/benchmarks/whole.py [--feeds 1000] [--minutes 5] [--json FILE]

It is `walkback run` as the soak has it (`tests/proofs/soak.py`), without faults: a thousand feeds on loopback, each on a host of
its own, one new article every `--every-s` seconds over all of them, half of which move a line; Slack on loopback. The lag of an
alert is from the first serving of its entry to the bot until Slack has accepted the message. Told beside it: how long the bot
takes from its start until it is ready, and its memory, processes that parse included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1]), str(HERE.parents[2])]

import soaking  # noqa: E402  # the path above comes first
from measuring import machine, options, tell  # noqa: E402  # as above


def ready_s(folder: Path, *, kept: bool) -> float:
    """Return the seconds from the start of a process until it has a detector that has judged, with or without kept models."""
    code = (
        "from bot.config import load_configuration, shipped_path; from bot.detection.detector import load_detector;"
        "from bot.app import build_judge; c = load_configuration(shipped_path('config'));"
        "build_judge(load_detector(shipped_path('models')), c.positions, c.desk.alert)"
    )
    cache = folder / ("kept" if kept else f"none-{time.monotonic_ns()}")
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[2]), "XDG_CACHE_HOME": str(cache)}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=True)
    return time.perf_counter() - began


def measure(given: argparse.Namespace, folder: Path) -> dict[str, object]:
    first = ready_s(folder, kept=True)
    ready = sorted(ready_s(folder, kept=True) for _ in range(given.rounds))[given.rounds // 2]
    work = folder / "bot"
    work.mkdir()
    soaking.RATES = {}  # Slack answers as it should
    seen = soaking.soak(
        work, feeds=given.feeds, seconds=given.minutes * 60, every_s=given.every_s, sample_s=5.0, faults=0.0
    )
    together = [one.memory + one.others_memory for one in seen.samples]
    return {
        **machine(),
        "feeds": given.feeds,
        "minutes": given.minutes,
        "ready_s": {"first_start": round(first, 2), "later": round(ready, 2)},
        "memory_mb": {
            "bot": round(max(one.memory for one in seen.samples) / 1e6),
            "with_parsers": round(max(together) / 1e6),
        },
        "soak": seen.figures(0.2),
        "sound": seen.sound,
    }


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--minutes", type=float, default=5.0, help="after every feed has been read once")
    parser.add_argument("--every-s", type=float, default=1.0, help="seconds between two new articles, over all feeds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="walkback-bench-") as folder:
        figures = measure(given, Path(folder))
    tell(figures, given.json)
    return 0 if figures["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
