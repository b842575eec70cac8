"""How well the alerts over whole documents agree with a corpus's labels, by the overlap of spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.features import Pair
from bot.domain import Candidate, Relation
from bot.training.data import CorpusLabel, Row
from bot.training.evaluation import Score

LEAST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A statement on a position in a document: what alerts and labels have in common."""

    document: str
    position: str
    start: int
    end: int


def overlaps(one: Span, other: Span) -> bool:
    """Whether two spans stand for the same statement on the same position: half of the shorter is shared."""
    if (one.document, one.position) != (other.document, other.position):
        return False
    return same_words((one.start, one.end), (other.start, other.end))


def same_words(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans of a text, each from its start to its end, are about the same words: half of the shorter is shared."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= LEAST_OVERLAP * max(1, min(one[1] - one[0], other[1] - other[0]))


def span_of(label: CorpusLabel) -> Span:
    """Return where a label stands."""
    return Span(document=label.document, position=label.position, start=label.start, end=label.end)


def candidate_row(document: str, candidate: Candidate, pair: Pair, labels: Sequence[CorpusLabel]) -> Row | None:
    """Return a candidate as a labelled row, or None where the readers differ over it.

    A pair without a label is unrelated: the annotators wrote a label for every statement on a position's topic.
    """
    statement = candidate.statement
    span = Span(document=document, position=candidate.position.id, start=statement.start, end=statement.end)
    met = [label for label in labels if overlaps(span, span_of(label))]
    if any(label.relation is None for label in met):
        return None
    shifts = [label.relation for label in met if label.relation and label.relation.is_shift]
    others = [label.relation for label in met if label.relation]
    relation = (shifts or others or [Relation.UNRELATED])[0]
    name = f"{document}:{statement.start}:{candidate.position.id}"
    return Row(id=name, pair=pair, relation=relation, group=document, family="corpus")


def alert_score(alerts: Sequence[Span], labels: Sequence[CorpusLabel], documents: Sequence[str]) -> Score:
    """Return precision and recall of alerts over `documents`, on labels on which two annotators agree.

    A shift counts as found where an alert overlaps it, an alert as right where it overlaps a shift. An alert that meets only
    labels without agreement counts neither way; one that meets no label at all is false.
    """
    kept = [label for label in labels if label.document in documents]
    shifts = [label for label in kept if label.agreed and label.relation and label.relation.is_shift]
    unsure = [label for label in kept if not label.agreed]
    found = sum(any(overlaps(alert, span_of(label)) for alert in alerts) for label in shifts)
    right = false = 0
    for alert in alerts:
        if any(overlaps(alert, span_of(label)) for label in shifts):
            right += 1
        elif not any(overlaps(alert, span_of(label)) for label in unsure):
            false += 1
    precision = right / max(right + false, 1)
    recall = found / max(len(shifts), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return Score(precision=precision, recall=recall, f1=f1, support=len(shifts))
