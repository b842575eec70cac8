"""`run`, `once` and `health`: the bot for ever, one round of it, and whether it is well."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from types import FrameType
from typing import Annotated

import structlog
import typer
from sqlalchemy import URL, Connection

from bot.app import Bot, build_bot, build_notifier, build_runtime, configure_logging, heartbeat_path
from bot.commands.desk import desk_works
from bot.commands.output import emit, people, waiting
from bot.commands.page import of_runtime, page_works
from bot.commands.round_words import RoundTold
from bot.config import Configuration, Settings, load_configuration, load_settings
from bot.core.addresses import redacted
from bot.detection.detector import Detector, load_detector
from bot.errors import StoreError
from bot.ports import Notifier
from bot.runtime.guards import alone
from bot.runtime.local import healthy
from bot.runtime.memory import hold_together
from bot.store import backlog, feeds, tallies
from bot.store.engine import open_engine, snapshot, transaction

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
    hold_together()
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
    page = page_works(of_runtime(bot.engine, lambda: runtime, lambda: bot.detector), settings, configuration)
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
    with transaction(bot.engine) as connection:
        backlog.try_mended(connection, datetime.now(UTC))
    log.info("started", **start_facts(settings, configuration, bot.engine.url))
    ended = runtime.run()
    if ended:
        bot.close()
    log.info("stopped", cleanly=ended)
    if runtime.fault:
        raise StoreError(runtime.fault)
    if not ended:
        os._exit(0)  # threads that are still at it would abort the process; their rows are taken up at the next start


def start_facts(settings: Settings, configuration: Configuration, store: URL) -> dict[str, str | int]:
    """Return what a bot that starts is to say of itself: what it tracks and reads, and where alerts, page and store are."""
    channels = sorted(set(configuration.desk.channels.values()))
    address = f"[{settings.web_bind}]" if ":" in settings.web_bind else settings.web_bind
    served = f"http://{address}:{settings.web_port or '(any: see page_open)'}/"
    return {
        "positions": len(configuration.positions),
        "feeds": len(configuration.feeds),
        "alerts_to": f"Slack: {', '.join(channels)}"
        if settings.slack_token
        else "this terminal (no WALKBACK_SLACK_TOKEN)",
        "page": "not served (no WALKBACK_WEB_PORT)" if settings.web_port is None else served,
        "store": store_name(store),
        "configuration": str(settings.config_path),
    }


def store_name(url: URL) -> str:
    """Return where the database is, without who signs in and with which password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database or "in memory")
    return f"{url.get_backend_name()}, {url.database or 'the user’s own'} at {url.host or 'this machine'}"


def once(json_: AsJson = False) -> None:
    """Poll every feed now, assess what is new, deliver what is due, and end.

    The first reading of a feed is silent (`first_run` in feeds.yaml). Exit code 1 where some feeds failed; 3 where all did,
    or where alerts wait because Slack did not take them.
    """
    settings = load_settings()
    configure_logging(settings)
    configuration = load_configuration(settings.config_path)
    notifier, detector = _needed(settings)
    with alone(open_engine(settings.database)):
        bot = build_bot(settings, configuration, notifier=notifier, detector=detector)
        try:
            told = _round_told(bot, shown_in="Slack" if settings.slack_token else "this terminal")
        finally:
            bot.close()
    if json_:
        waits = [asdict(row) for row in told.backlog]
        more = {"problems": told.problems, "first_read": told.first_read, "not_read": told.not_read}
        more |= {"shown": told.shown, "waiting": waits}
        emit({**told.counts, **more})
    else:
        for line in told.lines():
            people.print(line, markup=False, highlight=False, soft_wrap=True)
    if told.exit_code:
        raise typer.Exit(told.exit_code)


def _round_told(bot: Bot, *, shown_in: str) -> RoundTold:
    """Make one round, and gather what there is to tell of it."""
    started, problems = datetime.now(UTC), dict[str, str]()
    with transaction(bot.engine) as connection:
        unread, skipped = feeds.unread(connection), _skipped(connection, started)
        backlog.try_mended(connection, started)
    counts = run_round(bot, on_problems=problems.update)
    with snapshot(bot.engine) as connection:
        still = feeds.unread(connection)
        return RoundTold(
            counts=counts,
            problems={redacted(url): problem for url, problem in problems.items()},
            not_read=_skipped(connection, started) - skipped,
            first_read=sum(then == "silent" and url not in still for url, then in unread.items()),
            shown=backlog.shown(connection, started),
            backlog=backlog.backlog(connection, dead_since=started),
            shown_in=shown_in,
        )


def _skipped(connection: Connection, since: datetime) -> Counter[str]:
    """Return how many articles were passed over from that day on, by reason."""
    told: Counter[str] = Counter()
    for tally in tallies.totals(connection, since.date()):
        if tally.outcome == "skipped":
            told[tally.reason or "no reason given"] += tally.n
    return told


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
