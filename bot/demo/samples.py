"""The sample articles and the feeds that carry them, read from the package's own files."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources

from ruamel.yaml import YAML

PACKAGE = "bot.demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFeed:
    """A feed of the demonstration. `format` is rss, atom or json; `path` begins with a slash."""

    id: str
    format: str
    path: str
    outlet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample article. `body` is an HTML fragment; `wall` marks a page that shows nothing but a consent wall."""

    id: str
    feed: SampleFeed
    title: str
    author: str
    published: datetime
    body: str
    wall: bool

    @property
    def path(self) -> str:
        """Where its page stands on the server."""
        return f"/{self.feed.id}/{self.id}.html"

    @property
    def summary(self) -> str:
        """The first paragraph as plain text, as agencies put it into their feeds; "" where the page is a wall."""
        if self.wall:
            return ""
        first = self.body.split("</p>", 1)[0]
        return html.unescape(re.sub(r"<[^>]+>", "", first)).strip()


def text_of(name: str) -> str:
    """Return the text of one of the package's files, by its path with slashes."""
    return resources.files(PACKAGE).joinpath(name).read_text(encoding="utf-8")


def load(now: datetime) -> tuple[tuple[SampleFeed, ...], tuple[Sample, ...]]:
    """Return the feeds and their articles, newest last, dated back from `now` (aware) to whole seconds."""
    index = YAML(typ="safe").load(text_of("articles.yaml"))
    feeds = {item["id"]: SampleFeed(**item) for item in index["feeds"]}
    start = now.astimezone(UTC).replace(microsecond=0)
    articles = tuple(
        Sample(
            id=item["id"],
            feed=feeds[item["feed"]],
            title=item["title"],
            author=item["author"],
            published=start - timedelta(hours=item["hours"]),
            body=text_of(f"articles/{item['id']}.html"),
            wall=item.get("wall", False),
        )
        for item in index["articles"]
    )
    return tuple(feeds.values()), articles
