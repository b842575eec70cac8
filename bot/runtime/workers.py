"""The runtime on PostgreSQL: any number of processes that take jobs from the queue, over the same stages as everywhere.

A process has a lane for each stage that it takes part in, and one for tending the queue, which whoever is first does for all. When
the database goes away it waits, and goes on when it is back.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine

from bot.errors import StoreError
from bot.runtime import queue
from bot.runtime.local import beat
from bot.runtime.queue import ASSESS, DELIVER, INGEST, TEND, Hints, forget_finished, tend
from bot.stages.assess import Assess
from bot.stages.deliver import Deliver, DeliverReport
from bot.stages.ingest import Ingest
from bot.stages.spans import Spans, unwatched
from bot.store.engine import psycopg_address

log = structlog.get_logger()

LANES: Mapping[str, int] = {INGEST: 8, ASSESS: 1, DELIVER: 4, TEND: 1}
"""Jobs of a kind that a process does at once, for a concurrency of 1: polling and posting wait for others, assessing computes."""
NOTIFIED = (ASSESS, DELIVER)
"""What is looked for the moment that it is there; the rest once a second."""
TENDED = "* * * * * */10"
"""Every ten seconds."""
SOON_S, ATTEND_S = 5.0, 60.0
"""A channel's job waits this long for what comes due next, and attends to the channel no longer than that."""
WEDGED_AFTER_S = 600.0
LONGEST_PAUSE_S = 15.0
HOUR_S = 3600
LOST = (ConnectorException, psycopg.OperationalError, StoreError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The stages that a process takes part in, None and () for those that it leaves to others."""

    ingest: Ingest | None = None
    assess: Sequence[Assess] = ()
    """As many as articles are to be assessed at once: each is in one thread at a time."""
    deliver: Deliver | None = None
    tidy: Callable[[datetime], int] = lambda _: 0
    """Does some of what is to be tidied away, and returns how much that was; called until there is no more, once an hour."""

    def names(self) -> tuple[str, ...]:
        """Return the stages' names in their order."""
        taken = {INGEST: self.ingest, ASSESS: self.assess, DELIVER: self.deliver}
        return tuple(name for name, stage in taken.items() if stage)


class Workers:
    """Takes jobs until `stop` is called.

    Args:
        engine: A PostgreSQL store.
        stages: What to take part in.
        heartbeat: The file that says that the process is well.
        concurrency: How many articles are assessed at once; feeds and channels by `LANES`.
        grace_s: How long jobs may take to end once it is to stop.
        spans: Opens a span for each step of assessing and delivering.
    """

    def __init__(
        self,
        engine: Engine,
        stages: Stages,
        heartbeat: Path,
        *,
        concurrency: int = 1,
        grace_s: float = 6.0,
        spans: Spans = unwatched,
    ) -> None:
        self._engine = engine
        self._stages = stages
        self._heartbeat = heartbeat
        self._concurrency = concurrency
        self._grace_s = grace_s
        self._spans = spans
        self._hints = Hints()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked_to_stop: asyncio.Event | None = None
        self._began: dict[int, tuple[str, float]] = {}
        self._numbers = itertools.count()
        self._free: SimpleQueue[Assess] = SimpleQueue()
        for stage in stages.assess:
            self._free.put(stage)

    def stop(self) -> None:
        """Ask every job to end after the row it is at. May be called from a signal handler or another thread, more than once."""
        self._stopping.set()
        if self._stages.deliver is not None:
            self._stages.deliver.stop()
        if self._loop is not None and self._asked_to_stop is not None:
            self._loop.call_soon_threadsafe(self._asked_to_stop.set)

    def busy_s(self) -> dict[str, float | None]:
        """Return by stage for how many seconds its oldest job has been under way, None for a stage that has none."""
        now = time.monotonic()
        busy: dict[str, float | None] = dict.fromkeys((*self._stages.names(), TEND))
        for name, began in self._began.copy().values():
            busy[name] = max(busy[name] or 0.0, now - began)
        return busy

    def wedged(self) -> list[str]:
        """Return the stages with a job that has been under way for too long."""
        return [name for name, busy in self.busy_s().items() if busy is not None and busy > WEDGED_AFTER_S]

    def run(self) -> bool:
        """Run until stopped; return whether every job ended within the grace period."""
        loop = asyncio.new_event_loop()
        size = sum(LANES.values()) * self._concurrency + 8
        loop.set_default_executor(ThreadPoolExecutor(size, thread_name_prefix="job"))
        try:
            ended = loop.run_until_complete(self._main())
            if ended:
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()
        finally:
            self._heartbeat.unlink(missing_ok=True)
        return ended

    async def _main(self) -> bool:
        self._loop, self._asked_to_stop = asyncio.get_running_loop(), asyncio.Event()
        if self._stopping.is_set():
            return True
        keeper = asyncio.create_task(self._keep_beating())
        app, pause = self._app(), 1.0
        ended = True
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                async with app.open_async():
                    ended = await self._serve(app)
            except LOST as fault:
                pause = 1.0 if time.monotonic() - began > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
                log.warning("database_lost", problem=_told(fault), retry_in_s=pause)
                await self._sleep(pause)
        keeper.cancel()
        if self._stages.ingest is not None:
            await self._stages.ingest.aclose()
        return ended

    async def _serve(self, app: procrastinate.App) -> bool:
        """Work until stopped, and return whether every job ended in time; ConnectorException where the database went away."""
        assert self._asked_to_stop is not None
        stop = asyncio.create_task(self._asked_to_stop.wait())
        lanes = [asyncio.create_task(self._lane(app, name)) for name in (*self._stages.names(), TEND)]
        done, _ = await asyncio.wait([stop, *lanes], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for lane in lanes:
            lane.cancel()  # asks its jobs to end
        _, late = await asyncio.wait(lanes, timeout=self._grace_s + 1.0)
        faults = [fault for lane in lanes if lane.done() and not lane.cancelled() and (fault := lane.exception())]
        if stop not in done:
            raise faults[0] if faults else ConnectorException
        return not late

    async def _lane(self, app: procrastinate.App, name: str) -> None:
        await app.run_worker_async(
            queues=[name],
            name=name,
            concurrency=LANES[name] * (1 if name == TEND else self._concurrency),
            listen_notify=name in NOTIFIED,
            fetch_job_polling_interval=5.0 if name in NOTIFIED else 1.0,
            delete_jobs="successful",
            shutdown_graceful_timeout=self._grace_s,
            install_signal_handlers=False,
            update_heartbeat_interval=queue.HEARTBEAT_S,
            stalled_worker_timeout=queue.DEAD_AFTER_S,
        )

    def _app(self) -> procrastinate.App:
        """Return the queue with its four kinds of jobs."""
        connector = procrastinate.PsycopgConnector(
            conninfo=psycopg_address(self._engine), min_size=1, max_size=4, timeout=10.0
        )
        app = procrastinate.App(connector=connector)
        app.task(name=INGEST, queue=INGEST)(self._ingest)
        app.task(name=ASSESS, queue=ASSESS)(self._assess)
        app.task(name=DELIVER, queue=DELIVER)(self._deliver)
        app.periodic(cron=TENDED)(app.task(name=TEND, queue=TEND, queueing_lock=TEND)(self._tend))
        return app

    async def _ingest(self, feeds: Collection[str]) -> None:
        """Poll the feeds of one host."""
        assert self._stages.ingest is not None
        with self._watched(INGEST):
            await self._stages.ingest.poll_those(_now(), _now, feeds)

    def _assess(self, articles: Collection[str]) -> None:
        """Assess some articles."""
        stage = self._free.get()
        try:
            with self._watched(ASSESS):
                while not self._stopping.is_set() and self._assessed(stage, articles):
                    pass
        finally:
            self._free.put(stage)

    def _assessed(self, stage: Assess, articles: Collection[str]) -> int:
        """Assess the next of some articles; return how many that was."""
        with self._spans(ASSESS) as note:
            done = stage.run_once(_now(), only=articles).articles
            if done:
                note(done=done)
        return done

    def _deliver(self, channel: str) -> None:
        """Deliver what is due in a channel, and what comes due shortly; the rest gets a job when it is due."""
        assert self._stages.deliver is not None
        until = time.monotonic() + ATTEND_S
        with self._watched(DELIVER):
            while not self._stopping.is_set() and time.monotonic() < until:
                report = self._delivered(self._stages.deliver, channel)
                if report.attempted:
                    continue
                wait_s = (report.next_at - _now()).total_seconds() if report.next_at else None
                if wait_s is None or wait_s > SOON_S:
                    return
                self._stopping.wait(max(wait_s, 0.02))

    def _delivered(self, stage: Deliver, channel: str) -> DeliverReport:
        with self._spans(DELIVER) as note:
            report = stage.run_once(_now(), only=channel)
            if report.attempted:
                note(done=report.attempted)
        return report

    def _tend(self, timestamp: int) -> None:
        """Look after the queue for everybody."""
        with self._watched(TEND):
            if made := tend(self._engine, self._hints, _now()):
                log.info(
                    "tended", recovered=made.recovered, ingest=made.ingest, assess=made.assess, deliver=made.deliver
                )
            if timestamp % HOUR_S == 0:
                forget_finished(self._engine)
                while not self._stopping.is_set() and self._stages.tidy(_now()):
                    pass

    @contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        """Note that a job is under way, so that one that never ends shows."""
        number = next(self._numbers)
        self._began[number] = (name, time.monotonic())
        try:
            yield
        finally:
            del self._began[number]

    async def _keep_beating(self) -> None:
        while True:
            if wedged := self.wedged():
                log.error("job_wedged", stages=wedged)
            else:
                beat(self._heartbeat)
            await asyncio.sleep(5.0)

    async def _sleep(self, seconds: float) -> None:
        assert self._asked_to_stop is not None
        try:
            async with asyncio.timeout(seconds):
                await self._asked_to_stop.wait()
        except TimeoutError:
            pass


def _told(fault: BaseException) -> str:
    return str(fault.__cause__ or fault).split("\n")[0] or "the connection broke"


def _now() -> datetime:
    return datetime.now(UTC)
