"""Edits: the statements that a later edition of an article words otherwise or has no longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from bot.core.editions import Edit, EditKind
from bot.domain import identify
from bot.store.engine import insert
from bot.store.schema import articles, assessments, statements
from bot.store.schema import edits as table


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRecord:
    """An edit as it is stored, with whose words they were and which positions they were assessed against, where known.

    `after` is "" for a statement that was removed; `noticed` whether the later edition owns up to changes.
    """

    article_id: str
    earlier_id: str
    kind: EditKind
    before: str
    after: str
    noticed: bool
    seen_at: datetime
    title: str
    url: str
    outlet: str
    speaker: str = ""
    holder: str = ""
    positions: tuple[str, ...] = ()


def save(
    connection: Connection, article_id: str, earlier_id: str, found: Sequence[Edit], now: datetime, *, noticed: bool
) -> int:
    """Store what `article_id` changed of `earlier_id`, once. Both must be stored. Return how many edits are new."""
    rows = [
        {
            "id": identify("edit", article_id, earlier_id, edit.before.start),
            "article_id": article_id,
            "earlier_id": earlier_id,
            "kind": edit.kind.value,
            "before_start": edit.before.start,
            "before_end": edit.before.end,
            "before_text": edit.before.text,
            "after_start": edit.after.start if edit.after else None,
            "after_end": edit.after.end if edit.after else None,
            "after_text": edit.after.text if edit.after else "",
            "noticed": noticed,
            "seen_at": now,
        }
        for edit in found
    ]
    return connection.execute(insert(connection, table).on_conflict_do_nothing(), rows).rowcount if rows else 0


def recent(connection: Connection, since: datetime, *, limit: int = 100) -> tuple[EditRecord, ...]:
    """Return the edits seen from `since` on, the latest first."""
    query = (
        select(table, articles.c.title, articles.c.url, articles.c.outlet)
        .join(articles, table.c.article_id == articles.c.id)
        .where(table.c.seen_at >= since)
        .order_by(table.c.seen_at.desc(), table.c.article_id, table.c.before_start)
        .limit(limit)
    )
    return _records(connection, query)


def _records(connection: Connection, query: Select[Any]) -> tuple[EditRecord, ...]:
    rows = connection.execute(query).all()
    known = _spoken(connection, {row.earlier_id for row in rows})
    found = []
    for row in rows:
        inside = [
            said
            for start, end, *said in known.get(row.earlier_id, ())
            if start < row.before_end and end > row.before_start
        ]
        found.append(
            EditRecord(
                article_id=row.article_id,
                earlier_id=row.earlier_id,
                kind=EditKind(row.kind),
                before=row.before_text,
                after=row.after_text,
                noticed=row.noticed,
                seen_at=row.seen_at,
                title=row.title,
                url=row.url,
                outlet=row.outlet,
                speaker=next((speaker for speaker, _, _ in inside if speaker), ""),
                holder=next((holder for _, holder, _ in inside if holder), ""),
                positions=tuple(dict.fromkeys(position for _, _, position in inside if position)),
            )
        )
    return tuple(found)


def _spoken(connection: Connection, article_ids: set[str]) -> dict[str, list[tuple[int, int, str, str, str | None]]]:
    """Return the stored statements of articles: their places, speaker, holder and position (None where not assessed)."""
    found: dict[str, list[tuple[int, int, str, str, str | None]]] = {}
    ordered = sorted(article_ids)
    for start in range(0, len(ordered), 400):
        query = (
            select(statements, assessments.c.position_id)
            .outerjoin(assessments, assessments.c.statement_id == statements.c.id)
            .where(statements.c.article_id.in_(ordered[start : start + 400]))
            .order_by(statements.c.start, assessments.c.position_id)
        )
        for row in connection.execute(query):
            found.setdefault(row.article_id, []).append((row.start, row.end, row.speaker, row.holder, row.position_id))
    return found
