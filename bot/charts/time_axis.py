"""Round moments for the axis of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.alert_words import day

_HOURS = (1, 3, 6, 12)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)


def ticks(start: datetime, end: datetime, *, most: int = 6) -> list[tuple[datetime, str]]:
    """Return at most `most` round moments from `start` to `end` with their labels; the year is named where it is new."""
    found = _moments(start.astimezone(UTC), end.astimezone(UTC), most)
    labelled = []
    year = None
    for moment in found:
        label = day(moment)
        if moment.year == year:
            label = label.rpartition(" ")[0]
        if (moment.hour, moment.minute) != (0, 0):
            label = f"{label.removesuffix(f' {moment.year}')} {moment:%H:%M}"
        else:
            year = moment.year
        labelled.append((moment, label))
    return labelled


def _moments(start: datetime, end: datetime, most: int) -> list[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    steps = [*(timedelta(hours=hours) for hours in _HOURS), *(timedelta(days=days) for days in _DAYS)]
    for step in steps:
        found = _steps(midnight, start, end, step, most)
        if len(found) <= most:
            return found
    for months in _MONTHS:
        found = _firsts(start, end, months, most)
        if len(found) <= most:
            return found
    return found[:: len(found) // most + 1]


def _steps(origin: datetime, start: datetime, end: datetime, step: timedelta, most: int) -> list[datetime]:
    """Return the moments in steps from `origin` that lie within; more than `most` as soon as they are too many."""
    count = max(0, -((origin - start) // step))
    found: list[datetime] = []
    while (moment := origin + count * step) <= end and len(found) <= most:
        found.append(moment)
        count += 1
    return found


def _firsts(start: datetime, end: datetime, months: int, most: int) -> list[datetime]:
    """Return the first days of every `months`-th month within, counted from the year 0."""
    index = start.year * 12 + start.month - 1
    index += -index % months
    found: list[datetime] = []
    while len(found) <= most * 40:
        moment = datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
        if moment > end:
            break
        if moment >= start:
            found.append(moment)
        index += months
    return found
