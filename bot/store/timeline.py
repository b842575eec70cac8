"""What a holder said on a topic, in time, and how its line on record moved: for pages, pictures and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.domain import Decision, Relation
from bot.store import assessments, positions, schema
from bot.store.positions import LedgerRevision


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One statement on a position. `at` is its article's publication; `probability` is that it moved the line at all.

    `position_revision` is the line that it was judged against; `shift_key` is "" where it belongs to no shift, and `bearing`
    says what it does to that shift (denies, differs, mixed), "" where it is an account of it.
    """

    at: datetime
    relation: Relation
    words: str
    speaker: str
    outlet: str
    title: str
    url: str
    decision: Decision
    probability: float
    shift_key: str
    article_id: str
    position_revision: int = 1
    reason: str = ""
    bearing: str = ""


def position_timeline(
    connection: Connection,
    position_id: str,
    *,
    limit: int | None = 200,
    relation: Relation | None = None,
    related: bool = False,
) -> list[TimelineRow]:
    """Return the newest `limit` statements on a position, newest first; None for all of them.

    `relation` wants those alone, `related` all but the unrelated ones; `limit` counts what is wanted.
    """
    relations = None if relation is None else [relation]
    found = assessments.for_position(connection, position_id, relations=relations, related=related, limit=limit)
    return [_row(entry) for entry in found]


def counts(connection: Connection, position_id: str) -> dict[Relation, int]:
    """Return how many statements on a position are on record, by what they do to its line. One query."""
    table = schema.assessments
    query = select(table.c.relation, func.count()).where(table.c.position_id == position_id)
    return {Relation(name): n for name, n in connection.execute(query.group_by(table.c.relation))}


def related(counted: Mapping[Relation, int]) -> int:
    """Return how many of the counted statements are not unrelated."""
    return sum(n for relation, n in counted.items() if relation is not Relation.UNRELATED)


def baselines(connection: Connection, position_id: str) -> tuple[LedgerRevision, ...]:
    """Return every revision of the line from the first (baseline, since, source, origin, set_by, set_at); () for none."""
    return positions.history(connection, position_id)


def _row(entry: assessments.TimelineEntry) -> TimelineRow:
    return TimelineRow(
        at=entry.published,
        relation=entry.relation,
        words=entry.statement.text,
        speaker=entry.statement.speaker,
        outlet=entry.outlet,
        title=entry.article_title,
        url=entry.article_url,
        decision=entry.ruling.decision,
        probability=entry.shift_probability,
        shift_key=entry.shift_key or "",
        article_id=entry.statement.article_id,
        position_revision=entry.position_revision,
        reason=entry.ruling.reason,
        bearing=entry.bearing,
    )
