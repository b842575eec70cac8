"""Builds every concrete part and joins them. The one place that knows them all; read it to see what Walkback is made of."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console
from sqlalchemy import Engine
from structlog.tracebacks import ExceptionDictTransformer

from bot.config import Configuration, Settings
from bot.console import ConsoleNotifier
from bot.core.candidates import MatchPolicy
from bot.core.policies import AlertPolicy, PollPolicy
from bot.core.subject import Subjects
from bot.detection.detector import Detector, load_detector
from bot.domain import Article, Holder, Position
from bot.errors import InputError, StoreError
from bot.feeds.advice import advice
from bot.feeds.fenced import FencedParser
from bot.feeds.http import PAGE_TYPES, Fetched, Fetcher, Wanted
from bot.ports import Abstained, Notifier
from bot.reading.abstain import assess_readability
from bot.reading.gazetteer import called
from bot.reading.reader import ArticleReader
from bot.runtime import telemetry
from bot.runtime.guards import ClockWatch, FileWatch
from bot.runtime.local import LocalRuntime, Work
from bot.slack.post import SlackNotifier
from bot.stages.announce import Announce, unannounced
from bot.stages.assess import Assess
from bot.stages.deliver import Deliver
from bot.stages.extraction import FencedExtractor
from bot.stages.ingest import Ingest
from bot.stages.judge import ArticleJudge
from bot.stages.pictures import HistoryPictures
from bot.store import feeds, positions
from bot.store.engine import open_engine, take_turns, transaction
from bot.store.migrate import prepare
from bot.store.retention import drop_some_texts

MATCH = MatchPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The joined bot: its store and its three stages, in the order in which an article passes them."""

    engine: Engine
    ingest: Ingest
    assess: Assess
    deliver: Deliver
    parser: FencedParser
    extractor: FencedExtractor
    detector: Detector
    text_days: int
    """How long an article's full text is kept."""
    tracing: telemetry.Tracing = field(default_factory=telemetry.Tracing)

    def recover(self, now: datetime) -> None:
        """Take up at once what an earlier process left claimed, where this is the one bot of an embedded store."""
        if self.engine.dialect.name != "sqlite":
            return  # others may be at it; what the dead left runs out
        self.ingest.recover(now)
        self.assess.recover()
        self.deliver.recover(now)

    def close(self) -> None:
        """Close connections, threads and processes."""
        self.ingest.close()
        self.parser.close()
        self.extractor.close()
        self.engine.dispose()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProcess:
    """A joined worker: `run` returns whether it ended cleanly once `stop` was called; then `close` it.

    `busy_s` and `wedged` tell how its jobs are; `detector` is None where it does not assess.
    """

    engine: Engine
    detector: Detector | None
    run: Callable[[], bool]
    stop: Callable[[], None]
    close: Callable[[], None]
    busy_s: Callable[[], Mapping[str, float | None]]
    wedged: Callable[[], Sequence[str]]


def configure_logging(settings: Settings) -> None:
    """Send one line an event to standard error, in colour or as JSON; libraries speak from warnings on."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shape = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # Without the frames' locals, which can hold tokens and addresses.
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *telemetry.fault_reporters(os.environ),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tracebacks if settings.log_format == "json" else structlog.processors.format_exc_info,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(level, logging.WARNING), format="%(levelname)s %(name)s: %(message)s")


def build_bot(
    settings: Settings,
    configuration: Configuration,
    *,
    notifier: Notifier | None = None,
    detector: Detector | None = None,
) -> Bot:
    """Join the bot. Opens and migrates the store, seeds the ledger and the feeds; ModelError or StoreError where it cannot."""
    desk = configuration.desk
    detector = detector or load_detector(settings.model_path)
    engine = open_store(settings, configuration)
    # Feeds and pages are parsed in processes of their own, so that one made to hurt costs nothing but its process.
    parser, extractor = FencedParser(), FencedExtractor("bot.reading.page:PageExtractor")
    tracing = telemetry.tracing(os.environ)
    return Bot(
        engine=engine,
        parser=parser,
        extractor=extractor,
        detector=detector,
        text_days=desk.poll.text_days,
        tracing=tracing,
        ingest=Ingest(engine, Fetcher(desk.poll), parser, extractor, desk.poll, random.Random(), spans=tracing.span),
        assess=build_assess(engine, detector, configuration),
        deliver=build_deliver(engine, notifier or build_notifier(settings), configuration),
    )


def build_assess(
    engine: Engine, detector: Detector, configuration: Configuration, *, announce: Announce = unannounced
) -> Assess:
    """Join the stage that judges, over a store that is open."""
    desk = configuration.desk

    def make_judge(in_force: Sequence[Position]) -> ArticleJudge:
        return build_judge(detector, in_force, desk.alert)

    return Assess(
        engine,
        make_judge=make_judge,
        configured=configuration.positions,
        featurizer=detector.featurizer,
        policy=desk.alert,
        channel_for=desk.channel_for,
        mention_for=lambda _: desk.mention_group,
        announce=announce,
    )


def build_deliver(engine: Engine, notifier: Notifier, configuration: Configuration) -> Deliver:
    """Join the stage that shows alerts, over a store that is open."""
    if not isinstance(notifier, SlackNotifier):
        return Deliver(engine, notifier, configuration.desk.dispatch)
    notifier.draw = HistoryPictures(engine)
    return Deliver(engine, notifier, configuration.desk.dispatch, draws=True, renews=True)


def build_workers(
    settings: Settings, configuration: Configuration, *, stages: Collection[str], concurrency: int
) -> WorkerProcess:
    """Join a process that takes jobs from the queue on PostgreSQL, with those of the three stages that are wanted.

    StoreError where the store is not PostgreSQL or not ready, or the extra `postgres` is not installed.
    """
    try:
        from bot.runtime.queue import Hints, require_queue
        from bot.runtime.workers import Stages, Workers
    except ModuleNotFoundError as missing:
        raise StoreError(f"workers need {missing.name}: pip install 'walkback[postgres]'") from None
    require_queue(settings.database)
    desk, hints = configuration.desk, Hints()
    detector = load_detector(settings.model_path) if "assess" in stages else None
    notifier = build_notifier(settings, verify=True) if "deliver" in stages else None
    engine = open_store(settings, configuration)
    parser, extractor = FencedParser(), FencedExtractor("bot.reading.page:PageExtractor")
    spans = telemetry.tracing(os.environ).span
    ingest = Ingest(
        engine,
        Fetcher(desk.poll),
        parser,
        extractor,
        desk.poll,
        random.Random(),
        announce=hints.articles,
        spans=spans,
    )
    judges = [
        build_assess(engine, detector, configuration, announce=hints.channels)
        for _ in range(concurrency)
        if detector is not None
    ]
    taken = Stages(
        ingest=ingest if "ingest" in stages else None,
        assess=judges,
        deliver=build_deliver(engine, notifier, configuration) if notifier is not None else None,
        tidy=lambda now: drop_some_texts(engine, now, desk.poll.text_days),
    )

    def close() -> None:
        ingest.close()
        parser.close()
        extractor.close()
        engine.dispose()

    workers = Workers(engine, taken, heartbeat_path(settings), concurrency=concurrency, spans=spans)
    return WorkerProcess(
        engine=engine,
        detector=detector,
        run=workers.run,
        stop=workers.stop,
        close=close,
        busy_s=workers.busy_s,
        wedged=workers.wedged,
    )


def open_store(settings: Settings, configuration: Configuration | None = None) -> Engine:
    """Open and migrate the store; with a configuration, file its positions and feeds in it."""
    engine = open_engine(settings.database)
    prepare(engine)
    if configuration:
        now = datetime.now(UTC)
        with transaction(engine) as connection:
            take_turns(connection, "configuration")  # workers that start together would file the same
            positions.seed(connection, configuration.positions, now)
            feeds.sync_feeds(connection, configuration.feeds, now)
    return engine


def build_notifier(settings: Settings, *, verify: bool = False) -> Notifier:
    """Return Slack where there is a token, else the console. With `verify`, DeliveryFault where Slack refuses the token."""
    if settings.slack_token:
        slack = SlackNotifier(
            settings.slack_token.get_secret_value(),
            api_url=settings.slack_api_url,
            buttons=settings.slack_app_token is not None,
        )
        if verify:
            slack.verify()
        return slack
    return ConsoleNotifier(Console())


def build_judge(detector: Detector, tracked: Sequence[Position], alert: AlertPolicy) -> ArticleJudge:
    """Join the judge of whole articles for `tracked` positions."""
    return ArticleJudge(
        reader=build_reader(tracked),
        detector=detector,
        positions=tracked,
        alert=alert,
        match=MATCH,
        readable=_readable,
        subjects=Subjects(called(), _holders(tracked)),
    )


def build_reader(tracked: Sequence[Position]) -> ArticleReader:
    """Return a reader that knows the holders of `tracked` positions."""
    return ArticleReader(_holders(tracked))


def _holders(tracked: Sequence[Position]) -> list[Holder]:
    return list({position.holder.name: position.holder for position in tracked}.values())


def build_runtime(bot: Bot, settings: Settings, *, more: Sequence[Work] = ()) -> LocalRuntime:
    """Return the embedded runtime over the bot's stages and `more`, with its guards; `recover` the bot first."""
    clock, file = ClockWatch(bot.engine), FileWatch(bot.engine)
    clock.start()

    def look() -> str:
        clock.look()
        return file.lost()

    works = [
        Work(name="ingest", serve=bot.ingest.run),
        Work(name="assess", step=lambda now: bot.assess.run_once(now).articles, idle_s=0.5),
        Work(name="deliver", step=lambda now: bot.deliver.run_once(now).attempted, idle_s=0.5),
        Work(name="tidy", step=lambda now: drop_some_texts(bot.engine, now, bot.text_days), idle_s=3600.0),
        *more,
    ]
    return LocalRuntime([bot.tracing(work) for work in works], heartbeat_path(settings), look=look)


def heartbeat_path(settings: Settings) -> Path:
    """Return where the runtime says that it is well."""
    return settings.data_dir / "walkback.heartbeat"


def fetch_page(url: str, policy: PollPolicy) -> bytes:
    """Return the body at `url` through the guarded client; InputError saying why there is none."""

    async def fetch() -> bytes:
        fetcher = Fetcher(policy)
        try:
            answer = await fetcher.get(Wanted(url=url, accept=PAGE_TYPES))
        finally:
            await fetcher.aclose()
        if not isinstance(answer, Fetched):
            raise InputError(f"{url}: {answer.problem.rstrip('.')}. {advice(answer.outcome)}".rstrip())
        if answer.status >= 400:
            raise InputError(f"{url}: the server answered {answer.status}.")
        return answer.body

    return asyncio.run(fetch())


def _readable(article: Article) -> Abstained | None:
    return assess_readability(article.text)
