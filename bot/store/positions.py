"""The ledger of positions: revisions that are added and never overwritten. All functions work in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from bot.core.desk import details_of, holder_from
from bot.domain import Holder, Position
from bot.store.schema import positions as table


class Origin(StrEnum):
    """Where a revision comes from: the desk's YAML, a shift that the desk confirmed, or a correction by hand."""

    CONFIGURATION = "configuration"
    CONFIRMED = "confirmed"
    EDIT = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRevision:
    """What a holder was on record as holding from `since`; `set_by` and `set_at` say who filed it and when.

    `details` has what only a file would say otherwise (`core.desk.details_of`), of a position that no file has. A `retired`
    revision ends such a position.
    """

    position_id: str
    revision: int
    holder: str
    topic: str
    baseline: str
    since: date
    source: str
    origin: Origin
    set_by: str
    set_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    retired: bool = False


def seed(connection: Connection, positions: Iterable[Position], now: datetime) -> int:
    """File what the configuration says and the ledger does not know yet; return how many revisions were added.

    A position unknown so far gets revision 1. A known one gets a further revision only where its holder, topic, baseline or
    since differ from the last that came from the configuration: what the desk confirmed since then stays in force otherwise.
    """
    latest = current(connection)
    configured = _newest(connection, Origin.CONFIGURATION)
    added = 0
    for position in positions:
        last = configured.get(position.id)
        if last is not None and _line(last) == _line_of(position):
            continue
        newest = latest.get(position.id)
        _insert(
            connection,
            LedgerRevision(
                position_id=position.id,
                revision=newest.revision + 1 if newest else 1,
                holder=position.holder.name,
                topic=position.topic,
                baseline=position.baseline,
                since=position.since,
                source=position.source,
                origin=Origin.CONFIGURATION,
                set_by="",
                set_at=now,
            ),
        )
        added += 1
    return added


def add_revision(
    connection: Connection,
    position_id: str,
    *,
    baseline: str,
    since: date,
    source: str,
    origin: Origin,
    set_by: str,
    now: datetime,
) -> LedgerRevision:
    """File a further revision of a known position and return it; LookupError for a position that the ledger does not know."""
    earlier = history(connection, position_id)
    if not earlier:
        raise LookupError(f"the ledger holds no position {position_id}")
    last = earlier[-1]
    added = replace(
        last,
        revision=last.revision + 1,
        baseline=baseline,
        since=since,
        source=source,
        origin=origin,
        set_by=set_by,
        set_at=now,
    )
    _insert(connection, added)
    return added


def track(connection: Connection, position: Position, *, set_by: str, now: datetime) -> LedgerRevision:
    """File a position that no file has, as revision 1 or, where it was retired, as a further one; return what was filed."""
    earlier = history(connection, position.id)
    added = LedgerRevision(
        position_id=position.id,
        revision=earlier[-1].revision + 1 if earlier else 1,
        holder=position.holder.name,
        topic=position.topic,
        baseline=position.baseline,
        since=position.since,
        source=position.source,
        origin=Origin.EDIT,
        set_by=set_by,
        set_at=now,
        details=details_of(position),
    )
    _insert(connection, added)
    return added


def retire(connection: Connection, position_id: str, *, set_by: str, now: datetime) -> LedgerRevision:
    """End a position that no file has, by a further revision; LookupError for one that the ledger does not know."""
    earlier = history(connection, position_id)
    if not earlier:
        raise LookupError(f"the ledger holds no position {position_id}")
    last = earlier[-1]
    ended = replace(last, revision=last.revision + 1, origin=Origin.EDIT, set_by=set_by, set_at=now, retired=True)
    _insert(connection, ended)
    return ended


def lock(connection: Connection, position_id: str) -> None:
    """Let nobody else file a revision of this position before the caller's transaction ends."""
    connection.execute(select(table.c.id).where(table.c.id == position_id).with_for_update()).all()


def current(connection: Connection) -> dict[str, LedgerRevision]:
    """Return the revision in force of every position, by id."""
    return _newest(connection, *Origin)


def history(connection: Connection, position_id: str) -> tuple[LedgerRevision, ...]:
    """Return every revision of a position from the first; () for an unknown id."""
    query = select(table).where(table.c.id == position_id).order_by(table.c.revision)
    return tuple(_record(row) for row in connection.execute(query).mappings())


def baseline_as_of(connection: Connection, position_id: str, day: date) -> LedgerRevision | None:
    """Return the newest revision that holds from `day` or earlier: what the ledger says today of that day. None for none."""
    query = (
        select(table)
        .where(table.c.id == position_id, table.c.since <= day.isoformat())
        .order_by(table.c.revision.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _record(row)


def in_force(connection: Connection, configured: Sequence[Position]) -> tuple[Position, ...]:
    """Return every tracked position as the ledger has it: the configured ones, then those that only the ledger has.

    A configured holder stands for one of the same name in the ledger, so that its voices are known there, too.
    """
    ledger = current(connection)
    known = {position.id for position in configured}
    holders = {position.holder.name: position.holder for position in configured}
    added = [
        _tracked(filed, holders.get(filed.holder))
        for position_id, filed in sorted(ledger.items())
        if position_id not in known and filed.details and not filed.retired
    ]
    return (*with_ledger(configured, ledger), *added)


def as_of(connection: Connection, tracked: Sequence[Position], day: date) -> tuple[Position, ...]:
    """Return the positions in force with the lines that held on `day`; a line with no earlier one stays as it is."""
    late = [position for position in tracked if position.since > day and position.revision > 1]
    filed = {position.id: baseline_as_of(connection, position.id, day) for position in late}
    return with_ledger(tracked, {position_id: line for position_id, line in filed.items() if line})


def at_revision(connection: Connection, position: Position, revision: int) -> Position:
    """Return a position with the line of one of its revisions; as it is where the ledger has no such revision."""
    if position.revision == revision:
        return position
    filed = next((each for each in history(connection, position.id) if each.revision == revision), None)
    return _in_force(position, filed)


def with_ledger(positions: Sequence[Position], ledger: Mapping[str, LedgerRevision]) -> tuple[Position, ...]:
    """Return the configured positions with baseline, since, source and revision from the ledger (`current`).

    A position that the ledger does not know stays as configured.
    """
    return tuple(_in_force(position, ledger.get(position.id)) for position in positions)


def _in_force(position: Position, filed: LedgerRevision | None) -> Position:
    if filed is None:
        return position
    source = position.source if filed.origin is Origin.CONFIGURATION else filed.source
    return replace(position, baseline=filed.baseline, since=filed.since, source=source, revision=filed.revision)


def _tracked(filed: LedgerRevision, holder: Holder | None) -> Position:
    return Position(
        id=filed.position_id,
        holder=holder or holder_from(filed.holder, filed.details),
        topic=filed.topic,
        baseline=filed.baseline,
        since=filed.since,
        paraphrases=tuple(filed.details.get("paraphrases", ())),
        source=filed.source,
        channel=str(filed.details.get("channel", "")),
        revision=filed.revision,
    )


def _line(filed: LedgerRevision) -> tuple[str, str, str, date]:
    return filed.holder, filed.topic, filed.baseline, filed.since


def _line_of(position: Position) -> tuple[str, str, str, date]:
    return position.holder.name, position.topic, position.baseline, position.since


def _newest(connection: Connection, *origins: Origin) -> dict[str, LedgerRevision]:
    newest = (
        select(table.c.id, func.max(table.c.revision).label("revision"))
        .where(table.c.origin.in_(origins))
        .group_by(table.c.id)
        .subquery()
    )
    query = select(table).join(newest, (table.c.id == newest.c.id) & (table.c.revision == newest.c.revision))
    return {row["id"]: _record(row) for row in connection.execute(query).mappings()}


def _insert(connection: Connection, filed: LedgerRevision) -> None:
    connection.execute(
        table.insert().values(
            id=filed.position_id,
            revision=filed.revision,
            holder=filed.holder,
            topic=filed.topic,
            baseline=filed.baseline,
            since=filed.since.isoformat(),
            source=filed.source,
            origin=filed.origin,
            set_by=filed.set_by,
            set_at=filed.set_at,
            details=dict(filed.details),
            retired=filed.retired,
        )
    )


def _record(row: RowMapping) -> LedgerRevision:
    return LedgerRevision(
        position_id=row["id"],
        revision=row["revision"],
        holder=row["holder"],
        topic=row["topic"],
        baseline=row["baseline"],
        since=date.fromisoformat(row["since"]),
        source=row["source"],
        origin=Origin(row["origin"]),
        set_by=row["set_by"],
        set_at=row["set_at"],
        details=row["details"],
        retired=row["retired"],
    )
