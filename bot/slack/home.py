"""The App Home tab: what is tracked and how it moved, what is open, what is worth judging, how the feeds are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.alert_words import day
from bot.domain import Relation
from bot.ports import AlertSheet, Choice, DeskSheet, FeedSheet, Finding, LineSheet
from bot.slack import buttons, limits
from bot.slack.escape import link, moment, mrkdwn
from bot.slack.parts import Block, actions, button, choice, context, divider, header, section

MOST_LINES = 20
MOST_ALERTS = 6
MOST_REVIEW = 5
MOST_FEEDS = 8
RELATION_WORDS = {
    Relation.UNRELATED: "Unrelated to the line",
    Relation.CONSISTENT: "Consistent with it",
    Relation.SOFTENING: "Softening",
    Relation.HARDENING: "Hardening",
    Relation.CONTRADICTION: "Contradiction",
    Relation.NEW_OFFER: "New offer",
}
_SOFTER, _HARDER, _BOTH, _NONE = "🟦", "🟧", "🟪", "▫️"


def home(sheet: DeskSheet, now: datetime) -> Block:
    """Return the Home tab as a view."""
    rows = actions(
        button("Track a position", buttons.TRACK, "home", style="primary"), button("Refresh", buttons.REFRESH, "home")
    )
    blocks = [header("Walkback"), context(summary(sheet), f"As of {moment(now)}"), rows]
    blocks += _alerts(sheet.open_alerts)
    blocks += _lines(sheet.lines, now)
    blocks += _review(sheet.review)
    blocks += _feeds(sheet.feeds)
    return {"type": "home", "blocks": blocks[: limits.VIEW_BLOCKS]}


def summary(sheet: DeskSheet) -> str:
    """Return how everything stands in a line."""
    failing = sum(bool(feed.problem) for feed in sheet.feeds)
    parts = [
        _number(len(sheet.lines), "position"),
        f"{_number(len(sheet.feeds), 'feed')}{f' ({failing} failing)' if failing else ''}",
        f"{_number(sheet.articles_today, 'article')} today",
        _number(len(sheet.open_alerts), "open alert"),
    ]
    if sheet.waiting:
        parts.append(f"{_number(sheet.waiting, 'message')} on the way")
    if sheet.troubled:
        parts.append(f"*{_number(sheet.troubled, 'delivery', 'deliveries')} for a person to mend:* `walkback doctor`")
    return " · ".join(parts)


def line_text(line: LineSheet, now: datetime) -> str:
    """Return a tracked line: whose, on what, since when, how it moved."""
    head = f"*{mrkdwn(line.holder, 80)}* on {mrkdwn(line.topic, 200)}  (`{mrkdwn(line.id, 80)}`)"
    rows = [head, f"> {mrkdwn(line.baseline, 500)}", f"since {day(line.since)}, revision {line.revision}"]
    if line.last_shift and line.last_shift_at:
        rows.append(f"Last shift: {mrkdwn(line.last_shift, 200)}, {moment(line.last_shift_at)}")
    if line.trend:
        rows.append(f"{trend(line.trend)}  {trend_words(line.trend)}")
    if line.muted_until and line.muted_until > now:
        rows.append(f"🔇 Muted until {moment(line.muted_until)} by {mrkdwn(line.muted_by, 80) or 'somebody'}")
    return "\n".join(rows)


def trend(weeks: Sequence[int | None]) -> str:
    """Return how a line moved, a sign a week: toward the other side, further away, both, or not at all."""
    return "".join(_NONE if n is None else _SOFTER if n > 0 else _HARDER if n < 0 else _BOTH for n in weeks)


def trend_words(weeks: Sequence[int | None]) -> str:
    """Return the same in words, for whoever does not see it."""
    moved = [n for n in weeks if n is not None]
    if not moved:
        return f"no shift in {len(weeks)} weeks"
    softer, harder = sum(n > 0 for n in moved), sum(n < 0 for n in moved)
    parts = [f"softer in {softer}" if softer else "", f"harder in {harder}" if harder else ""]
    both = len(moved) - softer - harder
    parts.append(f"both ways in {both}" if both else "")
    return f"{', '.join(part for part in parts if part)} of {len(weeks)} weeks"


def _alerts(alerts: Sequence[AlertSheet]) -> list[Block]:
    if not alerts:
        return []
    blocks: list[Block] = [divider(), section("*Open alerts*, on which nobody has decided")]
    for alert in alerts[:MOST_ALERTS]:
        words = (
            f"*{mrkdwn(alert.headline, 200) or 'An alert'}*, {moment(alert.opened_at)}\n> {mrkdwn(alert.words, 400)}"
        )
        blocks += [
            section(words),
            actions(
                button("Confirm shift", buttons.CONFIRM, alert.key),
                button("Not a shift", buttons.REJECT, alert.key),
                button("Same as…", buttons.SAME, alert.key),
            ),
        ]
    rest = len(alerts) - MOST_ALERTS
    return [*blocks, context(f"and {rest} more")] if rest > 0 else blocks


def _lines(lines: Sequence[LineSheet], now: datetime) -> list[Block]:
    blocks: list[Block] = [divider(), section("*Tracked positions*")]
    blocks.append(context(f"{_SOFTER} softer  {_HARDER} harder  {_BOTH} both  {_NONE} no shift, a sign a week"))
    for line in lines[:MOST_LINES]:
        muted = line.muted_until is not None and line.muted_until > now
        accessory = (
            button("Unmute", buttons.UNMUTE, line.id) if muted else button("Timeline", buttons.TIMELINE, line.id)
        )
        blocks.append(section(line_text(line, now), accessory))
    rest = len(lines) - MOST_LINES
    return [*blocks, context(f"and {rest} more: `/walkback positions`")] if rest > 0 else blocks


def _review(findings: Sequence[Finding]) -> list[Block]:
    if not findings:
        return []
    blocks: list[Block] = [
        divider(),
        section("*To review:* statements that teach the detector most, the most useful first"),
        context("What does each do to the line on record? An answer moves no line; `walkback train` learns from it."),
    ]
    shown = findings[:MOST_REVIEW]
    return [*blocks, *(section(review_text(one), _judgement(one) if one.id else None) for one in shown)]


def review_text(finding: Finding) -> str:
    """Return a statement that is to be judged: what the detector takes it for, its words, the line, and where it stood."""
    rows = [f"*{mrkdwn(finding.headline, 200) or 'A statement'}?*", f"> {mrkdwn(finding.words, 400)}"]
    if finding.line:
        rows.append(f"On record: {mrkdwn(finding.line, 400)}")
    source = link(finding.url, finding.outlet or "article", 80) or mrkdwn(finding.outlet, 80)
    share = f"{round(finding.probability * 100)}% a shift"
    return "\n".join([*rows, " · ".join(part for part in (share, source) if part)])


def _judgement(finding: Finding) -> Block:
    """Return the menu that files what a statement does to its line; each choice is written as `walkback train --label` takes it."""
    choices = [Choice(value=f"{finding.id}={relation}", label=words) for relation, words in RELATION_WORDS.items()]
    return choice(buttons.LABEL, "It is …", choices)


def _feeds(feeds: Sequence[FeedSheet]) -> list[Block]:
    failing = [feed for feed in feeds if feed.problem]
    blocks: list[Block] = [divider(), section(f"*Feeds:* {len(feeds) - len(failing)} of {len(feeds)} well")]
    for feed in failing[:MOST_FEEDS]:
        last = f", last well {moment(feed.last_success_at)}" if feed.last_success_at else ""
        blocks.append(context(f"⚠️ {mrkdwn(feed.name, 80)}: {mrkdwn(feed.problem, 200)}{last}"))
    rest = len(failing) - MOST_FEEDS
    return [*blocks, context(f"and {rest} more that fail")] if rest > 0 else blocks


def _number(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"
