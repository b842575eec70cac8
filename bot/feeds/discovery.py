"""Where a site's feeds may be, given its front page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

USUAL_PATHS = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")
MOST = 12


def candidates(site: str, links: Sequence[str]) -> list[str]:
    """Return addresses to try, the best first: what the page names, else the usual places. Comment feeds come last."""
    if not links:
        return [urljoin(site, path) for path in USUAL_PATHS]
    joined = dict.fromkeys(_joined(site, link) for link in links)
    http = [url for url in joined if urlsplit(url).scheme in ("http", "https")]
    return sorted(http, key=lambda url: "comment" in url.lower())[:MOST]


def _joined(site: str, link: str) -> str:
    plain = re.sub(r"^\s*feed:(?:(?=https?://)|//)", lambda found: "https://" if found[0].endswith("//") else "", link)
    try:
        return urljoin(site, plain)
    except ValueError:
        return ""
