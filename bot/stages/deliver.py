"""Deliver: due deliveries are claimed, posted or looked up, and settled. Nothing is lost, and nothing shown twice.

A claim is committed before the post, and its outcome after it. Whoever dies in between leaves a claim that runs out: the
delivery is doubtful then, and is looked up on its channel before it is posted again.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine

from bot.core import dispatch
from bot.core.card import card_from, digest_record
from bot.core.dispatch import ChannelLoad, Gate, Kind, Settlement, Waiting
from bot.core.policies import DispatchPolicy
from bot.domain import Delivery, DeliveryState, identify
from bot.errors import DeliveryFault
from bot.ports import Notifier, PostOutcome, PostOutcomeKind
from bot.store import deliveries, held, marks, tallies
from bot.store.engine import snapshot, take_turns, transaction

log = structlog.get_logger()

STAGE = "deliver"
_UNASKED = frozenset({"held", "postponed", "digested", "orphaned", "muted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverReport:
    """What one round did: how many deliveries ended in each outcome, and when to come again.

    `next_at` is None where nothing waits, what is held for a digest aside.

    Outcomes are posted, found (it was on screen), retry, doubtful, absent (looked up, to be posted), mend, bug, held,
    postponed, digested, orphaned (a reply to a dead alert), muted (held since its position is).
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    next_at: datetime | None = None

    @property
    def attempted(self) -> int:
        """How many deliveries Slack or the console was asked about."""
        return sum(n for outcome, n in self.outcomes.items() if outcome not in _UNASKED)


class Deliver:
    """The stage that shows alerts. Each round makes at most one attempt for each channel, several channels at a time.

    Args:
        engine: The store.
        notifier: Who shows alerts; threads share it.
        policy: Pace, caps and patience.
        threads: Attempts at a time; one slow channel leaves the others their threads.
        lease_s: How long a claim holds, longer than any attempt takes.
        draws: Whether each alert gets a picture of its position's history in its thread.
        renews: Whether messages that are on screen show what the desk did with them.
    """

    def __init__(
        self,
        engine: Engine,
        notifier: Notifier,
        policy: DispatchPolicy,
        *,
        threads: int = 4,
        lease_s: float = 120.0,
        draws: bool = False,
        renews: bool = False,
    ) -> None:
        self._engine = engine
        self._notifier = notifier
        self._policy = policy
        self._threads = threads
        self._lease_s = lease_s
        self._draws = draws
        self._renews = renews
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Claim nothing more, for good: a round that is under way ends with what it has claimed."""
        self._stopping.set()

    def recover(self, now: datetime) -> int:
        """Take up at once what an earlier process left claimed; only where no other process delivers. Return how much."""
        with transaction(self._engine) as connection:
            return deliveries.abandon(connection, now + timedelta(seconds=self._policy.first_retry_s))

    def run_once(self, now: datetime, *, only: str | None = None) -> DeliverReport:
        """Make one round over what is due at `now`; `only` names the channel to attend to, None for all."""
        started = time.monotonic()
        done: Counter[str] = Counter()
        queue = deque(self._plan(now, done, only))
        running: dict[Future[PostOutcome], tuple[Delivery, Kind]] = {}
        with ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="deliver") as pool:
            while (queue and not self._stopping.is_set()) or running:
                while queue and len(running) < self._threads and not self._stopping.is_set():
                    wanted = queue.popleft()
                    if delivery := self._claim(wanted, _later(now, started)):
                        running[pool.submit(self._attempt, delivery)] = (delivery, wanted.kind)
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    delivery, kind = running.pop(future)
                    done[self._settle(delivery, kind, future.result(), _later(now, started))] += 1
        with snapshot(self._engine) as connection:
            return DeliverReport(outcomes=dict(+done), next_at=self._next_at(connection, _later(now, started), only))

    def _plan(self, now: datetime, done: Counter[str], only: str | None) -> list[Waiting]:
        """Return what goes next in each channel; what may not go now is postponed, or held for a digest."""
        picked: list[Waiting] = []
        with transaction(self._engine) as connection:
            take_turns(connection, "plan of deliveries")  # so that no two make a digest of the same alerts
            deliveries.expire(connection, now)
            done["orphaned"] += deliveries.bury_replies_to_the_dead(connection)
            done["muted"] += marks.hold_muted(connection, now)
            if self._renews:
                marks.renew(connection, now)
            for channel, kept in held.by_channel(connection, now, self._policy.digest_every_s).items():
                done["digested"] += _digest(connection, channel, kept[: dispatch.DIGEST_SIZE], now)
            loads = deliveries.loads(connection, now)
            for channel, rows in _by_channel(deliveries.due(connection, now)).items():
                if only not in (None, channel):
                    continue
                load = loads.get(channel, ChannelLoad())
                standing = dispatch.standing(load, self._policy, now)
                if wanted := dispatch.pick(rows, load, standing, self._policy):
                    picked.append(wanted)
                if standing.gate is Gate.QUIET and standing.until:
                    spare = dispatch.spares_urgent(standing, self._policy)
                    late = held.postpone(connection, channel, until=standing.until, spare_urgent=spare, now=now)
                    done["postponed"] += late
                elif standing.gate is Gate.FULL:
                    done["held"] += held.hold(connection, channel, now)
            for outcome, why in _WHY.items():
                if done[outcome]:
                    tallies.count(connection, now.date(), STAGE, outcome, why, done[outcome])
        return picked

    def _next_at(self, connection: Connection, now: datetime, only: str | None) -> datetime | None:
        """Return when there may be something to do again; None where nothing waits, what is held for a digest aside."""
        loads = deliveries.loads(connection, now)
        ready = {row.channel for row in deliveries.due(connection, now) if only in (None, row.channel)}
        waits = [dispatch.standing(loads.get(it, ChannelLoad()), self._policy, now).until or now for it in ready]
        later = deliveries.next_due(connection, now, only)
        return min([*waits, later] if later else waits, default=None)

    def _claim(self, wanted: Waiting, now: datetime) -> Delivery | None:
        with transaction(self._engine) as connection:
            return deliveries.claim(connection, wanted, now=now, lease_s=self._lease_s)

    def _attempt(self, delivery: Delivery) -> PostOutcome:
        """Look up or post one delivery. Whatever goes wrong unforeseen concerns this delivery alone."""
        try:
            return self._look(delivery) if delivery.state is DeliveryState.DOUBTFUL else self._notifier.post(delivery)
        except Exception as error:
            log.exception("delivery_failed", delivery=delivery.id, channel=delivery.channel)
            given_up = delivery.attempts >= self._policy.max_attempts
            kind = PostOutcomeKind.BUG if given_up else PostOutcomeKind.DOUBTFUL
            return PostOutcome(kind=kind, reason=f"unexpected {type(error).__name__}")

    def _look(self, delivery: Delivery) -> PostOutcome:
        try:
            ref = self._notifier.find(delivery)
        except DeliveryFault as fault:
            return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason=str(fault), retry_after_s=fault.retry_after_s)
        if ref is None:
            return PostOutcome(kind=PostOutcomeKind.RETRY, reason=dispatch.NOT_SHOWN, retry_after_s=0.0)
        return PostOutcome(kind=PostOutcomeKind.POSTED, ref=ref)

    def _settle(self, delivery: Delivery, kind: Kind, outcome: PostOutcome, now: datetime) -> str:
        """Commit what came of an attempt; return its name in the report."""
        settled = dispatch.settlement(
            outcome,
            kind=kind,
            attempts=delivery.attempts,
            policy=self._policy,
            now=now,
            jitter=random.random(),  # spreads retries, guards nothing
        )
        name = _name(delivery, outcome, settled)
        with transaction(self._engine) as connection:
            deliveries.settle(connection, delivery.id, settled, now)
            if settled.state is DeliveryState.POSTED:
                deliveries.wake(connection, delivery.channel, now)
                parent = delivery.payload.get("parent")
                if isinstance(parent, Mapping):
                    deliveries.renew(connection, delivery.channel, str(parent.get("key", "")), parent)
                if self._draws and kind is Kind.ALERT:
                    _add_picture(connection, delivery, now)
            tallies.count(connection, now.date(), STAGE, name, outcome.reason)
        _log(delivery, name, settled)
        return name


_WHY = {
    "postponed": dispatch.QUIET_HOURS,
    "held": dispatch.OVER_CAP,
    "orphaned": deliveries.ORPHANED,
    "muted": dispatch.MUTED,
}


def _add_picture(connection: Connection, alert: Delivery, now: datetime) -> None:
    """Let a picture of the position's history follow an alert into its thread; a sample has none."""
    position_id = str(alert.payload.get("position", ""))
    if position_id and not alert.payload.get("sample"):
        deliveries.add(
            connection,
            alert_key=identify("picture", alert.alert_key),
            position_id=position_id,
            channel=alert.channel,
            payload={"kind": Kind.PICTURE.value, "position": position_id},
            priority=dispatch.DRAWING,
            now=now,
            kind=Kind.PICTURE,
            parent_key=alert.alert_key,
        )


def _digest(connection: Connection, channel: str, rows: list[Delivery], now: datetime) -> int:
    """Add a digest of held alerts; return how many it carries. One that cannot be read is given up, and harms no other."""
    cards, carried = [], []
    for delivery in rows:
        try:
            cards.append(card_from(delivery.payload))
            carried.append(delivery)
        except ValueError as error:
            log.error("delivery_unreadable", delivery=delivery.id, problem=str(error))  # noqa: TRY400  # it says it all
            deliveries.bury(connection, [delivery.id], "bug: unreadable_record")
    if carried:
        held.add_digest(connection, channel, carried, digest_record(cards), now)
    return len(carried)


def _name(delivery: Delivery, outcome: PostOutcome, settled: Settlement) -> str:
    if outcome.kind is PostOutcomeKind.POSTED:
        return "found" if delivery.state is DeliveryState.DOUBTFUL else "posted"
    if outcome.reason == dispatch.NOT_SHOWN:
        return "absent"
    return "held" if settled.state is DeliveryState.HELD else outcome.kind.value


def _log(delivery: Delivery, name: str, settled: Settlement) -> None:
    """Say what happened, louder where a person must act: a failure to reach Slack is never told through Slack alone."""
    say = {"mend": log.error, "bug": log.error, "held": log.warning, "doubtful": log.warning}.get(name, log.info)
    say(
        "delivery",
        outcome=name,
        delivery=delivery.id,
        alert=delivery.alert_key,
        channel=delivery.channel,
        attempts=delivery.attempts,
        reason=settled.reason,
        not_before=settled.not_before.isoformat(),
    )


def _by_channel(rows: Iterable[Waiting]) -> dict[str, list[Waiting]]:
    channels: dict[str, list[Waiting]] = {}
    for row in rows:
        channels.setdefault(row.channel, []).append(row)
    return channels


def _later(now: datetime, started: float) -> datetime:
    """Return the time it is, `now` having been given when the monotonic clock showed `started`."""
    return now + timedelta(seconds=time.monotonic() - started)
