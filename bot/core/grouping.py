"""One movement of one position, however many sentences and outlets carry it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import Relation, identify

_WORD = re.compile(r"[^\W\d_]{3,}|\d+")
_COMMON = frozenset(
    """
    the and that for with has have had was were will would not its
    his her their from into this said says say who which than are been
    being but also any all after before about over under there they them she
    him our your
    """.split()  # noqa: SIM905 - a block of words is easier to keep than a list
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShift:
    """A shift that later accounts may belong to; `words` is the statement that opened it."""

    key: str
    revision: int
    relation: Relation
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Which shift an assessment belongs to: `key`, whether it opens it, and why."""

    key: str
    is_new: bool
    reason: str


def group(
    *, position_id: str, revision: int, relation: Relation, words: str, similar: Sequence[tuple[OpenShift, float]]
) -> Grouped:
    """Return the shift that a shifting statement belongs to.

    `similar` pairs each open shift of the position within the desk's window with the cosine of its words and `words`. Softening
    and contradiction are one direction (guide, rule 6: readers differ over them), and so are hardening and itself; an offer
    groups with softening, since a concession is often both.
    """
    best: tuple[OpenShift, float] | None = None
    for shift, cosine in similar:
        if shift.revision != revision or shift.relation.is_harder != relation.is_harder:
            continue
        if best is None or cosine > best[1]:
            best = (shift, cosine)
    if best and (best[1] >= 0.5 or overlap(best[0].words, words) >= 0.3):
        return Grouped(
            key=best[0].key, is_new=False, reason=f"another account of a shift on record ({best[1]:.2f} alike)"
        )
    key = identify("shift", position_id, revision, relation.value, words)
    return Grouped(key=key, is_new=True, reason="first account of this shift")


def overlap(one: str, other: str) -> float:
    """Return the Jaccard index, in [0, 1], of the content words of two texts; 0 where either has none."""
    a, b = ({word.lower() for word in _WORD.findall(text)} - _COMMON for text in (one, other))
    return len(a & b) / len(a | b) if a and b else 0.0
