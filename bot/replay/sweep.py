"""Choosing thresholds on labelled items: what each would alert, and how much of that is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.core.alerting import rule
from bot.core.policies import AlertPolicy
from bot.domain import Decision, Position, Relation
from bot.errors import InputError
from bot.replay.archive import ArchiveItem
from bot.replay.judging import FAILED
from bot.replay.records import judged_from
from bot.training.corpus_alerts import Span, overlaps
from bot.training.data import read_jsonl

WHOLE = 10**9
"""Where a label ends that speaks of a whole document."""
GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
ENOUGH = 5
"""Labelled shifts of one position from which a threshold of its own is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Whether a stretch of a document, or all of it, moves a position; None where readers differ."""

    span: Span
    is_shift: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one threshold gives: statements that alert, those that are right, and the labelled shifts that are found."""

    threshold: float
    alerts: int
    right: int
    false: int
    found: int
    shifts: int

    @property
    def precision(self) -> float:
        """Share of the alerts that are right, of those that labels speak on; 1.0 for none."""
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the labelled shifts that are found; 0.0 where there are none."""
        return self.found / self.shifts if self.shifts else 0.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Every threshold that was tried, the best, and the best of positions with enough labels, by id."""

    points: tuple[Point, ...]
    best: Point
    by_position: Mapping[str, Point]


def read_labels(path: Path, known: Sequence[ArchiveItem]) -> list[Label]:
    """Return the labels of a JSON Lines file: `document`, `position`, `relation`, optional `start` and `end` (characters).

    Without `start` and `end` a label speaks of the whole document; a null relation says that readers differ. InputError for a
    row that is none, and where no label speaks of a document of `known`.
    """
    documents = {item.document for item in known}
    labels = []
    for number, raw in read_jsonl(path):
        label = _label(raw, f"{path}:{number}")
        if label.span.document in documents:
            labels.append(label)
    if not labels:
        raise InputError(f"{path}: no label speaks of a document of the archive. Documents are named by their id.")
    return labels


def sweep(
    items: Sequence[ArchiveItem],
    records: Mapping[str, Mapping[str, Any]],
    lines: Sequence[Position],
    policy: AlertPolicy,
    labels: Sequence[Label],
) -> Swept:
    """Return what each threshold of the grid gives on the labelled documents, judged by statement, before grouping.

    A statement that no label meets is taken for none that moves a position. Of equally good thresholds the highest is best:
    it wakes the desk least.
    """
    labelled = {label.span.document for label in labels}
    scored = _scored([item for item in items if item.document in labelled], records, lines, policy)
    points = tuple(_point(threshold, scored, labels) for threshold in GRID)
    by_position = {}
    counts = Counter(label.span.position for label in labels if label.is_shift)
    for position, n in sorted(counts.items()):
        if n >= ENOUGH:
            of_position = [label for label in labels if label.span.position == position]
            own = [(span, p) for span, p in scored if span.position == position]
            by_position[position] = best_of([_point(threshold, own, of_position) for threshold in GRID])
    return Swept(points=points, best=best_of(points), by_position=by_position)


def best_of(points: Sequence[Point]) -> Point:
    """Return the point of the greatest F1, the highest threshold among equals."""
    return max(points, key=lambda point: (round(point.f1, 6), point.threshold))


def _scored(
    items: Sequence[ArchiveItem],
    records: Mapping[str, Mapping[str, Any]],
    lines: Sequence[Position],
    policy: AlertPolicy,
) -> list[tuple[Span, float]]:
    """Return each statement that would alert at some threshold, with the probability from which it does not any more."""
    open_policy = replace(policy, alert_at=0.0, digest_at=0.0, alert_at_by_position={})
    by_id = {line.id: line for line in lines}
    scored = []
    for item in items:
        record = records[item.article.id]
        if FAILED in record:
            continue
        for assessment, _ in judged_from(record, item.article, by_id, open_policy, item.at).assessments:
            if rule(assessment, open_policy, item.at).decision is not Decision.ALERT:
                continue
            statement = assessment.candidate.statement
            span = Span(
                document=item.document,
                position=assessment.candidate.position.id,
                start=statement.start,
                end=statement.end,
            )
            scored.append((span, assessment.shift_probability))
    return scored


def _point(threshold: float, scored: Sequence[tuple[Span, float]], labels: Sequence[Label]) -> Point:
    alerts = [span for span, probability in scored if probability >= threshold]
    shifts = [label.span for label in labels if label.is_shift]
    unsure = [label.span for label in labels if label.is_shift is None]
    right = false = 0
    for alert in alerts:
        if any(overlaps(alert, span) for span in shifts):
            right += 1
        elif not any(overlaps(alert, span) for span in unsure):
            false += 1
    found = sum(any(overlaps(alert, span) for alert in alerts) for span in shifts)
    return Point(threshold=threshold, alerts=len(alerts), right=right, false=false, found=found, shifts=len(shifts))


def _label(raw: Mapping[str, Any], place: str) -> Label:
    try:
        relation = None if raw["relation"] is None else Relation(raw["relation"])
        start, end = int(raw.get("start", 0)), int(raw.get("end", WHOLE))
        span = Span(document=str(raw["document"]), position=str(raw["position"]), start=start, end=end)
    except KeyError as fault:
        raise InputError(f"{place}: the key {fault} is missing.") from None
    except (ValueError, TypeError) as fault:
        raise InputError(f"{place}: {fault}.") from None
    return Label(span=span, is_shift=None if relation is None else relation.is_shift)
