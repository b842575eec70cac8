"""`desk`: the conversation in Slack and the daily digest; `run` has both in it, workers have neither."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from types import FrameType

import structlog
from sqlalchemy import Engine

from bot.app import build_judge, configure_logging, heartbeat_path, open_store
from bot.commands.page import of_runtime, page_works
from bot.config import Configuration, Settings, load_configuration, load_settings
from bot.core.sample import sample_record
from bot.detection.detector import Detector, load_detector
from bot.domain import Position
from bot.errors import ConfigurationError, Fault
from bot.runtime import telemetry
from bot.runtime.local import LocalRuntime, Work
from bot.slack.desk import SlackDesk
from bot.slack.web import SlackWeb
from bot.stages.conversation import Conversation
from bot.stages.daily import Daily
from bot.stages.judge import ArticleJudge
from bot.store import marks
from bot.store.engine import transaction

log = structlog.get_logger()

DAILY_IDLE_S = 30.0


def desk() -> None:
    """Listen to the desk in Slack, and sum the day up, until stopped: beside `worker` processes; `run` does it by itself.

    Needs WALKBACK_SLACK_TOKEN and WALKBACK_SLACK_APP_TOKEN. With WALKBACK_WEB_PORT it serves the page there, too.
    """
    settings = load_settings()
    configure_logging(settings)
    configuration = load_configuration(settings.config_path)
    missing = [
        Fault(key=f"WALKBACK_{name.upper()}", problem="is not set", advice="docs/slack.md says where it comes from")
        for name in ("slack_token", "slack_app_token")
        if getattr(settings, name) is None
    ]
    if missing:
        raise ConfigurationError(missing)
    engine = open_store(settings, configuration)
    detector = cache(lambda: load_detector(settings.model_path))
    works = desk_works(settings, configuration, engine, detector)
    # Workers look at what is on file; that a verdict is to be shown becomes a row here.
    works.append(Work(name="marks", step=lambda now: _renew(engine, now)))
    served = of_runtime(engine, lambda: runtime, lambda: detector() if detector.cache_info().currsize else None)
    works += page_works(served, settings, configuration)
    tracing = telemetry.tracing(os.environ)
    runtime = LocalRuntime([tracing(work) for work in works], heartbeat_path(settings))

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        log.info("stopping", signal=signal.Signals(number).name)
        runtime.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("started", listens_in="Slack")
    ended = runtime.run()
    engine.dispose()
    log.info("stopped", cleanly=ended)


def _renew(engine: Engine, now: datetime) -> int:
    with transaction(engine) as connection:
        return marks.renew(connection, now)


def desk_works(
    settings: Settings, configuration: Configuration, engine: Engine, detector: Callable[[], Detector]
) -> list[Work]:
    """Return the works of the conversation and of the daily digest, as far as the settings allow for them.

    `detector` is asked for one when a text is first checked.
    """
    if settings.slack_token is None:
        return []
    channel = configuration.desk.channels[configuration.desk.default_channel]
    daily = Daily(engine, configuration.positions, configuration.desk.daily, channel)
    works = [Work(name="daily", step=daily.run_once, idle_s=DAILY_IDLE_S)]
    if settings.slack_app_token is None:
        return works
    door = build_conversation(configuration, engine, detector, channel)
    web = SlackWeb(settings.slack_token.get_secret_value(), api_url=settings.slack_api_url)
    listener = SlackDesk(web, settings.slack_app_token.get_secret_value(), door)
    return [*works, Work(name="desk", serve=listener.serve)]


def build_conversation(
    configuration: Configuration, engine: Engine, detector: Callable[[], Detector], channel: str
) -> Conversation:
    """Join what the conversation asks. `channel` gets samples."""

    def make_judge(in_force: Sequence[Position]) -> ArticleJudge:
        return build_judge(detector(), in_force, configuration.desk.alert)

    return Conversation(
        engine,
        configured=configuration.positions,
        holders=configuration.holders,
        make_judge=make_judge,
        sample=lambda: (sample_record(datetime.now(UTC)), channel),
    )
