from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.policies import PollPolicy
from bot.core.schedule import (
    ABANDON_AFTER,
    GONE_EVERY_S,
    LONGEST_RETRY_AFTER_S,
    REDIRECT_HELD,
    FeedState,
    Observation,
    Outcome,
    cadence_s,
    is_full_fetch_due,
    max_age_s,
    plan,
    retry_after_s,
    silent_for_s,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
POLICY = PollPolicy(fastest_s=120, slowest_s=4 * 3600)
HOUR = 3600.0


def state(**changes) -> FeedState:
    values = {"url": "https://a.example/feed", "name": "A", "fetch_url": "https://a.example/feed"}
    values |= {"created_at": NOW, "next_poll_at": NOW, "last_success_at": NOW, "interval_s": 900.0}
    return FeedState(**(values | changes))


def every(seconds: float, n: int = 10, newest: datetime = NOW) -> list[datetime]:
    return [newest - timedelta(seconds=seconds * i) for i in range(n)]


def wait(before: FeedState, seen: Observation, chance: float = 0.0) -> float:
    return (plan(before, seen, POLICY, NOW, chance).next_poll_at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("seen", "expected_s"),
    [
        pytest.param({"times": every(60)}, 120, id="a hot feed is asked every two minutes"),
        pytest.param({"times": every(HOUR)}, 900, id="a feed with an entry an hour every quarter of an hour"),
        pytest.param({"times": every(7 * 24 * HOUR)}, 4 * HOUR, id="a weekly feed as slowly as allowed"),
        pytest.param(
            {"times": every(60, newest=NOW - timedelta(hours=8))}, 1800, id="a hot feed's quiet night slows it"
        ),
        pytest.param({"times": every(60), "ttl_s": 1800.0}, 1800, id="TTL is a lower bound"),
        pytest.param({"times": every(HOUR), "ttl_s": 60.0}, 900, id="a TTL below the cadence changes nothing"),
        pytest.param({"times": every(60), "ttl_s": 1e9}, 4 * HOUR, id="an absurd TTL is capped"),
        pytest.param({"times": every(60), "cache_control": "public, max-age=600"}, 600, id="max-age is a lower bound"),
        pytest.param({"times": every(60), "cache_control": "no-cache, max-age=600"}, 120, id="no-cache lifts max-age"),
        pytest.param({"times": every(60), "cache_control": "max-age=banana"}, 120, id="nonsense max-age is ignored"),
        pytest.param({"times": every(60), "retry_after": "7200"}, 120, id="Retry-After on a success is ignored"),
        pytest.param({"times": []}, 480, id="a feed without dates is asked every few minutes"),
        pytest.param({"times": [NOW]}, 900, id="one date gives no cadence: as before"),
    ],
)
def test_a_success_is_followed_by_the_feeds_own_pace_within_what_headers_allow(seen, expected_s):
    assert wait(state(), Observation(outcome=Outcome.OK, **seen)) == pytest.approx(expected_s)


def test_not_modified_keeps_the_pace():
    assert wait(state(interval_s=700.0), Observation(outcome=Outcome.NOT_MODIFIED)) == 700.0


@pytest.mark.parametrize(
    ("failures", "expected_s"),
    [(0, 120), (1, 240), (2, 480), (5, 3840), (6, 7680), (7, 4 * HOUR), (50, 4 * HOUR), (10**9, 4 * HOUR)],
)
def test_failures_double_the_wait_and_never_stop_a_feed(failures, expected_s):
    decided = plan(state(failures=failures), Observation(outcome=Outcome.UNAVAILABLE), POLICY, NOW, 0.0)
    assert (decided.next_poll_at - NOW).total_seconds() == expected_s
    assert decided.status == "active"
    assert decided.failures == failures + 1


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.succeeded])
def test_any_success_ends_the_count_of_failures(outcome):
    assert plan(state(failures=9), Observation(outcome=outcome), POLICY, NOW, 0.0).failures == 0


@pytest.mark.parametrize(
    ("raw", "expected_s"),
    [
        ("600", 600),
        ("1", 120),
        ("999999999", LONGEST_RETRY_AFTER_S),
        ("Mon, 02 Mar 2026 13:00:00 GMT", HOUR),
        ("Monday, 02-Mar-26 13:00:00 GMT", HOUR),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 120),
        ("-5", 120),
        ("soon", 120),
        ("", 120),
        ("9" * 400, 120),
        ("120.5", 120.5),
        ("Mon, 99 Foo 2026 13:00:00 GMT", 120),
        ("\u0663\u0664", 120),
    ],
)
def test_retry_after_is_obeyed_in_every_form_and_nonsense_is_a_plain_failure(raw, expected_s):
    assert wait(state(), Observation(outcome=Outcome.RATE_LIMITED, retry_after=raw)) == expected_s


def test_a_gone_feed_is_asked_weekly_and_is_active_again_when_it_answers():
    gone = plan(state(), Observation(outcome=Outcome.GONE), POLICY, NOW, 0.0)
    assert (gone.status, (gone.next_poll_at - NOW).total_seconds()) == ("gone", GONE_EVERY_S)
    assert plan(state(status="gone"), Observation(outcome=Outcome.OK), POLICY, NOW, 0.0).status == "active"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_jitter_only_lengthens_a_wait_by_at_most_a_tenth(outcome):
    seen = Observation(outcome=outcome, times=every(HOUR))
    shortest, longest = wait(state(), seen, 0.0), wait(state(), seen, 0.999)
    assert shortest < longest <= shortest * 1.1


@pytest.mark.parametrize("together", [{"last_success_at": None}, {"next_poll_at": NOW - timedelta(seconds=900)}])
def test_feeds_that_were_polled_together_spread_over_their_whole_wait_and_none_comes_early(together):
    seen = Observation(outcome=Outcome.OK, times=every(HOUR))
    assert (wait(state(**together), seen, 0.0), wait(state(**together), seen, 0.5)) == (900, 1350)


def test_a_partial_harvest_is_taken_up_soon():
    assert wait(state(), Observation(outcome=Outcome.PARTIAL, times=every(7 * 24 * HOUR))) == 120


MOVED = "https://b.example/feed"


def test_a_permanent_redirect_is_adopted_only_after_it_has_held():
    seen = Observation(outcome=Outcome.OK, moved_to=MOVED)
    first = plan(state(), seen, POLICY, NOW, 0.0)
    assert (first.fetch_url, first.moved_to, first.moved_since) == (state().fetch_url, MOVED, NOW)
    met = NOW - REDIRECT_HELD
    early = plan(state(moved_to=MOVED, moved_since=met + timedelta(hours=1)), seen, POLICY, NOW, 0.0)
    assert (early.fetch_url, early.moved_since) == (state().fetch_url, met + timedelta(hours=1))
    late = plan(state(moved_to=MOVED, moved_since=met), seen, POLICY, NOW, 0.0)
    assert (late.fetch_url, late.moved_to) == (MOVED, None)


@pytest.mark.parametrize(
    "seen",
    [
        Observation(outcome=Outcome.HTML, moved_to=MOVED),
        Observation(outcome=Outcome.OK, moved_to="https://c.example/"),
        Observation(outcome=Outcome.OK),
    ],
    ids=["it led to a page", "it led elsewhere", "it was withdrawn"],
)
def test_a_redirect_that_changes_meanwhile_is_not_adopted(seen):
    before = state(moved_to=MOVED, moved_since=NOW - 2 * REDIRECT_HELD)
    assert plan(before, seen, POLICY, NOW, 0.0).fetch_url == before.url


def test_an_adopted_address_that_keeps_failing_is_given_up_for_the_configured_one():
    seen = Observation(outcome=Outcome.NOT_FOUND)
    patient = plan(state(fetch_url=MOVED, failures=ABANDON_AFTER - 2), seen, POLICY, NOW, 0.0)
    assert patient.fetch_url == MOVED
    tired = plan(state(fetch_url=MOVED, failures=ABANDON_AFTER - 1), seen, POLICY, NOW, 0.0)
    assert tired.fetch_url == state().url


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], None),
        ([NOW], None),
        ([NOW, NOW, NOW], None),
        (every(600), 600),
        ([*every(600), datetime(2031, 1, 1, tzinfo=UTC)], 600),
        ([NOW, NOW - timedelta(minutes=1), NOW - timedelta(days=30)], (30 * 86400 - 60 + 60) / 2),
    ],
)
def test_cadence_is_the_median_gap_of_dates_that_can_be_believed(times, expected):
    assert cadence_s(times, NOW) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("times", "is_silent"),
    [
        (every(HOUR, newest=NOW - timedelta(hours=2)), False),
        (every(HOUR, newest=NOW - timedelta(hours=4)), True),
        (every(60, newest=NOW - timedelta(hours=2)), False),
        (every(60, newest=NOW - timedelta(hours=4)), True),
        (every(86400.0, newest=NOW - timedelta(days=2)), False),
        (every(HOUR, n=2, newest=NOW - timedelta(days=30)), False),
    ],
)
def test_a_feed_is_silent_after_three_times_its_cadence_and_never_within_three_hours(times, is_silent):
    assert (silent_for_s(times, NOW) is not None) == is_silent


def test_a_full_fetch_is_due_once_a_day():
    assert is_full_fetch_due(state(), NOW)
    assert not is_full_fetch_due(state(last_full_fetch_at=NOW - timedelta(hours=23)), NOW)
    assert is_full_fetch_due(state(last_full_fetch_at=NOW - timedelta(hours=24)), NOW)


def test_header_readers_take_any_text():
    for raw in ("", "0", "max-age=0", "max-age=", "=,=,", "max-age=" + "9" * 99, 'max-age="60"'):
        assert max_age_s(raw) in (None, 60.0)
    assert retry_after_s("0", NOW) == 0.0
