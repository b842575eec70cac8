"""What `feeds check` found, for people: a line a feed, by name, what is wrong first, and what to do there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from bot.commands.output import counted
from bot.core.safe_text import clean, cut
from bot.feeds.check import FeedCheck

INDENT = " " * 7
WIDTH = 80
LONGEST_TITLE = 40
HEADER = f"{INDENT}HTTP  entries   every  newest, UTC       feed"
NAME_AT = HEADER.index("feed")
UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))
"""Seconds of each unit, the longest first; a cadence is told in the first of which it has two."""


def feed_lines(found: Sequence[FeedCheck], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines: feeds that cannot be polled, those with something to know about, the others, and the total.

    `names` has what the desk calls a feed by its address as `FeedCheck` gives it; other feeds are called by their titles.
    The others are rows under `HEADER`: HTTP status ("-" for files), entries, the usual time between them, the newest.
    """
    ranked = sorted(found, key=_rank)
    for one in (each for each in ranked if _rank(each) < 2):
        line = _line(one, names)
        yield line
        if not one.ok and one.feed not in line:
            yield f"{INDENT}{one.feed}"
        yield from wrap(_advice(one), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False)
    sound = [each for each in ranked if _rank(each) == 2]
    if sound:
        yield HEADER
        yield from (_row(one, names) for one in sound)
    failed = sum(not one.ok for one in found)
    noted = sum(one.ok and bool(_note(one)) for one in found)
    can = f"{len(found) - failed} can be polled" + (f", {noted} of them with a note" if noted else "")
    yield f"{counted(len(found), 'feed')}: {can}, {failed or 'none'} cannot."


def _rank(one: FeedCheck) -> int:
    return 0 if not one.ok else 1 if _note(one) else 2


def _line(one: FeedCheck, names: Mapping[str, str]) -> str:
    if not one.ok:
        return f"WRONG  {_name(one, names)}: {clean(one.problem) or one.outcome}"
    return f"note   {_name(one, names)}: {_note(one)}"


def _row(one: FeedCheck, names: Mapping[str, str]) -> str:
    newest = f"{one.newest:%Y-%m-%d %H:%M}" if one.newest else "-"
    name = cut(_name(one, names), WIDTH - NAME_AT)
    return f"ok     {one.status or '-':>4}  {one.entries:>7}  {_every(one.cadence_s):>6}  {newest:<16}  {name}"


def _name(one: FeedCheck, names: Mapping[str, str]) -> str:
    return names.get(one.found_at or one.feed) or cut(clean(one.title), LONGEST_TITLE) or one.feed


def _every(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    size, unit = next((known for known in UNITS if seconds >= 1.5 * known[0]), UNITS[-1])
    return f"{max(1, round(seconds / size))} {unit}"


def _note(one: FeedCheck) -> str:
    """Return what is worth knowing about a feed that can be polled."""
    found = f"no feed but a page, which names {one.feed}: put that into feeds.yaml" if one.found_at else ""
    closed = "robots.txt keeps us from its articles" if one.robots == "forbidden" else ""
    return "; ".join(part for part in (found, clean(one.problem), closed) if part)


def _advice(one: FeedCheck) -> str:
    """Return what to do about a feed that cannot be polled or has a note, "" for nothing."""
    closed = "Its articles are read from the feed's own text." if one.ok and one.robots == "forbidden" else ""
    return " ".join(part for part in (one.advice, closed) if part)
