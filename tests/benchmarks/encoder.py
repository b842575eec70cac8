"""How fast the encoder is: `python tests/benchmarks/encoder.py [FOLDER] [--threads 2] [--tokens 64] [--batch 32]`.

FOLDER holds model.onnx and tokenizer.json; the one that is shipped by default. Each pair is of exactly so many tokens. Prints pairs
a second by the clock and by the processor's time: on a busy machine only the second, times the threads, says what a calm one does.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from bot.config import shipped_path
from bot.detection.onnx import CrossEncoder
from bot.domain import identify

SENTENCE = "the minister said on monday that talks about the grain corridor would go on without a new condition"


def pair_of(number: int, tokens: int) -> tuple[str, str]:
    """Return a pair that is cut to the length by the tokenizer; no two are alike, so that none is remembered."""
    known = SENTENCE.split()
    words = [known[(number + place) % len(known)] for place in range(tokens)]
    return f"{identify(number)[:6]} {' '.join(words)}", " ".join(reversed(words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=shipped_path("models") / "encoder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    started = time.process_time()
    encoder = CrossEncoder(asked.folder, threads=asked.threads, max_tokens=asked.tokens)
    loaded = time.process_time() - started
    pairs = [pair_of(number, asked.tokens) for number in range(asked.batch * asked.rounds)]
    encoder.score(pairs[:1])
    rates = []
    for round_ in range(asked.rounds):
        clock, processor = time.perf_counter(), time.process_time()
        encoder.score(pairs[round_ * asked.batch : (round_ + 1) * asked.batch])
        rates.append((asked.batch / (time.perf_counter() - clock), asked.batch / (time.process_time() - processor)))
    by_clock, by_processor = np.median(np.array(rates), axis=0)
    size = (asked.folder / "model.onnx").stat().st_size / 1e6
    sys.stdout.write(
        f"{asked.folder}: {size:.1f} MB, loaded in {loaded:.1f} s of processor; {asked.tokens} tokens, "
        f"{asked.threads} threads: {by_clock:.1f} pairs/s by the clock, {by_processor:.1f} a processor second\n"
    )


if __name__ == "__main__":
    main()
