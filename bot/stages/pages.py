"""From an entry to its article: the linked page where it can be had, else what the feed itself carries, and why."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from bot.core.addresses import canonical, clean, is_redirector
from bot.feeds.encoding import decode_page
from bot.feeds.http import PAGE_TYPES, Fetched, Fetcher, Wanted
from bot.feeds.robots import Robots
from bot.ports import Abstained, Extracted, Extractor

T = TypeVar("T")

PAGE_BYTES = 4_000_000
PAGE_S = 25.0
EXTRACTION_S = 30.0
REFRESH = re.compile(
    r"""<meta[^>]{0,200}http-equiv\s*=\s*["']?refresh["']?[^>]{0,200}content\s*=\s*["']?\s*\d+\s*;\s*url\s*=\s*["']?([^"'>\s]{4,2000})""",
    re.IGNORECASE,
)
POINTER = 20_000
"""Characters below which a page that refreshes to another is a mere pointer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What there is to read of an entry. `reason` is "" for a page read as it should be; `page` whether it is a page's text.

    `unread` means that the article must not be assessed: its language is not read, or there is no word in it.
    """

    url: str
    text: str
    reason: str = ""
    page: bool = False
    unread: bool = False
    title: str = ""
    author: str = ""
    outlet: str = ""
    language: str = ""
    published: datetime | None = None


class Pages:
    """Reads the pages that entries link to, within robots.txt and the fetcher's limits."""

    def __init__(self, fetcher: Fetcher, extractor: Extractor, *, obey_robots: bool) -> None:
        self._fetcher = fetcher
        self._extractor = extractor
        self._robots = Robots(fetcher) if obey_robots else None

    async def read(self, *, url: str, base: str, title: str, own: str) -> Text:
        """Return the article of an entry that links to `url` and carries the text `own` ("" for none)."""
        address = clean(url, base)
        found = await self._page(address)
        if isinstance(found, Text):
            return found
        if found.reason == "language":
            return Text(url=address, text=own or title, reason=f"language: {found.detail}", unread=True)
        return _own(address, title, own, f"{found.reason}: {found.detail}" if found.detail else found.reason)

    def own(self, url: str, base: str, title: str, own: str, reason: str) -> Text:
        """Return what an entry carries itself, for one whose page is not fetched for `reason`."""
        return _own(clean(url, base), title, own, reason)

    async def _page(self, address: str) -> Text | Abstained:
        fetched = await self._fetch(address)
        if isinstance(fetched, Abstained):
            return fetched
        page = decode_page(fetched.body, fetched.headers.get("content-type", ""))
        pointed = REFRESH.search(page[:POINTER]) if len(page) < POINTER and is_redirector(address) else None
        if pointed:
            target = clean(pointed.group(1), fetched.url)
            again = await self._fetch(target) if target else Abstained(reason="redirect", detail="leads nowhere")
            if isinstance(again, Abstained):
                return again
            fetched, page = again, decode_page(again.body, again.headers.get("content-type", ""))
        return await self._extract(page, fetched.url)

    async def _fetch(self, address: str) -> Fetched | Abstained:
        permit = self._robots.refusal if self._robots is not None else None
        wanted = Wanted(
            url=address,
            accept=PAGE_TYPES,
            max_bytes=min(PAGE_BYTES, self._fetcher.policy.max_bytes),
            total_s=min(PAGE_S, self._fetcher.policy.total_timeout_s),
            permit=permit,
        )
        answer = await self._fetcher.get(wanted)
        if not isinstance(answer, Fetched):
            return Abstained(reason=f"page {answer.outcome.value}", detail=answer.problem[:200])
        if not 200 <= answer.status < 300:
            return Abstained(reason=f"page {answer.status}")
        kind = answer.headers.get("content-type", "text/html").lower()
        if not any(word in kind for word in ("html", "text/plain", "xml")):
            return Abstained(reason="page type", detail=kind[:80])
        return answer if answer.body.strip() else Abstained(reason="page empty")

    async def _extract(self, page: str, url: str) -> Text | Abstained:
        try:
            found = await _in_thread(lambda: self._extractor.extract(page, url=url), EXTRACTION_S)
        except TimeoutError:
            return Abstained(reason="page too slow", detail=f"no text after {EXTRACTION_S:g} s")
        if isinstance(found, Abstained):
            return found
        return _text(found, url)


def _text(found: Extracted, url: str) -> Text:
    return Text(
        url=canonical(found.canonical_url, url),
        text=found.text,
        page=True,
        title=found.title,
        author=found.author,
        outlet=found.outlet,
        language=found.language,
        published=found.published,
    )


def _own(address: str, title: str, own: str, reason: str) -> Text:
    if own:
        return Text(url=address, text=own, reason=f"the feed's own text ({reason})")
    if title:
        return Text(url=address, text=title, reason=f"the headline alone ({reason})")
    return Text(url=address, text="", reason=f"nothing to read ({reason})", unread=True)


async def _in_thread(work: Callable[[], T], limit_s: float) -> T:
    """Do `work` in a thread and wait no longer than `limit_s` for it; a fenced extractor ends it by itself."""
    async with asyncio.timeout(limit_s):
        return await asyncio.to_thread(work)
