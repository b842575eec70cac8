"""What `feeds check` found, for people: a line a feed, by name, what is wrong first, and what to do only there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.commands.output import counted
from bot.core.safe_text import clean, cut
from bot.feeds.check import FeedCheck

INDENT = " " * 7
LONGEST_TITLE = 40


def feed_lines(found: Sequence[FeedCheck], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines: feeds that cannot be polled, those with something to know about, the others, and the total.

    `names` has what the desk calls a feed by its address as `FeedCheck` gives it; other feeds are called by their titles.
    """
    for one in sorted(found, key=_rank):
        line = _line(one, names)
        yield line
        if not one.ok:
            if one.feed not in line:
                yield f"{INDENT}{one.feed}"
            if one.advice:
                yield f"{INDENT}{one.advice}"
    failed = sum(not one.ok for one in found)
    noted = sum(one.ok and bool(_note(one)) for one in found)
    sound = f"{len(found) - failed} can be polled" + (f", {noted} of them with a note" if noted else "")
    yield f"{counted(len(found), 'feed')}: {sound}, {failed or 'none'} cannot."


def _rank(one: FeedCheck) -> int:
    return 0 if not one.ok else 1 if _note(one) else 2


def _line(one: FeedCheck, names: Mapping[str, str]) -> str:
    address = one.found_at or one.feed
    name = names.get(address) or cut(clean(one.title), LONGEST_TITLE) or one.feed
    if not one.ok:
        return f"WRONG  {name}: {clean(one.problem) or one.outcome}"
    if note := _note(one):
        return f"note   {name}: {note}"
    newest = f", newest {one.newest:%Y-%m-%d %H:%M}" if one.newest else ""
    return f"ok     {name}: {counted(one.entries, 'entry', 'entries')}{newest}"


def _note(one: FeedCheck) -> str:
    """Return what is worth knowing about a feed that can be polled."""
    found = f"no feed but a page, which names {one.feed}: put that into feeds.yaml" if one.found_at else ""
    closed = "robots.txt keeps us from its articles" if one.robots == "forbidden" else ""
    return "; ".join(part for part in (found, clean(one.problem), closed) if part)
