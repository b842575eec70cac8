"""What a desk's verdict teaches: which relation a statement has to the line that it was judged against, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.desk import POLICY, RejectReason, VerdictKind
from bot.domain import Certainty, Mode, Relation

FURTHER_ACCOUNT = 0.5
"""How much a further report of a judged shift counts beside the one that opened it, which is the one that was judged."""
MISREAD = 0.5
"""How much a "misread" counts: it says that there is no shift, not which of two other relations there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A statement of a shift that the desk judged, or that it labelled by itself, with the line as it was then.

    `relation` and `probabilities` are the detector's; `opened` is whether this is the report that opened the shift.
    """

    verdict_id: str
    kind: VerdictKind
    reason: str
    by: str
    at: datetime
    shift_key: str
    position_id: str
    revision: int
    holder: str
    topic: str
    baseline: str
    words: str
    speaker: str
    speaker_holder: str
    mode: Mode
    certainty: Certainty
    title: str
    article_id: str
    start: int
    end: int
    relation: Relation
    probabilities: Mapping[Relation, float]
    opened: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A relation with others that would do as well; `weight` is how much it counts, in (0, 1]."""

    relation: Relation
    also_ok: tuple[Relation, ...] = ()
    weight: float = 1.0


def label_of(lesson: Lesson) -> Label | None:
    """Return what a verdict says of a statement; None where it says nothing.

    "Old news" speaks of the time and not of the words, and what became the line by a policy was judged by nobody.
    """
    share = 1.0 if lesson.opened else FURTHER_ACCOUNT
    if lesson.kind is VerdictKind.LABEL:
        return Label(relation=Relation(lesson.reason))
    if lesson.kind is VerdictKind.REJECT:
        return _of_reject(lesson, share)
    confirmed = lesson.kind is VerdictKind.CONFIRM and lesson.relation.is_shift
    return Label(relation=lesson.relation, weight=share) if confirmed and not lesson.by.startswith(POLICY) else None


def _of_reject(lesson: Lesson, share: float) -> Label | None:
    reason = RejectReason(lesson.reason)
    if reason is RejectReason.OLD_NEWS:
        return None
    if reason is RejectReason.MISREAD:
        likelier, other = sorted(
            (Relation.UNRELATED, Relation.CONSISTENT), key=lambda relation: -lesson.probabilities.get(relation, 0.0)
        )
        return Label(relation=likelier, also_ok=(other,), weight=MISREAD * share)
    meant = Relation.CONSISTENT if reason is RejectReason.CONSISTENT else Relation.UNRELATED
    return Label(relation=meant, weight=share)
