"""A process that delivers until it is killed, and the run that kills it: shared by the default test and the long proof.

    python tests/delivering.py DATABASE_URL API_URL alone|among-others

Time is scaled: pace, pauses and leases are a small part of what they are in service.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from alert_samples import sample_alert
from slack_peer import TOKEN

from bot.core import dispatch
from bot.core.card import alert_record
from bot.core.policies import DispatchPolicy
from bot.domain import DeliveryState, Relation
from bot.slack.post import SlackNotifier
from bot.stages.deliver import Deliver
from bot.store import deliveries
from bot.store.engine import open_engine, snapshot, transaction

POLICY = DispatchPolicy(gap_s=0.05, per_hour=1_000_000, first_retry_s=0.1, longest_retry_s=1.0, max_attempts=1_000)
RELATIONS = [Relation.SOFTENING, Relation.HARDENING, Relation.NEW_OFFER, Relation.CONTRADICTION]


@dataclass(kw_only=True)
class Figures:
    """What a run came to."""

    seconds: float = 0.0
    kills: int = 0
    killed_with_a_claim: int = 0
    states: Counter[str] = field(default_factory=Counter)


def fill(database_url: str, channels: list[str], number: int) -> list[tuple[str, str]]:
    """Add `number` deliveries over the channels; return (channel, key) of each."""
    engine = open_engine(database_url)
    now, added = datetime.now(UTC), []
    with transaction(engine) as connection:
        for n in range(number):
            channel, key, relation = channels[n % len(channels)], f"alert-{n}", RELATIONS[n % len(RELATIONS)]
            payload = alert_record(sample_alert(key=key, relation=relation, channel=channel, title=f"Story {n}"))
            deliveries.add(
                connection, alert_key=key, position_id=f"p{n % 7}", channel=channel, payload=payload,
                priority=dispatch.priority(relation, 0.7), now=now,
            )  # fmt: skip
            added.append((channel, key))
    engine.dispose()
    return added


def run_and_kill(
    database_url: str, api_url: str, *, kills: int, limit_s: float, workers: int = 1, say: Callable[[str], object] = len
) -> Figures:
    """Deliver everything with processes of which one is killed without warning `kills` times, spread over the work."""
    engine, dice = open_engine(database_url), random.Random(7)
    figures, started = Figures(), time.monotonic()
    with snapshot(engine) as connection:
        total = sum(deliveries.counts(connection).values())
    running = [_start(database_url, api_url, alone=workers == 1) for _ in range(workers)]
    kill_at = total * dice.random() / kills if kills else total
    try:
        while time.monotonic() - started < limit_s:
            time.sleep(0.02)
            assert all(worker.poll() is None for worker in running), "a process ended by itself"
            with snapshot(engine) as connection:
                counts = deliveries.counts(connection)
            figures.states = Counter({state.value: n for state, n in counts.items() if n})
            if set(figures.states) <= {"posted", "dead"}:
                break
            if figures.kills < kills and figures.states["posted"] >= kill_at:
                time.sleep(dice.uniform(0, 0.05))
                _kill(running.pop(dice.randrange(workers)))
                figures.kills += 1
                with snapshot(engine) as connection:
                    figures.killed_with_a_claim += deliveries.counts(connection)[DeliveryState.POSTING] > 0
                say(f"kill {figures.kills}: {dict(figures.states)}")
                running.append(_start(database_url, api_url, alone=workers == 1))
                kill_at = total * (figures.kills + dice.random()) / kills
    finally:
        for worker in running:
            _kill(worker)
        engine.dispose()
    figures.seconds = time.monotonic() - started
    return figures


def _start(database_url: str, api_url: str, *, alone: bool) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    how = "alone" if alone else "among-others"
    return subprocess.Popen([sys.executable, __file__, database_url, api_url, how], env=environment)


def _kill(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()


def deliver_for_ever(database_url: str, api_url: str, *, alone: bool) -> None:
    """Deliver until killed; `alone` takes up at once what a process before it left, others wait for its claims to run out."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # nothing is printed
    notifier = SlackNotifier(TOKEN, api_url, timeout_s=1)
    stage = Deliver(open_engine(database_url), notifier, POLICY, threads=8, lease_s=30.0 if alone else 5.0)
    if alone:
        stage.recover(datetime.now(UTC))
    while True:
        report = stage.run_once(datetime.now(UTC))
        if not report.attempted:
            time.sleep(0.005)


if __name__ == "__main__":
    deliver_for_ever(sys.argv[1], sys.argv[2], alone=sys.argv[3] == "alone")
