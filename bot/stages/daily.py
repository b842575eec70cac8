"""The daily digest: made once a day from what the store says of the day, as a delivery like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from bot.core import daily
from bot.core.alert_words import moved
from bot.core.daily import Day, DayItem
from bot.core.desk import told_before
from bot.core.dispatch import DRAWING, Kind
from bot.core.policies import DailyPolicy
from bot.core.safe_text import cut
from bot.domain import Position, identify
from bot.stages.desk_sheets import feed_sheet
from bot.store import assessments, deliveries, desk_reports, drift, edits, mutes, positions, verdicts
from bot.store.desk_reports import NearMiss, ShiftNote
from bot.store.drift import Drift
from bot.store.engine import snapshot, transaction

SPAN = timedelta(days=1)
WORDS = 100
"""Characters of an edited statement that a digest shows."""


class Daily:
    """The stage that sums the day up. `channel` gets the digest; `configured` are the desk's positions."""

    def __init__(
        self, engine: Engine, configured: Sequence[Position], policy: DailyPolicy | None, channel: str
    ) -> None:
        self._engine = engine
        self._configured = tuple(configured)
        self._policy = policy
        self._channel = channel

    def run_once(self, now: datetime) -> int:
        """Add the digest that is due, if it is not there yet; return how many were added."""
        due = self._policy and daily.due(self._policy, now)
        if not self._policy or not due:
            return 0
        day, set_at = due
        key = identify("daily", day.isoformat(), self._channel)
        with snapshot(self._engine) as connection:
            if deliveries.known(connection, key, self._channel):
                return 0
            told = day_of(connection, self._configured, self._policy, day=day, until=set_at)
        with transaction(self._engine) as connection:
            added = deliveries.add(
                connection,
                alert_key=key,
                position_id="",
                channel=self._channel,
                payload=daily.daily_record(told),
                priority=DRAWING,
                now=now,
                kind=Kind.DAILY,
            )
        return int(added)


def day_of(
    connection: Connection, configured: Sequence[Position], policy: DailyPolicy, *, day: date, until: datetime
) -> Day:
    """Return what the day before `until` brought."""
    since = until - SPAN
    tracked = {position.id: position for position in positions.in_force(connection, configured)}
    shifts = [
        note for note in desk_reports.shifts_since(connection, since) if note.alerted and note.position_id in tracked
    ]
    near = [miss for miss in desk_reports.near_misses(connection, since) if miss.position_id in tracked]
    feeds = [(feed.name, feed_sheet(feed).problem) for feed in desk_reports.feed_health(connection)]
    return Day(
        day=day,
        shifts=_shifts(connection, shifts, tracked),
        near=tuple(_near(miss, tracked[miss.position_id]) for miss in near[: daily.MOST_ITEMS]),
        quiet=_quiet(connection, tracked.values(), policy, until),
        failing=tuple(f"{name}: {problem}" for name, problem in feeds if problem),
        muted=tuple(
            f"{position_id}, until {mute.until:%d %b, %H:%M} UTC, by {mute.by}"
            for position_id, mute in sorted(mutes.active(connection, until).items())
        ),
        edited=_edited(connection, tracked, since),
        fit=_fit(*drift.lately(connection, until.date())) if daily.tells_of_fit(day) else (),
        shift_count=len(shifts),
        near_count=len(near),
        articles=desk_reports.articles_since(connection, since),
    )


def _shifts(
    connection: Connection, shifts: Sequence[ShiftNote], tracked: Mapping[str, Position]
) -> tuple[DayItem, ...]:
    """Return the shifts that are shown, with what the desk made of each."""
    shown = shifts[: daily.MOST_ITEMS]
    decided = verdicts.on_shifts(connection, [note.key for note in shown])
    items = []
    for note in shown:
        position, verdict = tracked[note.position_id], decided.get(note.key)
        ending = told_before(verdict.kind, by=verdict.by, at=verdict.at, reason=verdict.reason) if verdict else ""
        first = next(iter(assessments.for_shift(connection, note.key)), None)
        items.append(
            DayItem(
                headline=moved(position.holder.name, position.topic, note.relation),
                words=note.words,
                url=first.article_url if first else "",
                outlet=first.outlet if first else "",
                ending=" ".join(
                    it for it in (f"A later report {note.disputed}." if note.disputed else "", ending) if it
                ),
            )
        )
    return tuple(items)


def _near(miss: NearMiss, position: Position) -> DayItem:
    return DayItem(
        headline=moved(position.holder.name, position.topic, miss.relation),
        words=miss.words,
        url=miss.url,
        outlet=miss.outlet,
        ending=miss.reason,
    )


def _edited(connection: Connection, tracked: Mapping[str, Position], since: datetime) -> tuple[str, ...]:
    """Return what outlets changed of statements that were held against a tracked line, the latest first."""
    told = []
    for edit in edits.recent(connection, since):
        if not any(position in tracked for position in edit.positions):
            continue
        who = f"{edit.outlet or edit.url}{' of ' + edit.speaker if edit.speaker else ''}"
        notice = "with a note" if edit.noticed else "without a note"
        after = f"now “{cut(edit.after, WORDS)}”" if edit.after else "gone now"
        told.append(f"{who}: “{cut(edit.before, WORDS)}”, {after}, {notice}")
    return tuple(told[: daily.MOST_ITEMS])


def _fit(week: Drift, before: Drift) -> tuple[str, ...]:
    """Return in words what became of a week's articles and verdicts, each beside the four weeks before."""
    read = week.articles - round((week.abstained or 0.0) * week.articles)
    told = (
        ("articles that were not read", week.articles, week.abstained, before.abstained),
        ("articles read that touch no tracked topic", read, week.off_topic, before.off_topic),
        ("verdicts that said “not a shift”", week.verdicts, week.rejected, before.rejected),
    )
    return tuple(
        f"{words}: {share:.0%} of {n}{f', {former:.0%} in the four weeks before' if former is not None else ''}"
        for words, n, share, former in told
        if share is not None
    )


def _quiet(connection: Connection, tracked: Iterable[Position], policy: DailyPolicy, now: datetime) -> tuple[str, ...]:
    """Return who has said nothing for long, by name and since when."""
    said = desk_reports.last_said_of_each(connection)
    quiet = []
    for position in tracked:
        heard = said.get(position.id)
        days = (now - heard).days if heard else None
        if days is not None and days >= policy.quiet_days:
            quiet.append(f"{position.holder.name} on {position.topic}: nothing for {days} days")
    return tuple(quiet)
