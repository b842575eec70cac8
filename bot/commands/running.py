"""`run`, `once` and `health`: the bot for ever, one round of it, and whether it is well."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import FrameType
from typing import Annotated

import structlog
import typer

from bot.app import Bot, build_bot, build_notifier, build_runtime, configure_logging, heartbeat_path
from bot.commands.desk import desk_works
from bot.commands.output import emit, people, waiting
from bot.commands.page import page_works
from bot.config import Configuration, Settings, load_configuration, load_settings
from bot.core.addresses import redacted
from bot.detection.detector import Detector, load_detector
from bot.errors import StoreError
from bot.ports import Notifier
from bot.runtime.guards import alone
from bot.runtime.local import healthy
from bot.store.engine import open_engine

log = structlog.get_logger()

AsJson = Annotated[bool, typer.Option("--json", help="One JSON line, for machines.")]
LONGEST_WAIT_S = 60.0
COUNTED = (
    "feeds_polled",
    "feeds_failed",
    "new_articles",
    "assessed",
    "skipped",
    "failed",
    "alerts",
    "further_accounts",
    "posted",
)


def run() -> None:
    """Poll, assess and deliver until stopped. Ends within ten seconds of SIGTERM or Ctrl-C."""
    settings = load_settings()
    configure_logging(settings)
    configuration = load_configuration(settings.config_path)
    notifier, detector = _needed(settings)
    with alone(open_engine(settings.database)):
        _run(settings, configuration, notifier, detector)


def _needed(settings: Settings) -> tuple[Notifier, Detector]:
    """Return what may be missing or refuse; asked for first, so that until then nothing is written, not even the lock."""
    return build_notifier(settings, verify=True), load_detector(settings.model_path)


def _run(settings: Settings, configuration: Configuration, notifier: Notifier, detector: Detector) -> None:
    """Run over a store that is this process's; StoreError where it was lost meanwhile."""
    bot = build_bot(settings, configuration, notifier=notifier, detector=detector)
    page = page_works(bot, settings, configuration, lambda: runtime)
    desk = desk_works(settings, configuration, bot.engine, lambda: bot.detector)
    runtime = build_runtime(bot, settings, more=[*desk, *page])

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        log.info("stopping", signal=signal.Signals(number).name)
        runtime.stop()
        bot.deliver.stop()

    # As the first process of a container it gets no default handling of signals.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    bot.parser.start()
    bot.recover(datetime.now(UTC))
    log.info("started", shown_in="Slack" if settings.slack_token else "this terminal")
    ended = runtime.run()
    if ended:
        bot.close()
    log.info("stopped", cleanly=ended)
    if runtime.fault:
        raise StoreError(runtime.fault)
    if not ended:
        os._exit(0)  # threads that are still at it would abort the process; their rows are taken up at the next start


def once(json_: AsJson = False) -> None:
    """Poll every feed now, assess what is new, deliver what is due, and end.

    Exit code 1 where some feeds failed, 3 where all did.
    """
    settings = load_settings()
    configure_logging(settings)
    configuration = load_configuration(settings.config_path)
    problems: dict[str, str] = {}
    notifier, detector = _needed(settings)
    with alone(open_engine(settings.database)):
        bot = build_bot(settings, configuration, notifier=notifier, detector=detector)
        try:
            report = run_round(bot, on_problems=problems.update)
        finally:
            bot.close()
    told = {redacted(url): problem for url, problem in problems.items()}
    if json_:
        emit(report | {"problems": told})
    else:
        for url, problem in told.items():
            people.print(f"{url}: {problem}", markup=False, highlight=False, soft_wrap=True)
        people.print(", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in report.items()))
    if report["feeds_failed"]:
        raise typer.Exit(3 if report["feeds_failed"] == report["feeds_polled"] else 1)


def health() -> None:
    """Say whether the running bot is well, for the container's health check: exit code 0 or 1."""
    settings = load_settings()
    problem = healthy(heartbeat_path(settings), datetime.now(UTC))
    if problem:
        sys.stderr.write(problem + "\n")
        raise typer.Exit(1)


def run_round(bot: Bot, *, on_problems: Callable[[Mapping[str, str]], object] = lambda _: None) -> dict[str, int]:
    """Take everything that is pending through all three stages once; return what happened, counted.

    `on_problems` is handed what went wrong with feeds, a sentence by address.
    """
    counts: Counter[str] = Counter()
    with waiting("Polling feeds"):
        ingested = bot.ingest.run_once(datetime.now(UTC), force=True)
    on_problems(ingested.problems)
    counts.update(feeds_polled=ingested.polled, feeds_failed=ingested.failed, new_articles=ingested.articles)
    # Nothing may turn on the screen while alerts are shown there, so delivery waits without a word.
    with waiting("Reading articles"):
        while (assessed := bot.assess.run_once(datetime.now(UTC))).articles:
            counts.update(assessed.outcomes)
            counts.update(alerts=assessed.alerts, further_accounts=assessed.accounts)
    _deliver_what_is_due(bot, counts)
    return {key: counts[key] for key in COUNTED}


def _deliver_what_is_due(bot: Bot, counts: Counter[str]) -> None:
    """Deliver until nothing is due within the pace of a channel; what must wait longer is left for later."""
    deadline = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < deadline:
        delivered = bot.deliver.run_once(datetime.now(UTC))
        counts.update(delivered.outcomes)
        if delivered.attempted:
            continue
        wait_s = (delivered.next_at - datetime.now(UTC)).total_seconds() if delivered.next_at else None
        if wait_s is None or wait_s > 3.0:
            return
        time.sleep(max(wait_s, 0.05))
