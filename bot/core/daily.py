"""The day in one message: what moved, what nearly did, who has been quiet, and which feeds fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.policies import DailyPolicy

LATEST_H = 6
"""A digest that is later than that by its hour is left out: the bot was not running, or has only just begun."""
MONDAY = 0
MOST_ITEMS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DayItem:
    """A shift or a near miss. `ending` is what the desk made of it, or why it was no alert."""

    headline: str
    words: str
    url: str = ""
    outlet: str = ""
    ending: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a daily digest tells. The lists may be cut; `shift_count` and `near_count` are of all there were."""

    day: date
    shifts: tuple[DayItem, ...] = ()
    near: tuple[DayItem, ...] = ()
    quiet: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    """Statements on tracked lines that an outlet changed or took out after it had published them."""
    fit: tuple[str, ...] = ()
    """How the bot fits what it reads, of the week and of the four before; once a week."""
    shift_count: int = 0
    near_count: int = 0
    articles: int = 0


def due(policy: DailyPolicy, now: datetime) -> tuple[date, datetime] | None:
    """Return the day whose digest is due at `now`, and since when; None where none is."""
    zone = ZoneInfo(policy.zone)
    local = now.astimezone(zone)
    set_at = datetime.combine(local.date(), policy.at, tzinfo=zone).astimezone(UTC)
    return (local.date(), set_at) if set_at <= now < set_at + timedelta(hours=LATEST_H) else None


def tells_of_fit(day: date) -> bool:
    """Whether a day's digest says how the bot fits what it reads: on Mondays."""
    return day.weekday() == MONDAY


def daily_record(day: Day) -> dict[str, object]:
    """Return the payload of a daily digest's delivery; `day_from` reads it back."""
    return {**asdict(day), "kind": "daily", "day": day.day.isoformat()}


def day_from(record: Mapping[str, object]) -> Day:
    """Return the day that `daily_record` wrote; ValueError where it is none."""
    return Day(
        day=date.fromisoformat(str(record.get("day"))),
        shifts=_day_items(record.get("shifts")),
        near=_day_items(record.get("near")),
        quiet=_names(record.get("quiet")),
        failing=_names(record.get("failing")),
        muted=_names(record.get("muted")),
        edited=_names(record.get("edited")),
        fit=_names(record.get("fit")),
        shift_count=int(str(record.get("shift_count", 0))),
        near_count=int(str(record.get("near_count", 0))),
        articles=int(str(record.get("articles", 0))),
    )


def _day_items(value: object) -> tuple[DayItem, ...]:
    names = DayItem.__dataclass_fields__
    return tuple(
        DayItem(**{"headline": "", "words": "", **{name: str(text) for name, text in item.items() if name in names}})
        for item in _list(value)
        if isinstance(item, Mapping)
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(value))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
