"""robots.txt, asked once a day per scheme, host and port, and obeyed for article pages (RFC 9309).

No file (4xx) allows everything; a server that fails (5xx, no answer) forbids everything until it is asked again, which is
sooner. Feeds themselves are made to be polled and are not subject to it.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from bot.core.addresses import origin_of, server_of
from bot.core.schedule import Outcome
from bot.feeds.http import Fetched, Fetcher, Wanted

KEPT_S = 86_400.0
RETRIED_S = 600.0
LARGEST = 500_000
LONGEST_RULE = 500
MOST_STARS = 8
MOST_HOSTS = 5_000
LONGEST_DELAY_S = 30.0
TOTAL_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    parsed: Any
    """Protego's rules; None where nothing is allowed, or everything."""
    why: str
    until: float


class Robots:
    """The rules of the hosts met so far. Crawl delays are handed to the fetcher's host turns."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._agent = fetcher.policy.user_agent
        self._known: OrderedDict[str, _Rules] = OrderedDict()
        # A lock lives for as long as somebody waits for it: all who ask about a host at once have the same one.
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def refusal(self, url: str) -> str | None:
        """Return why `url` must not be fetched, None where it may be."""
        origin = origin_of(url)
        rules = await self._rules(origin)
        if rules.why:
            return rules.why
        if rules.parsed is not None and not rules.parsed.can_fetch(url, self._agent):
            return "robots.txt does not allow it"
        return None

    async def _rules(self, origin: str) -> _Rules:
        clock = asyncio.get_running_loop().time
        lock = self._asking.get(origin)
        if lock is None:
            lock = self._asking[origin] = asyncio.Lock()
        async with lock:
            rules = self._known.get(origin)
            if rules is None or rules.until < clock():
                rules = await self._ask(origin)
                self._known[origin] = rules
            self._known.move_to_end(origin)
            if len(self._known) > MOST_HOSTS:
                self._known.popitem(last=False)
        return rules

    async def _ask(self, origin: str) -> _Rules:
        parts = urlsplit(origin)
        wanted = Wanted(
            url=f"{parts.scheme}://{parts.netloc}/robots.txt",
            accept="text/plain, */*;q=0.5",
            max_bytes=LARGEST,
            total_s=TOTAL_S,
        )
        answer = await self._fetcher.get(wanted)
        now = asyncio.get_running_loop().time()
        if isinstance(answer, Fetched) and 200 <= answer.status < 300:
            parsed = read_rules(answer.body)
            delay = parsed.crawl_delay(self._agent)
            if delay:
                self._fetcher.hosts.slow_down(server_of(origin), min(float(delay), LONGEST_DELAY_S))
            return _Rules(parsed=parsed, why="", until=now + KEPT_S)
        if isinstance(answer, Fetched) and answer.status < 500:
            return _Rules(parsed=None, why="", until=now + KEPT_S)
        if not isinstance(answer, Fetched) and answer.outcome is Outcome.TOO_LARGE:
            return _Rules(parsed=None, why="", until=now + KEPT_S)
        what = f"answers {answer.status}" if isinstance(answer, Fetched) else f"cannot be read ({answer.problem})"
        return _Rules(parsed=None, why=f"robots.txt {what}", until=now + RETRIED_S)


def read_rules(body: bytes) -> Any:
    """Return protego's rules of a robots.txt. Rules whose wildcards would make matching slow are left out."""
    from protego import Protego

    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = (re.sub(r"\*{2,}", "*", line) for line in text.splitlines())
    return Protego.parse(
        "\n".join(line for line in lines if len(line) <= LONGEST_RULE and line.count("*") <= MOST_STARS)
    )
