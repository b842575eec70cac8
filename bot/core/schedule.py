"""When a feed is polled next, and what a poll's end means for it.

Everything here is decided from what is stored about a feed (`FeedState`), what a poll brought (`Observation`), the desk's
`PollPolicy`, the time and a number from a random generator; the stage stores the `Plan` and decides nothing itself.

The rules, in the order in which they bind:

1. A feed that says 410 is "gone": asked again once a week, active again as soon as it answers.
2. Retry-After is obeyed (seconds or a date), within `fastest_s` and a day; nonsense counts as absent.
3. A failure doubles the wait from `fastest_s` up to `slowest_s` and stays there; no number of failures stops a feed.
4. A success is followed by a quarter of the feed's cadence, or by what its TTL or Cache-Control asks where that is longer, but
   always within `fastest_s` and `slowest_s`: a feed that asks for more than `slowest_s` is not given it.
5. Jitter only ever lengthens a wait, by up to a tenth, so that no bound is undercut. After a poll that others came with (a
   feed's first, or one that the bot was not there for) it is up to the whole wait: a thousand feeds that are read in the first
   ten seconds would else stay together, and what they bring would come in gusts that take minutes to judge.

A permanent redirect is followed at once and adopted only after it has led to a readable feed for `REDIRECT_HELD`; an adopted
address that fails `ABANDON_AFTER` times in a row is given up for the configured one. Conditional requests are dropped once a
day, since some servers freeze their validators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from itertools import pairwise
from statistics import median

from bot.core.policies import PollPolicy

REDIRECT_HELD = timedelta(days=7)
ABANDON_AFTER = 3
GONE_EVERY_S = 7 * 86_400.0
FULL_FETCH_EVERY = timedelta(hours=24)
LONGEST_RETRY_AFTER_S = 86_400.0
JITTER, SPREAD = 0.1, 1.0
POLLS_PER_CADENCE = 4.0
QUIET_FACTOR = 3.0
CADENCE_OVER = 12
LONGEST_DOUBLING = 16


class Outcome(StrEnum):
    """How a poll ended. The first four are successes; every other one is a failure with its own advice."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    UNCHANGED = "unchanged"
    PARTIAL = "partial"

    REFUSED = "refused"
    BAD_ADDRESS = "bad_address"
    NO_SUCH_HOST = "no_such_host"
    NO_CONNECTION = "no_connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    DROPPED = "dropped"
    NOT_HTTP = "not_http"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    REDIRECT_LOOP = "redirect_loop"

    GONE = "gone"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    HTTP_ERROR = "http_error"

    EMPTY = "empty"
    HTML = "html"
    LOGIN_PAGE = "login_page"
    NOT_A_FEED = "not_a_feed"
    PARSE_LIMIT = "parse_limit"
    PARSE_CRASH = "parse_crash"
    ERROR = "error"

    @property
    def succeeded(self) -> bool:
        """Whether the feed answered as a feed should."""
        return self in (Outcome.OK, Outcome.NOT_MODIFIED, Outcome.UNCHANGED, Outcome.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is stored about a feed when it is claimed for a poll."""

    url: str
    name: str
    fetch_url: str
    created_at: datetime
    next_poll_at: datetime
    outlet: str = ""
    language: str = "en"
    first_run: str = "silent"
    full_text: bool = False
    status: str = "active"
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    interval_s: float = 600.0
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    last_full_fetch_at: datetime | None = None
    failures: int = 0
    moved_to: str | None = None
    moved_since: datetime | None = None
    late_page_at: datetime | None = None
    """When the first of the pages is asked for again that could not be had."""

    @property
    def untried(self) -> bool:
        """Whether it has never answered as a feed: its next success is its first run."""
        return self.last_success_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one poll brought. `retry_after` and `cache_control` are the raw headers; `ttl_s` is what the document asks.

    `moved_to` is where permanent redirects alone led, None without one. `times` are publication times of recent entries.
    """

    outcome: Outcome
    problem: str = ""
    retry_after: str = ""
    cache_control: str = ""
    ttl_s: float | None = None
    moved_to: str | None = None
    times: Sequence[datetime] = ()
    new_entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is stored after a poll, with the reason of the wait in words."""

    next_poll_at: datetime
    interval_s: float
    reason: str
    failures: int
    status: str
    fetch_url: str
    moved_to: str | None
    moved_since: datetime | None


def plan(state: FeedState, seen: Observation, policy: PollPolicy, now: datetime, chance: float) -> Plan:
    """Decide the next poll. `chance` is a random number in [0, 1)."""
    wait_s, reason = _wait(state, seen, policy, now)
    failures = 0 if seen.outcome.succeeded else state.failures + 1
    fetch_url, moved_to, moved_since = _address(state, seen, failures, now)
    return Plan(
        next_poll_at=now + timedelta(seconds=wait_s * (1.0 + _jitter(state, wait_s, now) * chance)),
        interval_s=wait_s,
        reason=reason,
        failures=failures,
        status="gone" if seen.outcome is Outcome.GONE else "active",
        fetch_url=fetch_url,
        moved_to=moved_to,
        moved_since=moved_since,
    )


def _jitter(state: FeedState, wait_s: float, now: datetime) -> float:
    """Return by how much of itself a wait may be lengthened."""
    late = now - state.next_poll_at >= timedelta(seconds=wait_s)
    return SPREAD if state.untried or late else JITTER


def _wait(state: FeedState, seen: Observation, policy: PollPolicy, now: datetime) -> tuple[float, str]:
    if seen.outcome is Outcome.GONE:
        return GONE_EVERY_S, "gone: asked again once a week"
    asked = None if seen.outcome.succeeded else retry_after_s(seen.retry_after, now)
    if asked is not None:
        return min(max(asked, policy.fastest_s), LONGEST_RETRY_AFTER_S), "the server named a time"
    if not seen.outcome.succeeded:
        doublings = min(state.failures, LONGEST_DOUBLING)
        return min(policy.fastest_s * 2.0**doublings, policy.slowest_s), f"failure {state.failures + 1} in a row"
    if seen.outcome is Outcome.PARTIAL:
        return policy.fastest_s, "more entries wait in the feed"
    return _success_wait(state, seen, policy, now)


def _success_wait(state: FeedState, seen: Observation, policy: PollPolicy, now: datetime) -> tuple[float, str]:
    own = cadence_s(seen.times, now)
    if seen.outcome is Outcome.OK and not seen.times:
        wait_s, reason = min(policy.fastest_s * 4, policy.slowest_s), "nothing in the feed to take a cadence from"
    elif own is None:
        wait_s, reason = state.interval_s, "as before"
    else:
        wait_s, reason = own / POLLS_PER_CADENCE, "a quarter of the feed's cadence"
    bounds = [(seen.ttl_s, "the feed's TTL"), (max_age_s(seen.cache_control), "Cache-Control")]
    for bound, name in bounds:
        if bound is not None and bound > wait_s:
            wait_s, reason = bound, name
    return min(max(wait_s, policy.fastest_s), policy.slowest_s), reason


def _address(
    state: FeedState, seen: Observation, failures: int, now: datetime
) -> tuple[str, str | None, datetime | None]:
    """Return where to poll from now on, and the redirect under observation with the time it was first met."""
    if not seen.outcome.succeeded:
        if state.fetch_url != state.url and failures >= ABANDON_AFTER:
            return state.url, None, None
        return state.fetch_url, None, None
    if seen.moved_to is None or seen.moved_to == state.fetch_url:
        return state.fetch_url, None, None
    if seen.moved_to != state.moved_to or state.moved_since is None:
        return state.fetch_url, seen.moved_to, now
    if now - state.moved_since >= REDIRECT_HELD:
        return seen.moved_to, None, None
    return state.fetch_url, state.moved_to, state.moved_since


def cadence_s(times: Sequence[datetime], now: datetime) -> float | None:
    """Return the seconds between entries: the median gap of the latest dozen, stretched while the feed is silent.

    The time since the newest entry counts by a quarter, so that a hot feed's quiet night slows its polls but does not stop
    them. None for fewer than two times; entries that share one time count once.
    """
    latest = sorted({time for time in times if time <= now + timedelta(days=1)}, reverse=True)[:CADENCE_OVER]
    if len(latest) < 2:
        return None
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(latest)]
    silent_s = max((now - latest[0]).total_seconds(), 0.0)
    return max(median(gaps), silent_s / 4.0)


def silent_for_s(times: Sequence[datetime], now: datetime, *, at_least_s: float = 3600.0) -> float | None:
    """Return how long a feed has been silent if that is over three times its own cadence, else None.

    The cadence is the median gap alone, and no less than `at_least_s`, so that a burst does not make an hour suspicious.
    """
    latest = sorted(set(times), reverse=True)[:CADENCE_OVER]
    if len(latest) < 3:
        return None
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(latest)]
    silent_s = (now - latest[0]).total_seconds()
    return silent_s if silent_s > QUIET_FACTOR * max(median(gaps), at_least_s) else None


def is_full_fetch_due(state: FeedState, now: datetime) -> bool:
    """Whether this poll goes out without validators and is parsed even if its bytes are the same."""
    return state.last_full_fetch_at is None or now - state.last_full_fetch_at >= FULL_FETCH_EVERY


def retry_after_s(raw: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; None where it is absent, negative, past or nonsense."""
    text = raw.strip()
    if not text:
        return None
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text) if len(text) < 20 else None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - now).total_seconds()
    return seconds if seconds > 0 else None


def max_age_s(cache_control: str) -> float | None:
    """Return what Cache-Control forbids to ask before, in seconds; None where it forbids nothing or is nonsense."""
    directives: dict[str, str] = {}
    for part in cache_control.lower().split(","):
        name, _, value = part.strip().partition("=")
        directives.setdefault(name.strip(), value.strip().strip('"'))
    if "no-cache" in directives or "no-store" in directives:
        return None
    value = directives.get("max-age", "")
    if not (value.isascii() and value.isdigit()) or len(value) > 12:
        return None
    return float(value) or None
