"""The daily digest as a Slack message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.alert_words import day as day_words
from bot.core.daily import MOST_ITEMS, Day, DayItem, day_from
from bot.slack import limits
from bot.slack.escape import link, mrkdwn
from bot.slack.parts import Block, context, divider, header, listed, section, size

NOTHING_MOVED = "No tracked line moved."
LONGEST = 300


def daily_text(record: Mapping[str, object]) -> str:
    """Return the digest in one plain line."""
    day = day_from(record)
    heads = "; ".join(item.headline for item in day.shifts[:MOST_ITEMS])
    return f"Walkback on {day_words(day.day)}: {_counts(day)}{f' {heads}' if heads else ''}"


def daily_blocks(record: Mapping[str, object]) -> list[Block]:
    """Return the digest's blocks: shifts, near misses, and what else the day brought, under a title each."""
    day = day_from(record)
    made = (_blocks(day, most) for most in range(MOST_ITEMS, 0, -1))
    return next((blocks for blocks in made if size(blocks) <= limits.MESSAGE), _blocks(day, 1))


def _blocks(day: Day, most: int) -> list[Block]:
    blocks = [header(f"The day until {day_words(day.day)}"), context(_counts(day))]
    blocks += _listed("*Shifts*", day.shifts[:most], day.shift_count) if day.shifts else [section(NOTHING_MOVED)]
    if day.near:
        blocks += [divider(), *_listed("*Near misses*, below the threshold", day.near[:most], day.near_count)]
    for title, names in (
        ("*Changed after publication*", day.edited),
        ("*Quiet for long*", day.quiet),
        ("*Feeds that fail*", day.failing),
        ("*Muted*", day.muted),
        ("*The last seven days*", day.fit),
    ):
        if names:
            named = listed([f"• {mrkdwn(name, LONGEST)}" for name in names])
            blocks += [divider(), section(f"{title}\n{named}")]
    return blocks


def _counts(day: Day) -> str:
    parts = [_number(day.shift_count, "shift"), _number(day.near_count, "near miss", "near misses")]
    parts.append(f"{_number(day.articles, 'article')} read")
    if day.failing:
        parts.append(f"{_number(len(day.failing), 'feed')} failing")
    return ", ".join(parts) + "."


def _listed(title: str, items: Sequence[DayItem], count: int) -> list[Block]:
    blocks = [section(title), *(section(_item(item)) for item in items)]
    return [*blocks, context(f"and {count - len(items)} more")] if count > len(items) else blocks


def _item(item: DayItem) -> str:
    source = link(item.url, item.outlet or "article", 80) or mrkdwn(item.outlet, 80)
    ending = mrkdwn(item.ending, 200)
    lines = [f"*{mrkdwn(item.headline, 200) or 'A statement'}*", f"> {mrkdwn(item.words, 300)}"]
    small = " · ".join(part for part in (source, ending) if part)
    return "\n".join([*lines, small] if small else lines)


def _number(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"
