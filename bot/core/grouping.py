"""One movement of one position, however many sentences and outlets carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.likeness import Telling
from bot.domain import Relation, identify

GROUP_AT = 0.37
"""Likeness (`core.likeness`) from which two reports are of one shift; measured, see docs/ledger.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShift:
    """A shift that later accounts may belong to; `words` is the statement that opened it, `accounts` are its reports.

    `settled_as` is the revision of the line that the desk made of it, 0 where it did not.
    """

    key: str
    revision: int
    relation: Relation
    words: str
    accounts: tuple[Telling, ...] = ()
    settled_as: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Which shift an assessment belongs to: `key`, whether it opens it, and why."""

    key: str
    is_new: bool
    reason: str


def group(
    *,
    position_id: str,
    revision: int,
    relation: Relation,
    words: str,
    similar: Sequence[tuple[OpenShift, float]],
    at: float = GROUP_AT,
) -> Grouped:
    """Return the shift that a shifting statement belongs to.

    `similar` pairs each open shift of the position within the desk's window with the likeness of its reports and `words`.
    Softening and contradiction are one direction (guide, rule 6: readers differ over them), and so are hardening and itself; an
    offer groups with softening, since a concession is often both. A shift against an older line is another one, unless the
    line in force is what the desk made of it.
    """
    best: tuple[OpenShift, float] | None = None
    for shift, alike in similar:
        if revision not in (shift.revision, shift.settled_as) or is_opposite(shift.relation, relation):
            continue
        if best is None or alike > best[1]:
            best = (shift, alike)
    if best and best[1] >= at:
        reason = f"another account of a shift on record ({min(best[1], 1.0):.2f} alike)"
        return Grouped(key=best[0].key, is_new=False, reason=reason)
    key = identify("shift", position_id, revision, relation.value, words)
    return Grouped(key=key, is_new=True, reason="first account of this shift")


def is_opposite(one: Relation, other: Relation) -> bool:
    """Whether one shift goes further than the line and the other away from it."""
    return one.is_shift and other.is_shift and one.is_harder != other.is_harder
