"""Outlets on loopback: feeds, each on a host of its own, with articles of which some say that a line moves."""

from __future__ import annotations

import random
import re
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import feed_sites as sites
from sqlalchemy import Engine

from bot.domain import Feed, Holder, Position
from bot.store import feeds, positions
from bot.store.engine import transaction

CHANNELS = ("C0DESKONE", "C0DESKTWO", "C0DESKSIX", "C0DESKTEN")
LINES = 40
TRACKED = tuple(
    Position(
        id=f"line-{n}",
        holder=Holder(name=f"Norland {n}"),
        topic="tanks for the islands",
        baseline="Norland will send no tanks to the islands.",
        since=date(2026, 1, 1),
        channel=CHANNELS[n % len(CHANNELS)],
    )
    for n in range(LINES)
)
HTML = "text/html; charset=utf-8"
BROKEN = (
    sites.reply(status="503 Service Unavailable"),
    sites.reply(b"<html>Back soon</html>", Content_Type="text/html"),
    b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss>",
    b"",
)
MOVES = re.compile(r"Line (\d+) moves by number \w+\.")
SENTENCES = (  # a number stands for a word of that row of WORDS
    "Norland {n} told the {0} of {1} in {2} that its {3} {4} would {5} tanks before the {6}.",
    "The {3} {0} of {1} asked for a {6}, and the {4} said that it would {5} one in {2}.",
    "In {2} the {4} of {1} had to {5} a {3} {0}, a {6} later than Norland {n} had hoped.",
    "No {3} {4} could {5} what the {0} wrote about roads in {1} after the {6} in {2}.",
    "A {6} before {2}, {1} and its {0} began to {5} a {3} {4}.",
)
WORDS = (
    "cabinet council ministry parliament committee embassy commission court senate bureau agency staff union bank press",
    "Westmark Ostland Sudria Calden Merrow Tarsis Holm Averne Brisk Dunmere Eldora Farrow Gannet Hesper Ilmen",
    "January February March April May June July August September October November December spring autumn winter",
    "new former western southern joint private public early final first second secret modest broad costly",
    "officials generals lawyers engineers farmers traders editors voters teachers pilots doctors partners rivals allies",
    "discuss refuse repair deliver announce defend delay finance examine support oppose prepare replace withdraw welcome",
    "summit election harvest hearing strike festival holiday budget debate season vote census parade trial exercise",
)


@dataclass
class Desk:
    """The feeds, and what they publish: every `every`-th article moves a line, from the one on whose number is `first`."""

    number: int
    every: int = 3
    first: int = 0
    faults: float = 0.0
    """The share of requests that a feed's server refuses, leaves unanswered half way, or answers with nonsense."""
    pages: int = 0
    """One in so many feeds has headlines only, and its articles on pages; 0 for none."""
    sentences: int = 12
    """Of an article, of about 90 characters each."""
    published: list[int] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    first_served: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    """Of the feeds' servers: whole, unchanged, broken, page."""
    _items: dict[tuple[int, int], str] = field(default_factory=dict)

    def publish(self, each: int) -> None:
        """Let every feed have `each` more articles."""
        self.published = [n + each for n in self.published]

    @property
    def articles(self) -> int:
        """How many articles were published."""
        return sum(self.published)

    def shifts(self) -> Counter[str]:
        """Return the words of every alert that is to be shown."""
        return Counter(_words(n, k) for n, total in enumerate(self.published) for k in range(total) if self.moves(k))

    def moves(self, k: int) -> bool:
        """Whether a feed's article of this number moves a line."""
        return k >= self.first and (k - self.first) % self.every == 0

    def has_pages(self, n: int) -> bool:
        """Whether the articles of a feed are on pages."""
        return self.pages > 0 and n % self.pages == 0

    @contextmanager
    def serving(self) -> Iterator[Desk]:
        """Serve the feeds until the end of the block."""
        self.published = [0] * self.number
        with sites.running(*(self._answer(n) for n in range(self.number))) as servers:
            self.urls = [f"{server.url}/feed" for server in servers]
            yield self

    def configure(self, engine: Engine) -> None:
        """Put the positions and the feeds into a store."""
        wanted = [Feed(url=url, name=f"Paper {n}", first_run="post", full_text=True) for n, url in enumerate(self.urls)]
        with transaction(engine) as connection:
            positions.seed(connection, TRACKED, datetime.now(UTC))
            feeds.sync_feeds(connection, wanted, datetime.now(UTC))

    def _answer(self, n: int) -> sites.Answer:
        dice = random.Random(n)

        def answer(request: sites.Request, connection: socket.socket) -> bool:
            if request.path != "/feed":
                connection.sendall(self._page(n, request.path))
                return True
            broken = dice.random() < self.faults
            connection.sendall(dice.choice(BROKEN) if broken else self._feed(n, request.headers))
            self.answers["broken"] += broken
            return not broken

        return answer

    def _feed(self, n: int, headers: Mapping[str, str]) -> bytes:
        total = self.published[n]
        tag = f'"{total}"'
        if headers.get("if-none-match") == tag:
            self.answers["unchanged"] += 1
            return sites.reply(status="304 Not Modified", ETag=tag)
        for k in range(total):
            self.first_served.setdefault(_words(n, k), time.time())
        self.answers["whole"] += 1
        return sites.reply(sites.rss(*(self._item(n, k) for k in range(total))), ETag=tag)

    def _item(self, n: int, k: int) -> str:
        if (n, k) not in self._items:
            page = f"{self.urls[n].removesuffix('feed')}article/{k}" if self.has_pages(n) else ""
            text = "More on our page." if page else " ".join(self.text(n, k))
            self._items[n, k] = sites.item(f"{n}-{k}", page or f"http://paper-{n}.example/{k}", text)
        return self._items[n, k]

    def _page(self, n: int, path: str) -> bytes:
        number = path.rpartition("/article/")[2]
        if not number.isdecimal():
            return sites.reply(status="404 Not Found")
        self.answers["page"] += 1
        text = "".join(f"<p>{sentence}</p>" for sentence in self.text(n, int(number)))
        page = (
            f"<html lang='en'><head><title>Headline {n}-{number}</title></head><body><article><h1>Headline</h1>{text}"
        )
        return sites.reply(f"{page}</article></body></html>".encode(), Content_Type=HTML)

    def text(self, n: int, k: int) -> list[str]:
        """Return an article's sentences: the same for the same article, and in no two articles alike."""
        dice = random.Random(f"{n} {k}")
        filling = [
            dice.choice(SENTENCES).format(*(dice.choice(words.split()) for words in WORDS), n=n % LINES)
            for _ in range(self.sentences)
        ]
        return [*filling, _words(n, k) if self.moves(k) else "Nothing else was said."]


def shown(messages: Iterable[Mapping[str, object]]) -> Counter[str]:
    """Return the words of the alerts among messages."""
    return Counter(found[0] for message in messages if (found := MOVES.search(repr(message.get("blocks")))))


def _words(n: int, k: int) -> str:
    return f"Line {n % LINES} moves by number {n}x{k}."
