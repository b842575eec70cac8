"""The line on record of a position: drafted from a shift, moved, and put back. All functions work in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core import desk
from bot.core.desk import VerdictKind
from bot.store import assessments, positions, shifts
from bot.store.assessments import TimelineEntry
from bot.store.positions import LedgerRevision, Origin
from bot.store.shifts import ShiftRecord
from bot.store.verdicts import VerdictRecord


def move(
    connection: Connection, record: ShiftRecord, line: str, *, by: str, now: datetime
) -> tuple[int, LedgerRevision]:
    """File the line that a confirmed shift makes; return the revision before it, and it."""
    positions.lock(connection, record.position_id)
    before = positions.current(connection)[record.position_id].revision
    first = _first(connection, record)
    since = first.published.date() if first else record.opened_at.date()
    source = (
        desk.source_of(outlet=first.outlet, title=first.article_title, url=first.article_url, published=since)
        if first
        else ""
    )
    added = positions.add_revision(
        connection,
        record.position_id,
        baseline=line,
        since=since,
        source=source,
        origin=Origin.CONFIRMED,
        set_by=by,
        now=now,
    )
    return before, added


def draft(connection: Connection, record: ShiftRecord) -> str:
    """Return the line that a shift's own words make."""
    first = _first(connection, record)
    holder = positions.current(connection)[record.position_id].holder
    return desk.draft_baseline(holder, first.statement.text if first else record.words)


def _first(connection: Connection, record: ShiftRecord) -> TimelineEntry | None:
    """Return the account that opened a shift: the one with its words, else the earliest."""
    entries = assessments.for_shift(connection, record.key)
    return next((entry for entry in entries if entry.statement.text == record.words), next(iter(entries), None))


def moved_on(connection: Connection, verdict: VerdictRecord) -> str:
    """Return why a moved line cannot go back, "" where it can, or did not move."""
    if not verdict.revision_after:
        return ""
    positions.lock(connection, verdict.position_id)
    latest = positions.current(connection)[verdict.position_id]
    if latest.revision == verdict.revision_after:
        return ""
    who = f" by {latest.set_by}" if latest.set_by else ""
    return f"The line has moved on since{who} (revision {latest.revision}); edit it instead."


def put_back(connection: Connection, verdict: VerdictRecord, *, by: str, now: datetime) -> int:
    """Undo what a verdict did beside standing; return the revision that is in force, 0 where the line did not move."""
    if verdict.kind is VerdictKind.MERGE:
        shifts.merge(connection, verdict.shift_key, "")
    if verdict.kind is VerdictKind.TRACK:
        return positions.retire(connection, verdict.position_id, set_by=by, now=now).revision
    if verdict.kind is not VerdictKind.CONFIRM:
        return 0
    earlier = positions.history(connection, verdict.position_id)
    former = next(revision for revision in earlier if revision.revision == verdict.revision_before)
    restored = positions.add_revision(
        connection,
        verdict.position_id,
        baseline=former.baseline,
        since=former.since,
        source=former.source,
        origin=Origin.EDIT,
        set_by=by,
        now=now,
    )
    return restored.revision
