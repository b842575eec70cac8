"""Live pages: one address, many dated items. Each item is read as an article of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.core.attribution import Span
from bot.reading.sentences import paragraphs

_SCRIPT = re.compile(
    r"<script[^>]{0,200}application/ld\+json[^>]{0,200}>(.{2,2000000}?)</script>", re.IGNORECASE | re.DOTALL
)
_STAMP = re.compile(
    r"\W{0,4}(?:(?:updated|posted|published)?\s*(?:at )?)(\d{1,2})[:.h](\d{2})\s*(a\.?m\.?|p\.?m\.?)?\s*(?:\(?(?:GMT|"
    r"UTC|BST|CET|CEST|EET|EEST|MSK|ET|EST|EDT)\)?)?\b",
    re.IGNORECASE,
)
_TAGS = re.compile(r"<[^<>]{0,2000}>")
ENOUGH = 4
"""Stamped items from which a text is a live page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a live page. `span` is its place in a plain text, None where it came from the page's own data."""

    title: str
    text: str
    published: datetime | None
    span: Span | None = None


def items_of_page(page: str) -> tuple[Item, ...]:
    """Return the items that an HTML page declares as a LiveBlogPosting, in its order."""
    return tuple(item for match in _SCRIPT.finditer(page) for item in _items_of_json(match.group(1)))


def items_of_text(text: str, day: date | None = None) -> tuple[Item, ...]:
    """Return the items of a plain text whose paragraphs begin with clock times, or none where fewer than `ENOUGH` do.

    Times are read as UTC on `day`; in a list that runs backwards over midnight, what follows is the day before.
    """
    spans = paragraphs(text)
    marked = [(span, match) for span in spans if (match := _STAMP.match(text, span[0], span[1])) is not None]
    if len(marked) < ENOUGH or len(marked) * 8 < len(spans):
        return ()
    out: list[Item] = []
    last: datetime | None = None
    for place, (_, match) in enumerate(marked):
        end = spans[-1][1] if place + 1 == len(marked) else _end_before(spans, marked[place + 1][0][0])
        moment = _moment(match, day, last)
        last = moment or last
        body = text[match.end() : end]
        start = match.end() + len(body) - len(body.lstrip(" \t\r\n-–—:|•"))
        out.append(Item(title="", text=text[start:end], published=moment, span=(start, end)))
    return tuple(item for item in out if item.text.strip())


def _end_before(spans: tuple[Span, ...], start: int) -> int:
    return max(end for begin, end in spans if begin < start)


def _moment(match: re.Match[str], day: date | None, last: datetime | None) -> datetime | None:
    hour, minute, half = int(match.group(1)), int(match.group(2)), (match.group(3) or "").lower().replace(".", "")
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if day is None or hour > 23 or minute > 59:
        return None
    moment = datetime.combine(last.date() if last else day, time(hour, minute), tzinfo=UTC)
    if last is not None and moment - last > timedelta(hours=12):
        moment -= timedelta(days=1)
    return moment


def _items_of_json(source: str) -> Iterator[Item]:
    try:
        data = json.loads(source)
    except (ValueError, RecursionError):
        return
    nodes = data if isinstance(data, list) else data.get("@graph", [data]) if isinstance(data, dict) else []
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or "LiveBlogPosting" not in str(node.get("@type", "")):
            continue
        updates = node.get("liveBlogUpdate")
        for update in updates if isinstance(updates, list) else []:
            if isinstance(update, dict) and str(update.get("articleBody", "")).strip():
                body = _TAGS.sub("\n", str(update["articleBody"])).strip()
                yield Item(
                    title=str(update.get("headline", "")),
                    text=body,
                    published=moment_of(str(update.get("datePublished", ""))),
                )


def moment_of(stamp: str) -> datetime | None:
    """Return an ISO 8601 time in UTC, None for anything else. A time without a zone is read as UTC."""
    try:
        moment = datetime.fromisoformat(stamp.strip())
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
