"""How fast the reader is: `python tests/benchmarks/read.py FOLDER_OF_TEXTS [--hostile] [--seconds 6]`.

Prints the rate of articles that touch no tracked topic and go no further than the cheap gate (sentences and their embeddings), of
articles read whole, and of articles of which a few sentences are read, with the share of time that the parser takes.
`--hostile` instead reads what no newspaper prints, and prints seconds per 100 kB and the peak of memory. Seconds are CPU
seconds of one core.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from bot.app import build_judge
from bot.config import Settings
from bot.core.policies import AlertPolicy
from bot.detection.detector import load_detector
from bot.domain import Article, Holder, Position
from bot.reading import parse
from bot.reading.reader import ArticleReader

TRACKED = (Holder(name="Russia"), Holder(name="Ukraine"), Holder(name="United States"))


def article(text: str) -> Article:
    return Article(id="a", url="", title="", text=text, published=datetime(2026, 2, 10, tzinfo=UTC))


def rate(work: Callable[[str], object], texts: list[str], seconds: float) -> float:
    """Return texts a second over about `seconds`."""
    started, done = time.process_time(), 0
    while time.process_time() - started < seconds:
        work(texts[done % len(texts)])
        done += 1
    return done / (time.process_time() - started)


def timed_parser() -> list[float]:
    """Count the seconds spent in the parser from now on."""
    spent = [0.0]
    parsed = parse.parsed

    def counting(passages, visit):
        started = time.process_time()
        try:
            return parsed(passages, visit)
        finally:
            spent[0] += time.process_time() - started

    parse.parsed = counting
    return spent


def hostile() -> dict[str, str]:
    chance = random.Random(4)
    size = 200_000
    return {
        "one line of words": "the minister said that talks go on and " * (size // 39),
        "no spaces": "x" * size,
        "only quotes": '"' * size,
        "curly quotes": "“”" * (size // 2),
        "brackets": "([{" * (size // 3),
        "any unicode": "".join(
            chr(chance.choice([*range(32, 0x2FF), *range(0x370, 0x1FFF), *range(0x1F300, 0x1F6FF)]))
            for _ in range(size // 4)
        ),
        "labels": "Name: yes.\n" * (size // 11),
        "stops": ". " * (size // 2),
        "capitals": "Minister Anton " * (size // 15),
        "lines": "a\n" * (size // 2),
        "pronouns": "He said she said he knew. " * (size // 26),
    }


def gate(texts: list[str], seconds: float) -> float:
    """Return how many articles a second pass the gate that names the holder but finds no sentence on its topic."""
    detector = load_detector(Settings().model_path)
    tracked = Position(
        id="none",
        holder=Holder(name="Russia", aliases=("Moscow", "Ukraine", "Washington")),
        topic="the recipe of a plum cake",
        baseline="Plum cake is baked with butter and brown sugar.",
        since=date(2026, 1, 1),
    )
    judge = build_judge(detector, [tracked], AlertPolicy())
    unmatched = [text for text in texts if not judge.candidates(article(text))[0]]
    return rate(lambda text: judge.candidates(article(text)), unmatched, seconds)


def speeds(folder: Path, seconds: float) -> None:
    out = sys.stdout.write
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]
    mean = sum(map(len, texts)) / len(texts)
    out(f"{len(texts)} texts of {mean:.0f} characters on average\n")
    out(f"{'unmatched, the gate alone':28s} {gate(texts, seconds):8.1f} articles/s of one core\n")
    reader = ArticleReader(TRACKED)
    reader.read(article(texts[0]))
    spent = timed_parser()
    for name, wanted in (("five sentences read", {3, 4, 5, 9, 10}), ("read whole", None)):
        spent[0] = 0.0
        started = time.process_time()
        speed = rate(lambda text, wanted=wanted: reader.read(article(text), wanted), texts, seconds)
        share = spent[0] / (time.process_time() - started)
        out(f"{name:28s} {speed:8.1f} articles/s, {100 * share:.0f} % of the time in the parser\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--seconds", type=float, default=6.0, help="CPU seconds of each measurement")
    options = parser.parse_args()
    if options.hostile:
        reader = ArticleReader(TRACKED)
        for name, text in hostile().items():
            started = time.process_time()
            reader.utterances(article(text))
            taken = (time.process_time() - started) / (len(text.encode()) / 100_000)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            sys.stdout.write(f"{name:28s} {taken:8.2f} s per 100 kB, peak {peak:.0f} MiB\n")
    else:
        speeds(options.folder, options.seconds)


if __name__ == "__main__":
    main()
