"""What the desk did with an alert, as it stays visible on the alert's message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.desk import UNDO_FOR, VerdictKind, told_before

MOST_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that was done. `undo_until` is how long it can be taken back; `undone` says who did, "" where nobody did."""

    verdict_id: str
    kind: VerdictKind
    told: str
    undo_until: datetime
    undone: str = ""


def mark(
    *,
    verdict_id: str,
    kind: VerdictKind,
    by: str,
    at: datetime,
    reason: str = "",
    until: datetime | None = None,
    undone: str = "",
    line: str = "",
) -> Mark:
    """Return the mark of a verdict. `line` is what a confirmation put on record."""
    told = told_before(kind, by=by, at=at, reason=reason, until=until)
    if line:
        told = f"{told} The line on record is now “{line}”"
    return Mark(verdict_id=verdict_id, kind=kind, told=told, undo_until=at + UNDO_FOR, undone=undone)


def with_marks(record: Mapping[str, object], marks: Iterable[Mark]) -> dict[str, object]:
    """Return an alert's record with what was done to it, the last few first to last; `marks_of` reads it back."""
    shown = sorted(marks, key=lambda each: each.undo_until)[-MOST_SHOWN:]
    return {**record, "marks": [_json(each) for each in shown]}


def marks_of(record: Mapping[str, object]) -> tuple[Mark, ...]:
    """Return what was done to an alert by its record; () where nothing is written there."""
    items = record.get("marks")
    if not isinstance(items, Sequence) or isinstance(items, str):
        return ()
    return tuple(_mark(item) for item in items if isinstance(item, Mapping))


def settled(marks: Iterable[Mark]) -> bool:
    """Whether somebody has decided on the shift itself, and nobody took that back."""
    return any(not each.undone and each.kind is not VerdictKind.MUTE for each in marks)


def _json(each: Mark) -> dict[str, object]:
    return {
        "verdict": each.verdict_id,
        "kind": each.kind.value,
        "told": each.told,
        "undo_until": each.undo_until.isoformat(),
        "undone": each.undone,
    }


def _mark(item: Mapping[str, object]) -> Mark:
    return Mark(
        verdict_id=str(item.get("verdict", "")),
        kind=VerdictKind(str(item.get("kind", VerdictKind.CONFIRM))),
        told=str(item.get("told", "")),
        undo_until=datetime.fromisoformat(str(item["undo_until"])),
        undone=str(item.get("undone", "")),
    )
