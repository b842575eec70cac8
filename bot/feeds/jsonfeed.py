"""JSON Feed 1.0 and 1.1, which feedparser does not read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from bot.feeds.parsed import NotAFeed, ParsedEntry, ParsedFeed
from bot.feeds.plain import to_line, to_text


def read(text: str) -> ParsedFeed | NotAFeed:
    """Return the feed in a JSON document. Wrong types of single fields are as good as missing."""
    try:
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        return NotAFeed(kind="not_a_feed", problem=f"not JSON: {error}"[:300])
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return NotAFeed(kind="not_a_feed", problem="JSON without a list of items")
    version = _string(document.get("version"))
    known = "jsonfeed.org" in version
    if not known and not any(isinstance(item, dict) for item in document["items"]):
        return NotAFeed(kind="not_a_feed", problem="JSON without a JSON Feed version or items")
    site = _string(document.get("home_page_url"))
    shared = _author(document)
    return ParsedFeed(
        format="json10" if version.rstrip("/").endswith("/1") else "json11",
        title=to_line(_string(document.get("title"))),
        site=site,
        language=_string(document.get("language")),
        damage="" if known else "no JSON Feed version",
        entries=tuple(_entry(item, site, shared) for item in document["items"] if isinstance(item, dict)),
    )


def _entry(item: dict[str, Any], site: str, shared_author: str) -> ParsedEntry:
    link = _string(item.get("url")) or _string(item.get("external_url"))
    guid = _string(item.get("id"))
    if not link and guid.startswith(("http://", "https://")):
        link = guid
    body = _string(item.get("content_html")) or _string(item.get("summary"))
    text = _string(item.get("content_text"))
    dates = (_string(item.get("date_published")), _string(item.get("date_modified")))
    return ParsedEntry(
        guid=guid,
        url=_joined(site, link),
        title=to_line(_string(item.get("title"))),
        text=to_text(_string(item.get("content_html"))) or "\n\n".join(text.split("\n\n")).strip() or to_text(body),
        author=_author(item) or shared_author,
        dates=tuple(date[:200] for date in dates if date),
    )


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def _author(record: dict[str, Any]) -> str:
    authors = record.get("authors")
    one = authors[0] if isinstance(authors, list) and authors else record.get("author")
    return to_line(_string(one.get("name"))) if isinstance(one, dict) else ""


def _string(value: Any) -> str:
    """Return a text, and a number as one (ids); "" for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
