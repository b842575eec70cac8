"""Looks at feeds once, as a poll would, and says what is there, what is wrong and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from bot.core.addresses import clean, redacted
from bot.core.schedule import Outcome, cadence_s, silent_for_s
from bot.domain import DateConfidence
from bot.feeds import dates
from bot.feeds.advice import advice
from bot.feeds.discovery import candidates
from bot.feeds.fenced import Broken
from bot.feeds.http import Fetched, Fetcher, Unfetched, Wanted
from bot.feeds.parsed import NotAFeed, ParsedFeed
from bot.feeds.robots import Robots

AT_ONCE = 32
FILE_THREADS = 4
LARGEST_FILE = 50_000_000
STUB = 400
FEW = 3


class Parser(Protocol):
    """Parses feeds; blocks. Faults are values."""

    def parse(self, body: bytes, content_type: str = "") -> ParsedFeed | NotAFeed | Broken:
        """Return what `body` is, or how the attempt ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCheck:
    """What one look found. `outcome` is "ok" or a word of `core.schedule.Outcome`; files add "unreadable".

    `newest` is the date of the newest entry, `cadence_s` the seconds between entries, `robots` whether robots.txt lets us
    fetch the articles ("allowed", "forbidden", "" where not asked). "" and None where there is nothing to say.
    """

    feed: str
    outcome: str
    format: str = ""
    entries: int = 0
    newest: datetime | None = None
    problem: str = ""
    advice: str = ""
    title: str = ""
    status: int | None = None
    cadence_s: float | None = None
    robots: str = ""
    found_at: str = ""
    """The site that named this feed, for one that was looked for."""

    @property
    def ok(self) -> bool:
        """Whether it is a feed that can be polled."""
        return self.outcome == Outcome.OK.value

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON values, times in ISO 8601."""
        return {**asdict(self), "newest": self.newest.isoformat() if self.newest else None}


def check(targets: Sequence[str], *, fetcher: Fetcher, parser: Parser, now: datetime) -> Iterator[FeedCheck]:
    """Yield a look at each target in order: an address (http, https) is fetched, anything else is read as a file.

    An address that turns out to be a web page is searched for feeds, and each that it names is looked at in its place.
    The fetcher is used up: its connections are closed at the end.
    """
    with asyncio.Runner() as runner, ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="check") as threads:
        for is_address, alike in groupby(targets, _is_address):
            group = list(alike)
            if is_address:
                looker = _Looker(fetcher, parser, now)
                for start in range(0, len(group), AT_ONCE):
                    for found in runner.run(looker.all(group[start : start + AT_ONCE])):
                        yield from found
            else:
                yield from threads.map(lambda path: check_file(path, parser, now), group)
        runner.run(fetcher.aclose())


def check_file(path: str, parser: Parser, now: datetime) -> FeedCheck:
    """Look at a feed in a file."""
    try:
        file = Path(path.removeprefix("file://"))
        if file.stat().st_size > LARGEST_FILE:
            return _fault(path, Outcome.TOO_LARGE, f"over {LARGEST_FILE:,} bytes")
        body = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        what = "Name a feed's file, or its address beginning with https://."
        return FeedCheck(feed=path, outcome="unreadable", problem=f"the file cannot be read: {reason}", advice=what)
    return _judged(path, parser.parse(body), now)


class _Looker:
    def __init__(self, fetcher: Fetcher, parser: Parser, now: datetime) -> None:
        self._fetcher = fetcher
        self._parser = parser
        self._now = now
        self._robots = Robots(fetcher)

    async def all(self, urls: Sequence[str]) -> list[list[FeedCheck]]:
        return await asyncio.gather(*(self._site(url) for url in urls))

    async def _site(self, url: str) -> list[FeedCheck]:
        looked, links = await self._one(url)
        if looked.outcome != Outcome.HTML.value:
            return [looked]
        found: list[FeedCheck] = []
        for candidate in candidates(url, links):
            inner, _ = await self._one(candidate)
            if inner.ok:
                found.append(replace(inner, found_at=redacted(url)))
                if not links:
                    break
        return found or [looked]

    async def _one(self, url: str) -> tuple[FeedCheck, Sequence[str]]:
        async with self._fetcher.room.hold() as hold:
            answer = await self._fetcher.get(Wanted(url=url), hold)
            if isinstance(answer, Unfetched):
                return _fault(url, answer.outcome, answer.problem), ()
            if not 200 <= answer.status < 300:
                outcome, problem = refusal(answer.status)
                return replace(_fault(url, outcome, problem), status=answer.status), ()
            kind = answer.headers.get("content-type", "")
            parsed = await asyncio.to_thread(self._parser.parse, answer.body, kind)
        looked = replace(_judged(url, parsed, self._now), status=answer.status)
        links = parsed.links if isinstance(parsed, NotAFeed) else ()
        if isinstance(parsed, ParsedFeed):
            looked = replace(looked, robots=await self._articles(parsed, answer))
            if answer.permanent_url and not looked.problem:
                moved = f"moved for good to {redacted(answer.permanent_url)}"
                looked = replace(looked, problem=moved, advice="Put the new address in feeds.yaml.")
        return looked, links

    async def _articles(self, parsed: ParsedFeed, answer: Fetched) -> str:
        link = next((entry.url for entry in parsed.entries if entry.url), "")
        address = clean(link, answer.url)
        if not address:
            return ""
        return "forbidden" if await self._robots.refusal(address) else "allowed"


def refusal(status: int) -> tuple[Outcome, str]:
    """Return what an HTTP status of 300 and above means for a feed, in a word and in a sentence."""
    known = {
        401: (Outcome.FORBIDDEN, "the server wants a login"),
        403: (Outcome.FORBIDDEN, "the server refuses us"),
        404: (Outcome.NOT_FOUND, "nothing is at this address"),
        410: (Outcome.GONE, "the feed is gone for good"),
        429: (Outcome.RATE_LIMITED, "the server asks for fewer requests"),
        503: (Outcome.UNAVAILABLE, "the server is unavailable"),
    }
    outcome, problem = known.get(status, (Outcome.HTTP_ERROR, "the server reports an error"))
    return outcome, f"{status}: {problem}"


def _judged(feed: str, parsed: ParsedFeed | NotAFeed | Broken, now: datetime) -> FeedCheck:
    if isinstance(parsed, Broken):
        return _fault(feed, Outcome.PARSE_CRASH if parsed.kind == "crash" else Outcome.PARSE_LIMIT, parsed.problem)
    if isinstance(parsed, NotAFeed):
        return _fault(feed, Outcome(parsed.kind), parsed.problem)
    dated = [dates.resolve(entry.dates, now) for entry in parsed.entries]
    times = [moment for moment, _, confidence in dated if confidence is not DateConfidence.FIRST_SEEN]
    problem, what = _concern(parsed, times, now)
    return FeedCheck(
        feed=redacted(feed),
        outcome=Outcome.OK.value,
        format=parsed.format,
        entries=len(parsed.entries),
        newest=max(times, default=None),
        problem=problem,
        advice=what,
        title=parsed.title,
        cadence_s=cadence_s(times, now),
    )


def _concern(parsed: ParsedFeed, times: Sequence[datetime], now: datetime) -> tuple[str, str]:
    """Return what is doubtful about a feed that can be read, and what to do about it."""
    if not parsed.entries:
        return "no entries", "Nothing to do if the feed is new; else look for another."
    silent_s = silent_for_s(times, now)
    if silent_s is not None:
        return (
            f"silent for {silent_s / 3600:.0f} hours, over three times its usual pause",
            "See whether the feed has moved.",
        )
    if len(times) < len(parsed.entries) / 2:
        return "most entries have no usable date", "Their articles count as published when first seen."
    if len(parsed.entries) >= FEW and median(len(entry.text) for entry in parsed.entries) < STUB:
        return "entries are stubs", "The linked pages are fetched for the articles; robots.txt must allow it."
    return (parsed.damage, "It is read all the same. Tell the site.") if parsed.damage else ("", "")


def _fault(feed: str, outcome: Outcome, problem: str) -> FeedCheck:
    return FeedCheck(feed=redacted(feed), outcome=outcome.value, problem=problem, advice=advice(outcome))


def _is_address(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))
