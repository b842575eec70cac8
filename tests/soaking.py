"""A bot under watch for a while: its memory, threads and file handles, and how long an alert takes. For the proof and the test."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil
import working
from slack_peer import FakeSlack, Faults, Peer

from bot.store.engine import open_engine

RATES = {"429": 0.02, "5xx": 0.02, "5xx_after": 0.02, "reset_before": 0.02, "reset_after": 0.02}
MEGABYTE = 1_000_000


@dataclass(kw_only=True)
class Watched:
    """What was seen: samples of (seconds, bytes, threads, handles), seconds until each alert was accepted, and what went wrong."""

    samples: list[tuple[float, int, int, int]] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    articles: int = 0
    alerts: int = 0
    lost: int = 0
    shown_twice: int = 0

    def figures(self, settled_from: float) -> dict[str, object]:
        """Return the figures; slopes are over what was seen from the share `settled_from` of the time on."""
        settled = self.samples[int(len(self.samples) * settled_from) :]
        hours = [at / 3600 for at, *_ in settled]
        return {
            "seconds": round(self.samples[-1][0]),
            "articles": self.articles,
            "alerts": self.alerts,
            "lost": self.lost,
            "shown_twice": self.shown_twice,
            "memory_mb_at_end": round(self.samples[-1][1] / MEGABYTE),
            "memory_mb_per_hour": round(slope(hours, [one[1] / MEGABYTE for one in settled]), 2),
            "threads": sorted({one[2] for one in settled}),
            "threads_per_hour": round(slope(hours, [one[2] for one in settled]), 2),
            "handles_per_hour": round(slope(hours, [one[3] for one in settled]), 2),
            "handles_at_end": self.samples[-1][3],
            "lag_s": quantiles(self.lags_s),
        }


def soak(
    database_url: str,
    *,
    feeds: int,
    seconds: float,
    every_s: float,
    sample_s: float,
    faults: float,
    patience_s: float = 120.0,
    say: Callable[[str], object] = len,
) -> Watched:
    """Let a bot poll `feeds` feeds, of which one has something new every `every_s` seconds, for a while; return what was seen."""
    engine, watched = open_engine(database_url), Watched()
    slack, desk = FakeSlack(*working.CHANNELS), working.Desk(feeds, every=1, faults=faults)
    with desk.serving(), Peer(slack.respond, Faults(RATES, seed=3)) as peer:
        desk.configure(engine)
        bot = working.start(database_url, peer.url)
        try:
            process, began, published = psutil.Process(bot.pid), time.monotonic(), 0
            next_sample = began
            while (now := time.monotonic()) - began < seconds:
                assert bot.poll() is None, "the bot ended by itself"
                while published < (now - began) / every_s:
                    desk.published[published % feeds] += 1
                    published += 1
                if now >= next_sample:
                    watched.samples.append(_sample(process, now - began))
                    next_sample += sample_s
                    say(f"{now - began:.0f} s: {watched.samples[-1]}")
                time.sleep(0.05)
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline and _told(slack) != desk.shifts():
                time.sleep(0.2)
        finally:
            bot.kill()
            bot.wait()
    engine.dispose()
    told, wanted = _told(slack), desk.shifts()
    watched.articles, watched.alerts = desk.articles, sum(wanted.values())
    watched.lost, watched.shown_twice = sum((wanted - told).values()), sum((told - wanted).values())
    watched.lags_s = _lags(slack, desk)
    return watched


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return by how much `ys` grows for each 1 of `xs`, by least squares; 0.0 for fewer than two points."""
    return statistics.linear_regression(xs, ys).slope if len(set(xs)) > 1 else 0.0


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return the 50th, 95th and 99th percentile; nothing for fewer than two values."""
    if len(values) < 2:
        return {}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {f"p{at}": round(cuts[at - 1], 2) for at in (50, 95, 99)}


def _sample(process: psutil.Process, at: float) -> tuple[float, int, int, int]:
    with process.oneshot():
        return at, process.memory_info().rss, process.num_threads(), process.num_fds()


def _told(slack: FakeSlack) -> working.Counter[str]:
    return working.shown(m for details in slack.channels.values() for m in list(details["messages"]))


def _lags(slack: FakeSlack, desk: working.Desk) -> list[float]:
    """Return for each alert the time from the feed's first serving of its entry to Slack's acceptance, in seconds."""
    lags = []
    for details in slack.channels.values():
        for message in details["messages"]:
            found = working.MOVES.search(repr(message.get("blocks")))
            if found and found[0] in desk.first_served:
                lags.append(float(message["ts"]) - desk.first_served[found[0]])
    return lags
