"""What the desk is shown on request, put together from the store: how everything stands, one alert, one position's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from bot.core import desk as desk_words
from bot.core.alert_words import day, moved
from bot.core.safe_text import clean, cut
from bot.domain import DeliveryState, Position
from bot.ports import AlertSheet, Choice, DeskSheet, FeedSheet, Finding, History, LineSheet
from bot.store import deliveries, desk_reports, lessons, mutes, positions, shifts, timeline, verdicts
from bot.store.assessments import TimelineEntry
from bot.store.desk_reports import FeedHealth, ShiftNote

WEEKS = 12
OPEN_FOR = timedelta(days=7)
REVIEW_FOR = timedelta(days=60)
MOST_REVIEWED = 10
MOST_SAME = 30
MOST_SAID = 15
_AT_REST = (DeliveryState.POSTED, DeliveryState.DEAD)


def desk_sheet(connection: Connection, configured: Sequence[Position], now: datetime) -> DeskSheet:
    """Return how everything stands at `now`."""
    tracked = positions.in_force(connection, configured)
    by_id = {position.id: position for position in tracked}
    recent = desk_reports.shifts_since(connection, now - timedelta(weeks=WEEKS))
    waiting = deliveries.counts(connection)
    open_alerts = _open(connection, by_id, [note for note in recent if note.opened_at > now - OPEN_FOR])
    return DeskSheet(
        lines=lines(connection, tracked, recent, now),
        feeds=tuple(feed_sheet(feed) for feed in desk_reports.feed_health(connection)),
        open_alerts=open_alerts,
        review=_review(connection, by_id, open_alerts, now),
        articles_today=desk_reports.articles_since(connection, _midnight(now)),
        waiting=sum(n for state, n in waiting.items() if state not in _AT_REST),
        troubled=len(deliveries.troubled(connection)),
    )


def lines(
    connection: Connection, tracked: Sequence[Position], recent: Sequence[ShiftNote], now: datetime
) -> tuple[LineSheet, ...]:
    """Return the tracked positions with what moved them lately; `recent` are the shifts of the last `WEEKS` weeks."""
    last = desk_reports.last_shift_of_each(connection)
    said = desk_reports.last_said_of_each(connection)
    muted = mutes.active(connection, now)
    return tuple(
        _line(position, [note for note in recent if note.position_id == position.id], last, said, muted, now)
        for position in tracked
    )


def alert_sheet(
    connection: Connection, configured: Sequence[Position], key: str, draft: str, now: datetime
) -> AlertSheet | None:
    """Return an alert for whoever decides on it; None where its shift or its position is not on file."""
    record = shifts.get(connection, key)
    if record is None:
        return None
    position = _position(connection, configured, record.position_id)
    if position is None:
        return None
    stands = verdicts.standing(connection, verdicts.subject_of_shift(key))
    others = [
        note
        for note in desk_reports.shifts_since(connection, now - timedelta(weeks=WEEKS))
        if note.position_id == record.position_id and note.key != key
    ]
    standing = (
        desk_words.told_before(stands.kind, by=stands.by, at=stands.at, reason=stands.reason, until=stands.until)
        if stands
        else ""
    )
    return AlertSheet(
        key=key,
        position_id=position.id,
        headline=moved(position.holder.name, position.topic, record.relation),
        baseline=position.baseline,
        since=position.since,
        words=record.words,
        opened_at=record.opened_at,
        draft=draft,
        standing=standing,
        same_as=tuple(_choice(note) for note in others[:MOST_SAME]),
    )


def history(connection: Connection, configured: Sequence[Position], position_id: str, now: datetime) -> History | None:
    """Return a position's way: its lines and what was said on it, the newest first; None for an unknown one."""
    position = _position(connection, configured, position_id)
    if position is None:
        return None
    recent = [
        n for n in desk_reports.shifts_since(connection, now - timedelta(weeks=WEEKS)) if n.position_id == position_id
    ]
    (line,) = lines(connection, [position], recent, now)
    said = [
        Finding(
            headline=moved(position.holder.name, position.topic, row.relation),
            words=row.words,
            probability=row.probability,
            decision=row.decision.value,
            reason=row.reason,
            url=row.url,
            outlet=row.outlet,
            at=row.at,
        )
        for row in timeline.position_timeline(connection, position_id, limit=MOST_SAID, related=True)
    ]
    ledger = timeline.baselines(connection, position_id)
    return History(
        line=line,
        lines=tuple((revision.since, revision.baseline) for revision in reversed(ledger)),
        findings=tuple(said),
    )


def feed_sheet(feed: FeedHealth) -> FeedSheet:
    """Return how a feed is, in words."""
    problem = ""
    if feed.failures or feed.outcome == "gone":
        times = f" ({feed.failures} times in a row)" if feed.failures > 1 else ""
        problem = f"{clean(feed.problem) or feed.outcome.replace('_', ' ')}{times}"
    return FeedSheet(name=feed.name, problem=problem, last_success_at=feed.last_success_at)


def _review(
    connection: Connection, by_id: Mapping[str, Position], open_alerts: Sequence[AlertSheet], now: datetime
) -> tuple[Finding, ...]:
    """Return what `train --review` lists of the tracked positions, but for the open alerts, which are decided on as such."""
    above = {alert.key for alert in open_alerts}
    listed = lessons.to_review(connection, since=now - REVIEW_FOR, most=MOST_REVIEWED + len(above))
    wanted = [one for one in listed if one.position_id in by_id and one.shift_key not in above][:MOST_REVIEWED]
    filed = {name: timeline.baselines(connection, name) for name in {one.position_id for one in wanted}}
    lines = {(name, line.revision): line.baseline for name, ledger in filed.items() for line in ledger}
    return tuple(
        _to_judge(one, by_id[one.position_id], lines.get((one.position_id, one.position_revision), ""))
        for one in wanted
    )


def _to_judge(entry: TimelineEntry, position: Position, line: str) -> Finding:
    """Return a statement that somebody is asked to judge, with the line of its day, which it was held against."""
    return Finding(
        id=entry.id,
        headline=moved(position.holder.name, position.topic, entry.relation),
        words=entry.statement.text,
        line=line or position.baseline,
        probability=entry.shift_probability,
        decision=entry.ruling.decision.value,
        reason=entry.ruling.reason,
        url=entry.article_url,
        outlet=entry.outlet,
        at=entry.published,
    )


def _open(connection: Connection, by_id: Mapping[str, Position], recent: Sequence[ShiftNote]) -> tuple[AlertSheet, ...]:
    alerted = [note for note in recent if note.alerted and note.position_id in by_id]
    decided = verdicts.on_shifts(connection, [note.key for note in alerted])
    return tuple(
        AlertSheet(
            key=note.key,
            position_id=note.position_id,
            headline=moved(by_id[note.position_id].holder.name, by_id[note.position_id].topic, note.relation),
            baseline=by_id[note.position_id].baseline,
            since=by_id[note.position_id].since,
            words=note.words,
            opened_at=note.opened_at,
        )
        for note in alerted
        if note.key not in decided
    )


def _line(
    position: Position,
    recent: Sequence[ShiftNote],
    last: Mapping[str, ShiftNote],
    said: Mapping[str, datetime],
    muted: Mapping[str, mutes.Mute],
    now: datetime,
) -> LineSheet:
    shift, heard, mute = last.get(position.id), said.get(position.id), muted.get(position.id)
    return LineSheet(
        id=position.id,
        holder=position.holder.name,
        topic=position.topic,
        baseline=position.baseline,
        since=position.since,
        revision=position.revision,
        last_shift=moved(position.holder.name, position.topic, shift.relation) if shift else "",
        last_shift_at=shift.opened_at if shift else None,
        trend=trend(recent, now),
        quiet_days=max(0, (now - heard).days) if heard else None,
        muted_until=mute.until if mute else None,
        muted_by=mute.by if mute else "",
    )


def trend(recent: Sequence[ShiftNote], now: datetime) -> tuple[int | None, ...]:
    """Return how a line moved in each of the last `WEEKS` weeks, the oldest first; None for a week without a shift."""
    weeks: list[int | None] = [None] * WEEKS
    for note in recent:
        ago = int((now - note.opened_at) / timedelta(weeks=1))
        if 0 <= ago < WEEKS:
            weeks[WEEKS - 1 - ago] = (weeks[WEEKS - 1 - ago] or 0) + (-1 if note.relation.is_harder else 1)
    return tuple(weeks)


def _choice(note: ShiftNote) -> Choice:
    return Choice(value=note.key, label=f"{day(note.opened_at.date())}: {cut(clean(note.words), 58)}")


def _position(connection: Connection, configured: Sequence[Position], position_id: str) -> Position | None:
    tracked = positions.in_force(connection, configured)
    return next((position for position in tracked if position.id == position_id), None)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
