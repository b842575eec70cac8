"""Builds every concrete part and joins them. The one place that knows them all; read it to see what Walkback is made of."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
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
from bot.detection.detector import Detector, load_detector
from bot.domain import Article, Holder, Position
from bot.errors import InputError
from bot.feeds.advice import advice
from bot.feeds.fenced import FencedParser
from bot.feeds.http import PAGE_TYPES, Fetched, Fetcher, Wanted
from bot.ports import Abstained, Notifier
from bot.reading.abstain import assess_readability
from bot.reading.reader import ArticleReader
from bot.runtime.local import LocalRuntime, Work
from bot.slack.post import SlackNotifier
from bot.stages.assess import Assess
from bot.stages.deliver import Deliver
from bot.stages.extraction import FencedExtractor
from bot.stages.ingest import Ingest
from bot.stages.judge import ArticleJudge
from bot.store import feeds, positions
from bot.store.engine import open_engine, transaction
from bot.store.migrate import prepare

MATCH = MatchPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The joined bot: its store and its three stages, in the order in which an article passes them."""

    engine: Engine
    ingest: Ingest
    assess: Assess
    deliver: Deliver
    fences: tuple[FencedParser | FencedExtractor, ...]

    def recover(self, now: datetime) -> None:
        """Take up at once what an earlier process left claimed. Only for the one bot of an embedded store."""
        self.ingest.recover(now)
        self.assess.recover()
        self.deliver.recover(now)

    def close(self) -> None:
        """Close connections, threads and processes."""
        self.ingest.close()
        for fence in self.fences:
            fence.close()
        self.engine.dispose()


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


def build_bot(settings: Settings, configuration: Configuration, *, notifier: Notifier | None = None) -> Bot:
    """Join the bot. Opens and migrates the store, seeds the ledger and the feeds; ModelError or StoreError where it cannot."""
    desk = configuration.desk
    detector = load_detector(settings.model_path)
    engine = open_store(settings, configuration)

    def make_judge(in_force: Sequence[Position]) -> ArticleJudge:
        return build_judge(detector, in_force, desk.alert)

    # Feeds and pages are parsed in processes of their own, so that one made to hurt costs nothing but its process.
    parser, extractor = FencedParser(), FencedExtractor("bot.reading.page:PageExtractor")
    return Bot(
        engine=engine,
        fences=(parser, extractor),
        ingest=Ingest(engine, Fetcher(desk.poll), parser, extractor, desk.poll, random.Random()),
        assess=Assess(
            engine,
            make_judge=make_judge,
            configured=configuration.positions,
            featurizer=detector.featurizer,
            policy=desk.alert,
            channel_for=desk.channel_for,
            mention_for=lambda _: desk.mention_group,
        ),
        deliver=Deliver(engine, notifier or build_notifier(settings), desk.dispatch),
    )


def open_store(settings: Settings, configuration: Configuration | None = None) -> Engine:
    """Open and migrate the store; with a configuration, file its positions and feeds in it."""
    engine = open_engine(settings.database)
    prepare(engine)
    if configuration:
        now = datetime.now(UTC)
        with transaction(engine) as connection:
            positions.seed(connection, configuration.positions, now)
            feeds.sync_feeds(connection, configuration.feeds, now)
    return engine


def build_notifier(settings: Settings, *, verify: bool = False) -> Notifier:
    """Return Slack where there is a token, else the console. With `verify`, DeliveryFault where Slack refuses the token."""
    if settings.slack_token:
        slack = SlackNotifier(settings.slack_token.get_secret_value(), api_url=settings.slack_api_url)
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
    )


def build_reader(tracked: Sequence[Position]) -> ArticleReader:
    """Return a reader that knows the holders of `tracked` positions."""
    holders: dict[str, Holder] = {position.holder.name: position.holder for position in tracked}
    return ArticleReader(list(holders.values()))


def build_runtime(bot: Bot, settings: Settings) -> LocalRuntime:
    """Return the embedded runtime over the bot's stages."""
    works = [
        Work(name="ingest", serve=bot.ingest.run),
        Work(name="assess", step=lambda now: bot.assess.run_once(now).articles, idle_s=0.5),
        Work(name="deliver", step=lambda now: bot.deliver.run_once(now).attempted, idle_s=0.5),
    ]
    return LocalRuntime(works, heartbeat_path(settings))


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
