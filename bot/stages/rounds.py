"""Many feeds at once: one line per host, so that a slow host holds up its own feeds and no others."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.addresses import server_of
from bot.core.revision import Novelty
from bot.core.schedule import FeedState, Outcome
from bot.domain import ArticleState
from bot.errors import StoreError
from bot.stages.harvest import Harvest

ALL = 100_000
BATCH = 2_000
LEASE_S = 600.0
RENEWED_EVERY_S = 120.0
MOST_AT_ONCE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What one round did. `outcomes` counts polls by how they ended, `skipped` entries that are not assessed by reason.

    `problems` has a sentence for each feed that failed; `next_at` is when the next feed is due (None: nothing is polled).
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    new: int = 0
    revised: int = 0
    same: int = 0
    duplicates: int = 0
    articles: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    next_at: datetime | None = None

    @property
    def polled(self) -> int:
        """How many feeds were polled."""
        return sum(self.outcomes.values())

    @property
    def failed(self) -> int:
        """How many polls ended in a fault."""
        return sum(n for outcome, n in self.outcomes.items() if not Outcome(outcome).succeeded)


class Polling(Protocol):
    """What a round asks of the stage."""

    async def claim(self, now: datetime, limit: int, *, force: bool) -> list[FeedState]:
        """Claim due feeds."""
        ...

    async def settle_claims(self, urls: Sequence[str], until: datetime | None) -> None:
        """Let claims hold until `until`, or give them back where that is None."""
        ...

    async def poll(self, feed: FeedState, clock: Callable[[], datetime]) -> Harvest:
        """Poll one feed and store its end."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next feed is due."""
        ...


def skipped(harvest: Harvest) -> Counter[str]:
    """Return how many of a poll's entries will not be assessed, by reason without its particulars."""
    unread = (each.reason.split(" (")[0] for each in harvest.gathered.arrivals if each.state is ArticleState.SKIPPED)
    elsewhere = harvest.novelties[Novelty.DUPLICATE]
    return Counter(unread) + harvest.gathered.unstored + Counter({"another feed has it": elsewhere})


def tallied(harvest: Harvest, day: date) -> Counter[tuple[date, str, str]]:
    """Return what is counted of a poll beside its new articles: how it ended, what is not read, edits, entries that gave none."""
    outcome, gathered = harvest.observation.outcome, harvest.gathered
    counted = Counter({(day, "skipped", reason): n for reason, n in skipped(harvest).items()})
    for language, n in gathered.unread.items():
        counted[day, "passage_unread", f"language: {language}"] += n
    for each in gathered.edited:
        counted[day, "edited", "rewritten"] += each.comparison.rewritten
        counted.update((day, "edited", edit.kind.value) for edit in each.comparison.edits)
    counted[day, "polled" if outcome.succeeded else "poll_failed", outcome.value] += 1
    return +counted


class Round:
    """Polls claimed feeds, each host's one after the other. `limit_s` is after how long no more are begun, None for never."""

    def __init__(self, polling: Polling, clock: Callable[[], datetime], *, force: bool, limit_s: float | None) -> None:
        self._polling = polling
        self._clock = clock
        self._force = force
        self._limit_s = limit_s
        self._lines: dict[str, deque[FeedState]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()
        self._done: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._problems: dict[str, str] = {}

    async def drain(self, now: datetime) -> IngestReport:
        """Poll everything that is due at `now`, once."""
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        due = await self._polling.claim(now, ALL, force=self._force)
        if due:
            keeper = asyncio.create_task(self._keep_claims())
            try:
                async with asyncio.TaskGroup() as group:
                    for feed in due:
                        self._enqueue(feed, group)
            except* StoreError as faults:
                raise faults.exceptions[0] from None
            finally:
                keeper.cancel()
            await self._give_back()
        return self._report(await self._polling.next_due())

    async def serve(self, stop: threading.Event, pause_s: float) -> IngestReport:
        """Poll what comes due until `stop` is set, then give back what was not finished."""
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        keeper = asyncio.create_task(self._keep_claims())
        try:
            async with asyncio.TaskGroup() as group:
                while not stop.is_set():
                    for feed in await self._polling.claim(self._clock(), BATCH, force=False):
                        self._enqueue(feed, group)
                    await asyncio.sleep(pause_s)
                for task in tuple(self._tasks):
                    task.cancel()
        except* StoreError as faults:
            raise faults.exceptions[0] from None
        finally:
            keeper.cancel()
        await self._give_back()
        return self._report(None)

    def _enqueue(self, feed: FeedState, group: asyncio.TaskGroup) -> None:
        self._held.add(feed.url)
        host = server_of(feed.fetch_url)
        line = self._lines.get(host)
        if line is None:
            self._lines[host] = deque((feed,))
            task = group.create_task(self._walk(host, asyncio.get_running_loop().time()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            line.append(feed)

    async def _walk(self, host: str, began: float) -> None:
        line = self._lines[host]
        clock = asyncio.get_running_loop().time
        while line:
            if self._limit_s is not None and clock() - began > self._limit_s:
                break
            feed = line.popleft()
            async with self._slots:
                harvest = await self._polling.poll(feed, self._clock)
            self._held.discard(feed.url)
            self._note(feed, harvest)
        del self._lines[host]

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            await self._polling.settle_claims(list(self._held), self._clock() + timedelta(seconds=LEASE_S))

    async def _give_back(self) -> None:
        if self._held:
            await self._polling.settle_claims(list(self._held), None)
            self._held.clear()

    def _note(self, feed: FeedState, harvest: Harvest) -> None:
        outcome = harvest.observation.outcome
        self._done[outcome.value] += 1
        self._counts.update({novelty.value: n for novelty, n in harvest.novelties.items()})
        self._counts["articles"] += len(harvest.gathered.arrivals)
        self._skipped += skipped(harvest)
        if not outcome.succeeded:
            self._problems[feed.url] = f"{outcome.value}: {harvest.observation.problem}"

    def _report(self, next_at: datetime | None) -> IngestReport:
        return IngestReport(
            outcomes=dict(self._done),
            new=self._counts[Novelty.NEW.value],
            revised=self._counts[Novelty.REVISED.value],
            same=self._counts[Novelty.SAME.value],
            duplicates=self._counts[Novelty.DUPLICATE.value],
            articles=self._counts["articles"],
            skipped=dict(self._skipped),
            problems=dict(self._problems),
            next_at=next_at,
        )
