"""When deliveries go, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import dispatch
from bot.core.dispatch import ChannelLoad, Gate, Kind, Standing, Waiting
from bot.core.policies import DispatchPolicy, QuietHours
from bot.domain import DeliveryState, Relation
from bot.ports import PostOutcome, PostOutcomeKind

NOW = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
POLICY = DispatchPolicy()
OPEN = Standing(gate=Gate.OPEN)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def row(name: str, **changes: object) -> Waiting:
    values: dict[str, object] = {
        "channel": "C1", "position_id": "p", "kind": Kind.ALERT, "priority": 10, "state": DeliveryState.PENDING,
        "attempts": 0, "created_at": NOW,
    }  # fmt: skip
    return Waiting(id=name, **(values | changes))


@pytest.mark.parametrize(
    ("load", "gate"),
    [
        (ChannelLoad(), Gate.OPEN),
        (ChannelLoad(attempted_at=ago(0.4)), Gate.PACE),
        (ChannelLoad(attempted_at=ago(1)), Gate.OPEN),
        (ChannelLoad(busy=True), Gate.BUSY),
        (ChannelLoad(stopped_until=NOW + timedelta(seconds=1)), Gate.STOPPED),
        (ChannelLoad(stopped_until=NOW), Gate.OPEN),
        (ChannelLoad(posted=19), Gate.OPEN),
        (ChannelLoad(posted=20), Gate.FULL),
    ],
)
def test_a_channel_is_written_to_at_its_pace_within_its_cap_and_never_while_it_is_stopped(
    load: ChannelLoad, gate: Gate
) -> None:
    assert dispatch.standing(load, POLICY, NOW).gate is gate


@pytest.mark.parametrize(
    ("clock", "zone", "start", "end", "until"),
    [
        ("2026-01-14T23:30", "UTC", 23, 7, "2026-01-15T07:00"),
        ("2026-01-15T06:59", "UTC", 23, 7, "2026-01-15T07:00"),
        ("2026-01-15T07:00", "UTC", 23, 7, None),
        ("2026-01-15T22:59", "UTC", 23, 7, None),
        ("2026-01-15T13:00", "UTC", 12, 14, "2026-01-15T14:00"),
        ("2026-01-15T14:00", "UTC", 12, 14, None),
        ("2026-01-15T12:00", "UTC", 12, 12, None),
        ("2026-01-14T22:30", "Europe/Berlin", 23, 7, "2026-01-15T06:00"),
        ("2026-03-28T23:00", "Europe/Berlin", 23, 7, "2026-03-29T05:00"),  # the night has an hour less
        ("2026-10-24T22:00", "Europe/Berlin", 23, 7, "2026-10-25T06:00"),  # the night has an hour more
        ("2026-01-14T05:00", "America/New_York", 23, 7, "2026-01-14T12:00"),
    ],
)
def test_quiet_hours_are_the_desks_own_over_midnight_and_over_the_change_of_clocks(
    clock: str, zone: str, start: int, end: int, until: str | None
) -> None:
    quiet = QuietHours(start=time(start), end=time(end), zone=zone)
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert dispatch.quiet_until(quiet, datetime.fromisoformat(clock).replace(tzinfo=UTC)) == expected


@given(st.floats(0, 365 * 86400), st.times(), st.times())
def test_quiet_hours_always_end_in_the_future_and_within_a_day(second: float, start: time, end: time) -> None:
    quiet = QuietHours(start=start.replace(microsecond=0), end=end.replace(microsecond=0), zone="Europe/Kyiv")
    now = NOW + timedelta(seconds=second)
    until = dispatch.quiet_until(quiet, now)
    assert until is None or now < until <= now + timedelta(hours=25)


def test_contradictions_go_first() -> None:
    rows = [row("older", created_at=ago(90)), row("contradiction", priority=dispatch.URGENT)]
    assert dispatch.pick(rows, ChannelLoad(), OPEN, POLICY).id == "contradiction"


def test_what_may_be_on_screen_is_looked_up_before_anything_is_posted() -> None:
    rows = [row("contradiction", priority=dispatch.URGENT), row("doubtful", state=DeliveryState.DOUBTFUL)]
    assert dispatch.pick(rows, ChannelLoad(), OPEN, POLICY).id == "doubtful"


def test_a_noisy_position_starves_no_other() -> None:
    waiting = [row(f"noisy{n}", position_id="noisy", created_at=ago(100 - n)) for n in range(50)]
    waiting += [row(f"calm{n}", position_id="calm", created_at=ago(10 - n)) for n in range(2)]
    served: dict[str, datetime] = {}
    order = []
    for step in range(6):
        picked = dispatch.pick(waiting, ChannelLoad(served=dict(served)), OPEN, POLICY)
        waiting.remove(picked)
        served[picked.position_id] = NOW + timedelta(seconds=step)
        order.append(picked.id)
    assert order == ["noisy0", "calm0", "noisy1", "calm1", "noisy2", "noisy3"]


@pytest.mark.parametrize(
    ("gate", "changes", "contradictions_pass", "goes"),
    [
        (Gate.QUIET, {}, True, False),
        (Gate.QUIET, {"priority": dispatch.URGENT}, True, True),
        (Gate.QUIET, {"priority": dispatch.URGENT}, False, False),
        (Gate.QUIET, {"state": DeliveryState.DOUBTFUL}, True, True),
        (Gate.QUIET, {"kind": Kind.DIGEST}, True, False),
        (Gate.FULL, {}, True, False),
        (Gate.FULL, {"priority": dispatch.URGENT}, False, True),
        (Gate.FULL, {"kind": Kind.DIGEST}, True, True),
        (Gate.FULL, {"kind": Kind.REPLY}, True, True),
        (Gate.STOPPED, {"priority": dispatch.URGENT}, True, False),
        (Gate.STOPPED, {"state": DeliveryState.DOUBTFUL}, True, False),
        (Gate.PACE, {"priority": dispatch.URGENT}, True, False),
        (Gate.BUSY, {"state": DeliveryState.DOUBTFUL}, True, False),
    ],
)
def test_what_passes_a_gate(gate: Gate, changes: dict[str, object], contradictions_pass: bool, goes: bool) -> None:
    quiet = QuietHours(start=time(23), end=time(7), contradictions_pass=contradictions_pass)
    picked = dispatch.pick([row("it", **changes)], ChannelLoad(), Standing(gate=gate), DispatchPolicy(quiet=quiet))
    assert (picked is not None) is goes


def test_priority_is_by_relation_then_by_confidence() -> None:
    assert dispatch.priority(Relation.CONTRADICTION, 0.5) == dispatch.URGENT
    assert dispatch.priority(Relation.SOFTENING, 0.9) < dispatch.priority(Relation.HARDENING, 0.6)


@pytest.mark.parametrize(
    ("outcome", "attempts", "state", "pause_s", "counted", "reason"),
    [
        ("posted", 1, DeliveryState.POSTED, 0, 1, ""),
        ("retry:unreachable", 1, DeliveryState.PENDING, 5, 1, "retry: unreachable"),
        ("retry:unreachable", 3, DeliveryState.PENDING, 20, 3, "retry: unreachable"),
        ("retry:unreachable", 11, DeliveryState.PENDING, 900, 11, "retry: unreachable"),
        ("retry:unreachable", 12, DeliveryState.HELD, 0, 12, "gave up after 12 attempts: unreachable"),
        ("retry:ratelimited:30", 1, DeliveryState.PENDING, 30, 0, "ratelimited"),
        ("retry:ratelimited:1", 99, DeliveryState.PENDING, 1, 98, "ratelimited"),
        ("retry:looked up, not on screen:0", 12, DeliveryState.PENDING, 0, 11, "looked up, not on screen"),
        ("doubtful:timed_out", 1, DeliveryState.DOUBTFUL, 5, 1, "doubtful: timed_out"),
        ("doubtful:timed_out", 99, DeliveryState.DOUBTFUL, 900, 99, "doubtful: timed_out"),
        ("doubtful:ratelimited:60", 1, DeliveryState.DOUBTFUL, 60, 1, "doubtful: ratelimited"),
        ("mend:not_in_channel", 40, DeliveryState.PENDING, 900, 39, "mend: not_in_channel"),
        ("bug:invalid_blocks", 1, DeliveryState.DEAD, 0, 1, "bug: invalid_blocks"),
    ],
)
def test_what_becomes_of_a_delivery(
    outcome: str, attempts: int, state: DeliveryState, pause_s: float, counted: int, reason: str
) -> None:
    kind, _, rest = outcome.partition(":")
    word, _, asked = rest.partition(":")
    posted = PostOutcome(kind=PostOutcomeKind(kind), reason=word, retry_after_s=float(asked) if asked else None)
    settled = dispatch.settlement(posted, kind=Kind.ALERT, attempts=attempts, policy=POLICY, now=NOW)
    assert (settled.state, settled.not_before, settled.attempts, settled.reason) == (
        state, NOW + timedelta(seconds=pause_s), counted, reason,
    )  # fmt: skip


def test_a_digest_is_never_given_up() -> None:
    outcome = PostOutcome(kind=PostOutcomeKind.RETRY, reason="unreachable")
    settled = dispatch.settlement(outcome, kind=Kind.DIGEST, attempts=500, policy=POLICY, now=NOW)
    assert settled.state is DeliveryState.PENDING


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_and_stay_within_the_longest_and_a_quarter(attempts: int, jitter: float) -> None:
    pause = dispatch.backoff_s(attempts, POLICY, jitter)
    assert 0.75 * POLICY.first_retry_s <= pause <= 1.25 * POLICY.longest_retry_s
    assert dispatch.backoff_s(attempts + 1, POLICY, jitter) >= pause
