"""Speaker accuracy on the annotated corpus: `python tests/evaluation/speakers.py ../shared [--show]`.

A gold row counts as right where the reader's statement over it has the row's speaker; "reporter" stands for no speaker.
Names are compared by surname, so that "Sergei" and "Sergey" Lavrov are one man. Each row is scored; a statement whose rows
name several speakers is scored against any of them in the second figure.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

from bot.domain import Article, Holder, Statement
from bot.reading.reader import ArticleReader


def main(shared: Path, *, show: bool) -> None:
    corpus = shared / "corpus"
    yaml = YAML(typ="safe")
    documents = {d["id"]: d for d in yaml.load(corpus / "documents.yaml")["documents"]}
    names = dict.fromkeys(p["holder"] for p in yaml.load(corpus / "positions.yaml")["positions"])
    reader = ArticleReader([Holder(name=name) for name in names])
    gold = [json.loads(line) for line in (corpus / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    read = {key: _read(reader, corpus / document["file"], document) for key, document in documents.items()}
    right = total = 0
    spans: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for row in gold:
        spans[row["document"], row["start"], row["end"]].add(row["speaker"])
    for row in gold:
        got = _over(read[row["document"]], row["start"], row["end"])
        same = matches(got, row["speaker"])
        total, right = total + 1, right + same
        if show and not same:
            sys.stdout.write(
                f"{row['document']} {row['start']}-{row['end']} gold {row['speaker']!r} got {got!r} {row['position']}\n"
            )
    any_right = sum(any(matches(_over(read[d], s, e), name) for name in names) for (d, s, e), names in spans.items())
    sys.stdout.write(f"rows {total}  right {right}  accuracy {right / total:.3f}\n")
    sys.stdout.write(f"statements {len(spans)}  right {any_right}  accuracy {any_right / len(spans):.3f}\n")


def _read(reader: ArticleReader, path: Path, document: dict[str, object]) -> tuple[Statement, ...]:
    published = datetime.fromisoformat(str(document["published"])).replace(tzinfo=UTC)
    text = path.read_bytes().decode("utf-8")
    return reader.read(
        Article(id=str(document["id"]), url="", title=str(document["title"]), text=text, published=published)
    )


def _over(statements: tuple[Statement, ...], start: int, end: int) -> str | None:
    """Return the speaker of the statement that shares most with the span, None where none does."""
    shared = [(min(s.end, end) - max(s.start, start), s.speaker) for s in statements]
    best = max(shared, key=lambda pair: pair[0], default=(0, ""))
    return best[1] if best[0] > 0 else None


def matches(got: str | None, gold: str) -> bool:
    """Whether the reader's speaker is the annotated one."""
    if got is None:
        return False
    if gold == "reporter":
        return not got
    last = [word.lower().strip("’'s") for word in gold.split()]
    return bool(got) and (last[-1] in got.lower() or got.lower() in gold.lower())


if __name__ == "__main__":
    main(Path(sys.argv[1]), show="--show" in sys.argv)
