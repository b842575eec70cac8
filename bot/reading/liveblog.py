"""Live pages: one address, many dated items, of which each is an article of its own.

A page says so itself (schema.org's LiveBlogPosting, as JSON or as attributes), or it calls itself live and shows blocks of
text side by side that each carry a time of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin

from bot.ports import LiveItem

FEWEST = 3
"""Blocks with a time from which on a page that says nothing of itself is taken for a live one."""
MOST = 500
SHORTEST = 30
"""Letters of an item that says anything."""

_SCRIPT = re.compile(
    r"<script[^>]{0,200}application/ld\+json[^>]{0,200}>(.{2,2000000}?)</script>", re.IGNORECASE | re.DOTALL
)
_HINT = re.compile(r"liveblog|live[-_ ]?(?:blog|updates?|feed|ticker|coverage|reporting)|as it happened", re.IGNORECASE)
_LIVE = re.compile(r"(?:^|[/\W_])live(?:[/\W_]|$)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,500})", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|blockquote|section|article|figure|tr)\b[^<>]{0,2000}>", re.IGNORECASE
)
_TAG = re.compile(r"<(script|style)\b[^<>]{0,2000}>.{0,200000}?</\1>|<[^<>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_TIME = "descendant::time[@datetime]"
_SAID = "//*[contains(@itemprop, 'liveBlogUpdate')]"
_SKIPPED = "self::script or self::style or self::time or self::button or self::figure or self::aside or self::noscript"


def live_items(page: str, url: str = "") -> tuple[LiveItem, ...]:
    """Return the items of a live page in the page's order, none for any other page.

    Items without a time of their own are left out where others have one, since they repeat or sum up.
    """
    items = [item for match in _SCRIPT.finditer(page) for item in _of_json(match.group(1), url)]
    if not items and _maybe(page, url):
        items = list(_of_markup(page, url))
    dated = [item for item in items if item.published is not None]
    return tuple({(item.published, item.text): item for item in (dated if len(dated) > 1 else items)}.values())[:MOST]


def _of_json(source: str, url: str) -> Iterator[LiveItem]:
    try:
        data = json.loads(source, strict=False)
    except (ValueError, RecursionError):
        return
    nodes = data if isinstance(data, list) else data.get("@graph", [data]) if isinstance(data, dict) else []
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or "LiveBlogPosting" not in str(node.get("@type", "")):
            continue
        updates = node.get("liveBlogUpdate")
        for update in updates if isinstance(updates, list) else []:
            if isinstance(update, dict) and (item := _update(update, url)) is not None:
                yield item


def _update(update: dict[str, Any], url: str) -> LiveItem | None:
    body = update.get("articleBody") or update.get("text") or update.get("description")
    text = text_of(body) if isinstance(body, str) else ""
    if not text:
        return None
    moments = (update.get(name) for name in ("datePublished", "dateCreated", "dateModified"))
    named = next((update.get(name) for name in ("url", "@id") if isinstance(update.get(name), str)), "")
    return LiveItem(
        text=text,
        title=_line(update.get("headline") or update.get("name")),
        published=next((found for moment in moments if moment and (found := moment_of(str(moment)))), None),
        url=_joined(url, str(named)),
    )


def _maybe(page: str, url: str) -> bool:
    """Whether the page's address, title or mark-up calls it live; cheap, for most pages are not."""
    if page.lower().count("<time") < FEWEST:
        return False
    title = _TITLE.search(page[:100_000])
    return _HINT.search(page) is not None or any(_LIVE.search(text) for text in (url, title.group(1) if title else ""))


def _of_markup(page: str, url: str) -> Iterator[LiveItem]:
    from lxml import etree, html

    try:
        root = html.document_fromstring(page)
    except (etree.LxmlError, ValueError, AssertionError):
        return
    blocks = root.xpath(_SAID) or _timed_blocks(root)
    for block in blocks[:MOST]:
        times = block.xpath(_TIME)
        text = _text(block)
        if sum(map(str.isalpha, text)) < SHORTEST:
            continue
        heads = block.xpath("descendant::*[self::h1 or self::h2 or self::h3 or self::h4]")
        anchor = block.get("id") or next(iter(block.xpath("descendant::*[@id]/@id")), "")
        yield LiveItem(
            text=text,
            title=_line(heads[0].text_content()) if heads else "",
            published=next((found for time in times if (found := moment_of(time.get("datetime", "")))), None),
            url=_joined(url, f"#{anchor}") if anchor and url else "",
        )


def _timed_blocks(root: Any) -> Sequence[Any]:
    """Return the most blocks side by side that each hold one time and a text, none where there are fewer than `FEWEST`."""
    beside: dict[Any, list[Any]] = {}
    for time in root.xpath("//time[@datetime]"):
        block = time
        while (parent := block.getparent()) is not None and len(parent.xpath(_TIME)) == 1:
            block = parent
        if block is not time and block.getparent() is not None and sum(map(str.isalpha, _text(block))) >= SHORTEST * 2:
            beside.setdefault(block.getparent(), []).append(block)
    most = max(beside.values(), key=len, default=[])
    moments = {block.xpath(_TIME)[0].get("datetime") for block in most}
    return most if len(most) >= FEWEST and len(moments) >= FEWEST else []


def _text(block: Any) -> str:
    """Return the paragraphs of a block, or all that it says where it has none; without its heading and time."""
    said = block.xpath("descendant::p | descendant::li[not(descendant::p)]")
    lines = [" ".join(part.text_content().split()) for part in said]
    if sum(map(len, lines)) < SHORTEST:
        inside = f"descendant::text()[not(ancestor::*[{_SKIPPED}])]"
        lines = [" ".join(" ".join(block.xpath(inside)).split())]
    return "\n\n".join(line for line in lines if line)


def text_of(markup: str) -> str:
    """Return the text of a fragment of HTML, or of plain text, with one blank line between blocks."""
    bare = unescape(_TAG.sub(" ", _BLOCK.sub("\n\n", markup)))
    lines = (" ".join(line.split()) for line in re.split(r"\n\s*\n", bare))
    return "\n\n".join(line for line in lines if line)


def _line(value: object) -> str:
    return " ".join(text_of(value).split())[:300] if isinstance(value, str) else ""


def _joined(base: str, link: str) -> str:
    if not link:
        return ""
    try:
        found = urljoin(base, link)
    except ValueError:
        return ""
    return found if found.startswith(("http://", "https://")) else ""


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
