"""What the demonstration's server says: pages with their furniture, and the same articles in three feed formats."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from string import Template

from bot.demo.samples import Sample, SampleFeed, text_of


def page(article: Sample, others: Sequence[Sample], base: str) -> str:
    """Return the article's HTML page, with links to `others` below it."""
    template = Template(text_of("wall.html" if article.wall else "page.html"))
    links = "".join(f'<li><a href="{base}{other.path}">{html.escape(other.title)}</a></li>' for other in others)
    return template.substitute(
        title=html.escape(article.title),
        outlet=html.escape(article.feed.outlet),
        author=html.escape(article.author),
        published=article.published.isoformat(),
        url=base + article.path,
        body=article.body,
        related=links,
    )


def rss(feed: SampleFeed, articles: Sequence[Sample], base: str) -> str:
    """Return an RSS 2.0 document: summaries only, as agencies do it."""
    items = "".join(
        f"<item><title>{html.escape(article.title)}</title><link>{base}{article.path}</link>"
        f'<guid isPermaLink="false">{feed.id}:{article.id}</guid>'
        f"<pubDate>{format_datetime(article.published)}</pubDate>"
        f"<description>{html.escape(article.summary)}</description></item>\n"
        for article in reversed(articles)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{html.escape(feed.outlet)}</title><link>{base}/</link><description>Sample articles</description>\n"
        f"{items}</channel></rss>\n"
    )


def atom(feed: SampleFeed, articles: Sequence[Sample], base: str) -> str:
    """Return an Atom 1.0 document with summaries."""
    entries = "".join(
        f"<entry><title>{html.escape(article.title)}</title><id>urn:walkback-demo:{article.id}</id>"
        f'<link href="{base}{article.path}"/><updated>{article.published.isoformat()}</updated>'
        f"<author><name>{html.escape(article.author)}</name></author>"
        f"<summary>{html.escape(article.summary)}</summary></entry>\n"
        for article in reversed(articles)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{html.escape(feed.outlet)}</title><id>urn:walkback-demo:{feed.id}</id>"
        f'<link rel="self" href="{base}{feed.path}"/><updated>{articles[-1].published.isoformat()}</updated>\n'
        f"{entries}</feed>\n"
    )


def json_feed(feed: SampleFeed, articles: Sequence[Sample], base: str) -> str:
    """Return a JSON Feed 1.1 document that carries whole articles."""
    items = [
        {
            "id": f"{feed.id}:{article.id}",
            "url": base + article.path,
            "title": article.title,
            "content_html": article.body,
            "date_published": article.published.isoformat(),
            "authors": [{"name": article.author}],
        }
        for article in reversed(articles)
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.outlet,
        "home_page_url": f"{base}/",
        "feed_url": base + feed.path,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


FORMATS: dict[str, tuple[str, Callable[[SampleFeed, Sequence[Sample], str], str]]] = {
    "rss": ("application/rss+xml; charset=utf-8", rss),
    "atom": ("application/atom+xml; charset=utf-8", atom),
    "json": ("application/feed+json; charset=utf-8", json_feed),
}


def site(feeds: Sequence[SampleFeed], articles: Sequence[Sample], base: str) -> dict[str, tuple[str, bytes]]:
    """Return everything that is served, path to (content type, body). `base` is the address without a final slash."""
    found = {"/robots.txt": ("text/plain; charset=utf-8", b"User-agent: *\nAllow: /\n")}
    for feed in feeds:
        own = [article for article in articles if article.feed == feed]
        kind, render = FORMATS[feed.format]
        found[feed.path] = (kind, render(feed, own, base).encode())
        for article in own:
            others = [other for other in own if other is not article]
            found[article.path] = ("text/html; charset=utf-8", page(article, others, base).encode())
    return found
