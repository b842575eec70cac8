"""Worker processes over PostgreSQL, feeds and a Slack for them, and the run that kills them: for the test and the long proofs.

    python tests/working.py DATABASE_URL API_URL STAGE,…

Everything is real but the judge, which finds what the article's text says that it should, and Slack. Time is scaled.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import feed_sites as sites
import numpy as np
import structlog
from slack_peer import TOKEN
from sqlalchemy import Engine, select

from bot.core.policies import AlertPolicy, DispatchPolicy, PollPolicy
from bot.domain import (
    Article,
    Assessment,
    Candidate,
    Decision,
    Feed,
    Holder,
    Position,
    Relation,
    Ruling,
    Statement,
    identify,
    text_hash,
)
from bot.errors import StoreError
from bot.ports import Extracted
from bot.runtime.guards import alone
from bot.runtime.local import LocalRuntime, Work
from bot.stages.announce import Announce, unannounced
from bot.stages.assess import Assess
from bot.stages.deliver import Deliver
from bot.stages.ingest import Ingest
from bot.stages.judge import JudgedArticle
from bot.store import feeds, positions, tallies
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.schema import articles as article_table
from bot.store.schema import deliveries as delivery_table

POLLING = PollPolicy(fastest_s=1.0, slowest_s=3.0, host_gap_s=0.0, allowed_networks=("127.0.0.0/8",), obey_robots=False)
PACE = DispatchPolicy(gap_s=0.01, per_hour=1_000_000, first_retry_s=0.1, longest_retry_s=1.0, max_attempts=1_000)
CHANNELS = ("C0DESKONE", "C0DESKTWO", "C0DESKSIX", "C0DESKTEN")
TRACKED = tuple(
    Position(
        id=f"line-{n}",
        holder=Holder(name=f"Norland {n}"),
        topic="tanks",
        baseline="Norland will send no tanks.",
        since=date(2026, 1, 1),
        channel=channel,
    )
    for n, channel in enumerate(CHANNELS)
)
ALERT = Ruling(decision=Decision.ALERT, reason="shift at 0.80, threshold 0.50")
BROKEN = (
    sites.reply(status="503 Service Unavailable"),
    sites.reply(b"<html>Back soon</html>", Content_Type="text/html"),
    b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss>",
    b"",
)
MOVES = re.compile(r"Line (\d+) moves by number \w+\.")


class Apart:
    """Likens no text to any other, so that each shift is one of its own."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors that are nearly orthogonal for different texts."""
        return np.stack([_vector(text) for text in texts])


def _vector(text: str) -> np.ndarray:
    drawn = np.random.default_rng(int(text_hash(text)[:8], 16)).normal(size=256)
    return drawn / np.linalg.norm(drawn)


class Judge:
    """Finds one shift where the text says that a line moves, and computes for `cost_s` as a model would."""

    def __init__(self, tracked: Sequence[Position], cost_s: float) -> None:
        self.tracked = tracked
        self.cost_s = cost_s

    def judge(self, article: Article, now: datetime, *_: object) -> JudgedArticle:
        """Return what an article does."""
        until = time.thread_time() + self.cost_s
        while time.thread_time() < until:
            pass
        found = MOVES.search(article.text)
        made = ((self._assessment(article, found), ALERT),) if found else ()
        return JudgedArticle(article=article, assessments=made, sentences=2)

    def _assessment(self, article: Article, found: re.Match[str]) -> Assessment:
        position = next(each for each in self.tracked if each.id == f"line-{found[1]}")
        words = found[0]
        statement = Statement(
            id=identify(article.id, found.start()),
            article_id=article.id,
            start=found.start(),
            end=found.end(),
            text=words,
            speaker="Ada Berg",
            holder=position.holder.name,
        )
        candidate = Candidate(
            statement=statement, position=position, similarity=0.7, title=article.title, published=article.published
        )
        return Assessment(
            candidate=candidate,
            relation=Relation.SOFTENING,
            probabilities=dict.fromkeys(Relation, 0.04) | {Relation.SOFTENING: 0.8},
            evidence=words,
            reason="because",
            model="test",
        )


class NoPages:
    """Takes no page: feeds carry whole articles."""

    def extract(self, page: str, *, url: str) -> Extracted:
        """Return the page."""
        return Extracted(text=page, canonical_url=url)


@dataclass
class Desk:
    """Feeds on loopback, each on a host of its own, and what they publish: every `every`-th article moves a line."""

    number: int
    every: int = 3
    faults: float = 0.0
    """The share of requests that a feed's server refuses, leaves unanswered half way, or answers with nonsense."""
    published: list[int] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    first_served: dict[str, float] = field(default_factory=dict)

    def publish(self, each: int) -> None:
        """Let every feed have `each` more articles."""
        self.published = [n + each for n in self.published]

    @property
    def articles(self) -> int:
        """How many articles were published."""
        return sum(self.published)

    def shifts(self) -> Counter[str]:
        """Return the words of every alert that is to be shown, by channel."""
        return Counter(
            _words(n, k) for n, total in enumerate(self.published) for k in range(total) if k % self.every == 0
        )

    @contextmanager
    def serving(self) -> Iterator[Desk]:
        """Serve the feeds until the end of the block."""
        self.published = [0] * self.number
        with sites.running(*(self._answer(n) for n in range(self.number))) as servers:
            self.urls = [f"{server.url}/feed" for server in servers]
            yield self

    def configure(self, engine: Engine) -> None:
        """Put the positions and the feeds into a store."""
        wanted = [Feed(url=url, name=f"Paper {n}", first_run="post", full_text=True) for n, url in enumerate(self.urls)]
        with transaction(engine) as connection:
            positions.seed(connection, TRACKED, datetime.now(UTC))
            feeds.sync_feeds(connection, wanted, datetime.now(UTC))

    def _answer(self, n: int) -> sites.Answer:
        dice = random.Random(n)

        def answer(request: sites.Request, connection: object) -> bool:
            if dice.random() < self.faults:
                connection.sendall(dice.choice(BROKEN))
                return False
            total = self.published[n]
            tag = f'"{total}"'
            if request.headers.get("if-none-match") == tag:
                connection.sendall(sites.reply(status="304 Not Modified", ETag=tag))
                return True
            for k in range(total):
                self.first_served.setdefault(_words(n, k), time.time())
            items = [
                sites.item(f"{n}-{k}", f"http://paper-{n}.example/{k}", _text(n, k, self.every)) for k in range(total)
            ]
            connection.sendall(sites.reply(sites.rss(*items), ETag=tag))
            return True

        return answer


def _words(n: int, k: int) -> str:
    return f"Line {n % len(TRACKED)} moves by number {n}x{k}."


def _text(n: int, k: int, every: int) -> str:
    letters = str.maketrans("0123456789", "ghijklmnop")
    drawn = [text_hash(f"{n} {k} {extra}").translate(letters) for extra in range(12)]
    filling = " ".join(f"Then {one[:6]} {one[6:13]} {one[13:18]} {one[18:26]} {one[26:31]}." for one in drawn)
    return f"{filling} {_words(n, k) if k % every == 0 else 'Nothing moves.'}"


@dataclass(kw_only=True)
class Outcome:
    """What a run came to."""

    seconds: float = 0.0
    kills: int = 0
    restarts: int = 0
    states: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    takeovers_s: list[float] = field(default_factory=list)
    """For each kill that left claims: seconds until all that the dead had claimed was done."""


def work_and_kill(
    database_url: str,
    api_url: str,
    desk: Desk,
    *,
    each: int,
    workers: int,
    kills: int,
    limit_s: float,
    every_s: tuple[float, float] = (0.5, 1.5),
    restart: Callable[[], object] | None = None,
    restarts: int = 0,
    seed: int = 5,
    cost_s: float = 0.0,
    say: Callable[[str], object] = len,
) -> Outcome:
    """Let `workers` processes work until every feed has had `each` articles and all is shown, killing some meanwhile.

    More is published as the work goes, for as long as there are kills to come; a worker is killed only where something was done
    since the last kill, so that a slow machine comes forward, too.
    """
    dice, outcome, began = random.Random(seed), Outcome(), time.monotonic()
    engine = open_engine(database_url)
    running = [start(database_url, api_url, cost_s=cost_s) for _ in range(workers)]
    left: list[tuple[float, set[str]]] = []
    kill_at, done_at_kill = began, 0
    restart_after = [kills * (n + 1) // (restarts + 1) for n in range(restarts)]
    try:
        while time.monotonic() - began < limit_s:
            time.sleep(0.05)
            assert all(worker.poll() is None for worker in running), "a worker ended by itself"
            if restart is not None and restart_after and outcome.kills >= restart_after[0]:
                restart_after.pop(0)
                restart()
                outcome.restarts += 1
            try:
                claimed = _look(engine, outcome)
            except StoreError:
                continue  # the database is restarting
            left = [(at, ids & claimed) for at, ids in left]
            outcome.takeovers_s += [time.monotonic() - at for at, ids in left if not ids]
            left = [(at, ids) for at, ids in left if ids]
            assessed = outcome.states["assessed"]
            more = min(desk.published) < each or outcome.kills < kills
            if more and assessed >= desk.articles - desk.number:
                desk.publish(1)
            if not more and assessed >= desk.articles and set(outcome.deliveries) <= {"posted"} and not left:
                break
            if outcome.kills < kills and assessed > done_at_kill and time.monotonic() > kill_at:
                victim = running.pop(dice.randrange(workers))
                victim.kill()
                victim.wait()
                outcome.kills += 1
                left.append((time.monotonic(), claimed))
                say(f"kill {outcome.kills}: {dict(outcome.states)} {dict(outcome.deliveries)}")
                running.append(start(database_url, api_url, cost_s=cost_s))
                kill_at, done_at_kill = time.monotonic() + dice.uniform(*every_s), assessed
    finally:
        for worker in running:
            worker.kill()
            worker.wait()
        engine.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def _look(engine: Engine, outcome: Outcome) -> set[str]:
    """Note how far everything is; return the articles that somebody has claimed and not finished."""
    a, d = article_table.c, delivery_table.c
    with snapshot(engine) as connection:
        outcome.states = Counter(connection.scalars(select(a.state)))
        outcome.deliveries = Counter(connection.scalars(select(d.state)))
        return set(connection.scalars(select(a.id).where(a.claimed_until.is_not(None), a.state == "pending")))


def assessed_by_tally(engine: Engine) -> int:
    """Return how often an article was assessed, as counted in the transactions that did it."""
    with snapshot(engine) as connection:
        every = tallies.totals(connection, date(2000, 1, 1))
    return sum(tally.n for tally in every if (tally.stage, tally.outcome) == ("assess", "assessed"))


def shown(messages: Iterator[dict]) -> Counter[str]:
    """Return the words of the alerts among messages."""
    return Counter(found[0] for message in messages if (found := MOVES.search(repr(message.get("blocks")))))


def start(
    database_url: str, api_url: str, stages: str = "ingest,assess,deliver", *, cost_s: float = 0.0
) -> subprocess.Popen[bytes]:
    """Start a worker."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    command = [sys.executable, "-W", "ignore", __file__, database_url, api_url, stages, str(cost_s)]
    return subprocess.Popen(command, env=environment)


def main(database_url: str, api_url: str, stages: str, cost_s: str) -> None:
    """Work until killed, with the queue's patience scaled down: a worker on PostgreSQL, the one bot on SQLite."""
    from bot.feeds.fenced import FencedParser
    from bot.feeds.http import Fetcher
    from bot.slack.post import SlackNotifier

    level = structlog.make_filtering_bound_logger(40)
    structlog.configure(wrapper_class=level, logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    engine, parser = open_engine(database_url), FencedParser()
    heartbeat = Path(tempfile.gettempdir()) / f"walkback-{os.getpid()}.heartbeat"
    notifier = SlackNotifier(TOKEN, api_url, timeout_s=1)

    def ingest(announce: Announce) -> Ingest:
        return Ingest(engine, Fetcher(POLLING), parser, NoPages(), POLLING, random.Random(), announce=announce)

    def assess(announce: Announce) -> Assess:
        return Assess(
            engine,
            make_judge=lambda tracked: Judge(tracked, float(cost_s)),
            configured=TRACKED,
            featurizer=Apart(),
            policy=AlertPolicy(group_at=2.0),  # each shift is one of its own
            channel_for=lambda position: position.channel,
            announce=announce,
        )

    if engine.dialect.name == "sqlite":
        _embedded(engine, ingest(unannounced), assess(unannounced), Deliver(engine, notifier, PACE), heartbeat)
        return
    from bot.runtime import queue, workers

    queue.DEAD_AFTER_S, queue.HEARTBEAT_S, workers.TENDED = 3.0, 1.0, "* * * * * *"
    hints, taken = queue.Hints(), stages.split(",")
    joined = workers.Stages(
        ingest=ingest(hints.articles) if "ingest" in taken else None,
        assess=(assess(hints.channels),) if "assess" in taken else (),
        deliver=Deliver(engine, notifier, PACE, lease_s=5.0) if "deliver" in taken else None,
    )
    workers.Workers(engine, joined, heartbeat).run()


def _embedded(engine: Engine, ingest: Ingest, assess: Assess, deliver: Deliver, heartbeat: Path) -> None:
    """Run as `walkback run` does."""
    works = [
        Work(name="ingest", serve=ingest.run),
        Work(name="assess", step=lambda now: assess.run_once(now).articles, idle_s=0.1),
        Work(name="deliver", step=lambda now: deliver.run_once(now).attempted, idle_s=0.1),
    ]
    with alone(engine):
        now = datetime.now(UTC)
        ingest.recover(now)
        assess.recover()
        deliver.recover(now)
        LocalRuntime(works, heartbeat).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
