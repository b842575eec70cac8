"""What the desk may choose, as small records. `config/` fills them, the core and the stages obey them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from types import MappingProxyType

from bot.core.grouping import GROUP_AT

NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """When an assessment becomes an alert. Thresholds are probabilities of any shift, in [0, 1].

    `alert_at` wakes the desk, `digest_at` (lower) keeps a near miss for the digest; `alert_at_by_position` overrides the first
    for single positions. `pair_at` stands in for it where pairs are judged that somebody chose: shifts are common among them, and
    rare among all that an article says. `near_at` is how close a statement must be to the topic or the line, as a cosine in
    [-1, 1], to wake anybody: what is said beside the topic is kept as a near miss. `max_age_days` keeps old articles silent;
    `known_for_days` is how long a repeated shift is the same, and `told_for_days` how long further reports of it are told in
    its thread. `group_at` is the likeness (`core.likeness`) from which two reports are of one shift. A shift becomes the line
    on record by itself after `line_after_outlets` outlets (0 for never) and `line_after_days` days; the desk can always confirm it.
    `mixed_within_days` is how far apart two voices of a holder that differ may speak to be mixed signals.
    """

    alert_at: float = 0.8
    digest_at: float = 0.3
    pair_at: float = 0.25
    near_at: float = 0.2
    alert_at_by_position: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    max_age_days: float = 7.0
    known_for_days: float = 14.0
    told_for_days: float = 3.0
    group_at: float = GROUP_AT
    line_after_outlets: int = 0
    line_after_days: float = 14.0
    mixed_within_days: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Local times between which nothing is posted, over midnight where `start` is after `end`; `zone` is an IANA name."""

    start: time
    end: time
    zone: str = "UTC"
    contradictions_pass: bool = True
    """Whether contradictions are posted all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchPolicy:
    """How alerts go out: pace, caps and patience."""

    gap_s: float = 1.0
    """Seconds between two messages to one channel."""
    per_hour: int = 20
    """Alerts to one channel in an hour; what is above is held for the digest."""
    quiet: QuietHours | None = None
    max_attempts: int = 12
    first_retry_s: float = 5.0
    longest_retry_s: float = 900.0
    digest_every_s: float = 3600.0
    """How long what is held above the cap waits for its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPolicy:
    """When the daily digest goes out: a local time in `zone`, an IANA name. Who has been silent for `quiet_days` is named."""

    at: time
    zone: str = "UTC"
    quiet_days: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """How feeds are polled. Seconds unless said otherwise."""

    fastest_s: float = 120.0
    slowest_s: float = 4 * 3600.0
    host_gap_s: float = 1.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    total_timeout_s: float = 60.0
    max_bytes: int = 10_000_000
    """Of a body after decompression."""
    user_agent: str = "walkback/0.1 (+contact not configured)"
    allowed_networks: tuple[str, ...] = ()
    """Networks (CIDR) inside the guarded ranges that may be reached all the same, for intranet feeds."""
    revisions: int = 3
    """How often an edited article is assessed again."""
    retention_days: int = 180
    """How long an entry that has left its feed is remembered."""
    text_days: int = 365
    """How long an article's full text is kept; what was said in it, and the ledger, stay for good."""
    obey_robots: bool = True
