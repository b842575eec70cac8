"""One poll of one feed, from the request to everything that is to be stored about it. Stores nothing itself."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.core.addresses import clean
from bot.core.late_pages import next_try
from bot.core.policies import PollPolicy
from bot.core.revision import Known, Marks, Novelty
from bot.core.schedule import FeedState, Observation, Outcome, is_full_fetch_due, silent_for_s
from bot.domain import DateConfidence
from bot.feeds.check import Parser, refusal
from bot.feeds.fenced import Broken
from bot.feeds.hosts import Hold
from bot.feeds.http import Fetched, Fetcher, Unfetched, Wanted
from bot.feeds.parsed import NotAFeed, ParsedFeed
from bot.stages import sorting
from bot.stages.arrivals import STUB, Gathered, arrival_of_late_page, edited_of, gather
from bot.stages.pages import Pages, Text
from bot.stages.sorting import Found
from bot.store.articles import Arrival, Edition
from bot.store.entries import Sighting
from bot.store.feeds import Poll
from bot.store.late_pages import LatePage, Tried

T = TypeVar("T")

MOST_HERE = 300
"""Entries of a document above which they are judged in a thread."""
MOST_PAGES = 50
"""Pages fetched in one poll; of a first run the rest keep the feed's own text, later they wait for the next poll."""
PAGES_AT_ONCE = 4
BUDGET_S = 120.0
TELLING = 3
MUCH = 200
"""Characters of text that take about as long to look through as an entry to judge."""

Lookup = Callable[[str, Sequence[Marks]], Awaitable[list[Known]]]
"""Returns the stored entries of a feed that items may be."""
Stored = Callable[[Sequence[str], Sequence[str]], Awaitable[tuple[dict[str, str | None], dict[str, Edition]]]]
"""Returns which addresses have an article, with its entry; and of the named entries, their latest article."""
Awaited = Callable[[str, datetime], Awaitable[list[LatePage]]]
"""Returns the articles of a feed whose page is to be asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What a poll brought and what is to be stored of it, all of it or nothing."""

    observation: Observation
    poll: Poll
    sightings: Sequence[Sighting] = ()
    seen_ids: Sequence[str] = ()
    novelties: Counter[Novelty] = field(default_factory=Counter)
    gathered: Gathered = field(default_factory=Gathered)
    late: Sequence[Tried] = ()
    """Articles whose page is asked for another time, or was."""
    whole: bool = False
    """Whether every entry of the document is in `sightings` or `seen_ids`."""


class Harvester:
    """Polls feeds. `lookup`, `stored` and `awaited` ask the store; `threads` are where parsing blocks."""

    def __init__(
        self,
        fetcher: Fetcher,
        parser: Parser,
        pages: Pages,
        policy: PollPolicy,
        *,
        threads: Executor,
        lookup: Lookup,
        stored: Stored,
        awaited: Awaited,
    ) -> None:
        self._fetcher = fetcher
        self._parser = parser
        self._pages = pages
        self._policy = policy
        self._threads = threads
        self._lookup = lookup
        self._stored = stored
        self._awaited = awaited

    async def poll(self, feed: FeedState, now: datetime) -> Harvest:
        """Poll one feed, and ask again for its late pages. What can be expected to go wrong is in the outcome."""
        harvest = await self._poll(feed, now)
        if not harvest.poll.succeeded or feed.late_page_at is None or feed.late_page_at > now:
            return harvest
        arrivals, tried = await self._late_pages(feed, now)
        gathered = replace(harvest.gathered, arrivals=[*harvest.gathered.arrivals, *arrivals])
        return replace(harvest, gathered=gathered, late=[*harvest.late, *tried])

    async def _late_pages(self, feed: FeedState, now: datetime) -> tuple[list[Arrival], list[Tried]]:
        awaited = await self._awaited(feed.url, now)
        texts = [await self._pages.read(url=late.article.url, base=feed.url, title="", own="") for late in awaited]
        pages = [text.url for text in texts if text.page]
        owners, latest = await self._stored(pages, [late.entry_id for late in awaited])
        arrivals, tried = [], []
        for late, text in zip(awaited, texts, strict=True):
            superseded = latest[late.entry_id].article_id != late.article.id
            arrival = arrival_of_late_page(late, text, owners) if text.page and not superseded else None
            arrivals += [arrival] if arrival else []
            due_at = next_try(late.tries + 1, now) if text.later and not superseded else None
            tried.append(Tried(article_id=late.article.id, tries=late.tries + 1, due_at=due_at))
        return arrivals, tried

    async def _poll(self, feed: FeedState, now: datetime) -> Harvest:
        full = is_full_fetch_due(feed, now)
        wanted = Wanted(
            url=feed.fetch_url,
            etag=None if full else feed.etag,
            last_modified=None if full else feed.last_modified,
        )
        async with self._fetcher.room.hold() as hold:
            answer = await self._fetcher.get(wanted, hold)
            if isinstance(answer, Unfetched):
                return failed(answer.outcome, answer.problem)
            parsed = await self._document(feed, answer, hold, full=full)
        if isinstance(parsed, Harvest):
            return parsed
        return await self._entries(feed, answer, parsed, now, full=full)

    async def _document(self, feed: FeedState, answer: Fetched, hold: Hold, *, full: bool) -> ParsedFeed | Harvest:
        """Return the parsed document, or the harvest where there is none to parse. `hold` covers the body until then."""
        del hold
        if answer.status == 304:
            return failed(Outcome.HTTP_ERROR, "304 to a request without validators") if full else _unmodified(answer)
        if not 200 <= answer.status < 300:
            return _refused(answer)
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest == feed.body_hash and not full:
            return _unchanged(answer)
        content_type = answer.headers.get("content-type", "")
        loop = asyncio.get_running_loop()
        parsed = await loop.run_in_executor(self._threads, self._parser.parse, answer.body, content_type)
        if isinstance(parsed, Broken):
            return failed(
                Outcome.PARSE_CRASH if parsed.kind == "crash" else Outcome.PARSE_LIMIT, parsed.problem, answer
            )
        if isinstance(parsed, NotAFeed):
            return failed(Outcome(parsed.kind), parsed.problem, answer)
        return parsed

    async def _entries(
        self, feed: FeedState, answer: Fetched, parsed: ParsedFeed, now: datetime, *, full: bool
    ) -> Harvest:
        marked = await self._apart(len(parsed.entries), sorting.mark, parsed.entries, now)
        known = await self._lookup(feed.url, [each.marks for each in marked])
        found = await self._apart(
            len(marked), partial(sorting.sort, revisions=self._policy.revisions), marked, known, feed.url
        )
        texts = await self._texts(feed, [each for each in found if each.fresh], answer.url)
        taken = [each for each in found if each.id in texts]
        pages = [text.url for text in texts.values() if text.page]
        owners, latest = await self._stored(pages, edited_of(taken))
        size = sum(len(text.text) for text in texts.values()) // MUCH
        gathered = await self._apart(size, gather, feed, taken, texts, owners, latest, now)
        deferred = sum(each.fresh for each in found) - len(texts)
        times = [each.marks.published for each in found if each.confidence is not DateConfidence.FIRST_SEEN]
        outcome = Outcome.PARTIAL if deferred else Outcome.OK
        return Harvest(
            observation=_observation(
                outcome, answer, ttl_s=parsed.ttl_s, times=times, new_entries=len(gathered.arrivals)
            ),
            poll=Poll(
                outcome=outcome.value,
                problem=_problem(times, list(texts.values()), now),
                validators=(None, None) if deferred else _validators(answer),
                body_hash=None if deferred else hashlib.sha256(answer.body).hexdigest(),
                forget_body=bool(deferred),
                full_fetch=full and not deferred,
                found_new=bool(gathered.arrivals),
                succeeded=True,
            ),
            sightings=[_sighting(feed, each) for each in found if each.id in texts or each.renews],
            seen_ids=[each.id for each in found if each.judgement.novelty is Novelty.SAME],
            gathered=gathered,
            late=[
                Tried(article_id=each.article.id, tries=1, due_at=next_try(1, now))
                for each in gathered.arrivals
                if each.page_later
            ],
            novelties=Counter(each.judgement.novelty for each in found if each.id in texts or not each.fresh),
            whole=not deferred,
        )

    async def _apart(self, size: int, work: Callable[..., T], *arguments: object) -> T:
        """Do pure work here, or in a thread where there is so much that other feeds would notice."""
        if size <= MOST_HERE:
            return work(*arguments)
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    async def _texts(self, feed: FeedState, fresh: Sequence[Found], base: str) -> dict[str, Text]:
        """Return texts by entry: those that need no page, and of the pages as many as one poll has room and time for."""
        texts = await self._apart(len(fresh), partial(self._own_texts, feed, base), fresh)
        needing = [each for each in fresh if each.id not in texts]
        waiting = deque(sorted(needing, key=lambda each: each.marks.published, reverse=True))
        clock = asyncio.get_running_loop().time
        deadline, least = clock() + BUDGET_S, max(len(waiting) - MOST_PAGES, 0)

        async def read() -> None:
            while len(waiting) > least and clock() < deadline:
                entry, own = waiting[0].entry, waiting.popleft().id
                texts[own] = await self._pages.read(url=entry.url, base=base, title=entry.title, own=entry.text)

        if waiting:
            async with asyncio.TaskGroup() as group:
                for _ in range(PAGES_AT_ONCE):
                    group.create_task(read())
        while feed.untried and waiting:
            entry, own = waiting[0].entry, waiting.popleft().id
            texts[own] = self._pages.own(entry.url, base, entry.title, entry.text, "backlog")
        return texts

    def _own_texts(self, feed: FeedState, base: str, fresh: Sequence[Found]) -> dict[str, Text]:
        found = {}
        for each in fresh:
            entry = each.entry
            if feed.full_text and entry.text:
                found[each.id] = Text(url=clean(entry.url, base), text=entry.text)
            elif not clean(entry.url, base):
                found[each.id] = self._pages.own(entry.url, base, entry.title, entry.text, "no link")
        return found


def _sighting(feed: FeedState, each: Found) -> Sighting:
    return Sighting(
        id=each.id,
        feed_url=feed.url,
        marks=each.marks,
        published_raw=each.raw,
        confidence=each.confidence,
        revision=each.judgement.revision,
    )


def _problem(times: Sequence[datetime], texts: Sequence[Text], now: datetime) -> str:
    """Return what a person should know about a feed that answers as it should; "" for nothing."""
    silent_s = silent_for_s(times, now)
    if silent_s is not None:
        return f"silent for {silent_s / 3600:.0f} hours, over three times its usual pause"
    unread = [text for text in texts if not text.page and text.reason]
    if len(texts) >= TELLING and len(unread) == len(texts):
        reason, n = Counter(text.reason for text in unread).most_common(1)[0]
        stubs = all(len(text.text) < STUB for text in texts)
        return f"{'only stubs, and ' if stubs else ''}no page could be read: {reason} ({n} of {len(texts)})"
    return ""


def _validators(answer: Fetched) -> tuple[str | None, str | None]:
    return answer.headers.get("etag", "")[:1000] or None, answer.headers.get("last-modified", "")[:200] or None


def _observation(outcome: Outcome, answer: Fetched, **more: object) -> Observation:
    return Observation(
        outcome=outcome,
        retry_after=answer.headers.get("retry-after", ""),
        cache_control=answer.headers.get("cache-control", ""),
        moved_to=answer.permanent_url if outcome.succeeded else None,
        **more,  # type: ignore[arg-type]  # the keywords vary with the outcome
    )


def failed(outcome: Outcome, problem: str, answer: Fetched | None = None) -> Harvest:
    """Return the harvest of a poll that brought nothing; `answer` lends the headers that say when to ask again."""
    if answer is None:
        observation = Observation(outcome=outcome, problem=problem)
    else:
        observation = _observation(outcome, answer, problem=problem)
    return Harvest(observation=observation, poll=Poll(outcome=outcome.value, problem=problem))


def _refused(answer: Fetched) -> Harvest:
    outcome, problem = refusal(answer.status)
    return failed(outcome, problem, answer)


def _unmodified(answer: Fetched) -> Harvest:
    etag, last_modified = _validators(answer)
    validators = (etag, last_modified) if etag or last_modified else None
    poll = Poll(outcome=Outcome.NOT_MODIFIED.value, validators=validators, succeeded=True)
    return Harvest(observation=_observation(Outcome.NOT_MODIFIED, answer), poll=poll)


def _unchanged(answer: Fetched) -> Harvest:
    poll = Poll(outcome=Outcome.UNCHANGED.value, validators=_validators(answer), succeeded=True)
    return Harvest(observation=_observation(Outcome.UNCHANGED, answer), poll=poll)
