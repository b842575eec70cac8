"""Ingest: due feeds are claimed, polled, and what is new in them becomes pending articles.

Each feed is on its own from claim to commit: one that hangs, lies or explodes costs its own time. A feed's entries, articles,
validators and next date are stored in one transaction at its end; a process that dies before it has stored nothing, and the
feed is polled again as if it had not been.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol, Self, TypeVar

import structlog
import uvloop
from sqlalchemy import Connection, Engine

from bot.core.addresses import redacted
from bot.core.policies import PollPolicy
from bot.core.revision import Known, Marks
from bot.core.schedule import FeedState, Outcome, plan
from bot.domain import ArticleState
from bot.errors import StoreError
from bot.feeds.check import Parser
from bot.feeds.http import Fetcher
from bot.ports import Extractor
from bot.stages.announce import Announce, unannounced
from bot.stages.harvest import Harvest, Harvester, failed
from bot.stages.pages import Pages
from bot.stages.rounds import LEASE_S, IngestReport, Round, tallied
from bot.stages.spans import Spans, unwatched
from bot.store import articles, edits, entries, feeds, late_pages, tallies
from bot.store.engine import snapshot, transaction

log = structlog.get_logger()
T = TypeVar("T")

STAGE = "ingest"
PARSING_THREADS = 16
MOST_TOGETHER = 50
SEEN_EVERY = timedelta(days=1)


class Chance(Protocol):
    """A source of random numbers, such as random.Random."""

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """A poll's end, to be stored."""

    feed: FeedState
    harvest: Harvest
    at: datetime


class Ingest:
    """The stage that polls feeds. Not for two threads at once; several processes may share a store.

    Args:
        engine: The store.
        fetcher: Gets feeds and pages; used in this stage's own event loop only.
        parser: Parses feeds, blocking, from several threads.
        extractor: Gets the text out of pages, blocking, from several threads.
        policy: How feeds are polled.
        rng: Where the jitter comes from.
        round_s: After how long a round starts no more feeds and gives the rest back; None for never.
        announce: Told of the articles that are to be assessed, in the transaction that wrote them.
        spans: Opens a span for each poll of a feed.
    """

    def __init__(
        self,
        engine: Engine,
        fetcher: Fetcher,
        parser: Parser,
        extractor: Extractor,
        policy: PollPolicy,
        rng: Chance,
        *,
        round_s: float | None = 120.0,
        announce: Announce = unannounced,
        spans: Spans = unwatched,
    ) -> None:
        self._engine = engine
        self._fetcher = fetcher
        self._policy = policy
        self._rng = rng
        self._round_s = round_s
        self._announce = announce
        self._spans = spans
        self._database = ThreadPoolExecutor(1, thread_name_prefix="ingest-store")
        self._parsing = ThreadPoolExecutor(PARSING_THREADS, thread_name_prefix="ingest-parse")
        pages = Pages(fetcher, extractor, obey_robots=policy.obey_robots)
        self._harvester = Harvester(
            fetcher,
            parser,
            pages,
            policy,
            threads=self._parsing,
            lookup=self._known,
            stored=self._stored,
            awaited=self._awaited,
        )
        self._ends: list[tuple[_End, asyncio.Future[None]]] = []
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def recover(self, now: datetime) -> int:
        """Take up at once what an earlier process left claimed; only where no other process polls. Return how much."""
        del now
        with transaction(self._engine) as connection:
            return feeds.release_all(connection)

    def run_once(
        self, now: datetime, *, clock: Callable[[], datetime] | None = None, force: bool = False
    ) -> IngestReport:
        """Poll the feeds that are due at `now`, or with `force` all of them, and return when they are done.

        `clock` gives the time that a feed's end is stored with; left out, it is `now` and what has passed since.
        """
        started = time.monotonic()
        moment = clock or (lambda: now + timedelta(seconds=time.monotonic() - started))
        limit_s = None if force else self._round_s
        return self._runner.run(Round(self, moment, force=force, limit_s=limit_s).drain(now))

    def run(self, stop: threading.Event, clock: Callable[[], datetime], *, pause_s: float = 1.0) -> IngestReport:
        """Poll whatever comes due until `stop` is set, without rounds: a feed that hangs keeps no other from its time."""
        return self._runner.run(Round(self, clock, force=False, limit_s=None).serve(stop, pause_s))

    async def poll_those(self, now: datetime, clock: Callable[[], datetime], urls: Collection[str]) -> IngestReport:
        """Poll the feeds among `urls` that are due at `now`, in the caller's event loop, which `aclose` has to follow in.

        For many callers at once in one loop; not beside `run_once` and `run`, which have a loop of their own.
        """
        return await Round(_Among(self, urls), clock, force=False, limit_s=self._round_s).drain(now)

    async def aclose(self) -> None:
        """Close connections, in the event loop that `poll_those` ran in."""
        await self._fetcher.aclose()

    def close(self) -> None:
        """Close connections and threads. The parser and the engine belong to the caller."""
        self._runner.run(self._fetcher.aclose())
        self._runner.close()
        self._database.shutdown(wait=True)
        self._parsing.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def in_store(self, work: Callable[[], T]) -> T:
        """Do `work` in the one thread that talks to the database."""
        return await asyncio.get_running_loop().run_in_executor(self._database, work)

    async def _look(self, ask: Callable[[Connection], T]) -> T:
        """Ask the store something, of one moment."""

        def look() -> T:
            with snapshot(self._engine) as connection:
                return ask(connection)

        return await self.in_store(look)

    async def _known(self, feed_url: str, items: Sequence[Marks]) -> list[Known]:
        return await self._look(lambda connection: entries.known(connection, feed_url, items)) if items else []

    async def _stored(
        self, urls: Sequence[str], entry_ids: Sequence[str]
    ) -> tuple[dict[str, str | None], dict[str, articles.Edition]]:
        if not urls and not entry_ids:
            return {}, {}
        return await self._look(
            lambda connection: (articles.with_address(connection, urls), articles.latest(connection, entry_ids))
        )

    async def _awaited(self, feed_url: str, now: datetime) -> list[late_pages.LatePage]:
        return await self._look(lambda connection: late_pages.due(connection, feed_url, now))

    async def claim(
        self, now: datetime, limit: int, *, force: bool, only: Collection[str] | None = None
    ) -> list[FeedState]:
        """Claim due feeds, among `only` where that is not None."""

        def take() -> list[FeedState]:
            with transaction(self._engine) as connection:
                return feeds.claim_due(connection, now, limit=limit, lease_s=LEASE_S, force=force, only=only)

        return await self.in_store(take)

    async def settle_claims(self, urls: Sequence[str], until: datetime | None) -> None:
        """Let claims hold until `until`, or give them back where that is None."""

        def change() -> None:
            with transaction(self._engine) as connection:
                if until is None:
                    feeds.release(connection, urls)
                else:
                    feeds.renew(connection, urls, until)

        await self.in_store(change)

    async def next_due(self) -> datetime | None:
        """Return when the next feed is due."""
        return await self._look(feeds.next_due)

    async def poll(self, feed: FeedState, clock: Callable[[], datetime]) -> Harvest:
        """Poll one feed and store its end."""
        with self._spans(STAGE) as note:
            harvest = await self._polled(feed, clock)
            outcome = harvest.observation.outcome.value
            note(feed=redacted(feed.url), outcome=outcome, done=len(harvest.gathered.arrivals))
        return harvest

    async def _polled(self, feed: FeedState, clock: Callable[[], datetime]) -> Harvest:
        """Poll one feed and store its end: the boundary where a bug becomes one feed's fault."""
        try:
            harvest = await self._harvester.poll(feed, clock())
            await self._committed(_End(feed=feed, harvest=harvest, at=clock()))
        except StoreError:
            raise
        except Exception as error:
            log.exception("feed_failed", feed=redacted(feed.url))
            problem = f"a fault of ours: {type(error).__name__}: {error}"[:300]
            harvest = failed(Outcome.ERROR, problem)
            await self._committed(_End(feed=feed, harvest=harvest, at=clock()))
        return harvest

    async def _committed(self, end: _End) -> None:
        """Return when `end` is stored. Ends that come while another is being stored share the next transaction."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends.append((end, done))
        if len(self._ends) == 1:
            await self._store_ends()
        await done

    async def _store_ends(self) -> None:
        try:
            while self._ends:
                batch = self._ends[:MOST_TOGETHER]
                faults = await self._stored_together([end for end, _ in batch])
                for (_, done), fault in zip(batch, faults, strict=True):
                    if not done.done():
                        done.set_result(None) if fault is None else done.set_exception(fault)
                del self._ends[: len(batch)]
        finally:  # cancelled: whoever waits is cancelled as well, and the next round begins afresh
            for _, done in self._ends:
                done.cancel()
            self._ends.clear()

    async def _stored_together(self, ends: Sequence[_End]) -> list[Exception | None]:
        """Store ends in one transaction, or one by one where that fails, so that a fault stays with the feed that has it."""
        try:
            await self.in_store(partial(self._commit, ends))
        except Exception as error:  # noqa: BLE001  handed on to those who wait
            if len(ends) == 1 or isinstance(error, StoreError):
                return [error] * len(ends)
            return [fault for end in ends for fault in await self._stored_together([end])]
        return [None] * len(ends)

    def _commit(self, ends: Sequence[_End]) -> None:
        """Store the ends of several polls in one transaction, each of them whole."""
        settlements: list[feeds.Settlement] = []
        tally: Counter[tuple[date, str, str]] = Counter()
        with transaction(self._engine) as connection:
            added = self._write(connection, ends)
            for end in ends:
                tally += tallied(end.harvest, end.at.date())
                decided = plan(end.feed, end.harvest.observation, self._policy, end.at, self._rng.random())
                settlements.append(feeds.Settlement(feed=end.feed, plan=decided, poll=end.harvest.poll, at=end.at))
            tally += Counter({(ends[-1].at.date(), "article", ""): added})
            feeds.settle(connection, settlements)
            arrived = (each for end in ends for each in end.harvest.gathered.arrivals)
            if pending := [each.article.id for each in arrived if each.state is ArticleState.PENDING]:
                self._announce(connection, pending)
            tallies.count_all(
                connection, {(day, STAGE, outcome, reason): n for (day, outcome, reason), n in tally.items()}
            )

    def _write(self, connection: Connection, ends: Sequence[_End]) -> int:
        """Store the entries and articles of polls, and return how many articles are new."""
        now = max(end.at for end in ends)
        harvests = [end.harvest for end in ends]
        entries.save(connection, [each for harvest in harvests for each in harvest.sightings], now)
        seen = [each for harvest in harvests for each in harvest.seen_ids]
        entries.touch(connection, seen, now, older_than=now - SEEN_EVERY)
        added = articles.add(connection, [each for harvest in harvests for each in harvest.gathered.arrivals], now)
        whole = [end.feed.url for end in ends if end.harvest.whole]
        entries.forget(connection, whole, now - timedelta(days=self._policy.retention_days))
        for end in ends:
            late_pages.save(connection, end.feed.url, end.harvest.late)
            for each in end.harvest.gathered.edited:
                found = each.comparison
                edits.save(connection, each.article_id, each.earlier_id, found.edits, now, noticed=found.noticed)
        return added


class _Among:
    """The stage as a round sees it that polls some feeds and no others."""

    def __init__(self, stage: Ingest, urls: Collection[str]) -> None:
        self._stage = stage
        self._urls = urls
        self.settle_claims = stage.settle_claims
        self.poll = stage.poll

    async def claim(self, now: datetime, limit: int, *, force: bool) -> list[FeedState]:
        return await self._stage.claim(now, limit, force=force, only=self._urls)

    async def next_due(self) -> datetime | None:
        return None
