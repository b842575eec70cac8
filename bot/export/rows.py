"""What is exported, as flat rows with the same columns in every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from bot.store.pages import ShiftFilter, ShiftLine, shift_lines
from bot.store.positions import LedgerRevision, history
from bot.store.timeline import TimelineRow, position_timeline

SHIFT_COLUMNS = (
    "key", "position", "holder", "topic", "relation", "kind", "opened_at", "last_seen_at", "line", "statement", "speaker",
    "outlet", "title", "url", "published", "probability", "reports", "alerted", "disputed", "verdict",
    "updated_at",
)  # fmt: skip
STATEMENT_COLUMNS = (
    "position", "holder", "topic", "at", "relation", "statement", "speaker", "outlet", "title", "url", "probability",
    "decision", "reason", "shift", "bearing", "line", "line_since", "line_revision",
)  # fmt: skip
AT_ONCE = 200


def shifts(connection: Connection, wanted: ShiftFilter) -> Iterator[ShiftLine]:
    """Yield the shifts that are wanted, the newest first; those that the desk called the same as another count there."""
    before = None
    while True:
        page = shift_lines(connection, wanted, limit=AT_ONCE, before=before)
        yield from page
        if len(page) < AT_ONCE:
            return
        before = (page[-1].shift.opened_at, page[-1].shift.key)


def shift_row(line: ShiftLine) -> dict[str, Any]:
    """Return a shift with `SHIFT_COLUMNS`; "" for what is not known."""
    shift = line.shift
    return {
        "key": shift.key,
        "position": shift.position_id,
        "holder": line.holder,
        "topic": line.topic,
        "relation": shift.relation.value,
        "kind": shift.kind,
        "opened_at": shift.opened_at.isoformat(),
        "last_seen_at": shift.last_seen_at.isoformat(),
        "line": line.baseline,
        "statement": shift.words,
        "speaker": line.speaker,
        "outlet": line.outlet,
        "title": line.title,
        "url": line.url,
        "published": line.published.isoformat() if line.published else "",
        "probability": round(line.probability, 6),
        "reports": line.accounts,
        "alerted": shift.alerted,
        "disputed": shift.disputed,
        "verdict": line.verdict.kind.value if line.verdict else "",
        "updated_at": line.updated_at.isoformat(),
    }


def statements(
    connection: Connection, position_ids: Sequence[str], since: date | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every statement on the positions with `STATEMENT_COLUMNS`, the earliest first, with the line it was judged against."""
    for position_id in position_ids:
        lines = {line.revision: line for line in history(connection, position_id)}
        for row in reversed(position_timeline(connection, position_id, limit=None)):
            if since is None or row.at.date() >= since:
                yield _statement(position_id, row, lines)


def _statement(position_id: str, row: TimelineRow, lines: dict[int, LedgerRevision]) -> dict[str, Any]:
    line = lines[row.position_revision]
    return {
        "position": position_id,
        "holder": line.holder,
        "topic": line.topic,
        "at": row.at.isoformat(),
        "relation": row.relation.value,
        "statement": row.words,
        "speaker": row.speaker,
        "outlet": row.outlet,
        "title": row.title,
        "url": row.url,
        "probability": round(row.probability, 6),
        "decision": row.decision.value,
        "reason": row.reason,
        "shift": row.shift_key,
        "bearing": row.bearing,
        "line": line.baseline,
        "line_since": line.since.isoformat(),
        "line_revision": line.revision,
    }
