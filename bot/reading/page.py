"""From a page to its article: trafilatura for HTML; plain text, markdown and transcripts pass with their offsets unmoved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot.ports import Abstained, Extracted, LiveItem
from bot.reading.abstain import assess_readability
from bot.reading.language import identify_language
from bot.reading.liveblog import live_items, moment_of
from bot.reading.particulars import particulars

log = structlog.get_logger()

LARGEST = 5_000_000
"""Characters of a page at most; a longer one is no article."""

_HTML = re.compile(r"<(?:!doctype html|html|head|body|article|div|p|h1|meta|title)\b", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"<meta[^>]{0,300}?(?:article:published_time|datePublished|og:published_time|parsely-pub-date)[^>]{0,100}?content=[\"']([^\"'>]{8,40})|"
    r"\"datePublished\"\s*:\s*\"([^\"]{8,40})\"",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,500})", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"cf-(?:challenge|browser-verification|turnstile)|challenge-platform|g-recaptcha|h-captcha|hcaptcha\.com|px-captcha|_Incapsula_|captcha-delivery",
    re.IGNORECASE,
)


def looks_like_html(page: str) -> bool:
    """Whether `page` is HTML rather than plain text: tags stand near its beginning."""
    return _HTML.search(page[:4000]) is not None


class PageExtractor:
    """Gets the article out of a page. Holds nothing; never raises."""

    def extract(self, page: str, *, url: str) -> Extracted | Abstained:
        """Return the article of an HTML page, the items of a live one, or why there is none."""
        if len(page) > LARGEST:
            return Abstained(reason="too_large", detail=f"{len(page)} characters")
        items = live_items(page, url)
        document = _document(page, url)
        if len(items) > 1:
            return _live(document, page, items, url)
        text = (getattr(document, "text", None) or "").strip()
        if len(text) < 600 and _CHALLENGE.search(page):
            return Abstained(reason="captcha", detail="a challenge stands in place of the page")
        reason = assess_readability(text)
        if reason is not None:
            return reason if reason.reason != "empty" else (_walled(page) or reason)
        return _extracted(document, page, text, url)


def _live(document: Any, page: str, items: Sequence[LiveItem], url: str) -> Extracted | Abstained:
    """Return a live page's items, or why they are not read."""
    text = "\n\n".join(item.text for item in items)
    reason = assess_readability(text)
    if reason is not None and reason.reason in {"empty", "language"}:
        return reason
    return replace(_extracted(document, page, text, url), items=tuple(items))


def _document(page: str, url: str) -> Any:
    """Return trafilatura's document, None where it found nothing or stumbled."""
    import trafilatura
    from trafilatura.utils import load_html

    try:
        tree = load_html(page)
        told = particulars(tree, page, url=url, dated=_published(page) is not None) if tree is not None else None
        found = trafilatura.bare_extraction(
            tree,
            url=url or getattr(told, "url", None),
            include_comments=False,
            include_tables=False,
            deduplicate=False,
            favor_precision=True,
        )
    except Exception as error:  # noqa: BLE001 - the library's faults on hostile pages are many; the page is set aside and counted
        log.warning("page_unreadable", url=url, error=type(error).__name__)
        return None
    text = getattr(found, "text", None)
    if told is None or text is None:
        return None
    told.text = text
    return told


def _walled(page: str) -> Abstained | None:
    """Return the wall that a page without an article shows, told from its bare words."""
    words = re.sub(
        r"<(script|style)\b[^>]{0,500}>.{0,100000}?</\1>|<[^<>]{0,1000}>",
        " ",
        page[:200_000],
        flags=re.IGNORECASE | re.DOTALL,
    )
    reason = assess_readability(" ".join(words.split())[:2400])
    return (
        reason if reason is not None and reason.reason in {"consent_wall", "captcha", "paywall", "language"} else None
    )


def _extracted(document: Any, page: str, text: str, url: str) -> Extracted:
    published = _published(page)
    if published is None and getattr(document, "date", None):
        published = moment_of(str(document.date))
    title = getattr(document, "title", None) or ""
    if not title:
        found = _TITLE.search(page[:100_000])
        title = found.group(1).strip() if found else ""
    return Extracted(
        text=text,
        title=title,
        author=getattr(document, "author", None) or "",
        outlet=getattr(document, "sitename", None) or (urlsplit(url).hostname or "" if url else ""),
        canonical_url=_absolute(getattr(document, "url", None)) or url,
        published=published
        if published is None or published <= datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)
        else None,
        language=identify_language(text) or "en",
    )


def _published(page: str) -> datetime | None:
    """Return when the page itself says that it was published."""
    match = _PUBLISHED.search(page[:500_000])
    return moment_of(next(filter(None, match.groups()), "")) if match else None


def _absolute(url: str | None) -> str:
    return url if url and url.startswith(("http://", "https://")) else ""
