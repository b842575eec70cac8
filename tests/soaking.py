"""The whole bot under watch for a while: memory, threads, handles, and how long an alert takes. For the proof and the test."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from outlets import CHANNELS, MOVES, TRACKED, Desk, shown
from slack_peer import Faults, Peer
from socket_peer import TOKEN, FakeDesk
from sqlalchemy import Engine, func, select
from working import assessed_by_tally

from bot.errors import StoreError
from bot.store.engine import open_engine, snapshot
from bot.store.schema import articles, feeds

RATES = {"429": 0.02, "5xx": 0.02, "5xx_after": 0.02, "reset_before": 0.02, "reset_after": 0.02, "slow_after": 0.002}
SLOW_S = 9.0
"""How late Slack's slow answers come: later than the bot waits."""
MEGABYTE = 1_000_000
PAGES = ("/metrics", "/", "/readyz", "/shifts")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One look at the bot: `at` seconds after the first. Sizes are in bytes; `others` are its parsers' processes."""

    at: float
    memory: int
    threads: int
    handles: int
    others: int
    others_memory: int
    file: int


@dataclass(kw_only=True)
class Watched:
    """What was seen of a soak, and what went wrong in it."""

    started_s: float = 0.0
    """Seconds until every feed had been read once, which goes without faults."""
    samples: list[Sample] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    """For each alert, seconds from the first serving of its entry to its acceptance by Slack."""
    articles: int = 0
    assessed: int = 0
    states: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    lost: int = 0
    shown_twice: int = 0
    pictures: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    slack_faults: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    exit_code: int = -1

    @property
    def sound(self) -> bool:
        """Whether everything was assessed once and told once, and the bot stopped when it was told to."""
        once = self.assessed == self.articles and set(self.states) == {"assessed"}
        return once and not self.lost and not self.shown_twice and self.exit_code == 0

    def figures(self, settled_from: float) -> dict[str, object]:
        """Return the figures; slopes are over what was seen from the share `settled_from` of the time on."""
        settled = self.samples[int(len(self.samples) * settled_from) :]
        hours = [one.at / 3600 for one in settled]
        first, last = settled[: len(settled) // 4 or 1], settled[-(len(settled) // 4 or 1) :]

        def grows(of: Callable[[Sample], float]) -> float:
            return round(slope(hours, [of(one) for one in settled]), 2)

        return {
            "minutes": round(self.samples[-1].at / 60, 1),
            "first_round_s": round(self.started_s),
            "articles": self.articles,
            "assessed": self.assessed,
            "states": dict(self.states),
            "alerts": self.alerts,
            "pictures": self.pictures,
            "lost": self.lost,
            "shown_twice": self.shown_twice,
            "settled_after_minutes": round(settled[0].at / 60, 1),
            "memory_mb_per_hour": grows(lambda one: one.memory / MEGABYTE),
            "memory_mb_early": round(statistics.median(one.memory for one in first) / MEGABYTE),
            "memory_mb_late": round(statistics.median(one.memory for one in last) / MEGABYTE),
            "memory_mb_most": round(max(one.memory for one in self.samples) / MEGABYTE),
            "parsers": sorted({one.others for one in settled}),
            "parsers_memory_mb_per_hour": grows(lambda one: one.others_memory / MEGABYTE),
            "parsers_memory_mb_late": round(statistics.median(one.others_memory for one in last) / MEGABYTE),
            "threads": [min(one.threads for one in settled), max(one.threads for one in settled)],
            "threads_per_hour": grows(lambda one: one.threads),
            "handles": [min(one.handles for one in settled), max(one.handles for one in settled)],
            "handles_per_hour": grows(lambda one: one.handles),
            "database_mb": round(self.samples[-1].file / MEGABYTE, 1),
            "lag_s": quantiles(self.lags_s),
            "answers_of_feeds": dict(self.answers),
            "slack_faults": dict(self.slack_faults),
            "pages_asked_for": dict(self.pages),
            "exit_code": self.exit_code,
        }


def soak(
    folder: Path,
    *,
    feeds: int,
    seconds: float,
    every_s: float,
    sample_s: float,
    faults: float,
    fastest_s: float = 60.0,
    patience_s: float = 300.0,
    say: Callable[[str], object] = len,
) -> Watched:
    """Let the bot read `feeds` feeds, of which one has something new every `every_s` seconds; return what was seen of it.

    `seconds` count from when every feed was read once, which is silent, and without faults. `folder` is empty, and is where the bot
    works.
    """
    watched, slack = Watched(), FakeDesk(*CHANNELS)
    desk = Desk(feeds, every=2, first=1, pages=5)
    with desk.serving(), Peer(slack.respond, Faults(RATES, seed=3, slow_s=SLOW_S)) as peer:
        slack.base = peer.url
        desk.publish(1)
        port = _configure(folder, desk)
        bot = _start(folder, peer.url, port, fastest_s)
        engine = open_engine(f"sqlite:///{folder}/walkback.db")
        try:
            began = time.monotonic()
            _await(bot, lambda: _has_read(engine, feeds), 1_500.0 + patience_s)
            watched.started_s = time.monotonic() - began
            say(f"every feed was read once after {watched.started_s:.0f} s")
            desk.faults = faults
            _watch(watched, bot, desk, folder, port, seconds=seconds, every_s=every_s, sample_s=sample_s, say=say)
            _await(bot, lambda: _told(slack) == desk.shifts() and _waiting(engine) == 0, patience_s, fails=False)
        finally:
            bot.terminate()
            watched.exit_code = bot.wait(60)
        watched.slack_faults, watched.answers = peer.faults.met, desk.answers
    told, wanted = _told(slack), desk.shifts()
    watched.articles, watched.alerts, watched.assessed = desk.articles, sum(wanted.values()), assessed_by_tally(engine)
    watched.lost, watched.shown_twice = sum((wanted - told).values()), sum((told - wanted).values())
    watched.pictures = sum(bool(m.get("files")) for details in slack.channels.values() for m in details["messages"])
    watched.lags_s = _lags(slack, desk)
    with snapshot(engine) as connection:
        found = connection.execute(select(articles.c.state, func.count()).group_by(articles.c.state))
        watched.states = Counter(dict(found.all()))
    engine.dispose()
    return watched


def _watch(
    watched: Watched,
    bot: subprocess.Popen[bytes],
    desk: Desk,
    folder: Path,
    port: int,
    *,
    seconds: float,
    every_s: float,
    sample_s: float,
    say: Callable[[str], object],
) -> None:
    """Publish and take samples for `seconds`."""
    process, began, dice = psutil.Process(bot.pid), time.monotonic(), random.Random(1)
    published, next_sample = 0, began
    while (now := time.monotonic()) - began < seconds:
        assert bot.poll() is None, "the bot ended by itself"
        while published < (now - began) / every_s:
            desk.published[dice.randrange(desk.number)] += 1
            published += 1
        if now >= next_sample:
            watched.samples.append(_sample(process, now - began, folder / "walkback.db"))
            watched.pages[_ask(port, PAGES[len(watched.samples) % len(PAGES)])] += 1
            next_sample += sample_s
            say(f"{now - began:.0f} s: {watched.samples[-1]}")
        time.sleep(0.05)


def _configure(folder: Path, desk: Desk) -> int:
    """Write the three files of a desk; return a free port for its page."""
    config = folder / "config"
    config.mkdir()
    channels = {f"desk-{n}": channel for n, channel in enumerate(CHANNELS)}
    names = {channel: name for name, channel in channels.items()}
    lines = [
        {
            "id": line.id,
            "holder": line.holder.name,
            "topic": line.topic,
            "baseline": line.baseline,
            "since": line.since.isoformat(),
            "channel": names[line.channel],
        }
        for line in TRACKED
    ]
    papers = [{"url": url, "name": f"Paper {n}", "full_text": not desk.has_pages(n)} for n, url in enumerate(desk.urls)]
    files: dict[str, Any] = {
        "positions": {"holders": [{"name": line.holder.name} for line in TRACKED], "positions": lines},
        "feeds": {"feeds": papers},
        "desk": {
            "default_channel": "desk-0",
            "channels": channels,
            "dispatch": {"per_hour": 100_000, "max_attempts": 100},
            "poll": {"host_gap_s": 0.1, "allowed_networks": ["127.0.0.0/8"]},
        },
    }
    for name, content in files.items():
        (config / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _start(folder: Path, api_url: str, port: int, fastest_s: float) -> subprocess.Popen[bytes]:
    here = Path(__file__).resolve().parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WALKBACK_")} | {
        "PYTHONPATH": str(here.parent),
        "WALKBACK_CONFIG_DIR": str(folder / "config"),
        "WALKBACK_DATA_DIR": str(folder),
        "WALKBACK_SLACK_TOKEN": TOKEN,
        "WALKBACK_SLACK_API_URL": api_url,
        "WALKBACK_WEB_PORT": str(port),
        "WALKBACK_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-W", "ignore", str(here / "whole_bot.py"), str(fastest_s)]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def _await(bot: subprocess.Popen[bytes], done: Callable[[], bool], limit_s: float, *, fails: bool = True) -> None:
    deadline = time.monotonic() + limit_s
    while not done():
        assert bot.poll() is None, "the bot ended by itself: see its log"
        if time.monotonic() > deadline:
            assert not fails, f"it did not come to that within {limit_s:.0f} seconds"
            return
        time.sleep(0.5)


def _has_read(engine: Engine, number: int) -> bool:
    """Whether every feed was read once."""
    try:
        with snapshot(engine) as connection:
            read = connection.scalar(select(func.count()).where(feeds.c.last_success_at.is_not(None)))
    except StoreError:
        return False  # there are no tables yet
    return read == number


def _waiting(engine: Engine) -> int:
    with snapshot(engine) as connection:
        return int(connection.scalar(select(func.count()).where(articles.c.state == "pending")) or 0)


def _sample(process: psutil.Process, at: float, file: Path) -> Sample:
    others_memory = others = 0
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            others_memory, others = others_memory + child.memory_info().rss, others + 1
    size = sum(part.stat().st_size for part in (file, file.with_name(f"{file.name}-wal")) if part.exists())
    with process.oneshot():
        return Sample(
            at=at,
            memory=process.memory_info().rss,
            threads=process.num_threads(),
            handles=process.num_fds(),
            others=others,
            others_memory=others_memory,
            file=size,
        )


def _ask(port: int, path: str) -> str:
    """Ask for a page as a monitor or a reader would; return how that went."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            answer.read()
            return f"{path} {answer.status}"
    except OSError as fault:
        return f"{path} {fault}"


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return by how much `ys` grows for each 1 of `xs`, by least squares; 0.0 for fewer than two points."""
    return statistics.linear_regression(xs, ys).slope if len(set(xs)) > 1 else 0.0


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return the 50th, 95th and 99th percentile, and the largest; nothing for fewer than two values."""
    if len(values) < 2:
        return {}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {f"p{at}": round(cuts[at - 1], 2) for at in (50, 95, 99)} | {"most": round(max(values), 2)}


def _told(slack: FakeDesk) -> Counter[str]:
    return shown(m for details in slack.channels.values() for m in list(details["messages"]) if not m["thread_ts"])


def _lags(slack: FakeDesk, desk: Desk) -> list[float]:
    """Return for each alert the time from the feed's first serving of its entry to Slack's acceptance, in seconds."""
    lags = []
    for details in slack.channels.values():
        for message in details["messages"]:
            found = None if message["thread_ts"] else MOVES.search(repr(message.get("blocks")))
            if found and found[0] in desk.first_served:
                lags.append(float(message["ts"]) - desk.first_served[found[0]])
    return lags
