"""What is measured, for Prometheus. Whatever must outlive a restart is taken from the tables, at most once in `FRESH_S`."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import quantiles

import numpy as np
import structlog
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from bot.errors import StoreError
from bot.ports import PairScorer
from bot.store import gauges
from bot.store.drift import Drift
from bot.store.engine import snapshot
from bot.store.gauges import Measured
from bot.store.tallies import Tally

log = structlog.get_logger()

FRESH_S = 10.0
ENOUGH = 100
"""Judgements on either side below which drift says nothing."""
JUDGED = frozenset({"alert", "digest", "silent"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """All that `/metrics` tells.

    Args:
        engine: The store.
        clock: The time it is.
        busy: By stage, for how many seconds it has been at one step; None for an idle one.
        wedged: The stages that are at one step for too long.
        about: What names this version and model, as labels.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        busy: Callable[[], Mapping[str, float | None]] = dict,
        wedged: Callable[[], Sequence[str]] = list,
        about: Mapping[str, str] | None = None,
    ) -> None:
        self._registry = CollectorRegistry()
        self.encoder = Histogram(
            "walkback_encoder_seconds",
            "Time of the cross-encoder for one call.",
            registry=self._registry,
            buckets=BUCKETS,
        )
        self.pairs = Histogram(
            "walkback_encoder_pairs", "Pairs in one call of the cross-encoder.", registry=self._registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128),
        )  # fmt: skip
        self._registry.register(_Ledger(engine, clock))
        self._registry.register(_Process(busy, wedged, about or {}))
        ProcessCollector(namespace="walkback", registry=self._registry)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self._registry)

    def timed(self, scorer: PairScorer) -> PairScorer:
        """Return a scorer that does what `scorer` does, and is timed."""
        return _TimedScorer(scorer, self.encoder, self.pairs)


class _TimedScorer:
    def __init__(self, scorer: PairScorer, seconds: Histogram, pairs: Histogram) -> None:
        self._scorer, self._seconds, self._pairs = scorer, seconds, pairs

    @property
    def names(self) -> tuple[str, ...]:
        return self._scorer.names

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self._pairs.observe(len(pairs))
        with self._seconds.time():
            return self._scorer.score(pairs)


class _Ledger(Collector):
    """What the tables say."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self._lock = threading.Lock()
        self._seen: tuple[float, Measured] | None = None

    def describe(self) -> list[Metric]:
        """Nothing, so that registering does not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every metric; only that the database is down where it is."""
        up = GaugeMetricFamily("walkback_database_up", "Whether the database answers.")
        try:
            found = self._measured()
        except StoreError as fault:
            log.warning("metrics_without_database", problem=str(fault))
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _counters(found.tallies)
        yield from _gauges(found, self._clock())

    def _measured(self) -> Measured:
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > FRESH_S:
                with snapshot(self._engine) as connection:
                    self._seen = (time.monotonic(), gauges.measure(connection, self._clock()))
            return self._seen[1]


class _Process(Collector):
    """What only the running process knows."""

    def __init__(
        self,
        busy: Callable[[], Mapping[str, float | None]],
        wedged: Callable[[], Sequence[str]],
        about: Mapping[str, str],
    ) -> None:
        self._busy, self._wedged, self._about = busy, wedged, dict(about)

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("walkback_info", "The version and the model, as labels.", labels=list(self._about))
        info.add_metric(list(self._about.values()), 1)
        yield info
        busy = GaugeMetricFamily(
            "walkback_stage_busy_seconds", "For how long a stage has been at one step; 0 when idle.", labels=["stage"]
        )
        stuck = GaugeMetricFamily(
            "walkback_stage_wedged", "Whether a stage is at one step for too long.", labels=["stage"]
        )
        wedged = set(self._wedged())
        for stage, seconds in self._busy().items():
            busy.add_metric([stage], seconds or 0.0)
            stuck.add_metric([stage], float(stage in wedged))
        yield busy
        yield stuck


def _counters(counted: Sequence[Tally]) -> Iterator[Metric]:
    sums: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for tally in counted:
        for name, labels in _places(tally):
            sums[name][labels] += tally.n
    for name, (words, titles) in _COUNTED.items():
        family = CounterMetricFamily(f"walkback_{name}", words, labels=titles)
        for values, n in sorted(sums[name].items()):
            family.add_metric(list(values), n)
        yield family


_COUNTED = {
    "polls": ("Polls of feeds, by how they ended.", ["outcome"]),
    "articles": ("Articles, by what became of them and why.", ["outcome", "reason"]),
    "candidates": (
        "Statements judged against a position, by what the bot did and the relation.",
        ["decision", "relation"],
    ),
    "passages_dropped": ("What was not worth the encoder's time, by reason.", ["reason"]),
    "alerts": (
        "Statements that the desk was told of, by relation; further accounts of a shift included.",
        ["relation"],
    ),
    "deliveries": ("Attempts to deliver and what else happened to deliveries.", ["outcome"]),
    "verdicts": ("What the desk decided.", ["kind"]),
}


def _places(tally: Tally) -> list[tuple[str, tuple[str, ...]]]:
    """Return under which metrics a tally is counted, and with which labels."""
    outcome, reason = tally.outcome, tally.reason
    if tally.stage == "assess" and outcome in JUDGED:
        judged: list[tuple[str, tuple[str, ...]]] = [("candidates", (outcome, reason))]
        return [*judged, ("alerts", (reason,))] if outcome == "alert" else judged
    named: tuple[str, tuple[str, ...]] | None = _named(tally.stage, outcome, reason)
    return [named] if named else []


def _named(stage: str, outcome: str, reason: str) -> tuple[str, tuple[str, ...]] | None:
    exact: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
        ("ingest", "polled"): ("polls", (reason,)),
        ("ingest", "poll_failed"): ("polls", (reason,)),
        ("ingest", "article"): ("articles", ("new", reason)),
        ("ingest", "skipped"): ("articles", ("not_fetched", reason)),
        ("assess", "dropped"): ("passages_dropped", (reason,)),
    }
    by_stage: dict[str, tuple[str, tuple[str, ...]]] = {
        "assess": ("articles", (outcome, reason)),
        "deliver": ("deliveries", (outcome,)),
        "desk": ("verdicts", (outcome,)),
    }
    return exact.get((stage, outcome)) or by_stage.get(stage)


def _gauges(found: Measured, now: datetime) -> Iterator[Metric]:
    yield GaugeMetricFamily("walkback_statements", "Statements on record.", value=found.statements)
    depth = GaugeMetricFamily("walkback_queue_depth", "How much waits.", labels=["queue"])
    age = GaugeMetricFamily(
        "walkback_queue_age_seconds", "Since when the oldest of it waits; 0 for nothing.", labels=["queue"]
    )
    for name, queue in found.queues.items():
        depth.add_metric([name], queue.depth)
        age.add_metric([name], max(0.0, (now - queue.oldest).total_seconds()) if queue.oldest else 0.0)
    yield depth
    yield age
    feeds = GaugeMetricFamily("walkback_feeds", "Feeds, by how they are; `configured` counts all.", labels=["state"])
    for state, n in found.feeds.items():
        feeds.add_metric([state], n)
    yield feeds
    lag = GaugeMetricFamily(
        "walkback_publish_to_post_seconds",
        "From an article's publication to its alert's post, over the last day.",
        labels=["quantile"],
    )
    for name, seconds in _spread(found.lags_s).items():
        lag.add_metric([name], seconds)
    yield lag
    drift = GaugeMetricFamily(
        "walkback_drift",
        "How far the last week's judgements are from those of the four weeks before, as the population stability index.",
    )
    index = stability_index(found.earlier, found.recent)
    if index is not None:
        drift.add_metric([], index)
    yield drift
    yield _shares(found.week)


def _shares(week: Drift) -> Metric:
    """Return the shares of the last seven days; one of which there is nothing to take a share is left out."""
    shares = GaugeMetricFamily(
        "walkback_week_share",
        "Of the last seven days: articles not read (abstained), read without a tracked topic (off_topic), near misses among "
        "what might have alerted (near_misses), verdicts that called it no shift (rejected).",
        labels=["of"],
    )
    for name in ("abstained", "off_topic", "near_misses", "rejected"):
        share: float | None = getattr(week, name)
        if share is not None:
            shares.add_metric([name], share)
    return shares


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    return {"0.5": cuts[49], "0.95": cuts[94], "1": max(values)}


def stability_index(earlier: Sequence[Tally], recent: Sequence[Tally]) -> float | None:
    """Return the population stability index of the relations, None where either side has too few judgements.

    Sum over the relations of (r - e) ln(r / e) with the shares e and r, each relation counted half a time more; over 0.25 is
    commonly taken as a change worth a look.
    """
    then, now = _by_relation(earlier), _by_relation(recent)
    if min(then.total(), now.total()) < ENOUGH:
        return None
    names = sorted(then.keys() | now.keys())
    total_then, total_now = then.total() + len(names) / 2, now.total() + len(names) / 2
    index = 0.0
    for name in names:
        e, r = (then[name] + 0.5) / total_then, (now[name] + 0.5) / total_now
        index += (r - e) * math.log(r / e)
    return index


def _by_relation(counted: Sequence[Tally]) -> Counter[str]:
    found: Counter[str] = Counter()
    for tally in counted:
        found[tally.reason] += tally.n
    return found
