"""`doctor`: checks everything that the bot stands on, and says what to do about each thing that is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.app import build_notifier, open_store
from bot.commands.output import counted, emit
from bot.config import Configuration, Settings, load_configuration, load_settings
from bot.detection.detector import load_detector
from bot.detection.manifest import read_manifest
from bot.errors import ConfigurationError, Fault, WalkbackError
from bot.slack.post import SlackNotifier
from bot.store import deliveries, tallies
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
    except WalkbackError as fault:
        yield Check(name="database", faults=(Fault(problem=str(fault)),))
        return
    yield Check(name="database", found=f"{engine.dialect.name}, schema up to date")
    skipped = ", ".join(f"{t.reason.replace('_', ' ')} ({t.n})" for t in told if t.outcome == "skipped")
    yield Check(name="reading", found=f"skipped today: {skipped or 'nothing'}")
    faults = [
        Fault(problem=f"an alert for {one.channel} is {one.state.value}: {one.reason or 'no reason given'}")
        for one in waiting
    ]
    yield Check(name="deliveries", found="" if faults else "none waits for a person", faults=tuple(faults))


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
