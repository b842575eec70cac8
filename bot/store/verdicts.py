"""What the desk decided: one verdict stands per subject. All functions work in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select, update

from bot.core.desk import VerdictKind
from bot.domain import identify
from bot.store.engine import insert
from bot.store.schema import verdicts as table


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRecord:
    """A verdict on file. `reason` belongs to a reject, `into_key` to a merge, `until` to a mute; revisions are 0 for none.

    A label has its assessment as `into_key` and the relation as `reason`.
    """

    id: str
    kind: VerdictKind
    position_id: str
    by: str
    at: datetime
    shift_key: str = ""
    into_key: str = ""
    reason: str = ""
    until: datetime | None = None
    revision_before: int = 0
    revision_after: int = 0
    undone_at: datetime | None = None
    undone_by: str = ""


def subject_of_shift(key: str) -> str:
    """Return what verdicts about a shift are filed under."""
    return f"shift:{key}"


def subject_of(kind: VerdictKind, name: str) -> str:
    """Return what mutes or trackings of a position, or labels of an assessment are filed under."""
    return f"{kind.value}:{name}"


def file(connection: Connection, subject: str, verdict: VerdictRecord) -> VerdictRecord | None:
    """File a verdict and return it with its id; None where another stands on the subject, also one filed in this moment."""
    number = connection.scalar(select(func.count()).select_from(table).where(table.c.subject == subject))
    made = {
        "id": identify("verdict", subject, number),
        "kind": verdict.kind.value,
        "subject": subject,
        "standing": subject,
        "shift_key": verdict.shift_key,
        "position_id": verdict.position_id,
        "into_key": verdict.into_key,
        "reason": verdict.reason,
        "by": verdict.by,
        "at": verdict.at,
        "until": verdict.until,
        "revision_before": verdict.revision_before,
        "revision_after": verdict.revision_after,
    }
    filed = insert(connection, table).values(made).on_conflict_do_nothing().returning(table)
    row = connection.execute(filed).mappings().first()
    return None if row is None else _record(row)


def moved(connection: Connection, verdict_id: str, *, before: int, after: int) -> None:
    """Note between which revisions of its position a verdict moved the line."""
    values = {"revision_before": before, "revision_after": after}
    connection.execute(update(table).where(table.c.id == verdict_id).values(values))


def standing(connection: Connection, subject: str) -> VerdictRecord | None:
    """Return the verdict that stands on a subject, None for none."""
    row = connection.execute(select(table).where(table.c.standing == subject)).mappings().first()
    return None if row is None else _record(row)


def on_shifts(connection: Connection, keys: Collection[str]) -> dict[str, VerdictRecord]:
    """Return the verdicts that stand on shifts, by the shift's key."""
    subjects = [subject_of_shift(key) for key in keys]
    rows = connection.execute(select(table).where(table.c.standing.in_(subjects))).mappings()
    return {row["shift_key"]: _record(row) for row in rows}


def get(connection: Connection, verdict_id: str) -> VerdictRecord | None:
    """Return the verdict with this id, None where there is none."""
    row = connection.execute(select(table).where(table.c.id == verdict_id)).mappings().first()
    return None if row is None else _record(row)


def take_back(connection: Connection, verdict_id: str, *, by: str, now: datetime) -> bool:
    """Note that a verdict stands no longer; False where it did not."""
    values = {"standing": None, "undone_at": now, "undone_by": by}
    ended = connection.execute(
        update(table).where(table.c.id == verdict_id, table.c.standing.is_not(None)).values(values)
    )
    return ended.rowcount > 0


def recent(connection: Connection, *, since: datetime, limit: int = 100) -> tuple[VerdictRecord, ...]:
    """Return the verdicts from `since` on, the newest first, those taken back included."""
    query = select(table).where(table.c.at >= since).order_by(table.c.at.desc(), table.c.id).limit(limit)
    return tuple(_record(row) for row in connection.execute(query).mappings())


def _record(row: RowMapping) -> VerdictRecord:
    fields = {name: row[name] for name in VerdictRecord.__slots__}
    return VerdictRecord(**fields | {"kind": VerdictKind(row["kind"])})
