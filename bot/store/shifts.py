"""Shifts: one movement of one position, however many outlets carry it. All functions work in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from bot.domain import Relation
from bot.store.engine import insert
from bot.store.schema import shifts as table


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRecord:
    """A shift on file. `words` is the statement that opened it; `last_seen_at` moves with each further account.

    `disputed` says what a later account does to it ("denies it"); `merged_into` is the shift that the desk called the same.
    """

    key: str
    position_id: str
    position_revision: int
    relation: Relation
    words: str
    opened_at: datetime
    last_seen_at: datetime
    alerted: bool = False
    """Whether an alert about it was made."""
    kind: str = "shift"
    disputed: str = ""
    merged_into: str = ""


def save(connection: Connection, shift: ShiftRecord) -> bool:
    """Save a shift unless its key is there already; return whether it was new. Its position's revision must be there."""
    row = {
        "key": shift.key,
        "position_id": shift.position_id,
        "position_revision": shift.position_revision,
        "relation": shift.relation.value,
        "words": shift.words,
        "opened_at": shift.opened_at,
        "last_seen_at": shift.last_seen_at,
        "alerted": shift.alerted,
        "kind": shift.kind,
        "disputed": shift.disputed,
        "merged_into": shift.merged_into,
    }
    new = insert(connection, table).values(row).on_conflict_do_nothing().returning(table.c.key)
    return connection.execute(new).first() is not None


def get(connection: Connection, key: str) -> ShiftRecord | None:
    """Return the shift with this key, None where there is none."""
    row = connection.execute(select(table).where(table.c.key == key)).mappings().first()
    return None if row is None else _record(row)


def root(connection: Connection, key: str) -> ShiftRecord | None:
    """Return the shift that this one was called the same as, however often, or itself; None for an unknown key."""
    record = get(connection, key)
    while record is not None and record.merged_into:
        record = get(connection, record.merged_into)
    return record


def family(connection: Connection, key: str) -> tuple[str, ...]:
    """Return the key and those of all shifts that were merged into it."""
    keys, fresh = [key], [key]
    while fresh:
        query = select(table.c.key).where(table.c.merged_into.in_(fresh)).order_by(table.c.opened_at, table.c.key)
        fresh = [found for found in connection.scalars(query) if found not in keys]
        keys += fresh
    return tuple(keys)


def merge(connection: Connection, key: str, into: str) -> None:
    """Call a shift the same as another; "" takes that back."""
    connection.execute(table.update().where(table.c.key == key).values(merged_into=into))


def dispute(connection: Connection, key: str, says: str) -> None:
    """Note what a later account does to a shift, in words ("denies it")."""
    connection.execute(table.update().where(table.c.key == key).values(disputed=says))


def recent(connection: Connection, position_id: str, since: datetime) -> tuple[ShiftRecord, ...]:
    """Return a position's shifts that were last seen at `since` or later, the newest first."""
    query = (
        select(table)
        .where(table.c.position_id == position_id, table.c.last_seen_at >= since)
        .order_by(table.c.last_seen_at.desc(), table.c.key)
    )
    return tuple(_record(row) for row in connection.execute(query).mappings())


def touch(connection: Connection, key: str, seen_at: datetime) -> None:
    """Note a further account at `seen_at`; an account older than the last one changes nothing."""
    query = table.update().where(table.c.key == key, table.c.last_seen_at < seen_at).values(last_seen_at=seen_at)
    connection.execute(query)


def _record(row: RowMapping) -> ShiftRecord:
    return ShiftRecord(**{**row, "relation": Relation(row["relation"])})
