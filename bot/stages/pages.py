"""From an entry to its article: the linked page where it can be had, else what the feed itself carries, and why."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from typing import TypeVar

from bot.core.addresses import canonical, clean, host_of, is_redirector, site_of
from bot.core.schedule import Outcome
from bot.feeds.encoding import decode_page
from bot.feeds.http import PAGE_TYPES, Fetched, Fetcher, Wanted
from bot.feeds.robots import Robots
from bot.ports import Abstained, Extracted, Extractor, LiveItem

T = TypeVar("T")

PAGE_BYTES = 4_000_000
PAGE_S = 25.0
EXTRACTION_S = 30.0
REFRESH = re.compile(
    r"""<meta[^>]{0,200}http-equiv\s*=\s*["']?refresh["']?[^>]{0,200}content\s*=\s*["']?\s*\d+\s*;\s*url\s*=\s*["']?([^"'>\s]{4,2000})""",
    re.IGNORECASE,
)
ADDRESS = r"""(https?:(?:\\?/){2}[^"'<>\s]{4,2000})"""
POINTERS = (
    REFRESH,
    re.compile(rf"""\bdata-n-au\s*=\s*["']{ADDRESS}"""),
    re.compile(rf"""\b(?:location(?:\.href\s*=|\.replace\(|\.assign\()|redirectTo\w*\()\s*["']{ADDRESS}["']"""),
    re.compile(
        rf"""<link\b[^>]{{0,200}}\brel\s*=\s*["']canonical["'][^>]{{0,200}}\bhref\s*=\s*["']{ADDRESS}""", re.IGNORECASE
    ),
)
"""How the page of a redirector names where it leads, surest first; the address is fetched like any other, guarded."""
MOST_POINTERS = 4
POINTER = 100_000
"""Characters of a redirector's page that are looked through."""
_OUTAGES = (Outcome.NO_SUCH_HOST, Outcome.NO_CONNECTION, Outcome.TIMEOUT, Outcome.DROPPED)
PASSING = frozenset({"page 408", "page 425", "page 429", "page empty", *(f"page {outage}" for outage in _OUTAGES)})
"""Why a page could not be had that may be had later; faults of the server (5xx) come on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What there is to read of an entry. `reason` is "" for a page read as it should be; `page` whether it is a page's text.

    `unread` means that the article must not be assessed: its language is not read, or there is no word in it. `later` says
    that the page may be had another time.
    """

    url: str
    text: str
    reason: str = ""
    page: bool = False
    unread: bool = False
    later: bool = False
    title: str = ""
    author: str = ""
    outlet: str = ""
    language: str = ""
    published: datetime | None = None
    items: tuple[LiveItem, ...] = ()
    """Of a live page."""


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
        text = _own(address, title, own, f"{found.reason}: {found.detail}" if found.detail else found.reason)
        return replace(text, later=found.reason in PASSING or found.reason.startswith("page 5"))

    def own(self, url: str, base: str, title: str, own: str, reason: str) -> Text:
        """Return what an entry carries itself, for one whose page is not fetched for `reason`."""
        return _own(clean(url, base), title, own, reason)

    async def _page(self, address: str) -> Text | Abstained:
        for _ in range(MOST_POINTERS):
            fetched = await self._fetch(address)
            if isinstance(fetched, Abstained):
                return fetched
            page = decode_page(fetched.body, fetched.headers.get("content-type", ""))
            if not is_redirector(fetched.url):
                return await self._extract(page, fetched.url)
            address = _pointed(page, fetched.url)
            if not address:
                break
        return Abstained(reason="redirector", detail="its page does not say where it leads")

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


def _pointed(page: str, url: str) -> str:
    """Return where a redirector's page leads, "" where it does not say; only a refresh may lead on within its own site."""
    for pattern in POINTERS:
        for found in pattern.finditer(page[:POINTER]):
            target = clean(unescape(found.group(1)).replace("\\/", "/"), url)
            elsewhere = site_of(host_of(target)) != site_of(host_of(url))
            if target and target != url and (elsewhere or pattern is REFRESH):
                return target
    return ""


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
        items=found.items,
    )


OWN_TEXT = ("the feed's own text", "the headline alone", "nothing to read")
"""How the reason of a text begins that is no page's."""


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
