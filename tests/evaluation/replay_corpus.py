"""Replays the annotated corpus in the order of time, and says which of its shifts the desk would have been told of.

    python tests/evaluation/replay_corpus.py ../shared [--models models] [--threshold N] [--report FOLDER] [--json]

A shift of the corpus is a relation to a position on which two annotators agree; its rows, in whichever documents, are reports of
it. It is told where an alert rests on one of these rows or has one in its thread, once where no second alert was opened by
another of them, and late where that happened in a later document than its first. An alert is false where what opened it meets
neither a row of a shift nor one over which the annotators differ. Exit code 1 where a shift is told more than once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.commands.replay_bench import Bench, Variant
from bot.config import load_desk, load_positions, load_settings
from bot.domain import Relation
from bot.feeds.fenced import FencedParser
from bot.reading.page import PageExtractor
from bot.replay.archive import ArchiveItem, read_archives
from bot.replay.report import write_report
from bot.replay.rows import alert_rows
from bot.replay.run import Replayed
from bot.replay.story import tell
from bot.store.archive import AlertOnFile
from bot.store.assessments import TimelineEntry
from bot.training.corpus_alerts import Span, overlaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A shift of the corpus: where it stands, and the earliest document that has it."""

    position: str
    relation: Relation
    document: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a shift was told: in which document first ("" for never), and how many alerts its rows opened."""

    shift: Shift
    document: str
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a replay made of the corpus. `false` are alerts as rows, `unsure` counts those that no agreed label speaks on."""

    shifts: tuple[Told, ...]
    alerts: int
    right: int
    unsure: int
    false: tuple[Mapping[str, Any], ...]
    in_order: bool

    @property
    def told(self) -> int:
        """How many shifts were told of."""
        return sum(bool(one.document) for one in self.shifts)

    @property
    def again(self) -> tuple[Told, ...]:
        """Shifts that more than one alert was opened for."""
        return tuple(one for one in self.shifts if one.alerts > 1)

    @property
    def late(self) -> tuple[Told, ...]:
        """Shifts that were told of after the document that had them first."""
        return tuple(one for one in self.shifts if one.document and one.document != one.shift.document)


def shifts_of(gold: Iterable[Mapping[str, Any]], order: Sequence[str]) -> list[Shift]:
    """Return the shifts that two annotators agree on, by their first document; `order` are the documents by time."""
    rows: dict[tuple[str, str], list[Span]] = {}
    for row in gold:
        if row["relation"] and Relation(row["relation"]).is_shift and len(row["annotators"]) > 1:
            rows.setdefault((row["position"], row["relation"]), []).append(span_of(row))
    found = []
    for (position, relation), spans in rows.items():
        first = min((span.document for span in spans), key=order.index)
        found.append(Shift(position=position, relation=Relation(relation), document=first, spans=tuple(spans)))
    return sorted(found, key=lambda shift: (order.index(shift.document), shift.position, shift.relation))


def span_of(row: Mapping[str, Any]) -> Span:
    """Return where a row of the annotation stands."""
    return Span(document=row["document"], position=row["position"], start=row["start"], end=row["end"])


def measure(replayed: Replayed, gold: Sequence[Mapping[str, Any]]) -> Measured:
    """Return how a replay of the corpus stands to its annotation."""
    order = [item.document for item in replayed.items]
    documents = {item.article.id: item.document for item in replayed.items}
    shifts = shifts_of(gold, order)
    unsure = [span_of(row) for row in gold if row["relation"] is None or len(row["annotators"]) < 2]
    openers = [_span(alert.opener, documents) for alert in replayed.alerts]
    found = tuple(_told(shift, replayed.alerts, openers, documents) for shift in shifts)
    rows = alert_rows(replayed)
    right = [any(_meets(span, shift.spans) for shift in shifts) for span in openers]
    doubted = [not good and _meets(span, unsure) for good, span in zip(right, openers, strict=True)]
    places = [order.index(row["document"]) for row in rows]
    return Measured(
        shifts=found,
        alerts=len(rows),
        right=sum(right),
        unsure=sum(doubted),
        false=tuple(row for row, good, odd in zip(rows, right, doubted, strict=True) if not good and not odd),
        in_order=places == sorted(places),
    )


def _told(
    shift: Shift, alerts: Sequence[AlertOnFile], openers: Sequence[Span | None], documents: Mapping[str, str]
) -> Told:
    opened = sum(_meets(span, shift.spans) for span in openers)
    for alert in alerts:
        for entry in sorted((*alert.accounts, *alert.disputes), key=lambda entry: entry.published):
            span = _span(entry, documents)
            if _meets(span, shift.spans):
                return Told(shift=shift, document=span.document if span else "", alerts=opened)
    return Told(shift=shift, document="", alerts=opened)


def _span(entry: TimelineEntry | None, documents: Mapping[str, str]) -> Span | None:
    if entry is None:
        return None
    words = entry.statement
    return Span(document=documents[words.article_id], position=entry.position_id, start=words.start, end=words.end)


def _meets(span: Span | None, others: Iterable[Span]) -> bool:
    return span is not None and any(overlaps(span, other) for other in others)


def read_corpus(corpus: Path) -> tuple[tuple[ArchiveItem, ...], list[dict[str, Any]]]:
    """Return the documents by time, and the rows of the annotation."""
    parser = FencedParser()
    try:
        found = read_archives([corpus], extractor=PageExtractor(), parser=parser)
    finally:
        parser.close()
    gold = [json.loads(line) for line in (corpus / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    return found.items, gold


def line(one: Told) -> dict[str, Any]:
    """Return how a shift was told as JSON values."""
    shift = one.shift
    return {"document": shift.document, "position": shift.position, "relation": shift.relation.value,
            "told_in": one.document, "alerts": one.alerts}  # fmt: skip


def summary(found: Measured) -> dict[str, Any]:
    """Return the figures of a whole replay as JSON values."""
    judged = found.right + len(found.false)
    return {"shifts": len(found.shifts), "told": found.told, "late": len(found.late), "told_again": len(found.again),
            "in_order": found.in_order, "alerts": found.alerts, "right": found.right, "unsure": found.unsure,
            "false": len(found.false), "precision": round(found.right / judged, 3) if judged else None}  # fmt: skip


def show(found: Measured) -> None:
    """Write what was measured for a person."""
    for one in found.shifts:
        shift = one.shift
        where = f"told in {one.document}, {one.alerts} alert(s) opened" if one.document else "not told"
        sys.stdout.write(f"{shift.document}  {shift.position:22} {shift.relation.value:14} {where}\n")
    for row in found.false:
        sys.stdout.write(f"false: {row['document']} {row['position']} {row['relation']} {row['probability']:.2f}\n")
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in summary(found).items()))


def main() -> int:
    """Replay and measure; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--threshold", type=float, help="for the desk's own")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    settings = load_settings()
    corpus = given.shared / "corpus"
    policy = load_desk(settings.config_path / "desk.yaml").alert
    if given.threshold is not None:
        policy = replace(policy, alert_at=given.threshold, digest_at=min(given.threshold, policy.digest_at))
    items, gold = read_corpus(corpus)
    lines = load_positions(corpus / "positions.yaml")
    with TemporaryDirectory() as folder:
        bench = Bench(items=items, folder=Path(folder), jobs=1, keeps=False, progress=lambda found, *_: found)
        replayed = bench.replay(Variant(model=given.models or settings.model_path, lines=lines, policy=policy))
    if given.report:
        write_report(given.report, tell(replayed, "the corpus"), alert_rows(replayed))
    found = measure(replayed, gold)
    if given.json:
        for row in (*map(line, found.shifts), summary(found)):
            sys.stdout.write(json.dumps(row) + "\n")
    else:
        show(found)
    return 1 if found.again else 0


if __name__ == "__main__":
    sys.exit(main())
