"""When a delivery may go, in which order, and what becomes of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.policies import DispatchPolicy, QuietHours
from bot.domain import DeliveryState, Relation
from bot.ports import PostOutcome, PostOutcomeKind

URGENT = 0
RENEWING = 5
"""Somebody has just pressed a button and looks at the message."""
DRAWING = 40
DIGEST_SIZE = 12
"""Alerts in one digest."""
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

RATE_LIMITED = "ratelimited"
MEND = "mend: "
RETRY = "retry: "
DOUBT = "doubtful: "
INTERRUPTED = DOUBT + "interrupted"
NOT_SHOWN = "looked up, not on screen"
QUIET_HOURS = "quiet hours"
OVER_CAP = "over the cap"
MUTED = "the position is muted"
STOPS_CHANNEL = (RATE_LIMITED, MEND)
"""How reasons begin that concern a whole channel, not one delivery."""


class Kind(StrEnum):
    """What a delivery is.

    An alert of its own, a report in an alert's thread, many held alerts in one message, the day in one message, a picture in
    an alert's thread, or a renewal of what an alert's message shows.
    """

    ALERT = "alert"
    REPLY = "reply"
    DIGEST = "digest"
    DAILY = "daily"
    PICTURE = "picture"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A delivery that is due. A lower `priority` goes first."""

    id: str
    channel: str
    position_id: str
    kind: Kind
    priority: int
    state: DeliveryState
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLoad:
    """What is known about a channel.

    `posted` counts alerts within the hour, `attempted_at` is the last attempt, `stopped_until` comes from a rate limit
    or a fault that a person must mend, `busy` says that an attempt is under way, `served` when a position last was.
    """

    posted: int = 0
    attempted_at: datetime | None = None
    stopped_until: datetime | None = None
    busy: bool = False
    served: Mapping[str, datetime] = field(default_factory=dict)


class Gate(StrEnum):
    """Whether a channel may be written to, or why not."""

    OPEN = "open"
    BUSY = "busy"
    STOPPED = "stopped"
    PACE = "pace"
    QUIET = "quiet"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a channel stands, and until when, where that is known."""

    gate: Gate
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a delivery after an attempt."""

    state: DeliveryState
    not_before: datetime
    attempts: int
    reason: str = ""
    ref: str = ""


def priority(relation: Relation, probability: float) -> int:
    """Return how early an alert goes; lower is earlier. Contradictions are URGENT, then comes what is more certain."""
    if relation is Relation.CONTRADICTION:
        return URGENT
    return 10 if probability >= 0.8 else 20


def standing(load: ChannelLoad, policy: DispatchPolicy, now: datetime) -> Standing:
    """Return whether a channel may be written to at `now`. One attempt at a time, so that an order is an order."""
    if load.busy:
        return Standing(gate=Gate.BUSY)
    if load.stopped_until and load.stopped_until > now:
        return Standing(gate=Gate.STOPPED, until=load.stopped_until)
    if load.attempted_at and (free_at := load.attempted_at + timedelta(seconds=policy.gap_s)) > now:
        return Standing(gate=Gate.PACE, until=free_at)
    if policy.quiet and (until := quiet_until(policy.quiet, now)):
        return Standing(gate=Gate.QUIET, until=until)
    if load.posted >= policy.per_hour:
        return Standing(gate=Gate.FULL)
    return Standing(gate=Gate.OPEN)


def pick(rows: Iterable[Waiting], load: ChannelLoad, standing: Standing, policy: DispatchPolicy) -> Waiting | None:
    """Return the delivery of one channel that goes next, or None where none may.

    What may be on screen already is looked up first; then contradictions; then, within a priority, the position that
    has waited longest since it was served, so that a noisy topic starves no other.
    """
    allowed = [row for row in rows if _may_go(row, standing, policy)]
    return min(
        allowed,
        key=lambda row: (
            row.state is not DeliveryState.DOUBTFUL,
            row.priority,
            load.served.get(row.position_id, _LONG_AGO),
            row.created_at,
            row.id,
        ),
        default=None,
    )


def spares_urgent(standing: Standing, policy: DispatchPolicy) -> bool:
    """Whether contradictions go although the channel is quiet or full."""
    return standing.gate is Gate.FULL or (policy.quiet is not None and policy.quiet.contradictions_pass)


def _may_go(row: Waiting, standing: Standing, policy: DispatchPolicy) -> bool:
    if standing.gate is Gate.OPEN or row.state is DeliveryState.DOUBTFUL:
        return standing.gate in (Gate.OPEN, Gate.QUIET, Gate.FULL)  # a look-up disturbs nobody
    if standing.gate not in (Gate.QUIET, Gate.FULL):
        return False
    if row.kind is Kind.RENEWAL or (standing.gate is Gate.FULL and row.kind is not Kind.ALERT):
        return True  # a renewal disturbs nobody
    return row.priority == URGENT and spares_urgent(standing, policy)


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """Return when the quiet hours that hold at `now` end, or None outside them. `start` is inside, `end` is not."""
    zone = ZoneInfo(quiet.zone)
    local = now.astimezone(zone)
    clock = local.time()
    over_midnight = quiet.start > quiet.end
    if quiet.start == quiet.end:
        return None
    after_start, before_end = clock >= quiet.start, clock < quiet.end
    if not ((after_start or before_end) if over_midnight else (after_start and before_end)):
        return None
    last_day = local.date() + timedelta(days=1) if over_midnight and clock >= quiet.start else local.date()
    return _at(last_day.year, last_day.month, last_day.day, quiet.end, zone)


def _at(year: int, month: int, day: int, clock: time, zone: ZoneInfo) -> datetime:
    return datetime(year, month, day, clock.hour, clock.minute, clock.second, tzinfo=zone).astimezone(UTC)


def settlement(  # noqa: C901, PLR0911  # a table: one line for each way in which an attempt can end
    outcome: PostOutcome, *, kind: Kind, attempts: int, policy: DispatchPolicy, now: datetime, jitter: float = 0.5
) -> Settlement:
    """Return what becomes of a delivery after its attempt number `attempts`, counted from 1. `jitter` is within [0, 1).

    A fault of the channel is not counted against the delivery, and nothing that might still be shown is given up: after
    `max_attempts` an alert goes to the digest, and what may be on screen is looked up for as long as it takes.
    """
    pause = backoff_s(attempts, policy, jitter)
    if outcome.retry_after_s is not None:
        pause = max(pause if outcome.reason != RATE_LIMITED else 0.0, outcome.retry_after_s)

    def settle(state: DeliveryState, reason: str, pause_s: float = 0.0, *, counted: bool = True) -> Settlement:
        not_before = now + timedelta(seconds=pause_s)
        return Settlement(
            state=state,
            not_before=not_before,
            attempts=attempts if counted else attempts - 1,
            reason=reason,
            ref=outcome.ref,
        )

    match outcome.kind:
        case PostOutcomeKind.POSTED:
            return settle(DeliveryState.POSTED, "")
        case PostOutcomeKind.BUG:
            return settle(DeliveryState.DEAD, f"bug: {outcome.reason}")
        case PostOutcomeKind.MEND:
            return settle(DeliveryState.PENDING, MEND + outcome.told, policy.longest_retry_s, counted=False)
        case PostOutcomeKind.DOUBTFUL:
            return settle(DeliveryState.DOUBTFUL, DOUBT + outcome.reason, pause)
        case PostOutcomeKind.RETRY if outcome.reason == RATE_LIMITED:
            return settle(DeliveryState.PENDING, RATE_LIMITED, pause, counted=False)
        case PostOutcomeKind.RETRY if outcome.reason == NOT_SHOWN:
            return settle(DeliveryState.PENDING, NOT_SHOWN, counted=False)
        case PostOutcomeKind.RETRY if attempts >= policy.max_attempts and kind is Kind.ALERT:
            return settle(DeliveryState.HELD, f"gave up after {attempts} attempts: {outcome.reason}")
        case PostOutcomeKind.RETRY if attempts >= policy.max_attempts and kind is Kind.PICTURE:
            return settle(DeliveryState.DEAD, f"gave up after {attempts} attempts: {outcome.reason}")
        case PostOutcomeKind.RETRY:
            return settle(DeliveryState.PENDING, RETRY + outcome.reason, pause)


def backoff_s(attempts: int, policy: DispatchPolicy, jitter: float) -> float:
    """Return the pause in seconds after attempt number `attempts`: doubled each time, within a quarter up or down."""
    plain = min(policy.longest_retry_s, policy.first_retry_s * 2.0 ** min(max(attempts, 1) - 1, 30))
    return plain * (0.75 + jitter / 2)
