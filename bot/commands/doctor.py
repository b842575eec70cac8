"""`doctor`: checks everything that the bot stands on, and says what to do about each thing that is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from bot.app import build_notifier, open_store
from bot.commands.output import counted, emit
from bot.config import Configuration, Settings, load_configuration, load_settings
from bot.core.dispatch import MEND
from bot.detection.detector import load_detector
from bot.detection.manifest import read_manifest
from bot.domain import Delivery
from bot.errors import ConfigurationError, Fault, WalkbackError
from bot.slack.check_socket import check_socket
from bot.slack.codes import advice_on
from bot.slack.post import SlackNotifier
from bot.store import articles, deliveries, tallies
from bot.store.engine import snapshot

AsJson = Annotated[bool, typer.Option("--json", help="One JSON line for each check.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at, what was found, and the faults; sound where there are none."""

    name: str
    found: str = ""
    faults: tuple[Fault, ...] = ()


def doctor(json_: AsJson = False) -> None:
    """Check configuration, model, database, deliveries and Slack. Exit code 1 where something is wrong."""
    sound = True
    for check in _checks():
        sound = sound and not check.faults
        if json_:
            emit(
                {
                    "check": check.name,
                    "ok": not check.faults,
                    "found": check.found,
                    "faults": [str(f) for f in check.faults],
                }
            )
            continue
        sys.stdout.write(
            f"{'ok   ' if not check.faults else 'WRONG'} {check.name}{': ' + check.found if check.found else ''}\n"
        )
        for fault in check.faults:
            sys.stdout.write(f"      {fault}\n")
    if not sound:
        raise typer.Exit(1)


def _checks() -> Iterator[Check]:
    """Yield the checks in the order in which one stands on another; without settings there is nothing further to look at."""
    try:
        settings = load_settings()
    except ConfigurationError as fault:
        yield Check(name="environment", faults=tuple(fault.faults))
        return
    yield Check(name="environment", found="WALKBACK_* variables are understood")
    configuration: Configuration | None = None
    try:
        configuration = load_configuration(settings.config_path)
        counts = f"{counted(len(configuration.positions), 'position')}, {counted(len(configuration.feeds), 'feed')}"
        yield Check(name="configuration", found=f"{settings.config_path}: {counts}")
    except ConfigurationError as fault:
        yield Check(name="configuration", faults=tuple(fault.faults))
    yield _try("model", lambda: _model(settings))
    yield from _store(settings)
    yield _slack(settings, configuration)
    yield _conversation(settings)


def _try(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name=name, found=look())
    except WalkbackError as fault:
        return Check(name=name, faults=(Fault(problem=str(fault)),))


def _model(settings: Settings) -> str:
    load_detector(settings.model_path)
    manifest = read_manifest(settings.model_path)
    figures = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in manifest.figures.items())
    return f"{manifest.name}, {figures}"


def _store(settings: Settings) -> Iterator[Check]:
    """Yield what stands in the database: that it opens, what was skipped today, and what waits for a person."""
    try:
        engine = open_store(settings)
        with snapshot(engine) as connection:
            told = tallies.totals(connection, datetime.now(UTC).date())
            waiting = deliveries.troubled(connection)
            foreign = articles.unread(connection, datetime.now(UTC) - timedelta(days=1), limit=5)
    except WalkbackError as fault:
        yield Check(name="database", faults=(Fault(problem=str(fault)),))
        return
    yield Check(name="database", found=f"{engine.dialect.name}, schema up to date")
    skipped = ", ".join(f"{t.reason.replace('_', ' ')} ({t.n})" for t in told if t.outcome == "skipped")
    passages = ", ".join(f"{t.reason} ({t.n})" for t in told if t.outcome == "passage_unread")
    listed = "; ".join(f"{one.url} ({one.reason})" for one in foreign)
    also = (f"; passages not read: {passages}" if passages else "") + (f"; latest: {listed}" if listed else "")
    yield Check(name="reading", found=f"skipped today: {skipped or 'nothing'}{also}")
    faults = [_stuck(one) for one in waiting]
    yield Check(name="deliveries", found="" if faults else "none waits for a person", faults=tuple(faults))


def _stuck(delivery: Delivery) -> Fault:
    """Return what to tell of a delivery that waits for a person, or was given up."""
    state, reason = delivery.state.value, delivery.reason or "no reason given"
    advice = advice_on(reason.removeprefix(MEND)) if reason.startswith(MEND) else ""
    return Fault(problem=f"{_named(delivery)} for {delivery.channel} is {state}: {reason}", advice=advice)


def _named(delivery: Delivery) -> str:
    kind = str(delivery.payload.get("kind", "alert"))
    return f"a {kind}" if kind[:1] not in "aeiou" else f"an {kind}"


def _conversation(settings: Settings) -> Check:
    """Look at what buttons, /walkback and the Home tab stand on."""
    name = "conversation"
    if not settings.slack_app_token:
        return Check(
            name=name, found="no WALKBACK_SLACK_APP_TOKEN, so alerts have no buttons and /walkback is not heard"
        )
    if not settings.slack_token:
        problem = "WALKBACK_SLACK_APP_TOKEN is set and WALKBACK_SLACK_TOKEN is not"
        return Check(name=name, faults=(Fault(problem=problem, advice="Set both, or neither; docs/slack.md says how"),))
    try:
        faults = check_socket(settings.slack_app_token.get_secret_value(), api_url=settings.slack_api_url)
    except WalkbackError as fault:
        return Check(name=name, faults=(Fault(problem=str(fault)),))
    return Check(name=name, found="app-level token and socket" if not faults else "", faults=tuple(faults))


def _slack(settings: Settings, configuration: Configuration | None) -> Check:
    if not settings.slack_token:
        return Check(name="Slack", found="no WALKBACK_SLACK_TOKEN, so alerts are shown in the terminal")
    if configuration is None:
        return Check(name="Slack", found="not looked at, since the configuration cannot be read")
    try:
        notifier = build_notifier(settings)
        assert isinstance(notifier, SlackNotifier)
        faults = notifier.check(sorted(set(configuration.desk.channels.values())))
    except WalkbackError as fault:
        return Check(name="Slack", faults=(Fault(problem=str(fault)),))
    return Check(name="Slack", found="token, scopes and channels" if not faults else "", faults=tuple(faults))
