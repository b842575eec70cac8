"""How fast articles are read: python tests/benchmarks/read.py [FOLDER_OF_TEXTS] [--hostile] [--rounds 3] [--json FILE]

Without a folder, over news of the project's own making (`workload.py`); with one, over its texts. Tells the rate of articles that
go no further than the cheap gate against the shipped positions, of articles read whole, and of articles of which a few sentences
are read, with the share of the time that the parser takes; and beside it, in the same run, spaCy's parse of every whole text, which
the gate saves. `--hostile` instead reads what no newspaper prints, and tells seconds per 100 kB and the peak of memory. Rates are
by CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from measuring import machine, options, tell  # noqa: E402  # the path above comes first
from workload import Writer  # noqa: E402  # as above

from bot.app import build_judge  # noqa: E402  # as above
from bot.config import load_configuration, shipped_path  # noqa: E402  # as above
from bot.detection.detector import load_detector  # noqa: E402  # as above
from bot.domain import Article, Holder  # noqa: E402  # as above
from bot.reading import parse  # noqa: E402  # as above
from bot.reading.reader import ArticleReader  # noqa: E402  # as above

TRACKED = (Holder(name="Russia"), Holder(name="Ukraine"), Holder(name="United States"))
SIZE = 200_000
TALK = "The minister said on Monday that Moscow would not sign the text that had been agreed in the spring. "
ENDLESS = 5_000_000
"""Characters of the longest text that is read: beyond that a page is too large."""


def article(text: str) -> Article:
    return Article(id="a", url="", title="", text=text, published=datetime(2026, 2, 10, tzinfo=UTC))


def rate(work: Callable[[Article], object], articles: Callable[[], Iterable[Article]], rounds: int) -> float:
    """Return articles a CPU second, the median of the rounds after one to warm up."""
    rates = []
    for _ in range(rounds + 1):
        load = list(articles())
        started = time.process_time()
        for one in load:
            work(one)
        rates.append(len(load) / max(time.process_time() - started, 1e-9))
    return statistics.median(rates[1:])


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
    size = SIZE
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
        "5 MB of one line without spaces": "x" * ENDLESS,
        "5 MB of one line of quotes": '"' * ENDLESS,
        "5 MB of one line, one sentence repeated": TALK * (ENDLESS // len(TALK)),
        "5 MB of one line, no two sentences alike": "".join(
            TALK.replace("Monday", f"day {day}") for day in range(ENDLESS // (len(TALK) + 4))
        ),
    }


def gates(given: argparse.Namespace, texts: list[Article]) -> dict[str, float]:
    """Return rates through the gate: kinds of news without a match, or the texts. What was embedded is forgotten each time."""
    configuration = load_configuration(shipped_path("config"))
    detector = load_detector(shipped_path("models"), threads=1)
    judge = build_judge(detector, configuration.positions, configuration.desk.alert)

    def pass_gate(one: Article) -> object:
        detector.featurizer._known.clear()
        return judge.candidates(one)

    if texts:
        unmatched = [one for one in texts if not judge.candidates(one)[0]]
        return {"texts without a match": rate(pass_gate, lambda: unmatched, given.rounds)} if unmatched else {}
    writer = Writer(configuration.positions, seed=3)
    found = {"background": rate(pass_gate, lambda: writer.background(40).articles, given.rounds)}
    for kind in ("elsewhere", "passing", "nearby"):
        found[kind] = rate(pass_gate, lambda: writer.only(kind, 20).articles, given.rounds)  # noqa: B023  # called at once
    return found


def speeds(given: argparse.Namespace) -> dict[str, object]:
    texts = (
        [article(path.read_text(encoding="utf-8")) for path in sorted(given.folder.glob("*.txt"))]
        if given.folder
        else []
    )
    writer = Writer(load_configuration(shipped_path("config")).positions, seed=4)

    def load() -> Iterable[Article]:
        return texts or writer.only("matching", 10).articles

    reader, spent = ArticleReader(TRACKED), timed_parser()
    figures: dict[str, object] = {"through_the_gate_per_s": {k: round(v, 1) for k, v in gates(given, texts).items()}}
    for name, wanted in (("five_sentences", {3, 4, 5, 9, 10}), ("whole", None)):
        spent[0], started = 0.0, time.process_time()
        speed = rate(lambda one, wanted=wanted: reader.read(one, wanted), load, given.rounds)
        share = spent[0] / (time.process_time() - started)
        figures[name] = {"per_s": round(speed, 2), "share_in_the_parser": round(share, 2)}
    pipeline = parse.pipeline()
    figures["spaCy on every text"] = {"per_s": round(rate(lambda one: pipeline(one.text), load, given.rounds), 2)}
    return figures


def hostile_figures() -> dict[str, object]:
    reader, found = ArticleReader(TRACKED), {}
    reader.read(article("The minister said on Monday that talks would go on."))
    for name, text in hostile().items():
        started = time.process_time()
        reader.utterances(article(text))
        taken = (time.process_time() - started) / (len(text.encode()) / 100_000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found[name] = {"s_per_100_kb": round(taken, 2), "peak_mib": round(peak)}
    return found


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--hostile", action="store_true")
    given = parser.parse_args()
    tell({**machine(), **(hostile_figures() if given.hostile else speeds(given))}, given.json)


if __name__ == "__main__":
    main()
