"""`/walkback …`: what was typed, and the answers that need no window."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.core.alert_words import minute
from bot.ports import DeskSheet, LineSheet
from bot.slack import buttons
from bot.slack.escape import mrkdwn
from bot.slack.home import line_text, summary
from bot.slack.parts import Block, button, context, listed, section

NAMES = ("status", "positions", "track", "mute", "unmute", "test", "why")
HELP = (
    "*/walkback status*: how everything stands\n"
    "*/walkback positions* [words]: what is tracked\n"
    "*/walkback track* [holder]: track a further position\n"
    "*/walkback mute* POSITION [hours], */walkback unmute* POSITION; without a position: what is muted\n"
    "*/walkback test*: post a sample alert to the default channel\n"
    "*/walkback why* LINK: what became of an article, and why"
)
MOST_LINES = 25
LONGEST_MUTE_H = 24 * 30
_HOURS = re.compile(r"(\d{1,4})\s*(h|hours?|d|days?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed after /walkback. `name` is one of `NAMES`, "" for anything else, which gets `HELP`."""

    name: str
    rest: str = ""


def asked(text: str) -> Asked:
    """Return what was typed."""
    name, _, rest = text.strip().partition(" ")
    return Asked(name=name.lower() if name.lower() in NAMES else "", rest=rest.strip())


def mute_of(rest: str) -> tuple[str, float]:
    """Return the position and the hours of a mute: "ru-nato 48 h" -> ("ru-nato", 48); 24 where no time is given."""
    position, _, span = rest.partition(" ")
    found = _HOURS.fullmatch(span.strip())
    if not found:
        return position, 24.0
    hours = float(found[1]) * (24 if (found[2] or "h").lower().startswith("d") else 1)
    return position, min(max(hours, 1.0), LONGEST_MUTE_H)


def status(sheet: DeskSheet, now: datetime) -> list[Block]:
    """Return how everything stands, as blocks."""
    failing = [feed for feed in sheet.feeds if feed.problem]
    blocks = [section(f"*Walkback* is awake: it read this at {minute(now)}."), context(summary(sheet))]
    if failing:
        told = listed([f"• {mrkdwn(feed.name, 80)}: {mrkdwn(feed.problem, 150)}" for feed in failing])
        blocks.append(section(f"*Feeds that fail*\n{told}"))
    if muted := _muted(sheet, now):
        blocks.append(section(f"*Muted*\n{muted}"))
    return blocks


def positions(sheet: DeskSheet, words: str, now: datetime) -> list[Block]:
    """Return the tracked lines, or those that have all of `words` in them."""
    wanted = words.lower().split()
    lines = [line for line in sheet.lines if all(word in _searched(line) for word in wanted)]
    if not lines:
        return [section("No tracked position fits these words." if wanted else "No position is tracked yet.")]
    blocks = [
        section(line_text(line, now), button("Timeline", buttons.TIMELINE, line.id)) for line in lines[:MOST_LINES]
    ]
    rest = len(lines) - MOST_LINES
    return [*blocks, context(f"and {rest} more; add words to narrow it")] if rest > 0 else blocks


def muted(sheet: DeskSheet, now: datetime) -> list[Block]:
    """Return what is muted, and until when."""
    return [section(_muted(sheet, now) or "Nothing is muted. `/walkback mute POSITION 24` mutes for 24 hours.")]


def _muted(sheet: DeskSheet, now: datetime) -> str:
    lines = [line for line in sheet.lines if line.muted_until and line.muted_until > now]
    return listed(
        [
            f"🔇 {mrkdwn(line.id, 80)} until {minute(line.muted_until)}, by {mrkdwn(line.muted_by, 80) or 'somebody'}"
            for line in lines
            if line.muted_until
        ]
    )


def _searched(line: LineSheet) -> str:
    return f"{line.id} {line.holder} {line.topic} {line.baseline}".lower()
